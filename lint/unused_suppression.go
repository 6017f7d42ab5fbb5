package lint

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/rulekit/rulekit/rules"
)

const unusedSuppressionName = "unused-suppression"

func init() {
	register(Check{
		Name:    unusedSuppressionName,
		Summary: "A comment suppresses nothing, or is written so that it does not work.",
		Why: "A comment such as\n\n```yaml\n# rulekit:disable short-range the exporter is scraped every second\n```\n\n" +
			`tells lint, and whoever reads the rule, that something odd is there on purpose. One that suppresses
nothing tells them something that is not so: the rule was mended, or the check has another name, or
the comment is not written as lint reads it. Then either the comment is in the way, and hides the
next mistake of its kind, or what it should suppress is reported all the same.

A comment is only said to be unused if its check looked at the rule in this run, and needs no other
file for that: checks that compare files may find more when more files are linted.

With the option ` + "`require_reason: true`" + ` a comment that gives no reason is reported as well.`,
		Severity: Warning,
		Options:  unusedSuppressionOptions{},
		Run:      misspeltSuppression,
	})
}

type unusedSuppressionOptions struct {
	// RequireReason reports suppressions that give no reason.
	RequireReason bool `yaml:"require_reason"`
}

// misspeltSuppression reports what is wrong with suppressions as they are written. What they
// are of use for is only known after all checks: see reportUnused.
func misspeltSuppression(p *Pass) {
	requireReason := optionsOf[unusedSuppressionOptions](p).RequireReason
	for _, file := range p.Files {
		for _, s := range suppressions(file) {
			if s.mistake != "" {
				reportMisspelt(p, s)
				continue
			}
			for _, name := range s.names {
				reportUnknown(p, s, name)
			}
			if requireReason && s.reason == "" {
				p.Report(Diagnostic{
					File: file, Span: s.span, Message: "the suppression gives no reason",
					Hint: "say behind the check why what it finds is right here",
				})
			}
		}
	}
}

func reportMisspelt(p *Pass, s *suppression) {
	d := Diagnostic{
		File: s.file, Span: s.span, Message: s.mistake,
		Hint: "write # rulekit:disable, the names of checks with commas between them, and a reason",
	}
	if s.right != "" && !s.noEdit {
		d.Edits = []Edit{{Span: s.span, New: s.right}}
	}
	p.Report(d)
}

func reportUnknown(p *Pass, s *suppression, name suppressedName) {
	if name.name == everyCheck {
		return
	}
	_, err := Lookup(name.name)
	unknown := (*UnknownCheckError)(nil)
	if !errors.As(err, &unknown) {
		return
	}
	d := Diagnostic{File: s.file, Span: name.span, Message: fmt.Sprintf("no check is called %q, so that nothing is suppressed", name.name)}
	if d.Hint = `"rulekit explain" lists the checks`; unknown.Nearest != "" {
		d.Hint = fmt.Sprintf("did you mean %s?", unknown.Nearest)
	}
	p.Report(d)
}

// reportUnused reports the suppressions of a file that were of no use. ran tells whether a check
// looked at the file by itself, so that its silence means something.
func reportUnused(p *Pass, all []*suppression, ran func(check string) bool) {
	for _, s := range all {
		var unused []int
		for i, name := range s.names {
			if !*name.used && name.name != unusedSuppressionName && ran(name.name) {
				unused = append(unused, i)
			}
		}
		if len(unused) == 0 {
			continue
		}
		var names []string
		for _, i := range unused {
			names = append(names, s.names[i].name)
		}
		d := Diagnostic{
			File: s.file, Span: s.names[unused[0]].span, Edits: removal(s, unused),
			Message: fmt.Sprintf("the suppression of %s is not used: nothing of it is found here", strings.Join(names, " and ")),
			Hint:    "remove it",
		}
		if s.scope.IsZero() {
			d.Message = "the suppression is for nothing: neither a rule nor a group is around or below it"
		}
		p.Report(d)
	}
}

// removal takes names out of a suppression, or all of it if no other name is in it.
func removal(s *suppression, unused []int) []Edit {
	switch {
	case s.noEdit:
		return nil
	case len(unused) < len(s.names):
		gone := map[int]bool{}
		for _, i := range unused {
			gone[i] = true
		}
		var kept []string
		for i, name := range s.names {
			if !gone[i] {
				kept = append(kept, name.name)
			}
		}
		names := rules.Span{Start: s.names[0].span.Start, End: s.names[len(s.names)-1].span.End}
		return []Edit{{Span: names, New: strings.Join(kept, ",")}}
	}
	return []Edit{{Span: wholeComment(s.file.Source, s.span)}}
}

// wholeComment is a comment with the blanks before it, and with its line if nothing else is
// on it.
func wholeComment(source []byte, comment rules.Span) rules.Span {
	line := bytes.LastIndexByte(source[:comment.Start], '\n') + 1
	before := bytes.TrimRight(source[line:comment.Start], " \t")
	if len(before) > 0 {
		return rules.Span{Start: line + len(before), End: comment.End}
	}
	end := len(source)
	if i := bytes.IndexByte(source[comment.End:], '\n'); i >= 0 {
		end = comment.End + i + 1
	}
	return rules.Span{Start: line, End: end}
}
