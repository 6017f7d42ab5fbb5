package export

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/rulekit/rulekit/rules"
)

// decorated returns the selected files with the interval, labels and links of the options.
func (o Options) decorated() ([]*rules.File, error) {
	files, err := o.Files()
	if err != nil {
		return nil, err
	}
	for i, file := range files {
		var edits []rules.Edit
		for _, group := range file.Groups {
			edits = append(edits, o.interval(group)...)
		}
		for _, rule := range file.Rules() {
			if rule.IsAlert() {
				edits = append(edits, o.labels(rule)...)
				edits = append(edits, o.runbook(rule)...)
			}
		}
		if files[i], err = edited(file, edits); err != nil {
			return nil, err
		}
	}
	return files, nil
}

// edited is a file with edits made; it still has the same rules.
func edited(file *rules.File, edits []rules.Edit) (*rules.File, error) {
	source, err := rules.Apply(file.Source, edits)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file.Path, err)
	}
	after := rules.Parse(file.Path, source, rules.Options{})
	if len(after.Problems) > 0 {
		where := file.Path
		if rule := after.Problems[0].Rule; rule != nil {
			where = rule.Name()
		}
		return nil, fmt.Errorf("%s: %s", where, after.Problems[0].Message)
	}
	if len(after.Rules()) != len(file.Rules()) {
		return nil, fmt.Errorf("%s: %w", file.Path, errors.New("its rules cannot be told apart: report this, please"))
	}
	return after, nil
}

// interval sets the interval of a group.
func (o Options) interval(group *rules.Group) []rules.Edit {
	switch {
	case o.Interval == 0:
		return nil
	case !group.Interval.IsZero():
		return []rules.Edit{{Span: group.Interval.Span, New: o.Interval.String()}}
	}
	return []rules.Edit{below(group.Document.File.Source, group.Name, "interval: "+o.Interval.String())}
}

// labels adds labels to an alert.
func (o Options) labels(rule *rules.Rule) []rules.Edit {
	var edits []rules.Edit
	var lines []string
	for _, l := range o.Labels {
		if own, ok := rule.Label(l.Name); ok {
			edits = append(edits, rules.Edit{Span: own.Value.Span, New: strconv.Quote(l.Value)})
			continue
		}
		lines = append(lines, scalar(l.Name)+": "+strconv.Quote(l.Value))
	}
	if len(lines) == 0 {
		return edits
	}
	source := rule.File().Source
	if n := len(rule.Labels); n > 0 {
		last := rule.Labels[n-1]
		edit := below(source, last.Key, lines...)
		edit.Span = rules.Span{Start: last.Value.Span.End, End: last.Value.Span.End}
		return append(edits, edit)
	}
	for i := range lines {
		lines[i] = "  " + lines[i]
	}
	return append(edits, below(source, rule.Alert, append([]string{"labels:"}, lines...)...))
}

// below puts lines after a scalar, each a key of the mapping that the scalar's line is of.
func below(source []byte, s rules.Scalar, lines ...string) rules.Edit {
	start := bytes.LastIndexByte(source[:s.Span.Start], '\n') + 1
	line := source[start:s.Span.Start]
	// In "  - alert: X" the keys stand after the dash.
	indentation := len(line) - len(bytes.TrimLeft(line, " -"))
	return rules.Edit{
		Span: rules.Span{Start: s.Span.End, End: s.Span.End},
		New:  "\n" + strings.Join(indented(lines, indentation), "\n"),
	}
}

func indented(lines []string, by int) []string {
	out := make([]string, len(lines))
	for i, line := range lines {
		if line != "" {
			line = strings.Repeat(" ", by) + line
		}
		out[i] = line
	}
	return out
}

// runbook gives an alert's link to its runbook another address.
func (o Options) runbook(rule *rules.Rule) []rules.Edit {
	link, ok := rule.Annotation("runbook_url")
	if !ok || o.RunbookURL == "" {
		return nil
	}
	return []rules.Edit{{Span: link.Value.Span, New: strconv.Quote(runbookURL(o.RunbookURL, rule.Name()))}}
}

const alertPlaceholder = "{alert}"

// runbookURL is the address of an alert's runbook.
func runbookURL(where, alert string) string {
	if strings.Contains(where, alertPlaceholder) {
		return strings.ReplaceAll(where, alertPlaceholder, alert)
	}
	return strings.TrimSuffix(where, "/") + "/" + alert + ".md"
}
