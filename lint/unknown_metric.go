package lint

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/rulekit/rulekit/rules"
)

func init() {
	register(Check{
		Name:    "unknown-metric",
		Summary: "The expression uses a metric, a label or a value that its exporter does not serve.",
		Why: `A selector for a metric that does not exist is no error in PromQL: it selects nothing, and the alert is
silent for ever. Exporters rename metrics between versions, and a rule copied from a blog may have been
written for another exporter.

rulekit knows what widely used exporters serve, and without being told reports only names that are served
by no known version but with another ending, such as ` + "`_total`" + `. Give it more to go by:

- ` + "`--metrics`" + `: what ` + "`curl http://exporter/metrics`" + ` prints, as a file or as a folder of such files. Only metrics
  in the exporter's own name space are looked at: a recorded scrape with ` + "`pg_`" + ` metrics says nothing of ` + "`node_`" + `
  ones. Labels that the scrape configuration adds, such as namespace, pod, instance and job, are not
  reported; name yours in ` + "`target_labels`" + `.
- ` + "`--prometheus`" + `: a running Prometheus, which knows all metrics, labels and values of the last day.

Metrics that a recording rule of the same run makes are not reported, nor is one side of an ` + "`or`" + ` whose other
side has the same metric under another name: that rule is meant for both. Where most metrics of a name space
are unknown, the rules are for another exporter than the one that was recorded, and one finding says so.`,
		Severity: Warning,
		Run:      unknownMetric,
	})
}

// metricUse is a place where an expression selects a metric.
type metricUse struct {
	rule     *rules.Rule
	selector *parser.VectorSelector
	name     string
	// absent tells that an absent() is around it.
	absent bool
	// others are metrics on the other sides of the or operators around it.
	others []string
}

func unknownMetric(p *Pass) {
	for _, file := range p.Files {
		missing, spaces := newMissingMetrics(), map[string]*metricSpace{}
		for _, rule := range file.Rules() {
			if rule.AST == nil {
				continue
			}
			forMetrics(rule, func(use metricUse) {
				source := p.Catalogue.Claims(use.name)
				metric, known := p.Catalogue.Metric(use.name)
				if p.Recorded(use.name) || isAlertSeries(use.name) {
					return
				}
				space := spaces[nameSpace(use.name)]
				if space == nil {
					space = &metricSpace{known: map[string]bool{}, unknown: map[string]bool{}}
					spaces[nameSpace(use.name)] = space
				}
				switch {
				case known:
					space.known[use.name] = true
					p.lookUpLabels(use, metric)
				case source != NoSource:
					missing.add(use, source)
					fallthrough
				default:
					space.unknown[use.name] = true
				}
			})
			p.lookUpGroupings(rule)
		}
		missing.report(p, spaces)
	}
}

// isAlertSeries tells the metrics that Prometheus makes of alerts.
func isAlertSeries(name string) bool { return name == "ALERTS" || name == "ALERTS_FOR_STATE" }

// forMetrics calls visit with each selector of the rule that selects one metric by name.
func forMetrics(rule *rules.Rule, visit func(metricUse)) {
	parser.Inspect(rule.AST, func(node parser.Node, path []parser.Node) error {
		vs, ok := node.(*parser.VectorSelector)
		if !ok {
			return nil
		}
		if use := (metricUse{rule: rule, selector: vs, name: metricName(vs)}); use.name != "" {
			use.look(path)
			visit(use)
		}
		return nil
	})
}

// metricName is the metric that a selector selects, or "" if it may select several.
func metricName(vs *parser.VectorSelector) string {
	if vs.Name != "" {
		return vs.Name
	}
	for _, m := range vs.LabelMatchers {
		if m.Name == model.MetricNameLabel && m.Type == labels.MatchEqual {
			return m.Value
		}
	}
	return ""
}

// mostAround bounds how many nodes around a selector are looked at, and how many metrics on the
// other sides of its or operators, so that a hostile expression costs no more than its length.
const mostAround = 64

// look notes what matters of the nodes around the selector.
func (u *metricUse) look(path []parser.Node) {
	inner := parser.Node(u.selector)
	for _, node := range slices.Backward(path[max(0, len(path)-mostAround):]) {
		switch e := node.(type) {
		case *parser.Call:
			u.absent = u.absent || strings.HasPrefix(e.Func.Name, "absent")
		case *parser.BinaryExpr:
			if e.Op == parser.LOR && inner == e.LHS {
				u.others = addMetrics(u.others, e.RHS)
			} else if e.Op == parser.LOR {
				u.others = addMetrics(u.others, e.LHS)
			}
		}
		inner = node
	}
}

// addMetrics adds the metrics of an expression to others, until there are many.
func addMetrics(names []string, expr parser.Expr) []string {
	parser.Inspect(expr, func(node parser.Node, _ []parser.Node) error {
		if len(names) >= mostAround {
			return errEnough
		}
		if vs, ok := node.(*parser.VectorSelector); ok {
			names = append(names, metricName(vs))
		}
		return nil
	})
	return names
}

var errEnough = errors.New("enough")

// hasAlternative tells whether an or around the use offers the metric under another name too, or
// one that is much like it.
func (u metricUse) hasAlternative() bool {
	const alike = 0.5
	return slices.ContainsFunc(u.others, func(other string) bool { return sharedWords(u.name, other) >= alike })
}

// metricSpace is what a file uses of a name space.
type metricSpace struct{ known, unknown map[string]bool }

// strange tells whether most metrics are unknown, so that they are another exporter's.
func (s *metricSpace) strange() bool {
	const few = 3
	return len(s.unknown) >= few && len(s.unknown) > len(s.known)
}

// missingMetrics are the metrics of a file that do not exist.
type missingMetrics struct {
	names   []string
	uses    map[string][]metricUse
	sources map[string]Source
}

func newMissingMetrics() *missingMetrics {
	return &missingMetrics{uses: map[string][]metricUse{}, sources: map[string]Source{}}
}

func (m *missingMetrics) add(use metricUse, source Source) {
	if use.hasAlternative() {
		return
	}
	if m.uses[use.name] == nil {
		m.names = append(m.names, use.name)
	}
	m.uses[use.name] = append(m.uses[use.name], use)
	m.sources[use.name] = source
}

// report tells each metric once, and once of all metrics of a strange name space.
func (m *missingMetrics) report(p *Pass, spaces map[string]*metricSpace) {
	told := map[string]bool{}
	for _, name := range m.names {
		prefix := nameSpace(name)
		space := spaces[prefix]
		switch {
		case !space.strange():
			m.reportMetric(p, name)
		case m.sources[name] != Shipped && !told[prefix]:
			told[prefix] = true
			first := m.uses[name][0]
			p.ReportAs(Info, Diagnostic{
				Rule: first.rule, Span: metricSpan(first.rule, first.selector),
				Message: fmt.Sprintf("%d of the %d %s_ metrics of this file are not %s",
					len(space.unknown), len(space.unknown)+len(space.known), prefix, where(m.sources[name])),
				Label: "this is the first",
				Hint:  strangeHint(m.sources[name]),
			})
		}
	}
}

func strangeHint(source Source) string {
	if source == Live {
		return "the rules may be for an exporter that this server does not scrape"
	}
	return "the rules may be for another exporter: record the one that serves them too"
}

func (m *missingMetrics) reportMetric(p *Pass, name string) {
	near, source, uses := p.Catalogue.Nearest(name), m.sources[name], m.uses[name]
	if near == "" {
		// absent() is there to ask for what does not exist.
		uses = slices.DeleteFunc(slices.Clone(uses), func(use metricUse) bool { return use.absent })
	}
	if len(uses) == 0 {
		return
	}
	d := Diagnostic{
		Rule: uses[0].rule, Span: metricSpan(uses[0].rule, uses[0].selector),
		Message: fmt.Sprintf("there is no metric %s %s", name, where(source)),
		Label:   "selects nothing",
		Hint:    m.hint(p, source, near),
	}
	for _, use := range uses[1:] {
		d.Related = append(d.Related, Related{
			File: use.rule.File(), Span: metricSpan(use.rule, use.selector), Message: "also used here",
		})
	}
	d.Related = someRelated(d.Related)
	// What a scrape does not hold may be in one of another day, or of a replica.
	if source == Recorded && !misspelt(name, near) && !slices.Contains(renamings(name), near) {
		p.ReportAs(Info, d)
		return
	}
	p.Report(d)
}

func (m *missingMetrics) hint(p *Pass, source Source, near string) string {
	metric, _ := p.Catalogue.Metric(near)
	switch {
	case metric.Exporter != "":
		return fmt.Sprintf("did you mean %s (%s)?", near, metric.Exporter)
	case near != "":
		return fmt.Sprintf("did you mean %s?", near)
	case source == Live:
		return "see which name the exporter has for it now"
	default:
		return "see which name the exporter has for it now, or record a server that serves it"
	}
}

// where says in a message where something was looked for.
func where(source Source) string {
	switch source {
	case Shipped:
		return "in the exporters that rulekit knows"
	case Live:
		return "on the Prometheus server"
	default:
		return "in the recorded scrapes"
	}
}

// metricSpan is the metric's name in a selector, or all of the selector.
func metricSpan(rule *rules.Rule, vs *parser.VectorSelector) rules.Span {
	at := vs.PositionRange()
	if end := int(at.Start) + len(vs.Name); vs.Name != "" && strings.HasPrefix(rule.Expr.Value[at.Start:], vs.Name) {
		return rule.Expr.Locate(int(at.Start), end)
	}
	return rule.Expr.Locate(int(at.Start), int(at.End))
}
