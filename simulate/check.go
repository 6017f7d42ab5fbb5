package simulate

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	promrules "github.com/prometheus/prometheus/rules"

	"github.com/rulekit/rulekit/rules"
)

// checker runs one case and compares what comes out with what is expected.
type checker struct {
	*worker
	c       *Case
	program *Program
	result  *CaseResult
	run     *run
	start   time.Time
	silence []*silence
	states  map[string]*stateTrack
}

// check runs a case. A panic of the engine becomes a failure of the case.
func (w *worker) check(ctx context.Context, c *Case, program *Program, o TestOptions) (result *CaseResult) {
	began := time.Now()
	k := &checker{worker: w, c: c, program: program, start: c.start()}
	k.result = &CaseResult{Case: c, Rules: program.total, program: program}
	defer func() {
		if r := recover(); r != nil {
			k.fail(Failure{Kind: NotEvaluated, Span: c.Span, Message: fmt.Sprintf("the evaluation panicked: %v", r)})
		}
		k.result.Elapsed = time.Since(began)
		result = k.result
	}()
	if !k.prepare(o) || !k.evaluate(ctx) {
		return k.result
	}
	k.expressions(ctx)
	slices.SortStableFunc(k.result.Failures, func(a, b Failure) int { return a.Span.Start - b.Span.Start })
	return k.result
}

func (k *checker) fail(f Failure) { k.result.Failures = append(k.result.Failures, f) }

// prepare makes the run. It returns false if the case cannot be run.
func (k *checker) prepare(o TestOptions) bool {
	// A case without expectations can only be meant to see that all rules can be evaluated.
	wanted := reads{everything: o.AllRules || len(k.c.AlertTests)+len(k.c.ExprTests) == 0}
	for _, t := range k.c.AlertTests {
		if t.Alert.Value == "" {
			k.fail(Failure{Kind: NotEvaluated, Span: t.Span, EvalTime: t.EvalTime, Message: "alertname is missing: an item of alert_rule_test is about the alert of one name"})
			return false
		}
		wanted.alerts = append(wanted.alerts, t.Alert.Value)
		k.known(t)
	}
	for _, t := range k.c.ExprTests {
		if expr, err := k.program.features.parser().ParseExpr(t.Expr.Value); err == nil {
			wanted.expression(expr)
		}
	}
	input, complaints, err := k.c.input(k.start, k.c.lastEvaluation(), o.scrapes)
	k.result.Warnings = append(k.result.Warnings, complaints...)
	if err != nil {
		k.fail(Failure{Kind: NotEvaluated, Span: k.c.Span, Message: err.Error()})
		return false
	}
	reached := k.program.reach(wanted)
	k.result.Evaluated, k.result.reached = len(reached), reached
	k.run = k.worker.start(runOptions{
		program:        k.program,
		reached:        reached,
		order:          k.c.Suite.order(),
		input:          input,
		interval:       k.c.Interval,
		externalLabels: k.c.ExternalLabels,
		externalURL:    k.c.ExternalURL,
	})
	k.worker.subqueryStep = k.c.Suite.EvaluationInterval
	k.silence = k.silences()
	k.trackStates()
	return true
}

// known warns of an alert that does not exist: that it is silent then proves nothing.
func (k *checker) known(t AlertTest) {
	if len(k.program.alerts[t.Alert.Value]) > 0 || len(t.Expected) > 0 {
		return
	}
	message := unknownAlert(t.Alert.Value, k.program.AlertNames()).Error()
	k.result.Warnings = append(k.result.Warnings, Complaint{nameSpan(t.Alert, t.Span), message + "; a test that expects it to be silent always passes"})
}

// evaluate steps through the case. It returns false where promtool would not go on either:
// when a rule cannot be evaluated.
func (k *checker) evaluate(ctx context.Context) bool {
	tests := slices.Clone(k.c.AlertTests)
	slices.SortStableFunc(tests, func(a, b AlertTest) int { return int(a.EvalTime - b.EvalTime) })
	step := k.c.Suite.EvaluationInterval
	last := k.c.lastEvaluation()
	for at := time.Duration(0); ; at += step {
		if err := ctx.Err(); err != nil {
			k.fail(Failure{Kind: NotEvaluated, Span: k.c.Span, EvalTime: at, Message: "interrupted"})
			return false
		}
		if !k.step(ctx, at) {
			return false
		}
		for len(tests) > 0 && tests[0].EvalTime-at < step {
			k.alerts(tests[0])
			tests = tests[1:]
		}
		if last-at < step {
			return true
		}
	}
}

// step evaluates all rules at one time.
func (k *checker) step(ctx context.Context, at time.Duration) bool {
	ts := k.start.Add(at)
	if err := k.run.feed(ctx, ts); err != nil {
		k.fail(Failure{Kind: NotEvaluated, Span: k.c.Span, EvalTime: at, Message: "input series: " + err.Error()})
		return false
	}
	good := true
	for _, g := range k.run.groups {
		g.Eval(ctx, ts)
		for _, r := range g.rules {
			if err := r.LastError(); err != nil {
				good = false
				k.fail(Failure{Kind: NotEvaluated, Span: k.c.Span, EvalTime: at, Subject: r.source.name, Message: r.errorOf(err).Error()})
			}
		}
	}
	if !good {
		return false
	}
	k.observe(at)
	for _, s := range k.silence {
		s.look(ctx, k.run, ts, at)
	}
	return true
}

// alerts compares the firing alerts of one name with what a test expects.
func (k *checker) alerts(t AlertTest) {
	var expected, found []*item
	for _, want := range t.Expected {
		it := newItem(want.Span)
		all := map[string]string{}
		for name, value := range want.Labels {
			all[name] = value
		}
		all[labels.AlertName] = t.Alert.Value
		it.addMap("label", all)
		it.addMap("annotation", want.Annotations)
		expected = append(expected, it)
	}
	for _, r := range k.rulesNamed(t.Alert.Value) {
		for _, a := range r.firing() {
			it := newItem(rules.Span{})
			it.addLabels("label", a.Labels)
			it.addLabels("annotation", a.Annotations)
			found = append(found, it)
		}
	}
	f := Failure{Kind: AlertsDiffer, Span: t.Span, EvalTime: t.EvalTime, Subject: t.Alert.Value, Expected: len(expected), Found: len(found)}
	if f.Differences = compare(expected, found); len(f.Differences) > 0 {
		f.Span = placeOf(f.Differences, t.Span)
		f.Message = summary("alert", f)
		f.States, f.Step = k.strip(t.Alert.Value, t.EvalTime), k.c.Suite.EvaluationInterval
		k.fail(f)
	}
	k.proveSilence(t)
}

// placeOf is the first expectation that does not hold, or else the whole test.
func placeOf(differences []Difference, whole rules.Span) rules.Span {
	for _, d := range differences {
		if !d.Span.IsZero() {
			return d.Span
		}
	}
	return whole
}

func summary(noun string, f Failure) string {
	text := fmt.Sprintf("%s expected, %d found", plural(f.Expected, noun), f.Found)
	if n := differing(f.Differences); n > 0 {
		text += fmt.Sprintf(", %s differ", plural(n, "field"))
		if n == 1 {
			text += "s"
		}
	}
	return text
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}

func (k *checker) rulesNamed(alert string) []*runRule {
	var named []*runRule
	for _, g := range k.run.groups {
		for _, r := range g.rules {
			if r.alerting != nil && r.source.name == alert {
				named = append(named, r)
			}
		}
	}
	return named
}

// firing returns the rule's alerts that are firing.
func (r *runRule) firing() []*promrules.Alert {
	return slices.DeleteFunc(r.alerting.ActiveAlerts(), func(a *promrules.Alert) bool { return a.State != promrules.StateFiring })
}

// expressions compares the values of expressions with what tests expect.
func (k *checker) expressions(ctx context.Context) {
	for _, t := range k.c.ExprTests {
		f := Failure{Kind: SamplesDiffer, Span: t.Span, EvalTime: t.EvalTime, Subject: t.Expr.Value, Expected: len(t.Expected)}
		vector, err := k.run.query(ctx, t.Expr.Value, k.start.Add(t.EvalTime))
		if err != nil {
			f.Kind, f.Span, f.Message = NotEvaluated, nameSpan(t.Expr, t.Span), err.Error()
			k.fail(f)
			continue
		}
		expected, err := k.expectedSamples(t)
		if err != nil {
			f.Kind, f.Message = NotEvaluated, err.Error()
			k.fail(f)
			continue
		}
		f.Found = len(vector)
		if f.Differences = compare(expected, foundSamples(vector, expected, k.c.Suite.FuzzyCompare)); len(f.Differences) > 0 {
			f.Span = placeOf(f.Differences, t.Span)
			f.Message = summary("sample", f)
			k.fail(f)
		}
	}
}

func (k *checker) expectedSamples(t ExprTest) ([]*item, error) {
	parse := k.program.features.parser()
	var items []*item
	for _, want := range t.Expected {
		lset, err := parse.ParseMetric(want.Labels.Value)
		if err != nil {
			return nil, fmt.Errorf("labels %q: %w", want.Labels.Value, err)
		}
		it := newItem(want.Span)
		it.addLabels("label", lset)
		if want.Histogram.Value == "" {
			it.add("value", "", formatValue(want.Value))
			items = append(items, it)
			continue
		}
		h, err := parseHistogram(want.Histogram.Value)
		if err != nil {
			return nil, fmt.Errorf("histogram %q: %w", want.Histogram.Value, err)
		}
		it.add("histogram", "", h.TestExpression())
		items = append(items, it)
	}
	return items, nil
}

func parseHistogram(text string) (*histogram.FloatHistogram, error) {
	_, values, err := seriesParser().ParseSeriesDesc("{} " + text)
	switch {
	case err != nil:
		return nil, err
	case len(values) != 1:
		return nil, fmt.Errorf("want one value, not %d", len(values))
	case values[0].Histogram == nil:
		return nil, errors.New("want a histogram as in {{schema:0 sum:1 count:1 buckets:[1]}}")
	}
	return values[0].Histogram, nil
}

// foundSamples turns a vector into items. With fuzzy comparing, a value next to that of an
// expected sample with the same labels is taken for it.
func foundSamples(vector promql.Vector, expected []*item, fuzzy bool) []*item {
	wanted := map[string]bool{}
	if fuzzy {
		for _, it := range expected {
			wanted[it.key()] = true
		}
	}
	var items []*item
	for _, s := range vector {
		it := newItem(rules.Span{})
		it.addLabels("label", s.Metric)
		if s.H != nil {
			it.add("histogram", "", s.H.TestExpression())
		} else {
			it.add("value", "", formatValue(s.F))
			it.approach(wanted, s.F)
		}
		items = append(items, it)
	}
	return items
}

// approach changes the item's value by one unit in the last place where that makes it one of
// the wanted items.
func (it *item) approach(wanted map[string]bool, value float64) {
	field := &it.fields[len(it.fields)-1]
	for _, v := range []float64{value, math.Nextafter(value, math.Inf(-1)), math.Nextafter(value, math.Inf(1))} {
		field.value = formatValue(v)
		if wanted[it.key()] {
			return
		}
	}
	field.value = formatValue(value)
}

// formatValue writes a value with all its digits; equal values are written alike.
func formatValue(v float64) string {
	if v == 0 {
		return "0"
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}
