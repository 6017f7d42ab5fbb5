package lint

import (
	"fmt"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/rulekit/rulekit/rules"
)

func init() {
	register(Check{
		Name:    "rule-order",
		Summary: "A rule uses what a later rule of its group records, or another group.",
		Why: `The rules of a group are evaluated one after the other. A rule that reads what a later one records reads
the value of the evaluation before: it is one interval late, and after a restart it finds nothing at
first. Put the recording rule above the rules that use it. Uses over a range of time are not reported.

Groups are evaluated independently of each other, so a rule that uses what another group records may
be up to one interval late too. Large sets of rules are made so on purpose; with ` + "`across_groups: true`" + `
that is told as well.`,
		Severity: Info,
		Scope:    AllFiles,
		Options:  ruleOrderOptions{},
		Run:      ruleOrder,
	})
}

// ruleOrderOptions are the options of rule-order.
type ruleOrderOptions struct {
	// AcrossGroups reports uses of what other groups record too.
	AcrossGroups bool `yaml:"across_groups"`
}

func ruleOrder(p *Pass) {
	across := optionsOf[ruleOrderOptions](p).AcrossGroups
	recorded := p.recordings()
	for _, file := range p.Files {
		for _, group := range file.Groups {
			later := map[string]*rules.Rule{}
			for _, rule := range group.Rules {
				if !rule.IsAlert() {
					later[rule.Name()] = rule
				}
			}
			earlier := map[string]bool{}
			for _, rule := range group.Rules {
				if rule.AST != nil {
					p.order(rule, later, earlier, across, recorded)
				}
				if !rule.IsAlert() {
					earlier[rule.Name()] = true
				}
			}
		}
	}
}

// order reports the first use of each metric that is recorded too late for the rule.
func (p *Pass) order(rule *rules.Rule, later map[string]*rules.Rule, earlier map[string]bool, across bool, recorded *recordings) {
	told := map[string]bool{}
	for part := range p.parts(rule) {
		selector, ok := part.Expr.(*parser.VectorSelector)
		// A rule that uses its own metric means the value of the evaluation before. To a range of
		// time the last sample matters little.
		if !ok || told[selector.Name] || earlier[selector.Name] || selector.Name == rule.Record.Value ||
			selector.OriginalOffset != 0 || part.outer != nil && part.outer.Type() == parser.ValueTypeMatrix {
			continue
		}
		by, inGroup := later[selector.Name]
		d := Diagnostic{
			Rule: rule, Span: metricSpan(rule, selector),
			Message: fmt.Sprintf("%s is recorded by a later rule of the group, so its value is one evaluation old", selector.Name),
			Hint:    "move the recording rule above this one",
		}
		switch others := recorded.rules[selector.Name]; {
		case inGroup:
		case across && len(others) > 0:
			by = others[0]
			d.Message = fmt.Sprintf("%s is recorded by another group, so its value may be one evaluation old", selector.Name)
			d.Hint = "move both rules into one group, or leave time for it"
		default:
			continue
		}
		told[selector.Name] = true
		d.Related = []Related{{File: by.File(), Span: by.NameScalar().Span, Message: "recorded here"}}
		p.Report(d)
	}
}
