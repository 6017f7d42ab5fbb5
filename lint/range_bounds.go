package lint

import (
	"fmt"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/rulekit/rulekit/rules"
)

func init() {
	register(Check{
		Name:    "range-bounds",
		Summary: "An expression looks at more, or less, time than the policy allows.",
		Why: `A range of a month reads a month of samples at every evaluation, and what lies beyond the retention of
the server is not there at all. Say in the configuration how long ranges may be, and how far an offset
may reach back:

` + "```yaml" + `
checks:
  range-bounds: {min: 1m, max: 1d, max_offset: 7d}
` + "```" + `

A bound that is left out, or 0, is none. A subquery counts with its range.`,
		Severity: Warning,
		Off:      true,
		Options:  rangeBounds{},
		Run:      runRangeBounds,
	})
}

// rangeBounds are the options of range-bounds.
type rangeBounds struct {
	Min       model.Duration `yaml:"min"`
	Max       model.Duration `yaml:"max"`
	MaxOffset model.Duration `yaml:"max_offset"`
}

// Validate tells of bounds that nothing can meet.
func (o rangeBounds) Validate() error { return validateBounds(o.Min, o.Max) }

func runRangeBounds(p *Pass) {
	o := optionsOf[rangeBounds](p)
	for rule := range p.Rules() {
		for part := range p.parts(rule) {
			switch e := part.Expr.(type) {
			case *parser.MatrixSelector:
				o.length(p, rule, e, e.Range)
			case *parser.SubqueryExpr:
				o.length(p, rule, e, e.Range)
				o.reach(p, rule, e, e.OriginalOffset)
			case *parser.VectorSelector:
				o.reach(p, rule, e, e.OriginalOffset)
			}
		}
	}
}

func (o rangeBounds) length(p *Pass, rule *rules.Rule, at parser.Expr, length time.Duration) {
	d := Diagnostic{Rule: rule, Span: spanOf(rule, at)}
	switch {
	case length <= 0:
		return // A range made by an expression is not known.
	case length < time.Duration(o.Min):
		d.Message = fmt.Sprintf("range of %s is shorter than the %s that the policy asks for", model.Duration(length), o.Min)
		d.Hint = fmt.Sprintf("use [%s] or more", o.Min)
	case o.Max > 0 && length > time.Duration(o.Max):
		d.Message = fmt.Sprintf("range of %s is longer than the %s that the policy allows", model.Duration(length), o.Max)
		d.Hint = fmt.Sprintf("use [%s] or less, or record it step by step", o.Max)
	default:
		return
	}
	p.Report(d)
}

func (o rangeBounds) reach(p *Pass, rule *rules.Rule, at parser.Expr, offset time.Duration) {
	if o.MaxOffset <= 0 || offset <= time.Duration(o.MaxOffset) {
		return
	}
	p.Report(Diagnostic{
		Rule: rule, Span: spanOf(rule, at),
		Message: fmt.Sprintf("offset of %s reaches further back than the %s that the policy allows", model.Duration(offset), o.MaxOffset),
		Hint:    fmt.Sprintf("use an offset of %s or less", o.MaxOffset),
	})
}
