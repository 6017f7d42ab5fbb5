package lint

import (
	"fmt"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/rulekit/rulekit/lint/infer"
	"github.com/rulekit/rulekit/rules"
)

func init() {
	register(Check{
		Name:    "precedence",
		Summary: "A condition after \"or\" holds for the right side only.",
		Why: "In `a or b > 90` the comparison binds tighter than `or`" + `: it means ` + "`a or (b > 90)`" + `. All series of ` + "`a`" + ` are
returned, whatever their value, and the alert fires for each of them. What was meant is nearly always
` + "`(a or b) > 90`" + `: the first metric, or the one that another version of the exporter serves in its place.

The order, from tightest: ` + "`^`" + `, then ` + "`* / %`" + `, then ` + "`+ -`" + `, then comparisons, then ` + "`and unless`" + `, then ` + "`or`" + `.`,
		Severity: Error,
		Run:      precedence,
	})
}

func precedence(p *Pass) {
	p.eachPart(func(rule *rules.Rule, part *part, found *findings) {
		e, ok := part.Expr.(*parser.BinaryExpr)
		if !ok || !rule.IsAlert() || e.Op != parser.LOR || !bindsTighter(e) {
			return
		}
		if size := e.PositionRange(); size.End-size.Start > maxAlternative || !returned(part) || !selectsIn(e.LHS) {
			return
		}
		c := conditions{recorded: p.conditionalRecords(), analysis: p.Infer(rule)}
		if c.missing(e.LHS) != nil {
			found.add(precedenceDiagnostic(rule, e))
		}
	})
}

// maxAlternative bounds the text of an "or" that is looked into, in bytes.
const maxAlternative = 4 << 10

// returned tells whether what the part returns is what the alert fires for.
func returned(p *part) bool {
	for outer := p.outer; outer != nil; outer = outer.outer {
		if e, ok := outer.Expr.(*parser.BinaryExpr); !ok || e.Op != parser.LOR {
			return false
		}
	}
	return true
}

func selectsIn(expr parser.Expr) bool {
	found := false
	parser.Inspect(expr, func(node parser.Node, _ []parser.Node) error {
		_, ok := node.(*parser.VectorSelector)
		found = found || ok
		return nil
	})
	return found
}

func precedenceDiagnostic(rule *rules.Rule, e *parser.BinaryExpr) Diagnostic {
	right := e.RHS.(*parser.BinaryExpr)
	return Diagnostic{
		Rule: rule, Span: spanOf(rule, e.LHS),
		Message: fmt.Sprintf("%s after \"or\" is a condition for the right side only", right.Op),
		Label:   "every series of this fires, whatever its value",
		Hint:    fmt.Sprintf("put the two sides of \"or\" in parentheses: (... or ...) %s ...", right.Op),
		Related: []Related{{
			File: rule.File(), Span: clauseOf(rule, right, infer.Operator), Message: "holds for what is between it and \"or\"",
		}},
	}
}
