package translation

import (
	"testing"

	"github.com/rulekit/rulekit/rules"
)

// TestReplace puts a text in the place of annotations that are written in all ways there are.
func TestReplace(t *testing.T) {
	const text = `连接数 "> 80%": {{ $value }} \ 次`
	for _, written := range []string{
		"plain text", `"quoted"`, `'single'`, "\"over\n            two lines\"", ">-\n            folded\n            lines", "|\n            literal",
		">- # comment\n            folded", "plain\n            over two",
	} {
		source := "groups:\n  - name: g\n    rules:\n      - alert: A\n        expr: up == 0\n        annotations:\n          summary: " + written + "\n          description: stays\n"
		file := rules.Parse("a.yaml", []byte(source), rules.Options{})
		summary, _ := file.Rules()[0].Annotation("summary")
		changed, err := rules.Apply(file.Source, []rules.Edit{replace(file.Source, summary.Value, text)})
		if err != nil {
			t.Fatal(err)
		}
		again := rules.Parse("a.yaml", changed, rules.Options{})
		if len(again.Problems) > 0 {
			t.Errorf("%s: %v in\n%s", written, again.Problems, changed)
			continue
		}
		got, _ := again.Rules()[0].Annotation("summary")
		description, _ := again.Rules()[0].Annotation("description")
		if v := got.Value.Value; v != text && v != text+"\n" || description.Value.Value != "stays" {
			t.Errorf("%s became %q and %q", written, v, description.Value.Value)
		}
	}
}
