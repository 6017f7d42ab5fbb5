package translation

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"github.com/rulekit/rulekit/rules"
	"github.com/rulekit/rulekit/rules/params"
)

func shipped(t *testing.T, engine string) *rules.File {
	t.Helper()
	file, err := rules.BuiltinFile(engine)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// TestComplete fails for an alert without a translation, for a translation without an alert, and
// for one that prints other fields or repeats other parameters than the English text.
func TestComplete(t *testing.T) {
	for _, language := range Languages()[1:] {
		for _, engine := range rules.Engines() {
			alerts, err := Read(engine, language)
			if err != nil {
				t.Error(err)
				continue
			}
			for _, rule := range shipped(t, engine).Rules() {
				if translated, ok := alerts[rule.Name()]; ok {
					compare(t, language, rule, translated)
				} else if rule.IsAlert() {
					t.Errorf("%s: %s has no translation", language, rule.Name())
				}
				delete(alerts, rule.Name())
			}
			for name := range alerts {
				t.Errorf("%s/%s.yaml translates %s, which is no alert", language, engine, name)
			}
		}
	}
}

func compare(t *testing.T, language string, rule *rules.Rule, translated Alert) {
	t.Helper()
	for key, text := range map[string]string{"summary": translated.Summary, "description": translated.Description} {
		english, _ := rule.Annotation(key)
		if diff := cmp.Diff(fields(english.Value.Value), fields(text)); diff != "" {
			t.Errorf("%s: %s: %s prints other fields (-english +%[1]s):\n%s", language, rule.Name(), key, diff)
		}
		if !strings.ContainsFunc(text, func(r rune) bool { return unicode.Is(unicode.Han, r) }) || strings.Contains(text, "\n") {
			t.Errorf("%s: %s: %s is not one line of Chinese: %q", language, rule.Name(), key, text)
		}
		if gap.MatchString(text) {
			t.Errorf("%s: %s: %s has a blank between two Chinese characters: %q", language, rule.Name(), key, gap.FindString(text))
		}
	}
	declared, err := params.Of(rule)
	if err != nil {
		t.Error(err)
		return
	}
	known := map[string]bool{}
	for _, p := range declared {
		known[p.Name] = true
		if (len(p.Texts) > 0) != (len(translated.Params[p.Name]) > 0) {
			t.Errorf("%s: %s: parameter %s is repeated by %d texts in English and by %d in the translation", language, rule.Name(), p.Name, len(p.Texts), len(translated.Params[p.Name]))
		}
	}
	for name := range translated.Params {
		if !known[name] {
			t.Errorf("%s: %s has no parameter %s", language, rule.Name(), name)
		}
	}
}

var (
	action = regexp.MustCompile(`\{\{.*?\}\}`)
	gap    = regexp.MustCompile(`\p{Han} +\p{Han}`)
)

// fields are the actions of a template, each once, in order of the alphabet.
func fields(text string) []string {
	all := action.FindAllString(text, -1)
	for i := range all {
		all[i] = strings.Join(strings.Fields(strings.Trim(all[i], "{}- ")), " ")
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// TestTranslate translates every shipped file: it stays a rule file without problems, with the
// same expressions, and all its parameters can still be set.
func TestTranslate(t *testing.T) {
	for _, engine := range rules.Engines() {
		english := shipped(t, engine)
		chinese, err := Translate(english, "zh-CN")
		if err != nil {
			t.Error(err)
			continue
		}
		for _, problem := range chinese.Problems {
			t.Errorf("%s: %s", engine, problem.Message)
		}
		for i, rule := range chinese.Rules() {
			original := english.Rules()[i]
			if rule.Expr.Value != original.Expr.Value || rule.Name() != original.Name() {
				t.Errorf("%s: %s became %s: %s", engine, original.Name(), rule.Name(), rule.Expr.Value)
			}
			if link, _ := rule.Annotation("runbook_url"); link.Value.Value == "" {
				t.Errorf("%s: the translation of %s has lost its runbook", engine, rule.Name())
			}
			if _, err := params.Of(rule); err != nil {
				t.Errorf("the translation of %s: %v", rule.Name(), err)
			}
		}
	}
	if same, err := Translate(shipped(t, "postgresql"), English); err != nil || len(same.Rules()) == 0 {
		t.Errorf("into English: %v", err)
	}
	if _, err := Translate(shipped(t, "postgresql"), "xx"); err == nil || err.Error() != `no language is called "xx": there are en and zh-CN` {
		t.Errorf("into a language that nobody knows: %v", err)
	}
}
