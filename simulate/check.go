package simulate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/rulekit/rulekit/rules"
)

// checker runs one case and compares what comes out with what is expected.
type checker struct {
	*worker
	c       *Case
	program *Program
	result  *CaseResult
	options runOptions
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
		failure := Failure{Kind: NotEvaluated, Span: k.c.Span, Message: err.Error()}
		if placed := (*placedError)(nil); errors.As(err, &placed) {
			failure.Span, failure.Message = placed.span, placed.err.Error()
		}
		k.fail(failure)
		return false
	}
	reached := k.program.reach(wanted)
	k.result.Evaluated, k.result.reached = len(reached), reached
	k.options = runOptions{
		program:        k.program,
		reached:        reached,
		order:          k.c.Suite.order(),
		input:          input,
		interval:       k.c.Interval,
		externalLabels: k.c.ExternalLabels,
		externalURL:    k.c.ExternalURL,
		late:           true,
	}
	k.run = k.worker.start(k.options)
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
			k.alerts(ctx, tests[0], k.start.Add(at))
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

// alerts compares the firing alerts of one name with what a test expects, ts being the time of
// the last evaluation.
func (k *checker) alerts(ctx context.Context, t AlertTest, ts time.Time) {
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
		for _, a := range r.firing(ctx, ts, k.options) {
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
