package lint

import (
	"fmt"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/rulekit/rulekit/lint/infer"
	"github.com/rulekit/rulekit/rules"
)

func init() {
	register(Check{
		Name:    "self-resolving",
		Summary: "The alert resolves by itself although nothing is mended.",
		Why: "`delta(followers[1m]) < 0`" + ` holds for one minute after a follower was lost. Then the loss has left the window:
the alert resolves and everybody is told that all is well, while the follower is still missing. Whoever looks
a minute later finds nothing.

Compare with what should be there instead: ` + "`followers < 2`, or `followers < max_over_time(followers[1d])`" + `. Or
keep the alert long enough for somebody to look: ` + "`keep_firing_for: 1h`" + `.

Reported is a change of a gauge (delta(), idelta(), or itself with an offset) over up to 15 minutes, with a ` + "`for`" + ` shorter than its window,
as all that the alert asks for.`,
		Severity: Warning,
		Run:      selfResolving,
	})
}

func selfResolving(p *Pass) {
	const longWindow = 15 * time.Minute
	for rule := range p.Rules() {
		if !rule.IsAlert() || rule.KeepFiringFor.D > 0 {
			continue
		}
		c, ok := changeOf(p, rule)
		if !ok || c.window <= 0 || c.window > longWindow || rule.For.D >= c.window {
			continue
		}
		p.Report(selfResolvingDiagnostic(rule, c))
	}
}

// change is a condition on by how much a gauge has changed.
type change struct {
	// expr is what tells the change, and window the time that it looks back.
	expr   parser.Expr
	window time.Duration
	// op is how the change is compared with no change.
	op parser.ItemType
}

// changeOf tells whether all that a rule asks for is that a gauge has changed.
func changeOf(p *Pass, rule *rules.Rule) (change, bool) {
	c, ok := conditionOf(p.Infer(rule), rule.AST)
	if !ok {
		e, ok := infer.Unwrap(rule.AST).(*parser.BinaryExpr)
		if !ok || !e.Op.IsComparisonOperator() || e.Op == parser.EQLC || e.ReturnBool {
			return change{}, false
		}
		window := sinceOffset(p, rule, e.LHS, e.RHS)
		return change{e, window, e.Op}, window > 0
	}
	// A loss of one is below 0, and at most -1.
	if c.Op == parser.EQLC || c.Bound != 0 && !(c.Bound == -1 && c.Op == parser.LTE) && !(c.Bound == 1 && c.Op == parser.GTE) {
		return change{}, false
	}
	switch e := summed(c.Subject).(type) {
	case *parser.Call:
		if e.Func.Name == "delta" || e.Func.Name == "idelta" {
			window, ok := windowOf(e)
			return change{e, window, c.Op}, ok
		}
	case *parser.BinaryExpr:
		if e.Op == parser.SUB {
			window := sinceOffset(p, rule, e.LHS, e.RHS)
			return change{e, window, c.Op}, window > 0
		}
	}
	return change{}, false
}

// sinceOffset is how much earlier right looks at the gauge that left is, or 0 where they are
// anything else.
func sinceOffset(p *Pass, rule *rules.Rule, left, right parser.Expr) time.Duration {
	now, ok := infer.Unwrap(left).(*parser.VectorSelector)
	then, also := infer.Unwrap(right).(*parser.VectorSelector)
	if !ok || !also || now.Name == "" || now.OriginalOffset != 0 || countsUp(p.Infer(rule).Of(now)) {
		return 0
	}
	earlier := *then
	earlier.OriginalOffset = 0
	if earlier.String() != now.String() {
		return 0
	}
	return then.OriginalOffset
}

func selfResolvingDiagnostic(rule *rules.Rule, c change) Diagnostic {
	was, window := "changed", model.Duration(c.window)
	switch c.op {
	case parser.LSS, parser.LTE:
		was = "fell"
	case parser.GTR, parser.GTE:
		was = "grew"
	}
	return Diagnostic{
		Rule: rule, Span: spanOf(rule, c.expr), Label: "looks at the change, not at what is wrong since",
		Message: fmt.Sprintf("alert resolves %s after the value %s, whether it is mended or not", window, was),
		Hint:    "compare the value with what it should be, or set keep_firing_for so that somebody can look",
	}
}
