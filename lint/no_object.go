package lint

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/prometheus/common/model"

	"github.com/rulekit/rulekit/lint/infer"
	"github.com/rulekit/rulekit/rules"
)

func init() {
	register(Check{
		Name:    "no-object",
		Summary: "The text does not say what the alert is about, although the expression keeps a label for it.",
		Why: `An alert that groups by a label fires once for each value of it. If no annotation prints the label, ten
alerts arrive that all read "a belt has stopped", and the reader must dig the one difference out of the
list of labels.

Name the object in the summary: "Belt {{ $labels.belt }} has stopped".

Only labels that the expression groups by are asked for, and one of them is enough. Where it groups only by
where something is (cluster, namespace, job and the like), the finding is an info, for many have only one.`,
		Severity: Warning,
		Run:      noObject,
	})
}

func noObject(p *Pass) {
	for rule := range p.Rules() {
		if !rule.IsAlert() || len(rule.Annotations) == 0 || printsMore(rule) {
			continue
		}
		names := objectLabels(p.Infer(rule).Root.Labels)
		if len(names) == 0 {
			continue
		}
		text, ok := rule.Annotation("summary")
		if !ok {
			text = rule.Annotations[0]
		}
		severity, telling := Info, names[:1]
		if objects := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return slices.Contains(areaLabels, name) }); len(objects) > 0 {
			severity, telling = Warning, objects
		}
		p.ReportAs(severity, Diagnostic{
			Rule: rule, Span: text.Value.Span,
			Message: fmt.Sprintf("the text does not say which %s the alert is about", joinOr(names)),
			Label:   "the same for all of them",
			Hint:    fmt.Sprintf("name it in the text with {{ $labels.%s }}", strings.Join(telling, " }} and {{ $labels.")),
		})
	}
}

// areaLabels say where an object is, not which one it is. Many have only one of each.
var areaLabels = []string{"cluster", "region", "zone", "environment", "env", "tenant", "namespace", "job"}

// printsMore tells whether any annotation of the rule prints something of the alert that may name
// it: more than its value.
func printsMore(rule *rules.Rule) bool {
	for _, annotation := range rule.Annotations {
		text := annotation.Value.Value
		for at := strings.Index(text, "{{"); at >= 0; at = strings.Index(text, "{{") {
			end := endOfAction(text, at)
			if !onlyValue.MatchString(text[at:end]) {
				return true
			}
			text = text[end:]
		}
	}
	return false
}

// onlyValue is an action that prints the value, and nothing else.
var onlyValue = regexp.MustCompile(`^\{\{-?\s*(?:(?:printf\s+"[^"]*"|humanize\w*)\s+)?(?:\$value|\.Value)\s*` +
	`(?:\|\s*(?:humanize\w*|printf\s+"[^"]*")\s*)*-?\}\}$`)

// objectLabels are the labels by which the series of a closed result differ.
func objectLabels(labels infer.Labels) []string {
	if labels.Open() {
		return nil
	}
	var names []string
	for _, name := range namedLabels(labels) {
		// A histogram's le is no object: it is left over where native histograms may be read.
		if !labels.Get(name).Known && name != model.BucketLabel {
			names = append(names, name)
		}
	}
	return names
}

// joinOr lists names: a, b or c.
func joinOr(names []string) string {
	if len(names) == 1 {
		return names[0]
	}
	return strings.Join(names[:len(names)-1], ", ") + " or " + names[len(names)-1]
}
