package lint

import (
	"fmt"
	"path"
	"path/filepath"

	"github.com/rulekit/rulekit/rules"
)

func init() {
	register(Check{
		Name:    "unloaded-rule-file",
		Summary: "No pattern under rule_files loads the rule file.",
		Why: `Prometheus loads the files that the patterns under ` + "`rule_files`" + ` of its configuration match, and no
others. A pattern that matches no file is no error to it. So a file with another name or another
extension than the configuration says (` + "`ovens.yaml`, where it says `ovens.yml`" + `) is never loaded: its alerts
are not there, nothing tells so, and mistakes in it stay unseen, since no server has ever read it.

Looked at are plain rule files beside others that are loaded, and those whose name is nearly that of
a pattern. The prometheus.yml is one that was named, or that lies in a linted folder. Patterns that
name files of a container (` + "`/etc/config/ovens.yml`" + `) are compared by the name of the file alone.`,
		Severity: Warning,
		Scope:    AllFiles,
		Run:      unloadedRuleFile,
	})
}

func unloadedRuleFile(p *Pass) {
	l := p.loading()
	loadedFolders := map[string]bool{}
	for file := range l.loaded {
		loadedFolders[filepath.Dir(file.Path)] = true
	}
	for _, file := range p.Files {
		if l.loaded[file] || !isPlain(file) {
			continue
		}
		near := l.nearest(file)
		if near == nil && !loadedFolders[filepath.Dir(file.Path)] || len(l.patterns) == 0 {
			continue
		}
		p.Report(unloaded(file, near, l))
	}
}

// isPlain tells whether a file is one that Prometheus reads itself, not one that an operator or
// a chart makes rule files of.
func isPlain(file *rules.File) bool {
	for _, document := range file.Documents {
		if document.Form != rules.Plain {
			return false
		}
	}
	return len(file.Documents) > 0
}

func unloaded(file *rules.File, near *loadPattern, l *loading) Diagnostic {
	d := Diagnostic{
		File: file, Span: firstLine(file),
		Message: "no pattern under rule_files matches the name of this file, so Prometheus never loads it",
		Hint:    "add the file to rule_files",
	}
	cause := l.patterns[0]
	words := "the patterns are here"
	if near != nil {
		cause, words = *near, "this pattern matches no file"
		d.Hint = fmt.Sprintf("did you mean %s? rename the file, or correct the pattern", path.Base(near.path))
	}
	d.Related = []Related{{File: cause.config.file, Span: cause.Span, Message: words}}
	return d
}

// firstLine is the first line that says something.
func firstLine(file *rules.File) rules.Span {
	start := 0
	if len(file.Documents) > 0 {
		start = file.Documents[0].Span.Start
	}
	return lineAt(file.Source, start)
}

// lineAt is the rest of the line from an offset on.
func lineAt(source []byte, start int) rules.Span {
	end := start
	for end < len(source) && source[end] != '\n' && source[end] != '\r' {
		end++
	}
	return rules.Span{Start: start, End: end}
}
