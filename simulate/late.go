package simulate

import (
	"context"
	"strings"
	"time"

	"github.com/prometheus/common/promslog"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	promrules "github.com/prometheus/prometheus/rules"
)

// Prometheus expands the templates of an alert's labels and annotations at every evaluation,
// which takes about half the time of a long unit test; what comes of it is looked at only where
// a test expects alerts. So, in unit tests, an alerting rule whose templates can wait runs
// without them, and they are expanded, by Prometheus's own code, when somebody asks.

// canWait tells whether nothing but the alert's annotations depends on the rule's templates: its
// labels have none, no template runs a query, and annotations of earlier evaluations are not
// kept, as keep_firing_for does.
func (r *programRule) canWait() bool {
	if !r.rule.IsAlert() || r.rule.KeepFiringFor.D != 0 || r.asks() {
		return false
	}
	wait := true
	r.labels.Range(func(l labels.Label) { wait = wait && !strings.Contains(l.Value, "{{") })
	return wait
}

// asks tells whether a template of the rule may run a query.
func (r *programRule) asks() bool { return callsQuery(r.labels) || callsQuery(r.annotations) }

// lateRules returns the texts of the expressions of rules that can wait. The text must be the
// rule's alone, since it is all that a query is known by; and where a template of any rule runs
// queries, none can wait.
func lateRules(reached map[*programRule]bool) map[string]bool {
	uses := map[string]int{}
	for r := range reached {
		if r.asks() {
			return nil
		}
		uses[r.text]++
	}
	late := map[string]bool{}
	for r := range reached {
		if uses[r.text] == 1 && r.canWait() {
			late[r.text] = true
		}
	}
	return late
}

// evaluate is the query function of the rules. For a rule that waits it keeps the result and
// adds the rule's labels, which the rule itself was made without.
func (r *run) evaluate(ctx context.Context, text string, ts time.Time) (promql.Vector, error) {
	result, err := r.query(ctx, text, ts)
	rule := r.late[text]
	if err != nil || rule == nil {
		return result, err
	}
	rule.result = result
	if rule.source.labels.IsEmpty() {
		return result, nil
	}
	labelled := make(promql.Vector, len(result))
	b := labels.NewBuilder(labels.EmptyLabels())
	for i, sample := range result {
		b.Reset(sample.Metric)
		rule.source.labels.Range(func(l labels.Label) { b.Set(l.Name, l.Value) })
		sample.Metric = b.Labels()
		labelled[i] = sample
	}
	return labelled, nil
}

// firing returns the rule's alerts that are firing after the evaluation at ts.
func (r *runRule) firing(ctx context.Context, ts time.Time, o runOptions) []*promrules.Alert {
	var firing []*promrules.Alert
	for _, a := range r.alerting.ActiveAlerts() {
		if a.State == promrules.StateFiring {
			firing = append(firing, a)
		}
	}
	if !r.late || len(firing) == 0 || r.source.annotations.IsEmpty() {
		return firing
	}
	whole := promrules.NewAlertingRule(r.source.name, r.source.expr, 0, 0, r.source.labels, r.source.annotations,
		o.externalLabels, o.externalURL, false, promslog.NewNopLogger())
	result := func(context.Context, string, time.Time) (promql.Vector, error) { return r.result, nil }
	if _, err := whole.Eval(ctx, 0, ts, result, nil, 0); err != nil {
		return firing
	}
	annotations := map[uint64]labels.Labels{}
	for _, a := range whole.ActiveAlerts() {
		annotations[a.Labels.Hash()] = a.Annotations
	}
	for _, a := range firing {
		a.Annotations = annotations[a.Labels.Hash()]
	}
	return firing
}
