package rules

import (
	"math/rand"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// mended is the source of a file with the edits of all its problems made.
func mended(t *testing.T, f *File) string {
	t.Helper()
	var edits []Edit
	for _, p := range f.Problems {
		edits = append(edits, p.Edits...)
	}
	slices.SortFunc(edits, func(a, b Edit) int { return a.Span.Start - b.Span.Start })
	var out strings.Builder
	at := 0
	for _, e := range edits {
		if e.Span.Start < at || e.Span.End < e.Span.Start || e.Span.End > len(f.Source) {
			t.Fatalf("edit of %v overlaps another or lies outside the %d bytes", e.Span, len(f.Source))
		}
		out.Write(f.Source[at:e.Span.Start])
		out.WriteString(e.New)
		at = e.Span.End
	}
	out.Write(f.Source[at:])
	return out.String()
}

// content is what a file says, without places.
func content(f *File) []string {
	var all []string
	for _, g := range f.Groups {
		all = append(all, "group "+g.Name.Value+" of "+g.Document.Key)
		for _, r := range g.Rules {
			all = append(all, r.Name(), r.Expr.Value, r.For.Value, r.KeepFiringFor.Value)
			for _, p := range append(r.EffectiveLabels(), r.Annotations...) {
				all = append(all, p.Key.Value+"="+p.Value.Value)
			}
		}
	}
	return all
}

// checkEdits fails unless the edits of a file's problems lead to a file that says the same, and
// has none of those problems.
func checkEdits(t *testing.T, f *File) {
	t.Helper()
	if !slices.ContainsFunc(f.Problems, func(p Problem) bool { return len(p.Edits) > 0 }) {
		return
	}
	after := Parse("mended.yaml", []byte(mended(t, f)), Options{})
	if diff := cmp.Diff(content(f), content(after)); diff != "" {
		t.Errorf("the mended file says something else (-before +after):\n%s\n%s", diff, after.Source)
	}
	var left []string
	for _, p := range f.Problems {
		if len(p.Edits) == 0 {
			left = append(left, p.Message)
		}
	}
	if diff := cmp.Diff(left, messages(after), cmp.Transformer("sort", func(all []string) []string { return slices.Sorted(slices.Values(all)) })); diff != "" {
		t.Errorf("problems after mending (-want +got):\n%s\n%s", diff, after.Source)
	}
}

// TestRepair mends what is certain: want is the file after all edits, or "" where it is left alone.
func TestRepair(t *testing.T) {
	for _, test := range []struct{ name, src, want string }{
		{"a rule", `groups:
- name: a
  rules:
  - alert: A
      expr: up

      for: 5m # long
# far left
      labels:
        a: b
   # between
  - alert: B
    expr: up
`, `groups:
- name: a
  rules:
  - alert: A
    expr: up

    for: 5m # long
# far left
    labels:
      a: b
   # between
  - alert: B
    expr: up
`},
		{"block scalars keep what is in them", "groups:\n- name: a\n  rules:\n  - alert: A\n      expr: |\n        up\n          > 0\n         \n           \n      annotations:\n        a: >-\n         for: 5\n           for: 6\n",
			"groups:\n- name: a\n  rules:\n  - alert: A\n    expr: |\n      up\n        > 0\n       \n         \n    annotations:\n      a: >-\n       for: 5\n         for: 6\n"},
		{"stairs", "groups:\n- name: a\n  rules:\n  - alert: A\n     expr: up\n       for: 5m\n         labels:\n           a: b\n     annotations: {a: b}\n",
			"groups:\n- name: a\n  rules:\n  - alert: A\n    expr: up\n    for: 5m\n    labels:\n      a: b\n    annotations: {a: b}\n"},
		{"a group", "groups:\n  - name: 'a''b' # c\n      interval: 1m\n      rules:\n      - alert: A\n          expr: up\n",
			"groups:\n  - name: 'a''b' # c\n    interval: 1m\n    rules:\n    - alert: A\n      expr: up\n"},
		{"line ends of Windows", "groups:\r\n- name: a\r\n  rules:\r\n  - alert: A\r\n      expr: up\r\n", "groups:\r\n- name: a\r\n  rules:\r\n  - alert: A\r\n    expr: up\r\n"},
		{"a byte order mark", "\ufeffgroups:\n- name: a\n  rules:\n  - alert: ä\n      expr: up\n", "\ufeffgroups:\n- name: a\n  rules:\n  - alert: ä\n    expr: up\n"},
		{"a resource", "apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nspec:\n  groups:\n  - name: a\n    rules:\n    - expr: up\n      alert: A\n        for: 5m\n",
			"apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nspec:\n  groups:\n  - name: a\n    rules:\n    - expr: up\n      alert: A\n      for: 5m\n"},
		{"a string with escapes", `a.yml: "groups:\n- name: a\n  rules:\n  - alert: A\n      expr: up\n"`, `a.yml: "groups:\n- name: a\n  rules:\n  - alert: A\n    expr: up\n"`},
		{"groups under another name", "Group: [{name: a, rules: [{alert: A, expr: up}]}]", "groups: [{name: a, rules: [{alert: A, expr: up}]}]"},
		{"groups under another name in a resource", "apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nspec:\n  'group':\n  - {name: a, rules: [{alert: A, expr: up}]}\n",
			"apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nspec:\n  groups:\n  - {name: a, rules: [{alert: A, expr: up}]}\n"},
		{"only the second of two documents", "a: b\n---\ngroups:\n- name: a\n  rules:\n  - alert: A\n      expr: up\n", "a: b\n---\ngroups:\n- name: a\n  rules:\n  - alert: A\n    expr: up\n"},
		{"no rules", "image: a\n  tag: b\n", ""},
		{"keys of other things", "groups:\n- name: a\n  rules:\n  - alert: A\n    expr: up\n    labels:\n      team: b\n        tier: c\n", ""},
		{"a quote that is open", "groups:\n- name: a\n  rules:\n  - alert: \"A\n      expr: up\n", ""},
		{"still no YAML", "groups:\n- name: a\n  rules:\n  - alert: A\n      expr: up\n  - alert: [\n", ""},
		{"nothing but a key that is not groups", "grops:\n  alert: a\n", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := Parse("a.yaml", []byte(test.src), Options{})
			checkSpans(t, f)
			checkEdits(t, f)
			got := mended(t, f)
			if got == test.src {
				got = ""
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("mended (-want +got):\n%s\nproblems: %q", diff, messages(f))
			}
		})
	}
}

// TestRepairOfRandomRules indents rules of a good file too deeply and gets the good file back.
func TestRepairOfRandomRules(t *testing.T) {
	src, err := os.ReadFile("postgresql.yaml")
	if err != nil {
		t.Fatal(err)
	}
	good := Parse("good.yaml", src, Options{})
	random := rand.New(rand.NewSource(7))
	for range 50 {
		var out strings.Builder
		at, broken := 0, 0
		for _, r := range good.Rules() {
			if random.Intn(2) == 0 {
				continue
			}
			first := r.Span.Start + strings.IndexByte(string(src[r.Span.Start:]), '\n')
			out.Write(src[at:first])
			out.WriteString(strings.ReplaceAll(string(src[first:r.Span.End]), "\n ", "\n "+strings.Repeat(" ", 1+random.Intn(6))))
			at = r.Span.End
			broken++
		}
		out.Write(src[at:])
		f := Parse("bad.yaml", []byte(out.String()), Options{})
		checkSpans(t, f)
		if diff := cmp.Diff(content(good), content(f)); diff != "" || len(f.Problems) != broken {
			t.Fatalf("of %d broken rules %d are reported; content (-want +got):\n%s\n%s", broken, len(f.Problems), diff, f.Source)
		}
		if diff := cmp.Diff(string(src), mended(t, f)); diff != "" {
			t.Fatalf("mended (-want +got):\n%s", diff)
		}
	}
}

// TestRepairIsNotOffered reads on in a folded scalar, where taking out blanks would join lines.
func TestRepairIsNotOffered(t *testing.T) {
	f := Parse("a.yaml", []byte("a: >\n groups:\n\n - name: a\n\n   rules:\n   - alert: A\n       expr: up\n"), Options{})
	if len(f.Rules()) != 1 || len(f.Problems) != 1 || f.Problems[0].Edits != nil || f.Problems[0].Rule != f.Rules()[0] {
		t.Errorf("got %d rules, problems %+v", len(f.Rules()), f.Problems)
	}
}

// TestIgnoredDocuments tells which documents Prometheus never looks at.
func TestIgnoredDocuments(t *testing.T) {
	const plain = "groups: [{name: a, rules: [{alert: A, expr: up}]}]\n"
	const resource = "apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nspec: {groups: [{name: a, rules: [{alert: A, expr: up}]}]}\n"
	for _, test := range []struct {
		name, src, dialect string
		want               []bool
	}{
		{"one", plain, "", []bool{false}},
		{"one after a marker and a comment", "# a\n---\n" + plain + "---\n# b\n", "", []bool{false}},
		{"two", plain + "---\n" + plain, "", []bool{false, true}},
		{"two of Thanos", plain + "---\n" + plain, "thanos", []bool{false, true}},
		{"Mimir reads all", plain + "---\n" + plain, "mimir", []bool{false, false}},
		{"after an empty document", "---\n---\n" + plain, "", []bool{true}},
		{"after a broken document", "a: [\n---\n" + plain, "", []bool{true}},
		{"a broken document that was mended", plain + "---\ngroups:\n- name: b\n  rules:\n  - alert: B\n      expr: up\n", "", []bool{false, true}},
		{"resources", resource + "---\n" + resource, "", []bool{false, false}},
		{"strings in a list of documents", "a: b\n---\na.yml: |\n  " + plain, "", []bool{false}},
		{"a string with documents", "a.yml: |\n  " + plain + "  ---\n  " + plain, "", []bool{false, true}},
		{"values", "a: b\n---\nserver: {a.yml: {groups: [{name: a, rules: [{alert: A, expr: up}]}]}}\n", "", []bool{false}},
	} {
		var got []bool
		for _, d := range Parse("a.yaml", []byte(test.src), Options{Dialect: test.dialect}).Documents {
			got = append(got, d.Ignored)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}
