package lint

import (
	"fmt"
	"maps"
	"slices"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/rulekit/rulekit/lint/infer"
	"github.com/rulekit/rulekit/rules"
)

func init() {
	register(Check{
		Name:    "selector-policy",
		Summary: "A selector lacks a matcher that the policy asks for, or has one that it forbids.",
		Why: `On a server that many share, a rule that does not say which part it is for reads everybody's series. Say
in the configuration which labels each selector must have a matcher for, which it must not, and which
metrics must not be used. Patterns are regular expressions for the whole value; empty for any:

` + "```yaml" + `
checks:
  selector-policy:
    metrics: "oven_.*"              # selectors of these metrics only
    required: {namespace: ""}
    forbidden: {instance: "10\\..*"}
    forbidden_metrics: "legacy_.*"
    metric_name: true               # each selector must name its metric
` + "```" + `

Other options hold for a selector without a metric name too. What recording rules of the run make is not
looked at: they have asked already.`,
		Severity: Warning,
		Off:      true,
		Options:  selectorPolicy{},
		Run:      runSelectorPolicy,
	})
}

// selectorPolicy are the options of selector-policy.
type selectorPolicy struct {
	// Metrics are those whose selectors are looked at; empty for all.
	Metrics string `yaml:"metrics"`
	// Required and Forbidden are patterns of the values of matchers by the name of the label.
	Required         map[string]string `yaml:"required"`
	Forbidden        map[string]string `yaml:"forbidden"`
	ForbiddenMetrics string            `yaml:"forbidden_metrics"`
	// MetricName asks each selector to name one metric.
	MetricName bool `yaml:"metric_name"`
}

// Validate tells of a pattern that is none.
func (o selectorPolicy) Validate() error {
	if err := validatePatterns(map[string]string{"metrics": o.Metrics, "forbidden_metrics": o.ForbiddenMetrics}); err != nil {
		return err
	}
	if err := validatePatterns(o.Required); err != nil {
		return err
	}
	return validatePatterns(o.Forbidden)
}

func runSelectorPolicy(p *Pass) {
	o := optionsOf[selectorPolicy](p)
	for rule := range p.Rules() {
		for part := range p.parts(rule) {
			selector, ok := part.Expr.(*parser.VectorSelector)
			if !ok || p.Recorded(selector.Name) {
				continue
			}
			if o.ForbiddenMetrics != "" && p.pattern(o.ForbiddenMetrics).MatchString(selector.Name) {
				p.Report(Diagnostic{
					Rule: rule, Span: metricSpan(rule, selector),
					Message: fmt.Sprintf("the policy forbids metric %s", selector.Name), Hint: "use another metric",
				})
			}
			if o.MetricName && selector.Name == "" {
				p.Report(Diagnostic{
					Rule: rule, Span: spanOf(rule, selector),
					Message: "selector names no metric, which the policy asks for", Hint: "name the metric",
				})
			}
			if o.Metrics == "" || p.pattern(o.Metrics).MatchString(selector.Name) {
				o.look(p, rule, selector)
			}
		}
	}
}

func (o selectorPolicy) look(p *Pass, rule *rules.Rule, selector *parser.VectorSelector) {
	for _, name := range slices.Sorted(maps.Keys(o.Required)) {
		i := slices.IndexFunc(selector.LabelMatchers, func(m *labels.Matcher) bool {
			return m.Name == name && p.pattern(o.Required[name]).MatchString(m.Value)
		})
		if i < 0 {
			p.Report(Diagnostic{
				Rule: rule, Span: spanOf(rule, selector),
				Message: fmt.Sprintf("selector has no matcher for %s, which the policy asks for", name),
				Hint:    fmt.Sprintf("add %s=..., with %s", name, wantedValue(o.Required[name])),
			})
		}
	}
	for _, m := range selector.LabelMatchers {
		if pattern, ok := o.Forbidden[m.Name]; ok && p.pattern(pattern).MatchString(m.Value) {
			p.Report(Diagnostic{
				Rule: rule, Span: locate(rule, &infer.Reason{Node: selector, Clause: infer.OneMatcher, Matcher: m}),
				Message: fmt.Sprintf("the policy forbids matcher %s", m), Hint: "take it out",
			})
		}
	}
}
