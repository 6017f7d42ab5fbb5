package adaptor

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// ruleOf is a mention rule with matchers.
func ruleOf(t *testing.T, rule MentionRule, matchers ...string) MentionRule {
	t.Helper()
	for _, text := range matchers {
		matcher, err := ParseMatcher(text)
		if err != nil {
			t.Fatal(err)
		}
		rule.Matchers = append(rule.Matchers, matcher)
	}
	if err := rule.check(nil); err != nil {
		t.Error(err)
	}
	return rule
}

func TestMentions(t *testing.T) {
	users := func(names ...string) MentionRule { return MentionRule{Users: names} }
	critical := users("ann")
	critical.Severities = []string{"critical", "Page"}
	p := payload{Alerts: []payloadAlert{
		{Status: "firing", Labels: map[string]string{"severity": "PAGE", "team": "db", "env": "prod-eu"}},
		{Status: "firing", Labels: map[string]string{"severity": "info"}},
		{Status: "resolved", Labels: map[string]string{"severity": "critical", "team": "web"}},
	}}
	resolved := payload{Alerts: p.Alerts[2:]}
	tests := []struct {
		name    string
		rules   []MentionRule
		payload payload
		want    []Mention
	}{
		{"no rules", nil, p, nil},
		{"always", []MentionRule{users("ann")}, p, []Mention{{User: "ann"}}},
		{"severity in any case", []MentionRule{critical}, p, []Mention{{User: "ann"}}},
		{"severity of a resolved alert", []MentionRule{critical}, resolved, nil},
		{"label", []MentionRule{ruleOf(t, users("bob"), `team="db"`)}, p, []Mention{{User: "bob"}}},
		{"label of a resolved alert", []MentionRule{ruleOf(t, users("bob"), `team="web"`)}, p, nil},
		{"regular expression is anchored", []MentionRule{ruleOf(t, users("bob"), `env=~"prod"`)}, p, nil},
		{"regular expression", []MentionRule{ruleOf(t, users("bob"), `env=~"prod.*"`)}, p, []Mention{{User: "bob"}}},
		{"absent label", []MentionRule{ruleOf(t, users("bob"), `team=""`, `severity="info"`)}, p, []Mention{{User: "bob"}}},
		{"one alert must match all", []MentionRule{ruleOf(t, users("bob"), `team="db"`, `severity="info"`)}, p, nil},
		{"negative", []MentionRule{ruleOf(t, users("bob"), `team!="db"`, `severity!~"info|page"`)}, payload{Alerts: p.Alerts[:1]}, nil},
		{"each once, in order", []MentionRule{
			{Users: []string{"ann"}, Mobiles: []string{"+86-138"}}, {Users: []string{"bob", "ann"}, Mobiles: []string{"+86-138"}, All: true}, {All: true},
		}, p, []Mention{{User: "ann"}, {Mobile: "+86-138"}, {All: true}, {User: "bob"}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, mentions(test.rules, test.payload)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestMentionsAreBounded(t *testing.T) {
	var rules []MentionRule
	for i := range 3 {
		rule := MentionRule{}
		for j := range maxMentions {
			rule.Users = append(rule.Users, fmt.Sprintf("user-%d-%d", i, j))
		}
		if err := rule.check(nil); err != nil {
			t.Error(err)
		}
		rules = append(rules, rule)
	}
	p := payload{Alerts: []payloadAlert{{Status: "firing"}}}
	if got := mentions(rules, p); len(got) != maxMentions {
		t.Errorf("%d mentions, want %d", len(got), maxMentions)
	}
}

func TestMentionRuleCheck(t *testing.T) {
	tests := map[string]MentionRule{
		"calls nobody":                              {Severities: []string{"critical"}},
		"calls 51 people, more than 50":             {Users: strings.Fields(strings.Repeat("u ", 51))},
		`"" is not the name`:                        {Users: []string{""}},
		`"a b" is not the name`:                     {Users: []string{"a b"}},
		`"all></at>" is not the name`:               {Users: []string{"all></at>"}},
		`is not the name or number of a user: want`: {Users: []string{strings.Repeat("x", 65)}},
		`"@mobile" is no mobile number`:             {Mobiles: []string{"@mobile"}},
		`"+-" is no mobile number`:                  {Mobiles: []string{"+-"}},
	}
	for want, rule := range tests {
		if err := rule.check(nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// FuzzMatcher parses any matcher, of any version of Alertmanager.
func FuzzMatcher(f *testing.F) {
	for _, text := range []string{`team="db"`, `team = db`, `env=~"prod.*"`, `a!~b`, `"b.c"!="d"`, `{a="b"}`, `a=~"("`, "=", ""} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		matcher, err := ParseMatcher(text)
		if (matcher == nil) == (err == nil) {
			t.Fatalf("%v, %v", matcher, err)
		}
		if err != nil {
			if !strings.Contains(err.Error(), "is no matcher") {
				t.Error(err)
			}
			return
		}
		matcher.Matches("x")
	})
}
