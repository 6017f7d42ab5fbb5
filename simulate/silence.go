package simulate

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/prometheus/prometheus/promql/parser"
)

// silence watches whether an alert that is expected to be silent could have fired at all: its
// expression, without its comparisons, must have had a value that is not NaN. A recorded
// scrape whose counters stand still, or that lacks a metric, proves nothing.
type silence struct {
	alert string
	rule  *programRule
	// text is the expression without any comparison. Without those inside of a join it may be
	// ambiguous; then outer counts, which lacks only the outermost.
	text, outer string
	// proven is when the expression first had a value; it counts only if found.
	proven time.Duration
	found  bool
}

// silences returns what has to be watched: the rules of alerts that a case which plays
// recorded scrapes expects to be silent.
func (k *checker) silences() []*silence {
	if len(k.c.Scrapes) == 0 {
		return nil
	}
	var all []*silence
	watched := map[string]bool{}
	for _, t := range k.c.AlertTests {
		if len(t.Expected) > 0 || watched[t.Alert.Value] {
			continue
		}
		watched[t.Alert.Value] = true
		for _, r := range k.program.alerts[t.Alert.Value] {
			parse := k.program.features.parser()
			inner, err := parse.ParseExpr(r.text)
			outer, err2 := parse.ParseExpr(r.text)
			if err == nil && err2 == nil {
				all = append(all, &silence{alert: r.name, rule: r, text: withoutComparisons(inner).String(), outer: withoutOuter(outer).String()})
			}
		}
	}
	return all
}

func (s *silence) look(ctx context.Context, r *run, ts time.Time, at time.Duration) {
	if s.found {
		return
	}
	if offset := s.rule.rule.Group.QueryOffset.D; offset != 0 {
		ts = ts.Add(-offset)
	}
	vector, err := r.query(ctx, s.text, ts)
	if err != nil {
		vector, err = r.query(ctx, s.outer, ts)
	}
	if err != nil {
		// Only series that are there can be ambiguous: it is not for want of data that it is silent.
		s.found, s.proven = ctx.Err() == nil, at
		return
	}
	for _, sample := range vector {
		if sample.H != nil || !math.IsNaN(sample.F) {
			s.found, s.proven = true, at
			return
		}
	}
}

// proveSilence fails a test that expects silence where nothing was proven up to its time.
func (k *checker) proveSilence(t AlertTest) {
	if len(t.Expected) > 0 {
		return
	}
	for _, s := range k.silence {
		if s.alert == t.Alert.Value && (!s.found || s.proven > t.EvalTime) {
			k.fail(Failure{
				Kind: NothingProven, Span: nameSpan(t.Alert, t.Span), EvalTime: t.EvalTime, Subject: s.alert,
				Message: fmt.Sprintf("that it is silent proves nothing: until then %s had no value but NaN; let the counters it reads move with growth, or give the series it lacks", s.text),
			})
		}
	}
}

// withoutComparisons returns the expression whose value tells whether e looked at anything: a
// comparison gives way to what it compares, absent() to what it looks for, and what unless
// takes away stays. The tree is changed.
func withoutComparisons(e parser.Expr) parser.Expr {
	switch n := e.(type) {
	case *parser.ParenExpr:
		n.Expr = withoutComparisons(n.Expr)
	case *parser.UnaryExpr:
		n.Expr = withoutComparisons(n.Expr)
	case *parser.AggregateExpr:
		n.Expr = withoutComparisons(n.Expr)
	case *parser.SubqueryExpr:
		n.Expr = withoutComparisons(n.Expr)
	case *parser.Call:
		if n.Func.Name == "absent" {
			return withoutComparisons(n.Args[0])
		}
		if n.Func.Name == "absent_over_time" {
			n.Func = parser.Functions["present_over_time"]
		}
		for i := range n.Args {
			n.Args[i] = withoutComparisons(n.Args[i])
		}
	case *parser.BinaryExpr:
		return withoutComparison(n)
	}
	return e
}

// withoutOuter returns the expression without its outermost comparison; on either side of a set
// operator there is one.
func withoutOuter(e parser.Expr) parser.Expr {
	switch n := e.(type) {
	case *parser.ParenExpr:
		n.Expr = withoutOuter(n.Expr)
	case *parser.BinaryExpr:
		switch {
		case n.Op == parser.LUNLESS:
			return withoutOuter(n.LHS)
		case n.Op.IsSetOperator():
			n.LHS, n.RHS = withoutOuter(n.LHS), withoutOuter(n.RHS)
		default:
			return compared(n)
		}
	}
	return e
}

func withoutComparison(n *parser.BinaryExpr) parser.Expr {
	n.LHS = withoutComparisons(n.LHS)
	if n.Op == parser.LUNLESS {
		return n.LHS
	}
	n.RHS = withoutComparisons(n.RHS)
	return compared(n)
}

// compared is what a comparison compares, as one expression; other operators stay.
func compared(n *parser.BinaryExpr) parser.Expr {
	switch {
	case !n.Op.IsComparisonOperator() || n.ReturnBool:
		return n
	case n.RHS.Type() == parser.ValueTypeScalar:
		return n.LHS
	case n.LHS.Type() == parser.ValueTypeScalar:
		return n.RHS
	}
	n.Op = parser.SUB
	return &parser.ParenExpr{Expr: n}
}
