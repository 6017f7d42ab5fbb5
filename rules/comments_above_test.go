package rules

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCommentsAbove(t *testing.T) {
	const source = `# of the file
groups:
  - name: g
    rules:
      # of another

      # first
      #   second # still
      - alert: A
        expr: up == 0 # beside
      - alert: B
        expr: |
          # in PromQL
          up == 0
      # of C
      - alert: C
        expr: up == 0
`
	file := Parse("a.yaml", []byte(source), Options{})
	want := map[string][]string{"A": {"# first", "#   second # still"}, "B": nil, "C": {"# of C"}}
	for _, rule := range file.Rules() {
		var got []string
		for _, c := range rule.CommentsAbove() {
			if s := source[c.Span.Start:c.Span.End]; s != c.Text {
				t.Errorf("%s: the place of %q holds %q", rule.Name(), c.Text, s)
			}
			got = append(got, c.Text)
		}
		if diff := cmp.Diff(want[rule.Name()], got); diff != "" {
			t.Errorf("%s: %s", rule.Name(), diff)
		}
	}
}
