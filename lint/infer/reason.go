package infer

import (
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/parser/posrange"
)

// Clause is the part of a node that a reason is about.
type Clause int

// The clauses.
const (
	// Whole is all of the node.
	Whole Clause = iota
	// Operator is the name of a function or aggregation, or the sign of a binary operator.
	Operator
	// Grouping is the by(...) or without(...) of an aggregation, or its name if it has none.
	Grouping
	// Matching is the on(...) or ignoring(...) of a binary operation, or its sign if it has
	// none.
	Matching
	// OneMatcher is one of the matchers of a selector.
	OneMatcher
)

// Reason is why something holds: a place in the expression, and words for it.
type Reason struct {
	Node   parser.Expr
	Clause Clause
	// Matcher is the matcher meant by OneMatcher.
	Matcher *labels.Matcher
	// Text says in a few words, in lower case, what the place does.
	Text string
	// Kind sorts reasons for Never; it is NoContradiction for others.
	Kind Contradiction
	// Because are the reasons this one rests on.
	Because []*Reason
}

// Contradiction is the way in which an expression is empty.
type Contradiction int

// The contradictions.
const (
	NoContradiction Contradiction = iota
	// Matchers is a selector whose matchers exclude each other.
	Matchers
	// Comparison is a comparison that no possible value passes.
	Comparison
	// Intersection is two conditions on one series that exclude each other.
	Intersection
	// Join is two sides whose labels can never match.
	Join
	// Absence is absent() of something that always returns a result, and the like.
	Absence
)

// Range is where the reason's place is in the source of the expression, in bytes.
func (r *Reason) Range(source string) posrange.PositionRange {
	whole := r.Node.PositionRange()
	switch r.Clause {
	case Operator:
		return operatorRange(r.Node, source)
	case Grouping:
		if clause, ok := keywordClause(source, whole, parser.BY, parser.WITHOUT); ok {
			return clause
		}
		return operatorRange(r.Node, source)
	case Matching:
		if e, ok := r.Node.(*parser.BinaryExpr); ok {
			between := posrange.PositionRange{Start: e.LHS.PositionRange().End, End: e.RHS.PositionRange().Start}
			if clause, ok := keywordClause(source, between, parser.ON, parser.IGNORING); ok {
				return clause
			}
		}
		return operatorRange(r.Node, source)
	case OneMatcher:
		if clause, ok := matcherRange(source, whole, r.Matcher); ok {
			return clause
		}
	}
	return whole
}

// tokens are the tokens of a range of the source, without comments.
func tokens(source string, within posrange.PositionRange) []parser.Item {
	start, end := max(int(within.Start), 0), min(int(within.End), len(source))
	if start >= end {
		return nil
	}
	lexer := parser.Lex(source[start:end])
	var all []parser.Item
	for {
		var item parser.Item
		lexer.NextItem(&item)
		if item.Typ == parser.EOF || item.Typ == parser.ERROR {
			return all
		}
		if item.Typ == parser.COMMENT {
			continue
		}
		item.Pos += posrange.Pos(start)
		all = append(all, item)
	}
}

func endOf(item parser.Item) posrange.Pos { return item.Pos + posrange.Pos(len(item.Val)) }

// operatorRange is where a node's operator or function name is.
func operatorRange(node parser.Expr, source string) posrange.PositionRange {
	whole := node.PositionRange()
	if e, ok := node.(*parser.BinaryExpr); ok {
		whole.Start, whole.End = e.LHS.PositionRange().End, e.RHS.PositionRange().Start
		// The ranges of some operands end before a closing parenthesis.
		for _, item := range tokens(source, whole) {
			if item.Typ == e.Op {
				return posrange.PositionRange{Start: item.Pos, End: endOf(item)}
			}
		}
		return node.PositionRange()
	}
	for _, item := range tokens(source, whole) {
		return posrange.PositionRange{Start: item.Pos, End: endOf(item)}
	}
	return whole
}

// keywordClause finds, outside all parentheses of the range, one of the keywords and what it
// has in parentheses after it.
func keywordClause(source string, within posrange.PositionRange, keywords ...parser.ItemType) (posrange.PositionRange, bool) {
	depth, start := 0, posrange.Pos(-1)
	for _, item := range tokens(source, within) {
		switch item.Typ {
		case parser.LEFT_PAREN, parser.LEFT_BRACE, parser.LEFT_BRACKET:
			depth++
		case parser.RIGHT_PAREN, parser.RIGHT_BRACE, parser.RIGHT_BRACKET:
			depth--
			if start >= 0 && depth == 0 {
				return posrange.PositionRange{Start: start, End: endOf(item)}, true
			}
		default:
			for _, keyword := range keywords {
				if depth == 0 && item.Typ == keyword {
					start = item.Pos
				}
			}
		}
	}
	return posrange.PositionRange{}, false
}

// matcherRange finds a matcher in a selector's braces.
func matcherRange(source string, within posrange.PositionRange, m *labels.Matcher) (posrange.PositionRange, bool) {
	all := tokens(source, within)
	for i := 0; i+2 < len(all); i++ {
		name, sign, value := all[i], all[i+1], all[i+2]
		if value.Typ != parser.STRING || sign.Val != m.Type.String() {
			continue
		}
		if unquoted(name.Val) == m.Name && unquoted(value.Val) == m.Value {
			return posrange.PositionRange{Start: name.Pos, End: endOf(value)}, true
		}
	}
	return posrange.PositionRange{}, false
}
