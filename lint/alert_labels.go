package lint

import (
	"strings"

	"github.com/prometheus/common/model"

	"github.com/rulekit/rulekit/lint/infer"
	"github.com/rulekit/rulekit/rules"
)

// sentAlert is what is known of the alerts of one rule when they reach Alertmanager.
type sentAlert struct {
	rule   *rules.Rule
	pass   *Pass
	labels map[string]infer.Label
	// kept are the labels that the expression names to keep them, as in by (...).
	kept map[string]bool
}

// sentAlerts are the alerts of all rules of the run.
func (p *Pass) sentAlerts() []*sentAlert {
	return shared(p, "sent-alerts", func(files []*rules.File) []*sentAlert {
		var all []*sentAlert
		names := p.Wiring.labelNames()
		for _, file := range files {
			for _, rule := range file.Rules() {
				if rule.IsAlert() {
					all = append(all, newSentAlert(p, rule, names))
				}
			}
		}
		return all
	})
}

// newSentAlert works out the labels that the wiring names, so that afterwards the alert is only
// read, perhaps by several checks at once.
func newSentAlert(p *Pass, rule *rules.Rule, names []string) *sentAlert {
	a := &sentAlert{rule: rule, pass: p, labels: map[string]infer.Label{}, kept: map[string]bool{}}
	for _, name := range names {
		a.labels[name] = a.infer(name)
	}
	if rule.AST != nil {
		for _, name := range p.Infer(rule).Root.Labels.Names() {
			a.kept[name] = true
		}
	}
	return a
}

// keeps tells that the alerts have a label, or are meant to have it.
func (a *sentAlert) keeps(name string) bool {
	label := a.label(name)
	return label.State == infer.Certain || label.State == infer.Possible && a.kept[name]
}

// label is what is known of a label that the wiring names.
func (a *sentAlert) label(name string) infer.Label { return a.labels[name] }

func (a *sentAlert) infer(name string) infer.Label {
	for _, config := range a.pass.Wiring.prometheus {
		if config.relabelsAlerts {
			return infer.Label{}
		}
	}
	if name == model.AlertNameLabel {
		return infer.Label{State: infer.Certain, Value: a.rule.Name(), Known: true}
	}
	own := a.beforeSending(name)
	if own.State == infer.Certain {
		return own
	}
	// A server adds its external labels to alerts that do not have them. What is not known of
	// the server may add any.
	if len(a.pass.Wiring.prometheus) == 0 {
		return infer.Label{}
	}
	for _, config := range a.pass.Wiring.prometheus {
		for _, pair := range config.externalLabels {
			if pair.Key.Value == name {
				return infer.Label{}
			}
		}
	}
	return own
}

// beforeSending is what is known of a label as Prometheus itself holds it.
func (a *sentAlert) beforeSending(name string) infer.Label {
	for _, pair := range a.rule.EffectiveLabels() {
		if pair.Key.Value != name {
			continue
		}
		switch {
		case strings.Contains(pair.Value.Value, "{{"):
			return infer.Label{}
		case pair.Value.Value == "":
			return infer.Label{State: infer.Gone}
		}
		return infer.Label{State: infer.Certain, Value: pair.Value.Value, Known: true}
	}
	if a.rule.AST == nil {
		return infer.Label{}
	}
	return a.pass.Infer(a.rule).Root.Labels.Get(name)
}

// may tells whether an alert of the rule can fulfil all conditions, each for itself.
func (a *sentAlert) may(matchers []matcher) bool {
	for _, m := range matchers {
		label := a.label(m.Name)
		switch {
		case label.State == infer.Gone && !m.Matches(""):
			return false
		case label.State == infer.Certain && label.Known && !m.Matches(label.Value):
			return false
		case label.State == infer.Possible && label.Known && !m.Matches(label.Value) && !m.Matches(""):
			return false
		}
	}
	return true
}

// must tells whether all alerts of the rule fulfil all conditions.
func (a *sentAlert) must(matchers []matcher) bool {
	for _, m := range matchers {
		label := a.label(m.Name)
		switch {
		case label.State == infer.Gone && m.Matches(""):
		case label.State == infer.Certain && label.Known && m.Matches(label.Value):
		default:
			return false
		}
	}
	return true
}

// labelNames are the labels that routes and inhibitions look at.
func (w *Wiring) labelNames() []string {
	seen := map[string]bool{}
	var all []string
	add := func(name string) {
		if !seen[name] {
			seen[name] = true
			all = append(all, name)
		}
	}
	addMatchers := func(matchers []matcher) {
		for _, m := range matchers {
			add(m.Name)
		}
	}
	for _, config := range w.alertmanager {
		for r := range config.root.all() {
			addMatchers(r.matchers)
			for _, label := range r.groupBy {
				add(label.Value)
			}
		}
		for _, rule := range config.inhibitions {
			addMatchers(rule.source)
			addMatchers(rule.target)
			for _, label := range rule.equal {
				add(label.Value)
			}
		}
	}
	return all
}
