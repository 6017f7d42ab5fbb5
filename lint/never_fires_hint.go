package lint

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/rulekit/rulekit/lint/infer"
)

// neverHint says how to write what was probably meant by an expression that never returns
// anything.
type neverHint struct {
	pass     *Pass
	analysis *infer.Analysis
}

func (h *neverHint) of(why *infer.Reason) string {
	switch why.Kind {
	case infer.Comparison:
		return h.ofComparison(why)
	case infer.Join:
		return h.ofJoin(why.Node)
	case infer.Intersection:
		return `if one of the two is enough, join them with "or"`
	case infer.Matchers:
		if len(why.Because) == 0 {
			return `to select series without the label, use label=""`
		}
		return `to select several values of a label, use one matcher such as label=~"a|b"`
	}
	return ""
}

func (h *neverHint) ofComparison(why *infer.Reason) string {
	if c, ok := conditionOf(h.analysis, why.Node); ok {
		if hint := h.ofCondition(c); hint != "" {
			return hint
		}
	}
	for _, cause := range why.Because {
		switch e := cause.Node.(type) {
		case *parser.AggregateExpr:
			if e.Op == parser.COUNT {
				return h.ofCount(e)
			}
		case *parser.Call:
			if e.Func.Name == "timestamp" {
				return "for how long a condition has held, use for:"
			}
		}
	}
	return ""
}

// ofCondition says what to write for a share that was taken for percent, for absent() that was
// taken for a number, and for what never goes below 0.
func (h *neverHint) ofCondition(c condition) string {
	values := h.analysis.Of(c.Subject).Values
	_, divided := c.Subject.(*parser.BinaryExpr)
	switch {
	case strings.HasPrefix(calledFunction(c.Subject), "absent"):
		return "absent() returns nothing where there are series: leave the comparison out"
	case divided && c.above() && values.Lo >= 0 && values.Hi == 1 && c.Bound > 1 && c.Bound < 100:
		return fmt.Sprintf("the value is a share of 1: multiply it by 100, or compare with %v", c.Bound/100)
	case c.below() && c.Bound <= 0 && values.Contains(0) && values.Lo == 0:
		gone := "absent(...)"
		if vs := onlySelector(c.Subject); vs != nil {
			gone = fmt.Sprintf("absent(%s)", vs)
		}
		return fmt.Sprintf("use > 0 where there should be none, == 0 where there should be some, or %s where the series may be gone", gone)
	}
	return ""
}

// onlySelector is the selector of the expression, if it has just one.
func onlySelector(expr parser.Expr) *parser.VectorSelector {
	var selectors []*parser.VectorSelector
	parser.Inspect(expr, func(node parser.Node, _ []parser.Node) error {
		if vs, ok := node.(*parser.VectorSelector); ok {
			selectors = append(selectors, vs)
		}
		return nil
	})
	if len(selectors) != 1 {
		return nil
	}
	return selectors[0]
}

// ofCount says how to find what count() cannot count.
func (h *neverHint) ofCount(e *parser.AggregateExpr) string {
	none := fmt.Sprintf("to find that there are none, use absent(%s)", infer.Unwrap(e.Expr))
	if len(e.Grouping) == 0 && !e.Without {
		return none
	}
	all := *e
	if c, ok := conditionOf(h.analysis, e.Expr); ok {
		all.Expr = c.Subject
		if vs, ok := c.Subject.(*parser.VectorSelector); ok && fixesGroups(e, vs) {
			return none
		}
		return groupHint(&all, e)
	}
	vs, ok := infer.Unwrap(e.Expr).(*parser.VectorSelector)
	switch {
	case !ok || vs.Name == "":
		return "to find a group that has none, say which groups there should be: ... unless " + e.String()
	case fixesGroups(e, vs):
		return none
	}
	wider := *vs
	wider.LabelMatchers = slices.DeleteFunc(slices.Clone(vs.LabelMatchers), func(m *labels.Matcher) bool {
		return m.Name != model.MetricNameLabel && !keptBy(e, m.Name) && !h.pass.isTargetLabel(m.Name)
	})
	all.Expr = &wider
	if len(wider.LabelMatchers) < len(vs.LabelMatchers) {
		return groupHint(&all, e)
	}
	if vs.OriginalOffset != 0 || vs.OriginalOffsetExpr != nil || vs.Timestamp != nil || vs.StartOrEnd != 0 {
		return "to find a group that has none, say which groups there should be: ... unless " + e.String()
	}
	wider.OriginalOffset = time.Hour
	return fmt.Sprintf("to find a group that has none but had some an hour ago, use %s unless %s", all.String(), e)
}

func groupHint(all, some *parser.AggregateExpr) string {
	return fmt.Sprintf("to find a group that has none, use %s unless %s", all, some)
}

// keptBy tells whether groups differ in the label.
func keptBy(e *parser.AggregateExpr, label string) bool {
	return slices.Contains(e.Grouping, label) != e.Without
}

// fixesGroups tells whether the selector asks for one value of each label of the grouping, so that
// there is one group at most.
func fixesGroups(e *parser.AggregateExpr, vs *parser.VectorSelector) bool {
	for _, label := range e.Grouping {
		if !selectsOne(vs, label) {
			return false
		}
	}
	return !e.Without
}

// ofJoin says by which labels the sides of an operation can match: those of the side that has
// fewer.
func (h *neverHint) ofJoin(expr parser.Expr) string {
	general := "aggregate both sides by the same labels, or say with on (...) which labels have to be equal"
	e, ok := expr.(*parser.BinaryExpr)
	if !ok || e.VectorMatching == nil || e.VectorMatching.On || len(e.VectorMatching.MatchingLabels) > 0 {
		return general
	}
	many, one, group := e.LHS, e.RHS, "group_left"
	names, ok := h.fewerLabels(one, many)
	if !ok {
		many, one, group = one, many, "group_right"
		if names, ok = h.fewerLabels(one, many); !ok {
			return general
		}
	}
	on := fmt.Sprintf("on (%s)", strings.Join(names, ", "))
	switch {
	case e.Op.IsSetOperator():
		return fmt.Sprintf("say which labels have to be equal: %s %s", e.Op, on)
	case len(names) == 0:
		return fmt.Sprintf("aggregate both sides, or match every series with the one of the other side: %s %s ()", on, group)
	}
	return fmt.Sprintf("aggregate both sides by (%s), or match several series with one of the other side: %s %s ()", strings.Join(names, ", "), on, group)
}

// fewerLabels returns the labels of one, if they are known and many may have all of them.
func (h *neverHint) fewerLabels(one, many parser.Expr) (names []string, ok bool) {
	l, r := h.analysis.Of(one).Labels, h.analysis.Of(many).Labels
	if l.Open() {
		return nil, false
	}
	for _, name := range l.Names() {
		a, b := l.Get(name), r.Get(name)
		if a.State == infer.Gone || name == model.MetricNameLabel {
			continue
		}
		if b.State == infer.Gone || a.Known && b.Known && a.Value != b.Value {
			return nil, false
		}
		names = append(names, name)
	}
	return names, true
}
