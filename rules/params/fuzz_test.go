package params

import (
	"strings"
	"testing"

	"github.com/rulekit/rulekit/rules"
)

// FuzzSet sets a parameter that is declared somehow to some value: whatever comes out without
// an error is a rule file without problems, and can be set back.
func FuzzSet(f *testing.F) {
	f.Add(`threshold 0.8 "> 80%"`, "0.9")
	f.Add(`window 5m "last 5 minutes"`, "90s")
	f.Add(`ignored "test.*" "not test.*"`, `a"b`)
	f.Add(`for 2m "for 2 minutes"`, "0")
	f.Add(`floor 104857600 "100 MiB"`, "1e300")
	f.Fuzz(func(t *testing.T, declaration, value string) {
		if strings.ContainsAny(declaration, "\n\r\u0085\u2028\u2029") {
			return
		}
		source := strings.Replace(pool, `# param threshold 0.8 "> 80%" "80% of all"`, "# param "+declaration, 1)
		file := rules.Parse("pool.yaml", []byte(source), rules.Options{})
		if len(file.Problems) > 0 {
			return
		}
		declared, err := Of(file.Rules()[0])
		if err != nil {
			return
		}
		setting := Setting{Alert: "PoolFull", Name: declared[0].Name, Value: value}
		files, err := Set([]*rules.File{file}, []Setting{setting})
		if err != nil {
			return
		}
		if declared[0].Kind != String && len(files[0].Problems) > 0 {
			t.Fatalf("%q = %q: %v in\n%s", declaration, value, files[0].Problems, files[0].Source)
		}
	})
}

func FuzzParseValues(f *testing.F) {
	f.Add("A: {threshold: 0.9, for: 5m}\nB: {enabled: false}\n")
	f.Add("- A\n")
	f.Fuzz(func(t *testing.T, source string) {
		settings, err := ParseValues("v.yaml", []byte(source))
		for _, s := range settings {
			if err == nil && (s.Value == "" || s.Origin == "") {
				t.Errorf("%q: got %+v", source, s)
			}
		}
	})
}
