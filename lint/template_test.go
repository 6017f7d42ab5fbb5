package lint

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLabelUses(t *testing.T) {
	for _, test := range []struct {
		text string
		// want are the written forms of the uses.
		want []string
	}{
		{"plain", nil},
		{"{{ $labels.a }} and {{$labels.b}}", []string{"$labels.a", "$labels.b"}},
		{"{{ .Labels.a }}{{ $.Labels.b }}", []string{".Labels.a", "$.Labels.b"}},
		{`{{ index $labels "a" }}{{ index .Labels "b" | title }}`, []string{`"a"`, `"b"`}},
		{`{{ printf "%s" $labels.a | toUpper }}`, []string{"$labels.a"}},
		{"{{ with $labels }}{{ .a }}{{ $.Value }}{{ end }}", []string{".a"}},
		{"{{ with .Labels }}{{ .a }}{{ .b }}{{ end }}", []string{".a", ".b"}},
		{"{{ with $labels.a }}{{ . }}{{ $labels.a }}{{ end }}", nil},
		{"{{ if $labels.a }}{{ $labels.a }}{{ $labels.b }}{{ else }}{{ $labels.a }}{{ end }}", []string{"$labels.b"}},
		{`{{ if and $labels.a (eq $labels.b "x") }}{{ $labels.b }}{{ end }}`, nil},
		{`{{ or $labels.a "none" }}`, nil},
		{"{{ $l := $labels }}{{ $l.a }}", []string{"$l.a"}},
		{"{{ $l := .Labels.a }}{{ $l }}", []string{".Labels.a"}},
		{"{{ $l := .Labels.a }}{{ $l }} {{ $l }} {{ printf `%s` $l }}", []string{".Labels.a"}},
		{"{{ $l := printf `in %s` .Labels.a }}{{ $l }}", []string{".Labels.a"}},
		{"{{ $l := .Labels.a }}all", nil},
		{"{{ if not $labels.a }}all{{ else }}{{ $labels.a }}{{ end }}", nil},
		{`{{ if eq $labels.a "" }}all{{ else }}{{ $labels.a }}{{ end }}`, nil},
		{`{{ if eq $labels.a "" }}all{{ else if $labels.b }}{{ $labels.a }}{{ else }}{{ $labels.c }}{{ end }}`, []string{"$labels.c"}},
		{"{{ $l := $labels.a }}{{ if $l }}{{ $l }}{{ else }}all{{ end }}", nil},
		{"{{ with $l := $labels.a }}{{ $l }}{{ else }}all{{ end }}{{ $labels.a }}", []string{"$labels.a"}},
		{"{{ if $labels.a }}{{ $labels.a }}{{ end }}{{ $labels.a }}", []string{"$labels.a"}},
		{"{{ $l := $labels.a }}{{ if not $l }}{{ $l = `all` }}{{ end }}{{ $l }}", nil},
		{"{{ $l := `all` }}{{ if $labels.a }}{{ $l = $labels.a }}{{ end }}{{ $l }}", nil},
		{"{{ if or $labels.a $labels.b }}{{ $labels.a }}{{ $labels.c }}{{ end }}", []string{"$labels.c"}},
		{"{{ $l := or $labels.a `all` }}{{ $l }}", nil},
		{"{{ $l := $labels }}{{ if true }}{{ $l := 1 }}{{ end }}{{ $l.a }}", []string{"$l.a"}},
		{"{{ range $k, $v := $labels }}{{ $k }}={{ $v }}{{ end }}", nil},
		{`{{ range query "up" }}{{ .Labels.a }}{{ $labels.b }}{{ end }}`, []string{"$labels.b"}},
		{`{{ query (printf "up{a='%s'}" $labels.a) | first | value }}`, []string{"$labels.a"}},
		{"{{ ($labels).a }}{{ (.Labels).b }}", []string{"($labels).a", "(.Labels).b"}},
		{"{{ $value }} {{ $externalLabels.a }} {{ .ExternalLabels.a }} {{ $labels }}", nil},
		{"{{- $labels.a -}}", []string{"$labels.a"}},
		{"{{ broken", nil},
		{"{{ define \"x\" }}{{ .a }}{{ end }}{{ template \"x\" $labels }}", []string{".a"}},
		{"{{ define \"x\" }}{{ template \"x\" . }}{{ .a }}{{ end }}{{ template \"x\" .Labels }}", []string{".a"}},
		{"{{ define \"x\" }}{{ .Labels.a }}{{ end }}{{ if .Labels.a }}{{ template \"x\" . }}{{ end }}", nil},
		{"{{ block \"x\" . }}{{ .Labels.a }}{{ end }}", []string{".Labels.a"}},
		{`{{ $labels.a | or "none" }}`, nil},
		{"ü {{ $labels.ä }}", []string{"$labels.ä"}},
	} {
		var got []string
		for _, use := range labelUses(test.text) {
			got = append(got, test.text[use.Start:use.End])
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.text, diff)
		}
	}
}

func FuzzLabelUses(f *testing.F) {
	f.Add("{{ with .Labels }}{{ .a }}{{ end }}")
	f.Add("{{ index $labels `a` }}{{ ($labels).b }}")
	f.Add("{{- /* x */ -}} {{ $l := $labels }}{{ range $l }}{{ .a }}{{ end }}")
	f.Fuzz(func(t *testing.T, text string) {
		for _, use := range labelUses(text) {
			if use.Start < 0 || use.End < use.Start || use.End > len(text) {
				t.Errorf("%q: a use at %d to %d", text, use.Start, use.End)
			}
		}
	})
}

func TestLiteralNewlines(t *testing.T) {
	for text, want := range map[string][]int{
		``:                          nil,
		"real\nnew line":            nil,
		`a\nb\n`:                    {1, 4},
		`a\\nb`:                     nil,
		`see C:\new`:                nil,
		`share \\host\new`:          nil,
		`{{ "\n" }}\n`:              {10},
		"{{ `}}\\n` }}":             nil,
		`{{ printf "\"}}\n" . }}\n`: {23},
		`{{ unfinished \n`:          nil,
	} {
		if diff := cmp.Diff(want, literalNewlines(text)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
}

// A text is read in one go, however long it is.
func TestLiteralNewlinesOfALongText(t *testing.T) {
	const times = 1 << 19
	if n := len(literalNewlines(strings.Repeat(`\n`, times))); n != times {
		t.Errorf("found %d of %d", n, times)
	}
}

// A template that is nested too deeply for text/template, which has no bound of its own and
// would end the process, is not parsed.
func TestLabelUsesOfADeepTemplate(t *testing.T) {
	if uses := labelUses(strings.Repeat("{{if $labels.a}}", 700_000)); uses != nil {
		t.Errorf("uses %v of a template that is too long to be parsed", uses)
	}
}
