package lint

import (
	"slices"

	"github.com/rulekit/rulekit/rules"
)

func init() {
	register(Check{
		Name:    "second-document",
		Summary: "Rules after the first YAML document of a file, which Prometheus does not read.",
		Why: `A line of three dashes starts a new YAML document. Prometheus reads the first document of a rule file
and nothing after it, without a word: the rules below are not loaded, and promtool does not miss them.

Take the dashes out and put the groups under the one ` + "`groups:`" + `, or put the second document into a file of
its own. PrometheusRule resources may be as many in one file as one likes.`,
		Severity: Error,
		Run:      secondDocument,
	})
}

func secondDocument(p *Pass) {
	for _, file := range p.Files {
		i := slices.IndexFunc(file.Documents, func(d *rules.Document) bool { return d.Ignored && len(d.Groups) > 0 })
		if i < 0 {
			continue
		}
		d := Diagnostic{
			File: file, Span: lineAt(file.Source, file.Documents[i].Span.Start),
			Message: "rules of a second YAML document: Prometheus reads only the first",
			Hint:    "put its groups under the first groups:, or into another file",
		}
		if first := file.Documents[0]; i > 0 && !first.Ignored {
			d.Related = []Related{{File: file, Span: lineAt(file.Source, first.Span.Start), Message: "this document is read"}}
		}
		p.Report(d)
	}
}
