package lint

import (
	"fmt"
	"slices"

	"github.com/prometheus/common/model"

	"github.com/rulekit/rulekit/lint/infer"
	"github.com/rulekit/rulekit/rules"
)

func init() {
	register(Check{
		Name:    "dead-inhibition",
		Summary: "An inhibition of Alertmanager that can never mute anything.",
		Why: `An inhibition mutes the alerts of its target side while an alert of its source side fires that has the
same values in all labels under ` + "`equal`" + `. It is easily written so that it never does: the conditions of a
side contradict each other or fit no alert; both sides are the same alerts, which never mute each
other; or a label under ` + "`equal`" + ` is on the alerts of one side only, because the expression of the other
dropped it, or because it is ` + "`alertname`" + ` and the two alerts have different names. Alertmanager does not tell:
the warning is simply sent beside the critical alert, at night too.

Where the labels depend on rules that were not linted, it is a matter of information.`,
		Severity: Warning,
		Scope:    AllFiles,
		Run:      deadInhibition,
	})
}

func deadInhibition(p *Pass) {
	for _, config := range p.Wiring.alertmanager {
		for i := range config.inhibitions {
			check := inhibitionCheck{pass: p, config: config, inhibition: &config.inhibitions[i], alerts: p.sentAlerts()}
			_ = check.contradicts() || check.mutesItself() || len(check.alerts) == 0 || check.lacksSide() || check.neverEqual() || check.drops()
		}
	}
}

// inhibitionCheck looks at one inhibition. Each of its methods looks for one cause, and tells
// whether it reported.
type inhibitionCheck struct {
	*inhibition
	pass             *Pass
	config           *alertmanagerConfig
	alerts           []*sentAlert
	sources, targets []*sentAlert
}

func (c *inhibitionCheck) contradicts() bool {
	for _, side := range [][]matcher{c.source, c.target} {
		if one, other, ok := contradiction(side); ok {
			c.pass.Report(Diagnostic{
				File: c.config.file, Span: one.span,
				Message: fmt.Sprintf("inhibition never mutes anything: %s contradicts %s", one, other),
				Hint:    "take one of the two conditions out",
				Related: []Related{{File: c.config.file, Span: other.span, Message: "the other condition"}},
			})
			return true
		}
	}
	return false
}

func (c *inhibitionCheck) mutesItself() bool {
	if len(c.source) == 0 || !sameMatchers(c.source, c.target) {
		return false
	}
	c.pass.Report(Diagnostic{
		File: c.config.file, Span: c.span,
		Message: "inhibition never mutes anything: its source and target are the same alerts, which do not mute each other",
		Hint:    "give the target other conditions than the source",
	})
	return true
}

func sameMatchers(a, b []matcher) bool {
	texts := func(all []matcher) []string {
		var out []string
		for _, m := range all {
			out = append(out, m.String())
		}
		slices.Sort(out)
		return slices.Compact(out)
	}
	return slices.Equal(texts(a), texts(b))
}

// lacksSide reports a side that no alert is on.
func (c *inhibitionCheck) lacksSide() bool {
	for _, side := range []struct {
		name     string
		matchers []matcher
		alerts   *[]*sentAlert
	}{{"source", c.source, &c.sources}, {"target", c.target, &c.targets}} {
		for _, alert := range c.alerts {
			if alert.may(side.matchers) {
				*side.alerts = append(*side.alerts, alert)
			}
		}
		if len(*side.alerts) > 0 {
			continue
		}
		miss := whyMissed(side.matchers, c.alerts)
		d := Diagnostic{
			File: c.config.file, Span: c.span,
			Message: fmt.Sprintf("inhibition never mutes anything: no alert of the rules can be its %s", side.name),
			Hint:    miss.hint("the inhibition"),
		}
		if miss.by.Matcher != nil {
			d.Span, d.Message = miss.by.span, d.Message+": "+miss.text
		}
		c.pass.ReportAs(miss.severity(c.pass), d)
		return true
	}
	return false
}

// neverEqual reports a label under equal that no source and target can agree in.
func (c *inhibitionCheck) neverEqual() bool {
	for _, label := range c.equal {
		source, target := c.side(c.sources, label.Value), c.side(c.targets, label.Value)
		var why string
		switch {
		case source.all && target.none:
			why = fmt.Sprintf("its sources have the label %s, its targets do not", label.Value)
		case source.none && target.all:
			why = fmt.Sprintf("its targets have the label %s, its sources do not", label.Value)
		case source.known && target.known && disjoint(source.values, target.values):
			why = fmt.Sprintf("no source has the same %s as a target", label.Value)
		default:
			continue
		}
		severity := Info
		if c.pass.loading().whole() || label.Value != model.AlertNameLabel && source.none != target.none {
			severity = Warning
		}
		c.pass.ReportAs(severity, Diagnostic{
			File: c.config.file, Span: label.Span,
			Message: "inhibition never mutes anything: " + why,
			Hint:    fmt.Sprintf("take %s out of equal, or give it to the alerts of both sides", label.Value),
		})
		return true
	}
	return false
}

// sideLabel is what the alerts of one side have of a label.
type sideLabel struct {
	// all and none tell that each alert is meant to have the label, or that none has.
	all, none bool
	// values are all that it can be, where that is known.
	values map[string]bool
	known  bool
}

func (c *inhibitionCheck) side(alerts []*sentAlert, name string) sideLabel {
	side := sideLabel{all: true, none: true, known: true, values: map[string]bool{}}
	for _, alert := range alerts {
		if !side.all && !side.none && !side.known {
			break
		}
		label := alert.label(name)
		side.all = side.all && alert.keeps(name)
		side.none = side.none && label.State == infer.Gone
		side.known = side.known && label.State == infer.Certain && label.Known
		if side.known {
			side.values[label.Value] = true
		}
	}
	return side
}

func disjoint(a, b map[string]bool) bool {
	for value := range a {
		if b[value] {
			return false
		}
	}
	return true
}

// drops reports alerts of one name, sources and a target, of which one side lacks a label of
// equal that the other has.
func (c *inhibitionCheck) drops() bool {
	sources := map[string][]*sentAlert{}
	for _, source := range c.sources {
		sources[source.rule.Name()] = append(sources[source.rule.Name()], source)
	}
	var related []Related
	var place rules.Scalar
	var name string
	for _, target := range c.targets {
		const most = 4
		same := sources[target.rule.Name()]
		if len(same) == 0 || len(same) > most+1 {
			continue
		}
		same = slices.DeleteFunc(slices.Clone(same), func(a *sentAlert) bool { return a == target })
		if len(same) == 0 || len(same) > most {
			continue
		}
		for _, label := range c.equal {
			without := withoutLabel(same, target, label.Value)
			if without == nil {
				continue
			}
			place, name = label, without.rule.Name()
			related = append(related, Related{
				File: without.rule.File(), Span: without.rule.NameScalar().Span,
				Message: fmt.Sprintf("this %s has no label %s, the other has", name, label.Value),
			})
			break
		}
	}
	if len(related) == 0 {
		return false
	}
	c.pass.Report(Diagnostic{
		File: c.config.file, Span: place.Span,
		Message: fmt.Sprintf("inhibition cannot mute %s: one of the two has dropped the label %s, which must be equal", name, place.Value),
		Hint:    "keep the label in both expressions, or take it out of equal",
		Related: someRelated(related),
	})
	return true
}

// withoutLabel is the alert that has not got a label which its opposites have, or nil if it may be
// equal on both sides.
func withoutLabel(sources []*sentAlert, target *sentAlert, label string) *sentAlert {
	lacks := func(a *sentAlert) bool { return a.label(label).State == infer.Gone }
	for _, source := range sources {
		if !(lacks(target) && source.keeps(label)) && !(lacks(source) && target.keeps(label)) {
			return nil
		}
	}
	if lacks(target) {
		return target
	}
	return sources[0]
}

// someRelated leaves out all but the first few of many places of one kind, and says how many.
func someRelated(all []Related) []Related {
	const most = 4
	if rest := len(all) - most; rest > 0 {
		all = slices.Clone(all[:most])
		all[most-1].Message += fmt.Sprintf(" (and %d more)", rest)
	}
	return all
}
