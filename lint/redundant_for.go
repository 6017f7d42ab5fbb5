package lint

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/rulekit/rulekit/rules"
)

func init() {
	register(Check{
		Name:    "redundant-for",
		Summary: "A for or keep_firing_for of zero says nothing.",
		Why: `Zero is the default of ` + "`for` and `keep_firing_for`" + `, so the line can go. It also often means that the
question how long a condition should last before it wakes someone was never asked: an alert without
` + "`for`" + ` fires on a single bad sample.`,
		Severity: Info,
		Run:      redundantFor,
	})
}

func redundantFor(p *Pass) {
	for rule := range p.Alerts() {
		for _, field := range []struct {
			key      string
			duration rules.Duration
		}{{"for", rule.For}, {"keep_firing_for", rule.KeepFiringFor}} {
			if field.duration.IsZero() || field.duration.D != 0 || !isZeroDuration(field.duration.Value) {
				continue
			}
			p.Report(Diagnostic{
				Rule: rule, Span: field.duration.Span,
				Message: fmt.Sprintf("%s: %s is the default", field.key, field.duration.Value),
				Hint:    "remove the line, or say how long the condition has to last",
				Edits:   removeLine(rule.File().Source, field.key, field.duration.Span),
			})
		}
	}
}

// isZeroDuration tells a written zero from a value that could not be read.
func isZeroDuration(text string) bool {
	return strings.Trim(text, "0smhdwy") == "" && strings.Contains(text, "0") && !strings.ContainsAny(text, "123456789")
}

// removeLine is the edit that takes out the line of a key, if nothing else is on that line.
func removeLine(source []byte, key string, value rules.Span) []Edit {
	start := bytes.LastIndexByte(source[:value.Start], '\n') + 1
	end := len(source)
	if i := bytes.IndexByte(source[value.End:], '\n'); i >= 0 {
		end = value.End + i + 1
	}
	before, after := string(source[start:value.Start]), string(source[value.End:end])
	if strings.TrimLeft(before, " ") != key+": " && strings.TrimSpace(before) != key+":" || strings.TrimSpace(after) != "" {
		return nil
	}
	return []Edit{{Span: rules.Span{Start: start, End: end}}}
}
