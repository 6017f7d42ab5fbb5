package lint

import (
	"fmt"
	"slices"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/rulekit/rulekit/lint/infer"
	"github.com/rulekit/rulekit/rules"
)

func init() {
	register(Check{
		Name:    "dropped-label",
		Summary: "A label is grouped by, matched on or brought over after it was dropped.",
		Why: `Once an aggregation has dropped a label it is gone. To name it further out is no error in PromQL, but it does
nothing:

- ` + "`sum by (depot, truck) (max by (depot) (x))`" + `: groups by depot only.
- ` + "`a * on (depot) group_left (city) sum by (depot) (b)`" + `: brings over no city; the text of the alert has a hole.
- ` + "`a / on (depot, truck) b`" + ` where neither side has a truck: matches by depot only.
- ` + "`sum by (depot) (a) / sum(b)`" + `: one side has a depot, the other has dropped it, so no two series match. What is meant
  is ` + "`/ on () group_left () sum(b)`" + `.

Keep the label further in, or take it out further out. A label that group_left or group_right should bring over, and
one that only one side groups by, is a warning; the others are info: they change nothing, and a label such as cluster is often there for those who have one.`,
		Severity: Warning,
		Run:      droppedLabel,
	})
}

func droppedLabel(p *Pass) {
	p.eachPart(func(rule *rules.Rule, part *part, found *findings) {
		switch e := part.Expr.(type) {
		case *parser.AggregateExpr:
			if !e.Without {
				addDroppedGrouping(p, rule, e, found)
			}
		case *parser.BinaryExpr:
			if e.VectorMatching != nil {
				addDroppedMatching(p, rule, e, found)
				addOneSided(p, rule, e, found)
			}
		}
	})
}

// droppedFrom is why the label is gone from what the expression returns, or nil where it may be
// there, or never was.
func droppedFrom(p *Pass, rule *rules.Rule, expr parser.Expr, label string) *infer.Reason {
	r := p.Infer(rule).Of(expr)
	known := r.Labels.Get(label)
	if r.Presence == infer.Never || known.State != infer.Gone || known.Why == nil {
		return nil
	}
	if _, ok := known.Why.Node.(*parser.AggregateExpr); !ok {
		return nil
	}
	return known.Why
}

func addDroppedGrouping(p *Pass, rule *rules.Rule, e *parser.AggregateExpr, found *findings) {
	for _, label := range e.Grouping {
		why := droppedFrom(p, rule, e.Expr, label)
		if why == nil || len(found.all) >= maxFindings {
			continue
		}
		found.addAs(Info, Diagnostic{
			Rule: rule, Span: clauseOf(rule, e, infer.Grouping), Label: "the label is gone before",
			Message: fmt.Sprintf("by (...) lists %s, which was dropped before", label),
			Hint:    keepInside(label),
			Related: []Related{{File: rule.File(), Span: locate(rule, why), Message: why.Text}},
		})
	}
}

func keepInside(label string) string {
	return fmt.Sprintf("keep %s further in, or take it out here", label)
}

func addDroppedMatching(p *Pass, rule *rules.Rule, e *parser.BinaryExpr, found *findings) {
	m := e.VectorMatching
	one := e.RHS
	if m.Card == parser.CardOneToMany {
		one = e.LHS
	}
	for _, label := range m.Include {
		if why := droppedFrom(p, rule, one, label); why != nil {
			found.add(Diagnostic{
				Rule: rule, Span: clauseOf(rule, e, infer.Matching), Label: "brings over a label that is not there",
				Message: fmt.Sprintf("the label %s is brought over from a side that has dropped it", label),
				Hint:    fmt.Sprintf("keep %s on the side that it comes from", label),
				Related: []Related{{File: rule.File(), Span: locate(rule, why), Message: why.Text}},
			})
		}
	}
	if !m.On {
		return
	}
	for _, label := range m.MatchingLabels {
		left, right := droppedFrom(p, rule, e.LHS, label), droppedFrom(p, rule, e.RHS, label)
		if left == nil || right == nil || len(found.all) >= maxFindings {
			continue
		}
		d := Diagnostic{
			Rule: rule, Span: clauseOf(rule, e, infer.Matching), Label: "neither side has the label",
			Message: fmt.Sprintf("on (...) lists %s, which both sides have dropped", label),
			Hint:    keepInside(label),
		}
		for _, why := range []*infer.Reason{left, right} {
			d.Related = append(d.Related, Related{File: rule.File(), Span: locate(rule, why), Message: why.Text})
		}
		found.addAs(Info, d)
	}
}

// addOneSided reports a label that series are matched by, which one side groups by and the other
// has dropped: only series without it can match.
func addOneSided(p *Pass, rule *rules.Rule, e *parser.BinaryExpr, found *findings) {
	if e.Op == parser.LOR || e.Op == parser.LUNLESS || len(found.all) >= maxFindings || p.Infer(rule).Of(e).Presence == infer.Never {
		return
	}
	for _, sides := range [][2]parser.Expr{{e.LHS, e.RHS}, {e.RHS, e.LHS}} {
		keeps := p.Infer(rule).Of(sides[0]).Labels
		if keeps.Open() {
			continue
		}
		for _, label := range namedLabels(keeps) {
			// le is named where only native histograms, which have none, are left.
			if label == model.BucketLabel || slices.Contains(e.VectorMatching.MatchingLabels, label) != e.VectorMatching.On {
				continue
			}
			why := droppedFrom(p, rule, sides[1], label)
			if why == nil {
				continue
			}
			found.add(Diagnostic{
				Rule: rule, Span: clauseOf(rule, e, infer.Operator), Label: "matches only series without " + label,
				Message: fmt.Sprintf("one side groups by %s, and the other has dropped it, so the two do not match", label),
				Hint:    fmt.Sprintf("keep %s on both sides, or match without it: on (...) or ignoring (%s), with group_left or group_right", label, label),
				Related: []Related{{File: rule.File(), Span: locate(rule, why), Message: why.Text}},
			})
			return
		}
	}
}
