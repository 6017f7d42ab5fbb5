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
` + "`rule_files`" + ` loads a folder as a whole. Two rules in two files that are equal in everything only cost
twice, and often each file is loaded for itself: that is an info. Where they differ in annotations or ` + "`for`" + `,
or stand in one file, it is a warning. Rules that share a name but differ in labels or expression, as
in a warning and a critical step of one alert, are not duplicates.`,
		Severity: Warning,
		Scope:    AllFiles,
		Run:      duplicateRule,
	})
}

func duplicateRule(p *Pass) {
	// Most names are there once: their expressions need not be compared.
	names := map[string]int{}
	for rule := range p.Rules() {
		names[rule.Name()]++
	}
	first := map[string]*rules.Rule{}
	byFiles := map[duplicatesKey]*duplicates{}
	var all []*duplicates
	for rule := range p.Rules() {
		if names[rule.Name()] == 1 {
			continue
		}
		key := ruleIdentity(rule)
		original, seen := first[key]
		if !seen {
			first[key] = rule
			continue
		}
		files := duplicatesKey{rule.File(), original.File(), differsFrom(rule, original)}
		d := byFiles[files]
		// Each of two in one file is a slip of its own; those of two files have one cause.
		if d == nil || !files.acrossFiles() {
			d = &duplicates{duplicatesKey: files}
			byFiles[files] = d
			all = append(all, d)
		}
		d.rules = append(d.rules, rule)
		d.originals = append(d.originals, original)
	}
	for _, d := range all {
		severity := Warning
		if d.acrossFiles() && d.differ == "" {
			severity = Info
		}
		p.ReportAs(severity, d.diagnostic())
	}
}

// duplicatesKey are two files, and what rules that both have differ in.
type duplicatesKey struct {
	in, first *rules.File
	differ    string
}

func (k duplicatesKey) acrossFiles() bool { return k.in != k.first }

// duplicates are rules of one file that are also in another, and those.
type duplicates struct {
	duplicatesKey
	rules, originals []*rules.Rule
}

// differsFrom says what rules with the same name, labels and expression differ in, or "".
func differsFrom(a, b *rules.Rule) string {
	var differ []string
	if a.For.D != b.For.D {
		differ = append(differ, "another for")
	}
	if a.KeepFiringFor.D != b.KeepFiringFor.D {
		differ = append(differ, "another keep_firing_for")
	}
	if !slices.Equal(pairsByName(a.Annotations), pairsByName(b.Annotations)) {
		differ = append(differ, "other annotations")
	}
	return strings.Join(differ, " and ")
}

// pairsByName are labels or annotations in the order of their names.
func pairsByName(pairs []rules.Pair) []string {
	var all []string
	for _, pair := range pairs {
		all = append(all, fmt.Sprintf("%q=%q", pair.Key.Value, pair.Value.Value))
	}
	slices.Sort(all)
	return all
}

func (d *duplicates) diagnostic() Diagnostic {
	rule, original := d.rules[0], d.originals[0]
	kind := "recording rule"
	if rule.IsAlert() {
		kind = "alert"
	}
	found := Diagnostic{
		Rule: rule, Span: rule.NameScalar().Span,
		Message: fmt.Sprintf("%s %s is there twice, with the same expression and labels", kind, rule.Name()),
		Hint:    "remove one of the two",
		Related: []Related{{File: original.File(), Span: original.NameScalar().Span, Message: "first here"}},
	}
	if d.differ != "" {
		found.Related[0].Message += ", with " + d.differ
	}
	twice := ""
	if d.acrossFiles() {
		twice = ", if one server loads both"
	}
	found.Hint += twice
	if len(d.rules) == 1 {
		return found
	}
	found.Message = fmt.Sprintf("%d rules of this file are also in %s, with the same expressions and labels", len(d.rules), original.File().Path)
	found.Hint = "remove them from one of the two files" + twice
	for _, also := range d.rules[1:] {
		found.Related = append(found.Related, Related{File: also.File(), Span: also.NameScalar().Span, Message: "and this one"})
	}
	found.Related = someRelated(found.Related)
	return found
}

// ruleIdentity is equal for rules that do the same and that one server may load.
func ruleIdentity(rule *rules.Rule) string {
	labels := pairsByName(rule.EffectiveLabels())
	return fmt.Sprintf("%q %t %q %s %s", filepath.Dir(rule.File().Path), rule.IsAlert(), rule.Name(), strings.Join(labels, ","), rule.AST)
}
