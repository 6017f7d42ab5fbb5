package lint

import (
	"fmt"
	"strings"

	"github.com/rulekit/rulekit/rules"
)

func init() {
	register(Check{
		Name:    "literal-newline",
		Summary: `An annotation holds a backslash and an n where a new line was meant.`,
		Why: `YAML turns ` + "`\\n`" + ` into a new line only inside double quotes. In single quotes, in plain text and in
block scalars it stays a backslash and an n, and that is what people read on their phone:
"in-sync partition\n  VALUE = 1\n  LABELS = ...".

Inside a template action (` + "`{{ \"\\n\" }}`" + `) Go reads the escape itself, so there it is right in any quotes.`,
		Severity: Warning,
		Run:      literalNewline,
	})
}

func literalNewline(p *Pass) {
	for rule := range p.Alerts() {
		for _, annotation := range rule.Annotations {
			at := literalNewlines(annotation.Value.Value)
			if len(at) == 0 {
				continue
			}
			d := Diagnostic{
				Rule: rule, Span: annotation.Value.Locate(at[0], at[0]+2),
				Message: fmt.Sprintf(`annotation %s shows \n to its readers, not a new line`, annotation.Key.Value),
				Label:   `a backslash and an n`,
				Hint:    "write the text in double quotes, or as a block (|) with real new lines",
				Edits:   newlineEdits(rule.File().Source, annotation.Value, at),
			}
			if len(at) > 1 {
				d.Label = fmt.Sprintf(`a backslash and an n, %d times in this text`, len(at))
			}
			p.Report(d)
		}
	}
}

// literalNewlines returns where a text, outside its template actions, has a backslash and an n
// that cannot be part of a path of Windows.
func literalNewlines(text string) []int {
	var found []int
	for i := 0; i < len(text); i++ {
		switch {
		case strings.HasPrefix(text[i:], "{{"):
			i = endOfAction(text, i) - 1
		case strings.HasPrefix(text[i:], `\\`):
			i++
		case strings.HasPrefix(text[i:], `\n`) && !inWindowsPath(text, i):
			found = append(found, i)
		}
	}
	return found
}

// endOfAction returns the offset after the template action that starts at the offset.
func endOfAction(text string, start int) int {
	var quote byte
	for i := start + 2; i < len(text); i++ {
		switch c := text[i]; {
		case quote != 0 && c == '\\' && quote != '`':
			i++
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '`' || c == '\'':
			quote = c
		case strings.HasPrefix(text[i:], "}}"):
			return i + 2
		}
	}
	return len(text)
}

// maxPath is how long a path of Windows is, in bytes.
const maxPath = 260

func inWindowsPath(text string, at int) bool {
	before := text[max(at-maxPath, 0):at]
	word := before[strings.LastIndexAny(before, " \t\n'\"(")+1:]
	return len(word) >= 2 && word[1] == ':' || strings.HasPrefix(word, `\\`)
}

// newlineEdits turns a text of one line into one in double quotes with real escapes. Where the
// way the text is written does not allow that with certainty, there is no edit.
func newlineEdits(source []byte, text rules.Scalar, at []int) []Edit {
	written := string(source[text.Span.Start:text.Span.End])
	value := text.Value
	switch {
	case strings.ContainsAny(written, "\n\r"):
		return nil
	case strings.HasPrefix(written, `"`):
		var edits []Edit
		for _, i := range at {
			span := text.Locate(i, i+2)
			if string(source[span.Start:span.End]) != `\\n` {
				return nil
			}
			edits = append(edits, Edit{Span: span, New: `\n`})
		}
		return edits
	case written != value && written != "'"+strings.ReplaceAll(value, "'", "''")+"'":
		return nil
	}
	var b strings.Builder
	last := 0
	for _, i := range at {
		b.WriteString(doubleQuoted(value[last:i]))
		b.WriteString(`\n`)
		last = i + 2
	}
	b.WriteString(doubleQuoted(value[last:]))
	return []Edit{{Span: text.Span, New: `"` + b.String() + `"`}}
}

var doubleQuoteEscapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\t", `\t`)

func doubleQuoted(text string) string { return doubleQuoteEscapes.Replace(text) }
