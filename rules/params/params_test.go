package params

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rulekit/rulekit/rules"
)

const pool = `groups:
  - name: Pools
    rules:
      # Why it is so.
      # It sees no idle ones.
      # param threshold 0.8 "> 80%" "80% of all"
      # param window 5m "last 5 minutes"
      # param floor 104857600 "100 MiB"
      # param old 86400 "one in 1 day"
      # param ignored "test.*" "not test.*"
      # param for 2m "for 2 minutes"
      # rulekit:disable never-fires for the test
      - alert: PoolFull
        expr: |
          sum(rate(pool_used{name!~"test.*"}[5m])) / pool_max > 0.8
          and max_over_time(pool_bytes[5m]) > 104857600 and pool_age < 86400
        for: 2m
        labels: {severity: warning}
        annotations:
          summary: Pool is full (> 80%), not test.*
          description: >-
            More than 80% of all, over the last 5
            minutes and 100 MiB, for 2 minutes; one in 1 day, at most 80.
      - alert: PoolGone
        expr: absent(pool_used)
        for: 1m
`

func parse(t *testing.T, source string) *rules.File {
	t.Helper()
	file := rules.Parse("pool.yaml", []byte(source), rules.Options{})
	if len(file.Problems) > 0 {
		t.Fatal(file.Problems)
	}
	return file
}

func TestOf(t *testing.T) {
	file := parse(t, pool)
	var got []string
	for _, rule := range file.Rules() {
		all, err := Of(rule)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range all {
			var texts []string
			for _, text := range p.Texts {
				texts = append(texts, text.Whole)
			}
			got = append(got, strings.Join([]string{rule.Name(), p.Name, p.Kind.String(), p.Literal, strings.Join(texts, "; ")}, " | "))
		}
	}
	want := []string{
		"PoolFull | threshold | number | 0.8 | > 80%; 80% of all",
		"PoolFull | window | duration | 5m | last 5 minutes",
		"PoolFull | floor | number | 104857600 | 100 MiB",
		"PoolFull | old | number | 86400 | one in 1 day",
		`PoolFull | ignored | string | "test.*" | not test.*`,
		"PoolFull | for | duration | 2m | for 2 minutes",
		"PoolGone | for | duration | 1m | ",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"Why it is so.", "It sees no idle ones."}, Explanation(file.Rules()[0])); diff != "" {
		t.Error(diff)
	}
}

func TestSet(t *testing.T) {
	set := func(name, value string) Setting {
		return Setting{Alert: "PoolFull", Name: name, Value: value, Origin: "test"}
	}
	files, err := Set([]*rules.File{parse(t, pool)}, []Setting{
		set("threshold", "0.5"), set("threshold", "0.555"), set("window", "90s"), set("floor", "2GiB"),
		set("old", "36h"), set("ignored", "demo"), {Alert: "Pool*", Name: "for", Value: "1m", Origin: "test"},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := strings.NewReplacer(
		"> 80%", "> 55.5%", "80% of all", "55.5% of all", "> 0.8", "> 0.555", "threshold 0.8", "threshold 0.555",
		"[5m]", "[90s]", "window 5m \"last 5 minutes\"", "window 90s \"last 1.5 minutes\"", "last 5\n            minutes", "last 1.5 minutes",
		"floor 104857600", "floor 2147483648", "> 104857600", "> 2147483648", "100 MiB", "2 GiB",
		"old 86400", "old 129600", "< 86400", "< 129600", "1 day", "1.5 days",
		`"test.*"`, `"demo"`, "not test.*", "not demo",
		"for: 2m", "for: 1m", "for 2m", "for 1m", "for 2 minutes", "for 1 minute",
	).Replace(pool)
	if diff := cmp.Diff(want, string(files[0].Source)); diff != "" {
		t.Error(diff)
	}
	// What was set can be set again, back to where it was.
	back, err := Set(files, []Setting{
		set("threshold", "80%"), set("window", "5m"), set("floor", "104857600"), set("old", "86400"), set("ignored", "test.*"), set("for", "2m"),
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.ReplaceAll(pool, "last 5\n            minutes", "last 5 minutes"), string(back[0].Source)); diff != "" {
		t.Error(diff)
	}
}

func TestSetRefuses(t *testing.T) {
	for _, test := range []struct{ alert, name, value, want string }{
		{"PoolFul", "threshold", "1", "test: there is no alert PoolFul: did you mean PoolFull?"},
		{"PoolFull", "treshold", "1", `test: PoolFull has no parameter "treshold": did you mean threshold?`},
		{"PoolGone", "floor", "1", `test: PoolGone has no parameter "floor": it has enabled, for`},
		{"Pool*", "nothing", "1", `test: no alert whose name matches Pool* has a parameter "nothing"`},
		{"PoolFull", "threshold", "much", `test: PoolFull.threshold: "much" is no number: want one such as 0.8 or 80%`},
		{"PoolFull", "threshold", "NaN", `test: PoolFull.threshold: "NaN" is no number: want one such as 0.8 or 80%`},
		{"PoolFull", "threshold", "1) or vector(1", `test: PoolFull.threshold: "1) or vector(1" is no number: want one such as 0.8 or 80%`},
		{"PoolFull", "window", "5", `test: PoolFull.window: "5" is no duration: want one such as 90s, 5m or 1h30m`},
		{"PoolFull", "window", "0s", `test: PoolFull.window: "0s" is no duration: want one such as 90s, 5m or 1h30m`},
	} {
		_, err := Set([]*rules.File{parse(t, pool)}, []Setting{{Alert: test.alert, Name: test.name, Value: test.value, Origin: "test"}})
		if err == nil || err.Error() != test.want {
			t.Errorf("%s.%s=%s: got %v, want %s", test.alert, test.name, test.value, err, test.want)
		}
	}
}

func TestEnabled(t *testing.T) {
	off := func(alert string) Setting { return Setting{Alert: alert, Name: Enabled, Value: "false"} }
	files, err := Set([]*rules.File{parse(t, pool)}, []Setting{off("PoolFull")})
	if err != nil {
		t.Fatal(err)
	}
	want := "groups:\n  - name: Pools\n    rules:\n      - alert: PoolGone\n        expr: absent(pool_used)\n        for: 1m\n"
	if diff := cmp.Diff(want, string(files[0].Source)); diff != "" {
		t.Error(diff)
	}
	if files, err = Set([]*rules.File{parse(t, pool)}, []Setting{off("*")}); err != nil || len(files[0].Rules()) != 0 || len(files[0].Groups) != 0 {
		t.Errorf("all alerts off: got %d rules, %v", len(files[0].Rules()), err)
	}
}

func TestDeclarationsThatAreWrong(t *testing.T) {
	for declaration, want := range map[string]string{
		`# param threshold`:                  "want: # param NAME LITERAL",
		`# param Threshold 0.8`:              "with a name of small letters",
		`# param threshold 0.9`:              "the expression has no literal 0.9",
		`# param threshold 0.8 80%`:          "must stand in quotes",
		`# param threshold 0.8 "80%`:         "are not closed",
		`# param threshold 0.8 "70%"`:        `no annotation holds the text "70%"`,
		`# param threshold 0.8 "full"`:       `the text "full" holds no number that means 0.8`,
		`# param threshold 0.8 "most 80."`:   `the text "most 80." holds no number that means 0.8`,
		`# param for 3m`:                     "the rule has for: 2m, not 3m",
		"# param a 0.8\n      # param b 0.8": "another parameter of PoolFull has the same name or literal",
	} {
		source := strings.Replace(pool, `# param threshold 0.8 "> 80%" "80% of all"`, declaration, 1)
		_, err := Of(parse(t, source).Rules()[0])
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "pool.yaml:") {
			t.Errorf("%s: got %v, want %s", declaration, err, want)
		}
	}
}

func TestParseSettings(t *testing.T) {
	if s, err := ParseSetting("A.threshold=0.9"); err != nil || s != (Setting{"A", "threshold", "0.9", "--set A.threshold=0.9"}) {
		t.Errorf("got %+v, %v", s, err)
	}
	for _, bad := range []string{"", "A", "A.b", "A=1", ".b=1", "A.=1", "A.b=", "[.b=1", "A.enabled=no"} {
		if s, err := ParseSetting(bad); err == nil {
			t.Errorf("%q: got %+v and no error", bad, s)
		}
	}
	got, err := ParseValues("v.yaml", []byte("A:\n  threshold: 0.9\n  for: 5m\nB: {enabled: false}\n"))
	want := []Setting{{"A", "threshold", "0.9", "v.yaml:2"}, {"A", "for", "5m", "v.yaml:3"}, {"B", "enabled", "false", "v.yaml:4"}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
	for source, want := range map[string]string{
		"- A":             "v.yaml:1: want alerts with their parameters",
		"A: 1":            "v.yaml:1: A: want parameters",
		"A: {b: [1]}":     "v.yaml:1: A.b: want a value",
		"A: {b: }":        "v.yaml:1: A.b: want a value",
		"A: {enabled: 2}": "v.yaml:1: A.enabled is true or false",
		"A: [":            "v.yaml: yaml:",
	} {
		if _, err := ParseValues("v.yaml", []byte(source)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", source, err, want)
		}
	}
	if got, err := ParseValues("v.yaml", nil); got != nil || err != nil {
		t.Errorf("empty file: got %v, %v", got, err)
	}
}
