package simulate

import (
	"context"
	"slices"
	"time"

	"github.com/prometheus/common/promslog"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	promrules "github.com/prometheus/prometheus/rules"
)

// Limits of one query: Prometheus's own defaults for the number of samples and, for the time,
// what its unit tests allow.
const (
	maxQuerySamples = 50_000_000
	queryTimeout    = 100 * time.Second
)

// worker evaluates runs, one after the other. It keeps what is costly to make: the query
// engine and parsed expressions. It belongs to one goroutine.
type worker struct {
	engine       *promql.Engine
	metrics      *promrules.Metrics
	subqueryStep time.Duration
}

func newWorker(features Features) *worker {
	w := &worker{metrics: promrules.NewGroupMetrics(nil)}
	w.engine = promql.NewEngine(promql.EngineOpts{
		MaxSamples:               maxQuerySamples,
		Timeout:                  queryTimeout,
		NoStepSubqueryIntervalFn: func(int64) int64 { return w.subqueryStep.Milliseconds() },
		EnableAtModifier:         true,
		EnableNegativeOffset:     true,
		EnableDelayedNameRemoval: features.DelayedNameRemoval,
		Parser:                   newExpressionCache(features.parser()),
	})
	return w
}

// runOptions say what a run evaluates.
type runOptions struct {
	program *Program
	// reached are the rules to evaluate.
	reached map[*programRule]bool
	// order gives the places of groups by name; groups that are not in it come with the first.
	order map[string]int
	input []inputSeries
	// interval is the default interval of groups and the default step of subqueries.
	interval       time.Duration
	externalLabels labels.Labels
	externalURL    string
	// resendDelay and notify are what a Prometheus server sends alerts with.
	resendDelay time.Duration
	notify      promrules.NotifyFunc
	// late lets rules expand their templates only when their alerts are looked at.
	late bool
}

// run is rules over a store of their own.
type run struct {
	store  *store
	query  promrules.QueryFunc
	groups []*runGroup
	input  []inputSeries
	// late are the rules that expand their templates late, by the text of their expression.
	late map[string]*runRule
}

type runGroup struct {
	*promrules.Group
	source *programGroup
	rules  []*runRule
}

// runRule is a rule with its state. Alerting is nil for recording rules.
type runRule struct {
	promrules.Rule
	source   *programRule
	alerting *promrules.AlertingRule
	// late tells that the rule was made without labels and annotations; result is what its
	// expression gave last.
	late   bool
	result promql.Vector
}

// start makes a run; nothing is evaluated yet.
func (w *worker) start(o runOptions) *run {
	w.subqueryStep = o.interval
	r := &run{store: newStore(), input: slices.Clone(o.input), late: map[string]*runRule{}}
	r.query = promrules.EngineQueryFunc(w.engine, r.store)
	options := &promrules.ManagerOptions{
		QueryFunc:    r.evaluate,
		AppendableV2: r.store,
		Queryable:    r.store,
		Context:      context.Background(),
		NotifyFunc:   o.notify,
		ResendDelay:  o.resendDelay,
		Logger:       promslog.NewNopLogger(),
		Metrics:      w.metrics,
	}
	if options.NotifyFunc == nil {
		options.NotifyFunc = func(context.Context, string, ...*promrules.Alert) {}
	}
	var late map[string]bool
	if o.late {
		late = lateRules(o.reached)
	}
	for _, source := range ordered(o.program.groups, o.order) {
		g := newRunGroup(source, o, late, options)
		if g == nil {
			continue
		}
		r.groups = append(r.groups, g)
		for _, rule := range g.rules {
			if rule.late {
				r.late[rule.source.text] = rule
			}
		}
	}
	return r
}

// ordered sorts groups by their given places and, where these are equal, as they are written.
func ordered(groups []*programGroup, order map[string]int) []*programGroup {
	sorted := slices.Clone(groups)
	slices.SortStableFunc(sorted, func(a, b *programGroup) int { return order[a.name] - order[b.name] })
	return sorted
}

// newRunGroup makes a group of those of its rules that are reached, or nil if none is.
func newRunGroup(source *programGroup, o runOptions, late map[string]bool, options *promrules.ManagerOptions) *runGroup {
	g := &runGroup{source: source}
	var all []promrules.Rule
	for _, rule := range source.rules {
		if !o.reached[rule] {
			continue
		}
		r := newRunRule(rule, o, late[rule.text])
		g.rules = append(g.rules, r)
		all = append(all, r.Rule)
	}
	if len(all) == 0 {
		return nil
	}
	interval := source.interval
	if interval == 0 {
		interval = o.interval
	}
	g.Group = promrules.NewGroup(promrules.GroupOptions{
		Name:        source.name,
		File:        source.key,
		Interval:    interval,
		Limit:       source.limit,
		Rules:       all,
		Opts:        options,
		QueryOffset: source.queryOffset,
	})
	return g
}

func newRunRule(source *programRule, o runOptions, late bool) *runRule {
	expr := namedExpr{source.expr, source.text}
	r := &runRule{source: source, late: late}
	if !source.rule.IsAlert() {
		r.Rule = promrules.NewRecordingRule(source.name, expr, source.labels)
		return r
	}
	lset, annotations := source.labels, source.annotations
	if late {
		lset, annotations = labels.EmptyLabels(), labels.EmptyLabels()
	}
	r.alerting = promrules.NewAlertingRule(
		source.name, expr, source.rule.For.D, source.rule.KeepFiringFor.D,
		lset, annotations, o.externalLabels, o.externalURL,
		true, promslog.NewNopLogger())
	r.Rule = r.alerting
	return r
}

// feed adds the input samples up to and including ts.
func (r *run) feed(ctx context.Context, ts time.Time) error {
	app := r.store.AppenderV2(ctx)
	till := ts.UnixMilli()
	for i := range r.input {
		in := &r.input[i]
		for len(in.samples) > 0 && in.samples[0].t <= till {
			s := in.samples[0]
			if _, err := app.Append(0, in.labels, 0, s.t, s.v, nil, s.h, appendOptions); err != nil {
				return err
			}
			in.samples = in.samples[1:]
		}
	}
	return app.Commit()
}
