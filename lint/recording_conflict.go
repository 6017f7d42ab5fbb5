package lint

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/prometheus/common/model"

	"github.com/rulekit/rulekit/lint/infer"
	"github.com/rulekit/rulekit/rules"
)

func init() {
	register(Check{
		Name:    "recording-conflict",
		Summary: "Two recording rules write the same series.",
		Why: `A recorded series is known by its name and labels. If two rules write the same ones, Prometheus keeps
the sample of one and drops the other with a line in its log (duplicate or out-of-order sample); with
different timestamps the two values alternate, and whatever reads the series jumps up and down.

Several rules may record one metric as long as a label tells their series apart. Reported are those of
which it is certain that no label does: the labels that both leave are known, and are the same.`,
		Severity: Warning,
		Scope:    AllFiles,
		Run:      recordingConflict,
	})
}

func recordingConflict(p *Pass) {
	first := map[string]*rules.Rule{}
	recorded := p.recordings()
	for _, name := range recorded.names {
		if len(recorded.rules[name]) < 2 {
			continue
		}
		for _, rule := range recorded.rules[name] {
			key, ok := p.seriesOf(rule)
			if !ok {
				continue
			}
			other, seen := first[key]
			if !seen {
				first[key] = rule
				continue
			}
			// Equal rules are for duplicate-rule.
			if ruleIdentity(other) == ruleIdentity(rule) {
				continue
			}
			p.Report(Diagnostic{
				Rule: rule, Span: rule.NameScalar().Span,
				Message: fmt.Sprintf("two rules record %s with the same labels", name),
				Hint:    "give each a label that tells them apart, or another name",
				Related: []Related{{File: other.File(), Span: other.NameScalar().Span, Message: "also recorded here"}},
			})
		}
	}
}

// seriesOf names the one series that a rule writes; it is not ok if it may write others.
func (p *Pass) seriesOf(rule *rules.Rule) (string, bool) {
	if rule.AST == nil {
		return "", false
	}
	labels := p.Infer(rule).Root.Labels
	if labels.Open() {
		return "", false
	}
	values := map[string]string{}
	for _, name := range labels.Names() {
		label := labels.Get(name)
		switch {
		case label.State == infer.Gone || name == model.MetricNameLabel:
		case label.State == infer.Certain && label.Known:
			values[name] = label.Value
		default:
			return "", false
		}
	}
	for _, pair := range rule.EffectiveLabels() {
		values[pair.Key.Value] = pair.Value.Value
	}
	var all []string
	for name, value := range values {
		if value != "" {
			all = append(all, fmt.Sprintf("%q=%q", name, value))
		}
	}
	slices.Sort(all)
	return fmt.Sprintf("%q %q %s", filepath.Dir(rule.File().Path), rule.Name(), strings.Join(all, ",")), true
}
