package params

import (
	"fmt"
	"strings"
	"testing"

	"github.com/rulekit/rulekit/rules"
)

// setOne sets a parameter of PoolFull, and returns its literal and its texts.
func setOne(t *testing.T, name, value string) (literal string, texts []string, err error) {
	t.Helper()
	files, err := Set([]*rules.File{parse(t, pool)}, []Setting{{Alert: "PoolFull", Name: name, Value: value, Origin: "test"}})
	if err != nil {
		return "", nil, err
	}
	declared, err := Of(files[0].Rules()[0])
	if err != nil {
		t.Fatalf("%s=%s cannot be set again: %v", name, value, err)
	}
	for _, p := range declared {
		if p.Name == name {
			for _, text := range p.Texts {
				texts = append(texts, text.Whole)
			}
			return p.Literal, texts, nil
		}
	}
	t.Fatalf("%s is gone", name)
	return "", nil, nil
}

// TestTextsAreReadable sets values for which the unit of the text is too small, too large, or none
// gives a short number.
func TestTextsAreReadable(t *testing.T) {
	for _, test := range []struct{ name, value, want string }{
		{"floor", "10GiB", "10 GiB"},
		{"floor", "10737418241", "10737418241 B"},
		{"floor", "1536MiB", "1536 MiB"},
		{"floor", "2048MiB", "2 GiB"},
		{"floor", "0", "0 MiB"},
		{"floor", "1", "1 B"},
		{"window", "1h30m", "last 90 minutes"},
		{"window", "1h", "last 60 minutes"},
		{"window", "2h", "last 2 hours"},
		{"window", "24h", "last 1 day"},
		{"window", "25h", "last 25 hours"},
		{"window", "1w2d", "last 9 days"},
		{"window", "1d1s", "last 86401 seconds"},
		{"window", "300ms", "last 300 milliseconds"},
		{"window", "1y", "last 365 days"},
		{"for", "0", "for 0 minutes"},
		{"old", "23h", "one in 23 hours"},
		{"old", "1w", "one in 7 days"},
		{"old", "14d", "one in 2 weeks"},
		{"threshold", "33.3%", "> 33.3%"},
		{"threshold", "0", "> 0%"},
		{"threshold", "150%", "> 150%"},
	} {
		if _, got, err := setOne(t, test.name, test.value); err != nil || got[0] != test.want {
			t.Errorf("%s=%s: got %v, %v, want %q", test.name, test.value, got, err, test.want)
		}
	}
}

// TestLiterals keeps what is written into expressions to what every Prometheus reads.
func TestLiterals(t *testing.T) {
	for value, want := range map[string]string{
		"0.50": "0.50", "5e-1": "5e-1", ".5": "0.5", "+0.5": "0.5", "-0": "0", "0_1": "1", "0x1": "1", "0b1": "1", "1.": "1", "50 %": "0.5",
	} {
		if got, _, err := setOne(t, "threshold", value); err != nil || got != want {
			t.Errorf("%s: got %s, %v, want %s", value, got, err, want)
		}
	}
}

func TestValuesThatDoNotFit(t *testing.T) {
	for _, test := range []struct{ name, value, want string }{
		{"threshold", "90", `"90" is 9000%: want 90%, or 9000% if that is meant`},
		{"threshold", "2GiB", `"2GiB" is a size, which threshold is not: want a number such as 0.8 or 80%`},
		{"threshold", "10m", `"10m" is a duration, which threshold is not`},
		{"floor", "10m", `"10m" is a duration, which floor is not: want a number such as 2147483648 or 2GiB`},
		{"old", "90%", `"90%" is a percentage, which old is not: want a number such as 600 or 10m`},
		{"threshold", "-0.5", `"-0.5" is negative: want 0 or more`},
		{"floor", "1e300", `"1e300" is too large: want 1e+18 at most`},
		{"ignored", "\xff", `"\xff" is not UTF-8: write it in UTF-8`},
	} {
		if _, _, err := setOne(t, test.name, test.value); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s=%s: got %v, want %s", test.name, test.value, err, test.want)
		}
	}
}

func TestErrorsOfSettings(t *testing.T) {
	set := func(settings ...Setting) string {
		_, err := Set([]*rules.File{parse(t, pool)}, settings)
		return fmt.Sprint(err)
	}
	// What stands in the origin already is not said again.
	if got, want := set(Setting{"PoolFull", "for", "soon", "--set PoolFull.for=soon"}),
		`--set PoolFull.for=soon: "soon" is no duration: want one such as 90s, 5m or 1h30m`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := set(Setting{"PoolFull", "ignored", "[", "test"}), "PoolFull: Prometheus would refuse"; !strings.HasPrefix(got, want) {
		t.Errorf("got %s, want %s", got, want)
	}
	var many []Setting
	for i := range 1000 {
		many = append(many, Setting{fmt.Sprintf("No%d", i), "for", "1m", "test"})
	}
	if got := set(many...); strings.Count(got, "\n") != 10 || !strings.HasSuffix(got, "\nand 990 more mistakes") {
		t.Errorf("got %s", got)
	}
}

func TestValueFiles(t *testing.T) {
	for source, want := range map[string]string{
		"A: {b: 1m, b: 2m}":             "v.yaml:1: b is there twice: take one out",
		"A: {b: 1m}\nA: {b: 2m}":        "v.yaml:2: A is there twice",
		"A: {b: 1m}\n---\nC: {b: 2m}\n": "v.yaml:2: want one YAML document",
		"A: {b: 1m}\n---\nC: [":         "v.yaml: yaml:",
		"alerts:\n  A: {b: 1m}":         "v.yaml:2: A stands under alerts, as in the Helm chart: want it at the top here",
		"? [a]\n: {b: c}":               "v.yaml:1: want names before the colons",
		"A: {? {b: c} : 1}":             "v.yaml:1: want names before the colons",
		"A: {<<: {b: c}}":               "v.yaml:1: want names before the colons",
		"A: {b: ~}":                     "v.yaml:1: A.b: want a value",
	} {
		if got, err := ParseValues("v.yaml", []byte(source)); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: got %v, %v, want %s", source, got, err, want)
		}
	}
	got, err := ParseValues("v.yaml", []byte("# none\n---\nA: &a {b: &b 1m}\nC: *a\nD: {b: *b}\n"))
	if err != nil || len(got) != 3 || got[1] != (Setting{"C", "b", "1m", "v.yaml:3"}) || got[2] != (Setting{"D", "b", "1m", "v.yaml:5"}) {
		t.Errorf("got %+v, %v", got, err)
	}
}
