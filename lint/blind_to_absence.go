package lint

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/rulekit/rulekit/lint/infer"
	"github.com/rulekit/rulekit/rules"
)

func init() {
	register(Check{
		Name:    "blind-to-absence",
		Summary: "An alert on an exporter's up flag is silent when the exporter itself is gone.",
		Why: `` + "`oven_up == 0`" + ` fires while the exporter runs and cannot reach the oven. When the exporter dies with it, as
a sidecar does with its pod, there is no oven_up at all: the expression returns nothing, and the alert
resolves at the worst moment.

Prometheus itself writes the series ` + "`up`" + ` for each target, 0 where the scrape fails; and ` + "`absent()`" + ` fires
where a series is missing. Add one rule that notices:

` + "```yaml" + `
- alert: OvenExporterDown
  expr: up{job="ovens"} == 0 or absent(up{job="ovens"})
` + "```" + `

Looked at are alerts that compare a flag named after its exporter (` + "`oven_up`" + `) with 0 or 1, if no alert of
the run looks at ` + "`up`" + `, or asks by absent(), unless, offset or count whether that flag is there.`,
		Severity: Warning,
		Scope:    AllFiles,
		Run:      blindToAbsence,
	})
}

func blindToAbsence(p *Pass) {
	seen := newNoticed(p)
	var folders []string
	byFolder := map[string][]*rules.Rule{}
	metrics := map[*rules.Rule]string{}
	for rule := range p.Rules() {
		if !rule.IsAlert() {
			continue
		}
		flag := upFlag(rule.AST)
		if flag == nil || seen.notices(rule, flag) {
			continue
		}
		folder := filepath.Dir(rule.File().Path)
		if len(byFolder[folder]) == 0 {
			folders = append(folders, folder)
		}
		byFolder[folder] = append(byFolder[folder], rule)
		metrics[rule] = flag.Name
	}
	for _, folder := range folders {
		p.reportBlind(byFolder[folder], metrics)
	}
}

func (p *Pass) reportBlind(blind []*rules.Rule, metrics map[*rules.Rule]string) {
	first := blind[0]
	d := Diagnostic{
		Rule: first, Span: first.Expr.Locate(0, len(first.Expr.Value)),
		Message: fmt.Sprintf("alert is silent when the exporter of %s is gone, and no other alert notices that", metrics[first]),
		Label:   "empty when there is no such series",
		Hint:    "add an alert on up == 0 for its job, or on absent(" + metrics[first] + ")",
	}
	if len(blind) > 1 {
		d.Message = fmt.Sprintf("%d alerts are silent when their exporter is gone, and no other alert notices that", len(blind))
		d.Hint = "add an alert on up == 0 for their jobs, or on absent() of each"
	}
	var related []Related
	for _, rule := range blind[1:] {
		related = append(related, Related{
			File: rule.File(), Span: rule.Expr.Locate(0, len(rule.Expr.Value)),
			Message: "empty when there is no " + metrics[rule],
		})
	}
	d.Related = someRelated(related)
	p.Report(d)
}

// upFlag is the selector of an exporter's own flag, if the whole expression asks whether it is
// down. Such flags are called after the exporter's prefix: https://prometheus.io/docs/instrumenting/writing_exporters/
func upFlag(expr parser.Expr) *parser.VectorSelector {
	e, ok := infer.Unwrap(expr).(*parser.BinaryExpr)
	if !ok {
		return nil
	}
	number, op, subject := e.RHS, e.Op, infer.Unwrap(e.LHS)
	if e.LHS.Type() == parser.ValueTypeScalar {
		number, op, subject = e.LHS, mirroredComparison[e.Op], infer.Unwrap(e.RHS)
	}
	bound, ok := literal(number)
	isDown := op == parser.EQLC && bound == 0 || op == parser.NEQ && bound == 1 || op == parser.LSS && bound == 1
	if !ok || !isDown || e.ReturnBool {
		return nil
	}
	for subject != nil {
		switch s := subject.(type) {
		case *parser.VectorSelector:
			prefix, isFlag := strings.CutSuffix(s.Name, "_up")
			if isFlag && prefix != "" && !strings.Contains(prefix, "_") {
				return s
			}
			return nil
		case *parser.MatrixSelector:
			subject = s.VectorSelector
		case *parser.Call:
			argument, ok := rangeArgument(s)
			if !ok || !strings.HasSuffix(s.Func.Name, "_over_time") || strings.HasPrefix(s.Func.Name, "absent") {
				return nil
			}
			subject = argument
		case *parser.AggregateExpr:
			if s.Op == parser.COUNT || s.Op == parser.GROUP {
				return nil
			}
			subject = infer.Unwrap(s.Expr)
		default:
			return nil
		}
	}
	return nil
}

// noticed is what the alerts of a run notice the absence of.
type noticed struct {
	// metrics are those that some alert asks for whether they are there.
	metrics map[string]bool
	// up tells that an alert looks at up of all jobs, and upIn in which files one does of some.
	up   bool
	upIn map[*rules.File]bool
}

func newNoticed(p *Pass) *noticed {
	n := &noticed{metrics: map[string]bool{}, upIn: map[*rules.File]bool{}}
	for rule := range p.Rules() {
		if rule.IsAlert() {
			for part := range p.parts(rule) {
				n.look(rule, part.Expr)
			}
		}
	}
	return n
}

func (n *noticed) look(rule *rules.Rule, expr parser.Expr) {
	switch e := expr.(type) {
	case *parser.VectorSelector:
		if e.Name == "up" {
			n.upIn[rule.File()] = true
			n.up = n.up || !asksForJob(e)
		}
		if e.OriginalOffset != 0 {
			n.metrics[e.Name] = true
		}
	case *parser.Call:
		if strings.HasPrefix(e.Func.Name, "absent") {
			n.all(e)
		}
	case *parser.AggregateExpr:
		if e.Op == parser.COUNT || e.Op == parser.GROUP {
			n.all(e)
		}
	case *parser.BinaryExpr:
		if e.Op == parser.LUNLESS {
			n.all(e.RHS)
		}
	}
}

func (n *noticed) all(expr parser.Expr) {
	parser.Inspect(expr, func(node parser.Node, _ []parser.Node) error {
		if selector, ok := node.(*parser.VectorSelector); ok {
			n.metrics[selector.Name] = true
		}
		return nil
	})
}

// asksForJob tells whether a selector of up is for some targets only.
func asksForJob(selector *parser.VectorSelector) bool {
	for _, m := range selector.LabelMatchers {
		if m.Name != model.MetricNameLabel && (m.Type == labels.MatchEqual || m.Type == labels.MatchRegexp) && m.Value != ".*" && m.Value != ".+" {
			return true
		}
	}
	return false
}

func (n *noticed) notices(rule *rules.Rule, flag *parser.VectorSelector) bool {
	return n.up || n.upIn[rule.File()] || n.metrics[flag.Name]
}
