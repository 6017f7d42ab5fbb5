package lint

import (
	"fmt"
	"slices"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/rulekit/rulekit/lint/infer"
)

func init() {
	register(Check{
		Name:    "forbidden-functions",
		Summary: "An expression uses a function or aggregation that the policy forbids.",
		Why: `Some functions are wrong in alerts more often than right: irate looks at two samples only, so an alert
on it flaps; topk changes the series that it returns. Others are experimental and may change with the
next version of the server. Say in the configuration which are not to be used, and whether experimental
ones are:

` + "```yaml" + `
checks:
  forbidden-functions:
    functions: [irate, topk]
    experimental: true  # forbid all that are experimental
` + "```" + ``,
		Severity: Warning,
		Off:      true,
		Options:  forbiddenFunctions{Functions: []string{"irate"}, Experimental: true},
		Run:      runForbiddenFunctions,
	})
}

// forbiddenFunctions are the options of forbidden-functions.
type forbiddenFunctions struct {
	Functions []string `yaml:"functions"`
	// Experimental forbids what is behind --enable-feature=promql-experimental-functions.
	Experimental bool `yaml:"experimental"`
}

// Validate tells of names that are neither function nor aggregation.
func (o forbiddenFunctions) Validate() error {
	for _, name := range o.Functions {
		if _, isFunction := parser.Functions[name]; !isFunction && !isAggregation(name) {
			return fmt.Errorf("functions: PromQL has no function or aggregation %q", name)
		}
	}
	return nil
}

func isAggregation(name string) bool {
	for item, known := range parser.ItemTypeStr {
		if known == name {
			return item.IsAggregator()
		}
	}
	return false
}

func runForbiddenFunctions(p *Pass) {
	o := optionsOf[forbiddenFunctions](p)
	for rule := range p.Rules() {
		for part := range p.parts(rule) {
			name, experimental := "", false
			switch e := part.Expr.(type) {
			case *parser.Call:
				name, experimental = e.Func.Name, e.Func.Experimental
			case *parser.AggregateExpr:
				name, experimental = e.Op.String(), e.Op.IsExperimentalAggregator()
			default:
				continue
			}
			d := Diagnostic{
				Rule: rule, Span: clauseOf(rule, part.Expr, infer.Operator),
				Message: fmt.Sprintf("the policy forbids %s()", name), Hint: "use another function",
			}
			switch {
			case slices.Contains(o.Functions, name):
			case experimental && o.Experimental:
				d.Message += ", which is experimental"
			default:
				continue
			}
			p.Report(d)
		}
	}
}
