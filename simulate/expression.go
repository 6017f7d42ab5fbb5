package simulate

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/util/features"

	"github.com/rulekit/rulekit/rules"
)

// expression is a parsed PromQL expression that can be evaluated again and again. The query
// engine changes the tree it evaluates (it wraps, folds and resolves nodes and hangs series on
// selectors), so the tree is put back into its first state before each evaluation.
type expression struct {
	root    parser.Expr
	restore []func()
}

func newExpression(root parser.Expr) *expression {
	e := &expression{root: root}
	e.remember(root)
	return e
}

// pristine returns the tree as the parser made it.
func (e *expression) pristine() parser.Expr {
	for _, restore := range e.restore {
		restore()
	}
	return e.root
}

// remember notes the state of a node, by value, and of all below it.
func (e *expression) remember(node parser.Expr) {
	switch n := node.(type) {
	case *parser.AggregateExpr:
		keep(e, n)
		e.rememberAll(n.Expr, n.Param)
	case *parser.BinaryExpr:
		keep(e, n)
		e.rememberAll(n.LHS, n.RHS)
	case *parser.Call:
		args := append(parser.Expressions(nil), n.Args...)
		e.restore = append(e.restore, func() { copy(n.Args, args) })
		e.rememberAll(args...)
	case *parser.MatrixSelector:
		keep(e, n)
		e.remember(n.VectorSelector)
	case *parser.SubqueryExpr:
		keep(e, n)
		e.remember(n.Expr)
	case *parser.ParenExpr:
		keep(e, n)
		e.remember(n.Expr)
	case *parser.UnaryExpr:
		keep(e, n)
		e.remember(n.Expr)
	case *parser.VectorSelector:
		keep(e, n)
	}
}

func (e *expression) rememberAll(nodes ...parser.Expr) {
	for _, n := range nodes {
		if n != nil {
			e.remember(n)
		}
	}
}

func keep[T any](e *expression, node *T) {
	saved := *node
	e.restore = append(e.restore, func() { *node = saved })
}

// namedExpr is an expression whose text is known. Prometheus's rules ask for the text at every
// evaluation, several times.
type namedExpr struct {
	parser.Expr
	text string
}

func (e namedExpr) String() string { return e.text }

// expressionCache parses each text once. It stands in for the parser of a query engine; it and
// the engine belong to one goroutine, because trees cannot be shared.
type expressionCache struct {
	parser.Parser
	parsed map[string]*expression
}

func newExpressionCache(p parser.Parser) *expressionCache {
	return &expressionCache{Parser: p, parsed: map[string]*expression{}}
}

// ParseExpr returns the tree of an expression, ready to be evaluated.
func (c *expressionCache) ParseExpr(text string) (parser.Expr, error) {
	if e, ok := c.parsed[text]; ok {
		return e.pristine(), nil
	}
	root, err := c.Parser.ParseExpr(text)
	if err != nil {
		return root, err
	}
	c.parsed[text] = newExpression(root)
	return root, nil
}

// RegisterFeatures does nothing; engines made here have no registry of features.
func (c *expressionCache) RegisterFeatures(features.Collector) {}

// selectors returns all vector selectors of an expression.
func selectors(e parser.Expr) []*parser.VectorSelector {
	var found []*parser.VectorSelector
	parser.Inspect(e, func(node parser.Node, _ []parser.Node) error {
		if s, ok := node.(*parser.VectorSelector); ok {
			found = append(found, s)
		}
		return nil
	})
	return found
}

// metricName returns the one metric name a selector can match, or "" where it may be several.
func metricName(s *parser.VectorSelector) string {
	if s.Name != "" {
		return s.Name
	}
	for _, m := range s.LabelMatchers {
		if m.Name == model.MetricNameLabel && m.Type == labels.MatchEqual {
			return m.Value
		}
	}
	return ""
}

// Features are PromQL features that are off by default, as in Prometheus's --enable-feature.
type Features struct {
	// ExperimentalFunctions is promql-experimental-functions.
	ExperimentalFunctions bool
	// DelayedNameRemoval is promql-delayed-name-removal.
	DelayedNameRemoval bool
	// UnquotedUTF8Names is promql-unquoted-utf8-names.
	UnquotedUTF8Names bool
	// BinopFillModifiers is promql-binop-fill-modifiers.
	BinopFillModifiers bool
}

// ParseFeatures reads names of features as Prometheus's --enable-feature takes them. Those that
// are always on are accepted, too.
func ParseFeatures(names []string) (Features, error) {
	var f Features
	known := map[string]*bool{
		"promql-experimental-functions":   &f.ExperimentalFunctions,
		"promql-delayed-name-removal":     &f.DelayedNameRemoval,
		"promql-unquoted-utf8-names":      &f.UnquotedUTF8Names,
		"promql-binop-fill-modifiers":     &f.BinopFillModifiers,
		"promql-duration-expr":            new(bool),
		"promql-extended-range-selectors": new(bool),
	}
	for _, name := range names {
		on, ok := known[name]
		if !ok {
			all := slices.Sorted(maps.Keys(known))
			if near := rules.Nearest(name, all); near != "" {
				return f, fmt.Errorf("there is no PromQL feature %q: did you mean %q?", name, near)
			}
			return f, fmt.Errorf("there is no PromQL feature %q; there are: %s", name, strings.Join(all, ", "))
		}
		*on = true
	}
	return f, nil
}

// Parser returns the options of a PromQL parser that knows these features.
func (f Features) Parser() parser.Options {
	return parser.Options{
		EnableExperimentalFunctions: f.ExperimentalFunctions,
		EnableUnquotedUTF8Names:     f.UnquotedUTF8Names,
		EnableBinopFillModifiers:    f.BinopFillModifiers,
	}
}

func (f Features) parser() parser.Parser { return parser.NewParser(f.Parser()) }

// seriesParser reads series descriptions with every feature on, as Prometheus's loader does.
var seriesParser = sync.OnceValue(func() parser.Parser {
	return Features{ExperimentalFunctions: true, UnquotedUTF8Names: true, BinopFillModifiers: true}.parser()
})
