package rules

import (
	"context"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"text/template/parse"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/template"
	"github.com/prometheus/prometheus/util/features"
)

// templateVariables are declared before each template of an alert (rulefmt's
// testTemplateParsing and the alerting rule do the same).
const templateVariables = "{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}" +
	"{{$externalURL := .ExternalURL}}{{$value := .Value}}"

// checkTemplates parses the templates of all alerts.
func (d *documentReader) checkTemplates() {
	for _, g := range d.document.Groups {
		for _, rule := range g.Rules {
			if rule.Alert.Value != "" {
				d.rule = rule
				d.checkPairs("label", rule.Labels)
				d.checkPairs("annotation", rule.Annotations)
			}
		}
	}
	d.rule = nil
}

// MaxTemplate is the longest template of a label or annotation that is parsed, in bytes. The
// parser of text/template calls itself at every level of nesting, without a bound of its own.
const MaxTemplate = 64 << 10

// limitTemplates refuses templates that are too long to be parsed.
func (d *documentReader) limitTemplates(pairs []Pair) {
	for _, p := range pairs {
		if len(p.Value.Value) > MaxTemplate && strings.Contains(p.Value.Value, "{{") {
			d.problem(BadTemplate, p.Value.Span, "the template of %q has %d KiB, more than the %d KiB that are read",
				short(p.Key.Value), len(p.Value.Value)>>10, MaxTemplate>>10)
		}
	}
}

// checkPairs parses the templates in labels or annotations.
func (d *documentReader) checkPairs(what string, pairs []Pair) {
	for _, p := range pairs {
		if !strings.Contains(p.Value.Value, "{{") || len(p.Value.Value) > MaxTemplate {
			continue
		}
		if d.hasGoodActions(p.Value.Value) {
			continue
		}
		if message := parseTemplate(p.Value.Value); message != "" {
			start, end := failingAction(p.Value.Value, message)
			d.problem(BadTemplate, p.Value.Locate(start, end), "%s %q: %s", what, p.Key.Value, message)
		}
	}
}

// maxKnownActions bounds the actions that are remembered of a file.
const maxKnownActions = 1000

// hasGoodActions tells that each action of a template parses on its own. An action that does opens
// nothing and needs nothing before it, so that it parses in every template; and a file has few
// different ones, so that most templates need not be parsed. False means nothing.
func (r *fileReader) hasGoodActions(text string) bool {
	for {
		start := strings.Index(text, "{{")
		if start < 0 {
			return true
		}
		end := strings.Index(text[start:], "}}")
		if end < 0 {
			return false
		}
		action := text[start : start+end+len("}}")]
		good, known := r.actions[action]
		if !known {
			if len(r.actions) >= maxKnownActions {
				return false
			}
			if r.actions == nil {
				r.actions = map[string]bool{}
			}
			good = isGoodTemplate(action)
			r.actions[action] = good
		}
		if !good {
			return false
		}
		text = text[start+len(action):]
	}
}

var templatePlace = regexp.MustCompile(`^template: [^:]*:\d+(:\d+)?: `)

// parseTemplate says why Prometheus would refuse a template, or "".
func parseTemplate(text string) string {
	if isGoodTemplate(text) {
		return ""
	}
	data := template.AlertTemplateData(map[string]string{}, map[string]string{}, "", promql.Sample{})
	err := template.NewTemplateExpander(context.Background(), templateVariables+text, "rule", data,
		model.Time(0), nil, nil, nil).ParseTest()
	if err == nil {
		return ""
	}
	return oneLine(templatePlace.ReplaceAllString(err.Error(), ""))
}

// isGoodTemplate tells whether a template parses. Prometheus makes all its functions anew for each
// template; here their names are enough.
func isGoodTemplate(text string) bool {
	_, err := parse.Parse("rule", templateVariables+text, "", "", templateFunctions())
	return err == nil
}

// templateFunctions has the names of the functions that templates of Prometheus can call. Its
// values mean nothing.
var templateFunctions = sync.OnceValue(func() map[string]any {
	features := features.NewRegistry()
	template.RegisterFeatures(features)
	functions := map[string]any{}
	for _, names := range features.Get() {
		for name := range names {
			functions[name] = true
		}
	}
	for _, name := range builtinFunctions {
		functions[name] = true
	}
	return functions
})

// TemplateFunctions are the names of the functions that templates can call, sorted.
func TemplateFunctions() []string { return slices.Sorted(maps.Keys(templateFunctions())) }

// builtinFunctions are the functions that every Go template has (text/template, "Functions").
// A name that is missing here costs time and nothing else.
var builtinFunctions = []string{
	"and", "call", "eq", "ge", "gt", "html", "index", "js", "le", "len", "lt", "ne", "not", "or",
	"print", "printf", "println", "slice", "urlquery",
}

// maxActions bounds the actions of a template that is parsed once for each of them.
const maxActions = 200

var quotedName = regexp.MustCompile(`^(?:function|undefined variable|template) "([^"]+)"`)

// failingAction is where in a template the action {{ }} stands that the message is about:
// text/template tells only its line. It is the first action with which the template fails in
// this way; the whole template where no single action is to blame.
func failingAction(text, message string) (start, end int) {
	if strings.Count(text, "{{") > maxActions {
		return 0, len(text)
	}
	for end < len(text) {
		open := strings.Index(text[end:], "{{")
		if open < 0 {
			break
		}
		start = end + open
		if closing := strings.Index(text[start:], "}}"); closing >= 0 {
			end = start + closing + len("}}")
		} else {
			end = len(text)
		}
		if parseTemplate(text[:end]) != message {
			continue
		}
		if name := quotedName.FindStringSubmatch(message); name != nil {
			if k := strings.Index(text[start:end], name[1]); k >= 0 {
				return start + k, start + k + len(name[1])
			}
		}
		if end == len(text) && strings.Contains(message, "unexpected EOF") {
			break
		}
		return start, end
	}
	return 0, len(text)
}
