package rules

import (
	"context"
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/template"
	"go.yaml.in/yaml/v3"
)

// TestVerdictOnRandomFiles reads rule files put together from right and wrong parts, most of them
// with nothing but mappings, lists and scalars, for which our own reading is the verdict.
func TestVerdictOnRandomFiles(t *testing.T) {
	seed := int64(20)
	random := rand.New(rand.NewSource(seed))
	accepted, ordinary := 0, 0
	const files = 5000
	for range files {
		src := randomFile(random)
		f := Parse("random.yaml", []byte(src), Options{})
		checkVerdict(t, f)
		if len(f.Problems) == 0 {
			accepted++
		}
		if root, _ := parseYAML([]byte(src)); root != nil && isOrdinary(root) {
			ordinary++
		}
		if t.Failed() {
			t.Fatalf("seed %d, file:\n%s", seed, src)
		}
	}
	if accepted < files/5 || accepted > files*4/5 || ordinary < files/2 || ordinary > files*19/20 {
		t.Errorf("of %d files %d are accepted and %d ordinary: the parts prove too little", files, accepted, ordinary)
	}
}

// oddValues are what a value of a rule file may be but seldom is.
var oddValues = []string{
	"", "~", "null", "'null'", "5", "-1", "1.5", "1e3", "0x1F", "0o17", "1_000", "true", "no", "2001-01-01", "2001-01-01 10:00:00", ".inf", "=",
	`""`, "''", `"a\nb"`, "'a b'", "text", "[]", "{}", "[a]", "{a: b}", "!!str 5", "!!int x", "!!binary aGk=", "&x y", "*v", "<<", "0", "5m", "1h30m",
	"99999999999999999999", "up", "up == 0", "'{{ $labels.a }}'", "'{{ $x }}'", "'{{ .Value }} {{ if }}'", "'{{ \"}}\" }}'", "[[]]", "\"\\xff\"", "é",
	"'{{ $labels.a | title }}{{/* c */}}'", "'{{ end }}'", "'{{'", "'{{ template \"x\" }}'", "'{{ define \"a\" }}{{ end }}{{ define \"a\" }}{{ end }}'",
}

// randomFile is a rule file that mostly is right.
func randomFile(r *rand.Rand) string {
	pick := func(all []string) string { return all[r.Intn(len(all))] }
	value := func(right ...string) string {
		if r.Intn(30) == 0 {
			return pick(oddValues)
		}
		return pick(right)
	}
	var b strings.Builder
	pairs := func(indent string) {
		for k := range r.Intn(3) {
			key := string(rune('a' + k))
			if r.Intn(30) == 0 {
				key = pick([]string{"<<", "~", "5", "a", "__name__", `""`, "'a b'", "!!str c", "[a]", "true", "2001-01-01", "null"})
			}
			fmt.Fprintf(&b, "%s%s: %s\n", indent, key, value("x", "'{{ $labels.a }}'", "5", "'{{ if .Value }}x{{ end }}'"))
		}
	}
	field := func(indent, key string, right ...string) {
		switch r.Intn(60) {
		case 0:
			key = pick([]string{"nosuch", "Expr", "<<", "~", "5", "name", "alert", "record", "for", "rules", "groups"})
		case 1:
			return
		case 2:
			fmt.Fprintf(&b, "%s%s: %s\n", indent, key, value(right...))
		}
		fmt.Fprintf(&b, "%s%s: %s\n", indent, key, value(right...))
	}
	b.WriteString("groups:\n")
	for k := range 1 + r.Intn(2) {
		field("- ", "name", fmt.Sprint("g", k), pick([]string{"a", "b", "5"}))
		if r.Intn(3) == 0 {
			field("  ", "interval", "1m", "30s", "0")
			field("  ", "query_offset", "1m", "~")
			field("  ", "limit", "5", "0", "0x10", "1e2")
		}
		if r.Intn(4) == 0 {
			b.WriteString("  labels:\n")
			pairs("    ")
		}
		b.WriteString("  rules:\n")
		for range r.Intn(3) {
			kind := pick([]string{"alert", "alert", "record"})
			field("  - ", kind, "A", "b:c", "d")
			field("    ", "expr", "up", "sum(up) > 0", "1", "true == bool 1")
			if kind == "alert" || r.Intn(20) == 0 {
				field("    ", "for", "5m", "0s", "1h30m")
			}
			if r.Intn(2) == 0 {
				b.WriteString("    labels:\n")
				pairs("      ")
			}
			if kind == "alert" || r.Intn(20) == 0 {
				b.WriteString("    annotations:\n")
				pairs("      ")
			}
		}
	}
	return strings.ReplaceAll(b.String(), "<<: text", "<<: {a: c}")
}

// TestOrdinaryFilesAreNotReadTwice holds on to what makes reading cheap: the rule files people
// write are ordinary.
func TestOrdinaryFilesAreNotReadTwice(t *testing.T) {
	for _, test := range []struct {
		src  string
		want bool
	}{
		{"groups: [{name: a, rules: [{alert: A, expr: up, labels: {a: 1, b: ~, c: '<<', d: 2001-01-01}}]}]", true},
		{"groups: &anchor [{name: a}]", true},
		{"a: &x 1\nb: *x", false},
		{"a: {<<: {b: c}}", false},
		{"a: !!str 5", false},
		{"a: !own b", false},
		{"a: !!map {b: c}", false},
	} {
		root, message := parseYAML([]byte(test.src))
		if message != "" || isOrdinary(root) != test.want {
			t.Errorf("isOrdinary(%s) = %t, want %t (%s)", test.src, !test.want, test.want, message)
		}
	}
}

// FuzzTemplate fails where our reading of a template differs from Prometheus's.
func FuzzTemplate(f *testing.F) {
	for _, value := range oddValues {
		f.Add(strings.Trim(value, "'"))
	}
	paths, err := filepath.Glob("../testdata/reader/*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	seen := map[string]bool{}
	for _, path := range append(paths, "postgresql.yaml") {
		src, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		for _, r := range Parse(path, src, Options{}).Rules() {
			for _, p := range append(r.Annotations, r.Labels...) {
				if !seen[p.Value.Value] {
					f.Add(p.Value.Value)
				}
				seen[p.Value.Value] = true
			}
		}
	}
	for _, text := range []string{
		"{{ $labels.a -}} {{- $value }}", "{{ $x := 1 }}{{ $x }}", "{{ $value = 2 }}", "{{ `}}` }}", "{{ '}}' }}", "{{/* {{ $value }} */}}",
		"{{ break }}", "{{ block \"a\" . }}{{ end }}", "{{ ($value) }}", "{{ $labels.a }}{{ else }}", "{{ $value }}{{ $value", "{{- 3 -}}", "{{{ $value }}}",
		"{{ $labels.a\n}}", "{{}}", "{{ }}", "{{ nil }}", "{{ . }} {{ $ }}", "{{ printf \"%q\" $value }}", "{{ \"a\nb\" }}", "{{ and 1 2 | or 3 }}",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 1<<12 {
			return
		}
		data := template.AlertTemplateData(map[string]string{}, map[string]string{}, "", promql.Sample{})
		theirs := template.NewTemplateExpander(context.Background(), templateVariables+text, "rule", data, model.Time(0), nil, nil, nil).ParseTest()
		d := documentReader{fileReader: &fileReader{file: &File{}}}
		d.checkPairs("label", []Pair{{Value: Scalar{Value: text}}})
		if ours := d.file.Problems; (theirs == nil) != (len(ours) == 0) {
			t.Errorf("%q: Prometheus says %v, we say %v", text, theirs, ours)
		}
	})
}

// FuzzOrdinary changes the parts of rule files without what makes a file not ordinary.
func FuzzOrdinary(f *testing.F) {
	for _, value := range oddValues {
		f.Add("name: a", "a", value)
		f.Add("name: "+value, "expr", "up")
	}
	f.Fuzz(func(t *testing.T, group, key, value string) {
		src := fmt.Sprintf("groups:\n- %s\n  rules:\n  - alert: A\n    expr: up\n    labels:\n      %s: %s\n", group, key, value)
		root, message := parseYAML([]byte(src))
		if message != "" || len(src) > 1<<12 || root.Kind != yaml.MappingNode || !isOrdinary(root) {
			return
		}
		checkVerdict(t, Parse("fuzz.yaml", []byte(src), Options{}))
	})
}
