package lint

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestTemplateFailures names the places that fail, with the first words of what is said of them.
func TestTemplateFailures(t *testing.T) {
	for text, want := range map[string][]string{
		`{{ printf "%.2f of %s" $value $labels.a }}`:             nil,
		`{{ printf "%d" $value }}`:                               {"%d: %d cannot print a float64"},
		`{{ $value | printf "%5d parcels" }}`:                    {"%5d: %5d cannot print a float64"},
		`{{ printf "%s" $value }}`:                               {"%s: %s cannot print a float64"},
		`{{ printf "%.1f" $labels.a }}`:                          {"%.1f: %.1f cannot print a string"},
		`{{ printf "%.1f" ($value | humanize) }}`:                {"%.1f: %.1f cannot print a string"},
		`{{ printf "%s" ($value | humanize) }}`:                  nil,
		`{{ printf "%.1f%" $value }}`:                            {"%: the text ends with %!(NOVERB)"},
		`{{ printf "%.1f% full" $value }}`:                       {"% f: printf has no value for % f"},
		`{{ printf "%.1f%% full" $value }}`:                      nil,
		`{{ printf "%i" $value }}`:                               {"%i: printf has no verb %i"},
		`{{ printf "%s and %s" $labels.a }}`:                     {"%s: printf has no value for %s"},
		`{{ printf "none" $value }}`:                             {"none: printf has more values"},
		"{{ printf `%d` $value }}":                               {"%d: %d cannot print a float64"},
		`{{ printf "\t%d" $value }}`:                             {`"\t%d": %d cannot print a float64`},
		`{{ printf "%[2]d %*d" 1 2 3 }}`:                         nil,
		`{{ printf "%d" 3 }}{{ printf "%d" (len $labels) }}`:     nil,
		`{{ printf $labels.format $value }}`:                     nil,
		`{{ if gt $value 90 }}x{{ end }}`:                        {"90: gt cannot compare"},
		`{{ if lt 90 .Value }}x{{ end }}`:                        {"90: lt cannot compare"},
		`{{ if gt $value 90.0 }}x{{ end }}`:                      nil,
		`{{ if eq $labels.a 1 }}x{{ end }}`:                      {"1: eq cannot compare"},
		`{{ if eq $labels.a "1" "2" }}x{{ end }}`:                nil,
		`{{ if gt (len $labels) 3 }}x{{ end }}`:                  nil,
		`{{ $value | humanizePercentage | humanize }}`:           {"{{ $value | humanizePercentage | humanize }}: humanize cannot read"},
		`{{ $value | printf "%.1f" | humanize }}`:                nil,
		`{{ .Annotations.summary }}`:                             {".Annotations.summary: a template of a rule has no field .Annotations"},
		`{{ .Lables.a }}`:                                        {".Lables.a: a template of a rule has no field .Lables"},
		`{{ $labels.a.b }}`:                                      {"$labels.a.b: a label is a text"},
		`{{ with $labels.a }}{{ .Value }}{{ end }}`:              {".Value: a label is a text"},
		`{{ range query "up" }}{{ .Labels.a }}{{ .X }}{{ end }}`: nil,
		`{{ $externalLabels.a }}{{ .ExternalURL }}`:              nil,
	} {
		var got []string
		for _, f := range analyseTemplate(text).failures {
			got = append(got, text[f.Start:f.End]+": "+f.Message)
		}
		if len(got) != len(want) {
			t.Errorf("%s: got %q, want %q", text, got, want)
			continue
		}
		for i := range want {
			if !strings.HasPrefix(got[i], want[i]) {
				t.Errorf("%s: got %q, want %q", text, got[i], want[i])
			}
		}
	}
}

// TestValueUses writes each use of the value as: words before [calls] words after.
func TestValueUses(t *testing.T) {
	for text, want := range map[string][]string{
		`a {{ $value }} b`:                                              {"a [] b"},
		`{{ .Value | humanize }}%`:                                      {"[humanize]%"},
		`{{ $value | printf "%.1f" | humanize }}`:                       {"[printf%.1f humanize]"},
		`x {{ printf "up to %.1f%% of" $value }} y`:                     {"x up to [printf%.1f]% of y"},
		`{{ printf "%s: %.1f ms" $labels.a $value }}`:                   {"…: [printf%.1f] ms"},
		`{{ $labels.a }}, {{ $value }}s {{ $labels.b }}`:                {"…, []s …"},
		`{{ $v := humanize $value }}{{ $v }} of it`:                     {"…[humanize] of it"},
		`{{ with $value }}{{ . }}{{ end }}`:                             {"…[]…"},
		`{{ if gt $value 1.0 }}x{{ end }}`:                              nil,
		`{{ query "up" | first | value }} {{ $labels.a }}`:              nil,
		`{{ $value | toTime }} {{ title (print $value) }}`:              {"[toTime] …", "… [print title]"},
		"{{ define \"x\" }}{{ .Value }}{{ end }}{{ template \"x\" . }}": {"…[]…"},
	} {
		var got []string
		for _, use := range analyseTemplate(text).values {
			var calls []string
			for _, c := range use.Calls {
				calls = append(calls, c.Name+c.Verb)
			}
			got = append(got, use.Before+"["+strings.Join(calls, " ")+"]"+use.After)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
}

func FuzzAnalyseTemplate(f *testing.F) {
	f.Add(`{{ printf "%.1f%" $value }} {{ .Labels.a.b }} {{ if gt $value 9 }}x{{ end }}`)
	f.Add("{{ define `x` }}{{ template `x` . }}{{ . }}{{ end }}{{ template `x` $labels }}")
	f.Add(`{{- $v := $value | humanize -}} {{ $v | printf "%s %[1]d %" }}{{ $labels }}`)
	f.Fuzz(func(t *testing.T, text string) {
		analysed := analyseTemplate(text)
		places := append([]place(nil), analysed.dumps...)
		for _, use := range analysed.values {
			places = append(places, use.place)
			unitAfter(use.After)
		}
		for _, failure := range analysed.failures {
			places = append(places, failure.place)
		}
		for _, at := range places {
			if at.Start < 0 || at.End < at.Start || at.End > len(text) {
				t.Errorf("%q: a place from %d to %d", text, at.Start, at.End)
			}
		}
		for _, number := range textNumbers(text) {
			if number.Start < 0 || number.End <= number.Start || number.End > len(text) {
				t.Errorf("%q: a number from %d to %d", text, number.Start, number.End)
			}
		}
	})
}

// FuzzSimpleTemplate proves that the short way of reading simple templates finds what the long
// one does.
func FuzzSimpleTemplate(f *testing.F) {
	for _, text := range []string{
		"{{ $labels.a }} and {{$labels.b}}, {{ $labels.a }}s",
		"a {{ $value }}% {{ $value | humanize }}x {{$value|humanizeDuration}} {{ $value | printf \"%.2f\" }}",
		`{{ printf "%.2f" $value }}{{ printf  "%5.1f%%"  $value }} y {{ $value | printf "%g%%" }}`,
		"{{ $labels.1 }}", "{{ $value }", "{{ $values }}", `{{ printf "%d" $value }}`, "{{ $labels.a}}}}", "{{ $labels.}}",
		"{{ $value | humanize1024 }}{{ $labels.true }}{{ $labels.nil }}", `{{ printf "%..f" $value }}`, `{{ printf "%"" $value }}`,
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !strings.Contains(text, "{{") {
			return
		}
		simple, ok := simpleTemplate(text)
		if !ok {
			return
		}
		all := cmp.AllowUnexported(template{}, labelUse{}, valueUse{}, failure{}, place{})
		if diff := cmp.Diff(walkTemplate(text), simple, all); diff != "" {
			t.Errorf("%q (-long +short):\n%s", text, diff)
		}
	})
}

func TestUnitAfter(t *testing.T) {
	for after, want := range map[string]string{
		"% of": "percent", " percent.": "percent", " percentile": "", "%": "percent", "s behind": "seconds",
		" seconds": "seconds", "ms.": "milliseconds", " minutes": "long", " bytes": "bytes", "MB": "large", " GiB": "large",
		"s per second": "", "ms/s": "", " seconds per request": "", "x": "", "": "", "s2": "", "-percent": "", "µs": "microseconds",
		" parcels": "", "  s": "",
	} {
		word := unitAfter(after)
		got := ""
		switch {
		case word.Long:
			got = "long"
		case word.Large:
			got = "large"
		case !word.none():
			got = word.Unit.String()
		}
		if got != want {
			t.Errorf("%q: got %q, want %q", after, got, want)
		}
	}
}

func TestTextNumbers(t *testing.T) {
	for text, want := range map[string][]string{
		"(> 80%)":                                   {"above 80%"},
		"is less than 1,000 parcels":                {"below 1,000"},
		"for over 15 minutes":                       {"above 15 minutes"},
		"exceeds the threshold of 10 percent":       {"above 10 percent"},
		"above a limit of 5GB, below 2.5":           {"above 5GB", "below 2.5"},
		"over 4xx, above 10.0.0.1, > 3-4":           nil,
		"{{ $value }} > {{ 90 }} >= 7d":             {"above 7d"},
		"older than 10 days":                        {"above 10 days"},
		"above 250µs, over 30 μs, > 5个, > 1 Gbit/s": {"above 250µs", "above 30 μs", "above 5"},
		"discover 5 belts and cover 3":              nil,
		"80% of":                                    nil,
	} {
		var got []string
		for _, n := range textNumbers(text) {
			got = append(got, n.Side.String()+" "+text[n.Start:n.End])
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
}
