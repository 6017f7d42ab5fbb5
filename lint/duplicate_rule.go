package lint

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rulekit/rulekit/rules"
)

func init() {
	register(Check{
		Name:    "duplicate-rule",
		Summary: "The same rule is there twice: same name, same labels, same expression.",
		Why: `Two alerts that are equal in name, labels and expression become one alert in Alertmanager; which of
their annotations is shown changes from one evaluation to the next, and where their ` + "`for`" + ` differs the
longer one has no effect. Two equal recording rules cost their evaluation twice, and if they are
evaluated at the same instant Prometheus logs duplicate samples and drops one.

Rules of one file and of the other files in its folder are compared, since a pattern under
` + "`rule_files`" + ` loads a folder as a whole. Rules that share a name but differ in labels or expression, as
in a warning and a critical step of one alert, are not duplicates.`,
		Severity: Warning,
		Scope:    AllFiles,
		Run:      duplicateRule,
	})
}

func duplicateRule(p *Pass) {
	first := map[string]*rules.Rule{}
	for rule := range p.Rules() {
		key := ruleIdentity(rule)
		original, seen := first[key]
		if !seen {
			first[key] = rule
			continue
		}
		kind := "recording rule"
		if rule.IsAlert() {
			kind = "alert"
		}
		p.Report(Diagnostic{
			Rule: rule, Span: rule.NameScalar().Span,
			Message: fmt.Sprintf("%s %s is there twice, with the same expression and labels", kind, rule.Name()),
			Hint:    "remove one of the two",
			Related: []Related{{File: original.File(), Span: original.NameScalar().Span, Message: "first here"}},
		})
	}
}

// ruleIdentity is equal for rules that do the same and that one server may load.
func ruleIdentity(rule *rules.Rule) string {
	var labels []string
	for _, label := range rule.EffectiveLabels() {
		labels = append(labels, fmt.Sprintf("%q=%q", label.Key.Value, label.Value.Value))
	}
	slices.Sort(labels)
	return fmt.Sprintf("%q %t %q %s %s", filepath.Dir(rule.File().Path), rule.IsAlert(), rule.Name(), strings.Join(labels, ","), rule.AST)
}
