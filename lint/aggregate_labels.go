package lint

import (
	"fmt"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/rulekit/rulekit/lint/infer"
	"github.com/rulekit/rulekit/rules"
)

func init() {
	register(Check{
		Name:    "aggregate-labels",
		Summary: "An expression drops a label that the policy keeps, or keeps one that it strips.",
		Why: `Routing needs some labels on every alert (namespace, cluster), and recorded metrics should be rid of
others (instance, pod). Say in the configuration which, and of which rules, by a pattern of their names
(a regular expression for the whole name; empty for all):

` + "```yaml" + `
checks:
  aggregate-labels:
    names: "job:.*"
    keep: [job]
    strip: [instance]
` + "```" + `

A label that the rule itself sets is kept. A label is only asked to be stripped of rules that aggregate.`,
		Severity: Warning,
		Off:      true,
		Options:  aggregateLabels{},
		Run:      runAggregateLabels,
	})
}

// aggregateLabels are the options of aggregate-labels.
type aggregateLabels struct {
	Names string   `yaml:"names"`
	Keep  []string `yaml:"keep"`
	Strip []string `yaml:"strip"`
}

// Validate tells of a pattern that is none.
func (o aggregateLabels) Validate() error {
	return validatePatterns(map[string]string{"names": o.Names})
}

func runAggregateLabels(p *Pass) {
	o := optionsOf[aggregateLabels](p)
	for rule := range p.Rules() {
		if o.Names != "" && !p.pattern(o.Names).MatchString(rule.Name()) {
			continue
		}
		set := map[string]bool{}
		for _, pair := range rule.EffectiveLabels() {
			set[pair.Key.Value] = true
		}
		labels := p.Infer(rule).Root.Labels
		for _, name := range o.Keep {
			label := labels.Get(name)
			if set[name] || label.State != infer.Gone || label.Why == nil {
				continue
			}
			p.Report(Diagnostic{
				Rule: rule, Span: locate(rule, label.Why),
				Message: fmt.Sprintf("the expression drops label %s, which the policy keeps", name),
				Hint:    fmt.Sprintf("keep %s here, or set it in the rule", name),
			})
		}
		o.strips(p, rule, labels)
	}
}

func (o aggregateLabels) strips(p *Pass, rule *rules.Rule, labels infer.Labels) {
	aggregation := outermostAggregation(p, rule)
	if aggregation == nil {
		return
	}
	for _, name := range o.Strip {
		if labels.Get(name).State == infer.Gone {
			continue
		}
		p.Report(Diagnostic{
			Rule: rule, Span: clauseOf(rule, aggregation, infer.Grouping),
			Message: fmt.Sprintf("the aggregation keeps label %s, which the policy strips", name),
			Hint:    stripHint(aggregation, name),
		})
	}
}

func stripHint(e *parser.AggregateExpr, name string) string {
	if e.Without {
		return fmt.Sprintf("add %s to without (...)", name)
	}
	return fmt.Sprintf("take %s out of by (...)", name)
}

func outermostAggregation(p *Pass, rule *rules.Rule) *parser.AggregateExpr {
	for part := range p.parts(rule) {
		if e, ok := part.Expr.(*parser.AggregateExpr); ok {
			return e
		}
	}
	return nil
}
