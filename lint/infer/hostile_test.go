package infer_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/rulekit/rulekit/lint/infer"
)

// repeated is about size bytes of what write says.
func repeated(size int, write func(i int) string) string {
	var b strings.Builder
	for i := 0; b.Len() < size; i++ {
		b.WriteString(write(i))
	}
	return b.String()
}

func again(text string) func(int) string { return func(int) string { return text } }

func numbered(format string) func(int) string {
	return func(i int) string { return strings.ReplaceAll(format, "#", fmt.Sprint(1000+i)) }
}

// hostile writes expressions of about size bytes that are made to be slow.
func hostile(size int) map[string]string {
	nested := func(before, inner, after string) string {
		n := size / (len(before) + len(after))
		return strings.Repeat(before, n) + inner + strings.Repeat(after, n)
	}
	return map[string]string{
		"chain of and":         "x" + repeated(size, again(" and x")),
		"chain of unless":      "x" + repeated(size, again(" unless y")),
		"chain of numbers":     "1" + repeated(size, again("+1")),
		"chain of comparisons": "up" + repeated(size, again(">=0")),
		"chain of quotients":   "x" + repeated(size, again("/(x+x)")),
		"dead branches":        "x" + repeated(size, again(" or up>1")),
		"many signs":           strings.Repeat("-", size) + "x",
		"nested parentheses":   nested("(", "x", ")"),
		"nested comparisons":   nested("1+(x<(", "y", "))"),
		"nested quotients":     nested("x/(x+", "x", ")"),
		"nested unless":        nested("x unless(", "y", ")"),
		"nested sums":          nested("sum(", "x", ")"),
		"nested clamps":        nested("clamp(", "x", ",0,1)"),
		"many labels":          "x{" + repeated(size/2, numbered("l#!='',")) + "}" + repeated(size/2, again("+x")),
		"many known labels":    "x{" + repeated(size/2, numbered("l#='v',")) + "}" + repeated(size/2, again(" or sum(y)")),
		"many grouping labels": "sum by(" + repeated(size/2, numbered("l#,")) + ")(x)" + repeated(size/2, again("+sum(x)")),
		"many matching labels": "x+on(" + repeated(size/2, numbered("l#,")) + "a)x" + repeated(size/2, again("+x")),
		"many joins":           "x{" + repeated(size/2, numbered("l#!='',")) + "}" + repeated(size/2, numbered("*on(l#)group_left y{l#='x'}")),
		"one label":            "x{" + repeated(size, again("a=~'b|c',")) + "}",
		"many values":          "x{a=~'" + repeated(size/2, numbered("v#|")) + "x'," + repeated(size/2, again("a!~'(x.*y)+',")) + "}",
		"large regexp":         "x{a=~'" + repeated(min(1000, size/2), numbered("v#|")) + "x',a!~'" + repeated(size/2, again("(x.*y)+|")) + "q'}",
	}
}

// allocated is how many bytes it takes to analyse the expression.
func allocated(t *testing.T, text string) uint64 {
	t.Helper()
	expr, err := parser.NewParser(parser.Options{}).ParseExpr(text)
	if err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	analysis := infer.Analyse(expr, nil)
	analysis.Dead()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// TestHostileCost proves that what an expression costs grows as its length does: twice as long,
// it costs about twice as much, where the square would be four times.
func TestHostileCost(t *testing.T) {
	const size = 6 << 10
	short, long := hostile(size), hostile(2*size)
	for name := range short {
		small, large := allocated(t, short[name]), allocated(t, long[name])
		if float64(large) > 3*float64(small)+1<<20 {
			t.Errorf("%s: %d bytes of memory for %d of text, %d for %d", name, small, len(short[name]), large, len(long[name]))
		}
	}
}

// TestHostileSize proves that an expression as large as a file may be is analysed at all. Those
// left out take the parser too long.
func TestHostileSize(t *testing.T) {
	all := hostile(64 << 10)
	for _, name := range []string{
		"chain of and", "chain of unless", "chain of quotients", "nested comparisons", "nested quotients", "nested unless",
		"many known labels", "many grouping labels", "many joins", "one label", "many values", "large regexp",
	} {
		if got := analyse(t, all[name]).Root.Presence; got != infer.Maybe {
			t.Errorf("%s: %v", name, got)
		}
	}
}
