package rules

import (
	"strings"
	"testing"
)

// TestHostileFiles reads files that were made to cost time or to break the reader. That the
// test ends is half of what it proves.
func TestHostileFiles(t *testing.T) {
	const n = 1 << 18
	for _, test := range []struct{ name, src, want string }{
		{"documents without end", strings.Repeat("---\n", n), "more than 10000 YAML documents: the rest is not read"},
		{"deep nesting", strings.Repeat("[", n), "not valid YAML: "},
		{"keys without end", "groups: [{name: a, rules: [{alert: a, expr: up, labels: {" + strings.Repeat("a: b, ", n) + "}}]}]",
			"labels has 262144 keys, more than the 10000 that are read"},
		{"operators without end", "groups: [{name: a, rules: [{alert: a, expr: '" + strings.Repeat("-", n) + "'}]}]",
			"the expression has 256 KiB, more than the 64 KiB that are read"},
		{"many operators", "groups: [{name: a, rules: [{alert: a, expr: '" + strings.Repeat("1+", 1<<14) + "1'}]}]",
			"the expression has 16384 operators, more than the 10000 that are read"},
		{"actions without end", "groups: [{name: a, rules: [{alert: a, expr: up, labels: {a: '" + strings.Repeat("{{$x}}", n/32) + "'}}]}]",
			`label "a": undefined variable "$x"`},
		{"conditions in conditions", "groups: [{name: a, rules: [{alert: a, expr: up, annotations: {a: '" + strings.Repeat("{{if 1}}", n) + "'}}]}]",
			`the template of "a" has 2048 KiB, more than the 64 KiB that are read`},
		{"conditions in a group's label", "groups: [{name: a, labels: {a: '" + strings.Repeat("{{if 1}}", n) + "'}, rules: [{alert: a, expr: up}]}]",
			`the template of "a" has 2048 KiB, more than the 64 KiB that are read`},
		{"an alias in itself", "groups: &a [*a]", "a group must be a mapping, not a list"},
		{"a merge key in itself", "groups: [&a {name: a, <<: *a}]", "merge keys (<<) are nested too deeply"},
		{"a large scalar again and again", "groups: [{name: a, rules: [{alert: a, expr: up, annotations: {a: &b '" + strings.Repeat("x", n) + "'}}" +
			strings.Repeat(", {alert: a, expr: up, annotations: {a: *b}}", 100) + "]}]", "aliases blow this document up beyond what is read"},
		{"stairs without end", "groups:\n- rules:\n  - alert: a\n" + stairs(2000), "not valid YAML: for is indented deeper than alert"},
		{"broken rules without end", "groups:\n- name: a\n  rules:\n" + strings.Repeat("  - alert: a\n      expr: up\n", n/16), "not valid YAML: expr is indented deeper than alert"},
		{"strings in strings", wrapped(6), "YAML inside YAML is nested too deeply"},
		{"a file too large", strings.Repeat(" ", MaxFileSize+1), "the file has 16777217 bytes, more than the 16 MiB that are read"},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := Parse("hostile.yaml", []byte(test.src), Options{})
			for _, p := range f.Problems {
				if strings.HasPrefix(p.Message, test.want) {
					return
				}
			}
			t.Errorf("got problems %.500v, want %s", f.Problems, test.want)
		})
	}
}

// stairs are n lines, each indented deeper than the one before.
func stairs(n int) string {
	var b strings.Builder
	for k := range n {
		b.WriteString(strings.Repeat(" ", k+5) + "for: 5m\n")
	}
	return b.String()
}

// wrapped is a rule file inside n strings.
func wrapped(n int) string {
	src := strings.TrimSpace(oneRule)
	for range n {
		src = "groups_of: |\n  " + strings.ReplaceAll(src, "\n", "\n  ") + "\n"
	}
	return src
}
