package lint

import (
	"fmt"
	"strings"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/rulekit/rulekit/rules"
)

func init() {
	register(Check{
		Name:    "unrecorded-metric",
		Summary: "A rule uses a recorded metric that no recording rule makes.",
		Why: `A colon in the name of a metric says that a recording rule makes it: exporters must not use colons. If
the recording rule is renamed, or its window changed from 5m to 10m and with it the name, and an alert
still asks for the old name, the alert selects nothing and never fires. Prometheus does not tell.

Reported are names with a colon that no rule of the run records, if the run records one that is nearly
the same, or others of the same level and metric (` + "`job:requests:rate5m` beside `job:requests:rate10m`" + `). What
other files record is not known, so give lint all rule files of a server together.`,
		Severity: Warning,
		Scope:    AllFiles,
		Run:      unrecordedMetric,
	})
}

func unrecordedMetric(p *Pass) {
	recorded := p.recordings()
	families := map[string][]string{}
	for _, name := range recorded.names {
		if family := recordingFamily(name); family != "" {
			families[family] = append(families[family], name)
		}
	}
	found := map[string]*Diagnostic{}
	var order []*Diagnostic
	for rule := range p.Rules() {
		for part := range p.parts(rule) {
			selector, ok := part.Expr.(*parser.VectorSelector)
			if !ok || !strings.Contains(selector.Name, ":") || p.Recorded(selector.Name) {
				continue
			}
			if d, seen := found[selector.Name]; seen {
				if d != nil {
					d.Related = append(d.Related, Related{File: rule.File(), Span: metricSpan(rule, selector), Message: "also used here"})
				}
				continue
			}
			d := p.unrecorded(rule, selector, families[recordingFamily(selector.Name)])
			found[selector.Name] = d
			if d != nil {
				order = append(order, d)
			}
		}
	}
	for _, d := range order {
		d.Related = someRelated(d.Related)
		p.Report(*d)
	}
}

// recordingFamily is the level and metric of a recorded name: level:metric:operations.
func recordingFamily(name string) string {
	parts := strings.SplitN(name, ":", 3)
	if len(parts) < 2 || parts[0] == "" || parts[1] == "" {
		return ""
	}
	return parts[0] + ":" + parts[1]
}

// unrecorded is the finding of a name that nothing records, or nil if too little is known.
func (p *Pass) unrecorded(rule *rules.Rule, selector *parser.VectorSelector, family []string) *Diagnostic {
	if _, known := p.Catalogue.Metric(selector.Name); known || len(family) == 0 {
		return nil
	}
	near, hint := rules.Nearest(selector.Name, family), "did you mean %s?"
	if near == "" {
		near, hint = family[0], "the rules record %s; if other files record this one, lint them together"
	}
	by := p.recordings().rules[near][0]
	return &Diagnostic{
		Rule: rule, Span: metricSpan(rule, selector),
		Message: fmt.Sprintf("no rule records %s", selector.Name),
		Label:   "selects nothing",
		Hint:    fmt.Sprintf(hint, near),
		Related: []Related{{File: by.File(), Span: by.NameScalar().Span, Message: "this is recorded"}},
	}
}
