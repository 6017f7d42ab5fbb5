package lint

import (
	"fmt"
	"strings"

	"github.com/prometheus/common/model"

	"github.com/rulekit/rulekit/lint/infer"
	"github.com/rulekit/rulekit/rules"
)

func init() {
	register(Check{
		Name:    "map-dump",
		Summary: "A text prints all labels at once, as Go writes a map.",
		Why: `{{ $labels }} prints what Go makes of a map: "map[__name__:parcels_waiting depot:north instance:10.0.3.7:9100
job:depots pod:sorter-0]", or "map[]" where the expression keeps no label. Nobody reads that at night,
and it says nothing new: Alertmanager sends all labels with the alert anyway.
It is a warning where the map is empty, which tells the reader nothing, otherwise an info.

Name the labels that tell the reader where to look: "depot {{ $labels.depot }}, sorter {{ $labels.pod }}".`,
		Severity: Warning,
		Run:      mapDump,
	})
}

func mapDump(p *Pass) {
	for rule := range p.Alerts() {
		var spans []rules.Span
		for _, text := range p.texts(rule) {
			for _, dump := range text.dumps {
				spans = append(spans, text.span(dump))
			}
		}
		if len(spans) == 0 {
			continue
		}
		d := Diagnostic{
			Rule: rule, Span: spans[0],
			Message: "the text prints all labels as a Go map",
			Label:   "rendered as map[name:value ...]",
			Hint:    "name the labels that say where to look, such as {{ $labels.instance }}",
		}
		severity := Info
		if rule.AST != nil {
			d.Label, d.Hint = dumpAdvice(p, rule, d.Label)
			if p.Infer(rule).Root.Labels.None() {
				severity = Warning
			}
		}
		for _, also := range spans[1:] {
			d.Related = append(d.Related, Related{File: rule.File(), Span: also, Message: "and here"})
		}
		p.ReportAs(severity, d)
	}
}

// dumpAdvice says what the map holds and which labels to name in its place.
func dumpAdvice(p *Pass, rule *rules.Rule, label string) (newLabel, hint string) {
	const most = 3
	labels := p.Infer(rule).Root.Labels
	kept := namedLabels(labels)
	switch {
	case len(kept) == 0 && !labels.Open():
		return "rendered as map[], for the expression keeps no label", "take it out of the text"
	case len(kept) == 0:
		return label, "name the labels that say where to look, such as {{ $labels.instance }}"
	}
	if len(kept) > most {
		kept = kept[:most]
	}
	for i, name := range kept {
		kept[i] = fmt.Sprintf("{{ $labels.%s }}", name)
	}
	return label, "name the labels that say where to look: " + strings.Join(kept, ", ")
}

// namedLabels are the labels that a result keeps by name: those of by (...), or those that
// every series has.
func namedLabels(labels infer.Labels) []string {
	var names []string
	for _, name := range labels.Names() {
		state := labels.Get(name).State
		if name != model.MetricNameLabel && (state == infer.Certain || state == infer.Possible && !labels.Open()) {
			names = append(names, name)
		}
	}
	return names
}
