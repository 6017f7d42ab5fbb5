package simulate

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/relabel"
	promrules "github.com/prometheus/prometheus/rules"
	"github.com/prometheus/prometheus/util/strutil"

	"github.com/rulekit/rulekit/rules"
)

// PlayOptions say what Play plays and how. Case and Program are needed; everything else has a
// useful zero value.
type PlayOptions struct {
	Case    *Case
	Program *Program
	// Alerts are the names of the alerts to play; none stands for all.
	Alerts []string
	// Start is when the story begins. Zero stands for the case's own start, or else for
	// DefaultStart.
	Start time.Time
	// Length is how long to play; 0 stands for as long as the case's input and expectations
	// last.
	Length time.Duration
	// EvaluationInterval is the interval of groups that have none of their own; 0 stands for
	// the suite's.
	EvaluationInterval time.Duration
	// ExternalLabels are added to every alert that is sent, as Prometheus does; the case's own
	// come on top of them. ExternalURL is Prometheus's address in templates and links.
	ExternalLabels labels.Labels
	ExternalURL    string
	// AlertRelabel is applied to every alert that is sent (alert_relabel_configs).
	AlertRelabel []*relabel.Config
	// ResendDelay is the shortest time between two sendings of an unchanged alert; 0 stands
	// for Prometheus's default of a minute.
	ResendDelay time.Duration
}

// DefaultStart is when a simulation begins unless it says otherwise: a Monday, at midnight.
var DefaultStart = time.Date(2026, time.January, 5, 0, 0, 0, 0, time.UTC)

// earliestStart is the earliest time a simulation can begin at: the virtual clock that
// Alertmanager runs on starts with the year 2000 and cannot go back.
var earliestStart = time.Date(2000, time.January, 2, 0, 0, 0, 0, time.UTC)

// defaultResendDelay is the default of Prometheus's --rules.alert.resend-delay.
const defaultResendDelay = time.Minute

// Play evaluates the rules of a program over the input of a case, each group at its own
// interval from the start on, and returns what the alerts did and what Prometheus sent to
// Alertmanager. A rule that cannot be evaluated is an error.
func Play(ctx context.Context, o PlayOptions) (*Timeline, []Batch, error) {
	p, err := newPlayer(o)
	if err != nil {
		return nil, nil, err
	}
	if err := p.play(ctx); err != nil {
		return nil, nil, err
	}
	return p.timeline(), p.batches, nil
}

// player plays one case.
type player struct {
	PlayOptions
	run     *run
	input   []inputSeries
	tracks  []*ruleTrack
	now     time.Duration
	scrapes *scrapeCache
	// batches are in order of time, with one for each instant at most.
	batches []Batch
}

func newPlayer(o PlayOptions) (*player, error) {
	p := &player{PlayOptions: o, scrapes: newScrapeCache()}
	if err := p.defaults(); err != nil {
		return nil, err
	}
	wanted, err := p.wanted()
	if err != nil {
		return nil, err
	}
	p.input, _, err = o.Case.input(p.Start, p.Length, p.scrapes)
	if err != nil {
		return nil, err
	}
	p.run = newWorker(o.Program.features).start(runOptions{
		program:        o.Program,
		reached:        o.Program.reach(reads{alerts: wanted}),
		order:          o.Case.Suite.order(),
		input:          p.input,
		interval:       p.EvaluationInterval,
		externalLabels: p.ExternalLabels,
		externalURL:    p.ExternalURL,
		resendDelay:    p.ResendDelay,
		notify:         p.notify,
	})
	for _, g := range p.run.groups {
		for _, r := range g.rules {
			if r.alerting != nil && slices.Contains(wanted, r.source.name) {
				p.tracks = append(p.tracks, newRuleTrack(r))
			}
		}
	}
	return p, nil
}

func (p *player) defaults() error {
	if p.Start.IsZero() {
		p.Start = DefaultStart
		if p.Case.HasStart {
			p.Start = p.Case.Start
		}
	}
	if p.Start.Before(earliestStart) {
		return fmt.Errorf("a simulation cannot begin at %s: the earliest is %s", p.Start.Format(time.RFC3339), earliestStart.Format(time.RFC3339))
	}
	if p.Length == 0 {
		length, err := p.Case.length()
		if err != nil {
			return err
		}
		recorded, err := p.Case.recordedLength(p.scrapes)
		if err != nil {
			return err
		}
		p.Length = max(length, recorded)
	}
	if p.EvaluationInterval == 0 {
		p.EvaluationInterval = p.Case.Suite.EvaluationInterval
	}
	if p.ResendDelay == 0 {
		p.ResendDelay = defaultResendDelay
	}
	if p.Case.ExternalURL != "" {
		p.ExternalURL = p.Case.ExternalURL
	}
	b := labels.NewBuilder(p.ExternalLabels)
	p.Case.ExternalLabels.Range(func(l labels.Label) { b.Set(l.Name, l.Value) })
	p.ExternalLabels = b.Labels()
	return nil
}

// wanted returns the names of the alerts to play, all of which exist.
func (p *player) wanted() ([]string, error) {
	known := p.Program.AlertNames()
	if len(p.Alerts) == 0 {
		return known, nil
	}
	for _, name := range p.Alerts {
		if !slices.Contains(known, name) {
			return nil, unknownAlert(name, known)
		}
	}
	return p.Alerts, nil
}

func unknownAlert(name string, known []string) error {
	if near := rules.Nearest(name, known); near != "" {
		return fmt.Errorf("no alert is named %q: did you mean %q?", name, near)
	}
	return fmt.Errorf("no alert is named %q; there are: %s", name, strings.Join(known, ", "))
}

// AlertNames returns the names of all alerts, sorted.
func (p *Program) AlertNames() []string {
	names := make([]string, 0, len(p.alerts))
	for name := range p.alerts {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func (p *player) play(ctx context.Context) error {
	due := make([]time.Duration, len(p.run.groups))
	for {
		next := p.Length + 1
		for _, at := range due {
			next = min(next, at)
		}
		if next > p.Length {
			return nil
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		p.now = next
		ts := p.Start.Add(next)
		if err := p.run.feed(ctx, ts); err != nil {
			return fmt.Errorf("input series at %s: %w", next, err)
		}
		for i, g := range p.run.groups {
			if due[i] != next {
				continue
			}
			due[i] += g.Interval()
			g.Eval(ctx, ts)
			if err := g.lastError(); err != nil {
				return fmt.Errorf("%w (at %s)", err, next)
			}
		}
		for _, t := range p.tracks {
			t.observe(next)
		}
	}
}

// lastError returns the first rule's error of the last evaluation, with the rule's place.
func (g *runGroup) lastError() error {
	for _, r := range g.rules {
		if err := r.LastError(); err != nil {
			return r.errorOf(err)
		}
	}
	return nil
}

func (r *runRule) errorOf(err error) error {
	file := r.source.rule.File()
	at := file.Position(nameSpan(r.source.rule.Expr, r.source.rule.Span).Start)
	return fmt.Errorf("%s:%d:%d: rule %s: %w", file.Path, at.Line, at.Column, r.source.name, err)
}

// notify is called by every alerting rule after each evaluation with the alerts that are due
// to be sent.
func (p *player) notify(_ context.Context, expr string, alerts ...*promrules.Alert) {
	var sent []*model.Alert
	for _, a := range alerts {
		if converted := p.alert(a, expr); converted != nil {
			sent = append(sent, converted)
		}
	}
	if len(sent) == 0 {
		return
	}
	slices.SortFunc(sent, func(a, b *model.Alert) int { return strings.Compare(a.Labels.String(), b.Labels.String()) })
	if n := len(p.batches); n > 0 && p.batches[n-1].At == p.now {
		p.batches[n-1].Alerts = append(p.batches[n-1].Alerts, sent...)
		return
	}
	p.batches = append(p.batches, Batch{At: p.now, Alerts: sent})
}

// alert makes of a rule's alert what Prometheus sends, or nil where relabelling drops it.
func (p *player) alert(a *promrules.Alert, expr string) *model.Alert {
	b := labels.NewBuilder(a.Labels)
	p.ExternalLabels.Range(func(l labels.Label) {
		if a.Labels.Get(l.Name) == "" {
			b.Set(l.Name, l.Value)
		}
	})
	if !relabel.ProcessBuilder(b, p.AlertRelabel...) {
		return nil
	}
	ends := a.ResolvedAt
	if ends.IsZero() {
		ends = a.ValidUntil
	}
	return &model.Alert{
		Labels:       modelLabels(b.Labels()),
		Annotations:  modelLabels(a.Annotations),
		StartsAt:     a.FiredAt,
		EndsAt:       ends,
		GeneratorURL: p.ExternalURL + strutil.TableLinkForExpression(expr),
	}
}

func modelLabels(lset labels.Labels) model.LabelSet {
	set := model.LabelSet{}
	lset.Range(func(l labels.Label) { set[model.LabelName(l.Name)] = model.LabelValue(l.Value) })
	return set
}
