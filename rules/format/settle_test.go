package format

import (
	"fmt"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/rulekit/rulekit/rules"
)

// TestSettle makes changes of which some break the file or its meaning: the others are made.
func TestSettle(t *testing.T) {
	for name, bad := range map[string]map[int]string{
		"none":                      {},
		"broken YAML":               {3: "]["},
		"the first and the last":    {0: "up ==", 49: "{"},
		"another expression":        {7: "down"},
		"swallows the next line":    {7: "|\n      up > 0\n   #"},
		"adds a rule":               {7: "up > 0\n  - record: b:c\n    expr: up"},
		"changes another scalar":    {7: "up > 0\n    labels: {a: b}"},
		"takes a comment":           {8: "up > 0 # more"},
		"neighbours, broken by one": {20: "up > 0", 21: "*x", 22: "up > 0"},
	} {
		var source strings.Builder
		source.WriteString("groups:\n- name: g\n  rules:\n")
		for i := range 50 {
			fmt.Fprintf(&source, "  - record: a:b%d\n    expr: up>0\n", i)
		}
		file := rules.Parse("x.yaml", []byte(source.String()), rules.Options{})
		f := &formatter{file: file, parser: parser.NewParser(parser.Options{}), result: &Result{}}
		var changes []change
		for i, rule := range file.Rules() {
			text := "up > 0"
			if other, ok := bad[i]; ok {
				text = other
			}
			changes = append(changes, change{rule: rule, at: rule.Expr.Span, text: text, value: "up > 0"})
		}
		refused := 0
		for _, text := range bad {
			if text != "up > 0" {
				refused++
			}
		}
		settled := f.settle(nil, changes)
		if len(settled) != 50-refused || len(f.result.Left) != refused {
			t.Errorf("%s: %d changes made, %d left, want %d left", name, len(settled), len(f.result.Left), refused)
		}
		if !f.reads(settled) {
			t.Errorf("%s: the file does not read the same:\n%s", name, apply(file.Source, settled))
		}
		if f.rereads > maxRereads+1 {
			t.Errorf("%s: %d times read again", name, f.rereads)
		}
	}
}

// TestSettleGivesUp bounds the cost of a file that takes no change.
func TestSettleGivesUp(t *testing.T) {
	source := "groups:\n- name: g\n  rules:\n" + strings.Repeat("  - record: a:b\n    expr: up>0\n", 500)
	file := rules.Parse("x.yaml", []byte(source), rules.Options{})
	f := &formatter{file: file, parser: parser.NewParser(parser.Options{}), result: &Result{}}
	var changes []change
	for _, rule := range file.Rules() {
		changes = append(changes, change{rule: rule, at: rule.Expr.Span, text: "down", value: "up > 0"})
	}
	if settled := f.settle(nil, changes); len(settled) > 0 || len(f.result.Left) != 500 {
		t.Errorf("%d changes made, %d left", len(settled), len(f.result.Left))
	}
	if f.rereads > 600 {
		t.Errorf("%d times tried", f.rereads)
	}
}

func TestSameTree(t *testing.T) {
	p := parser.NewParser(parser.Options{})
	parse := func(expr string) parser.Expr {
		e, err := p.ParseExpr(expr)
		if err != nil {
			t.Fatalf("%s: %v", expr, err)
		}
		return e
	}
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{`up{a="b",c="d"}`, `up  {c='d', a="b"}`, true},
		{`{__name__="up"}`, `up`, false},
		{`sum(up) by (a)`, `sum by (a) (up)`, true},
		{`up`, `(up)`, false},
		{`up{a="b"}`, `up{a!="b"}`, false},
		{`up{a="b"}`, `up{a="c"}`, false},
		{`up{a="b"}`, `up{a="b",a="b"}`, false},
		{`up offset 5m`, `up offset 300s`, true},
		{`up offset 5m`, `up`, false},
		{`up @ 5`, `up @ start()`, false},
		{`up[5m:1m]`, `up[5m:]`, false},
		{`up > bool 0`, `up > 0`, false},
		{`a / on(x) group_left(y) b`, `a / on(x) group_left b`, false},
		{`1e3`, `1000`, true},
		{`NaN`, `NaN`, true},
		{`0`, `-0`, false},
		{`rate(up[5m])`, `irate(up[5m])`, false},
		{`topk(1, up)`, `topk(2, up)`, false},
	} {
		if got := sameTree(parse(c.a), parse(c.b)); got != c.same {
			t.Errorf("%s and %s: same is %v", c.a, c.b, got)
		}
	}
}
