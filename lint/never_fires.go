package lint

import (
	"strings"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/rulekit/rulekit/lint/infer"
	"github.com/rulekit/rulekit/rules"
)

func init() {
	register(Check{
		Name:    "never-fires",
		Summary: "The expression can never return anything, whatever series there are.",
		Why: `An alert fires for each series that its expression returns. Some expressions never return one:

- ` + "`count(x) < 1` and `count(x) == 0`" + `: where x has no series, count() does not return 0, it returns
  nothing at all. The alert is silent exactly when it is needed. Use ` + "`absent(x)`" + `, or ask for what should
  be there ` + "`unless`" + ` it is.
- matchers that exclude each other: ` + "`x{role=\"a\", role=\"b\"}`" + `, or one that nothing passes: ` + "`x{role!~\".*\"}`" + `
- conditions on one series that exclude each other: ` + "`x > 5 and x < 3`" + `
- a comparison that no possible value passes: ` + "`up == 2`, `vector(0) > 1`, `sum(rate(x[5m])) < 0`" + `
- two sides whose labels can never be equal: ` + "`x{job=\"a\"} > sum(y)`" + `, where sum() has no job
- a time that is always now: ` + "`timestamp(x > 5) < time() - 300`" + `. Only of a metric itself, ` + "`timestamp(x)`" + `, does
  timestamp() return when its last sample was taken.
- a share of 1 compared as if it were percent: ` + "`failed / (failed + done) > 5`" + ` of rates is never above 1
- what is left out of itself, ` + "`x unless x`, and a choice of none, `topk(0, x)`" + `
- samples over a time, ` + "`up[5m]`" + `, or a string: Prometheus loads such a rule and fails its every evaluation

Such an alert looks like protection and is none. A finding is certain, given that counters do not go
below zero and that up is 0 or 1.

Where the file has an alert of the same name and expression, but for a matcher the other way round, so that it
covers what this one leaves out, it is info: such pairs are written by templates whose switch is off.`,
		Severity: Error,
		Run:      neverFires,
	})
}

func neverFires(p *Pass) {
	for rule := range p.Rules() {
		switch kind := rule.AST.Type(); kind {
		case parser.ValueTypeMatrix, parser.ValueTypeString:
			p.Report(unusableDiagnostic(rule, kind))
			continue
		}
		root := p.Infer(rule).Root
		if root.Presence != infer.Never {
			continue
		}
		d := neverDiagnostic(p, rule, root.Why)
		if other := p.otherWayRound(rule, root.Why); other != nil {
			d.Hint = "it seems to be switched off on purpose; if nobody will switch it on, remove it"
			d.Related = append(d.Related, Related{
				File: other.File(), Span: other.NameScalar().Span, Message: "this one has the matcher the other way round and covers all",
			})
			p.ReportAs(Info, d)
			continue
		}
		p.Report(d)
	}
}

// wording is what two alerts of one file have in common that differ in which way round their
// matchers are.
type wording struct {
	file       *rules.File
	name, expr string
}

// bothWays reads = for != in an expression, and =~ for !~.
var bothWays = strings.NewReplacer("!=", "=", "!~", "=~")

func wordingOf(rule *rules.Rule) wording {
	return wording{rule.File(), rule.Name(), bothWays.Replace(rule.AST.String())}
}

// otherWayRound returns the alert of the same file, name and expression whose matchers are the
// other way round, so that it can fire, or nil.
func (p *Pass) otherWayRound(rule *rules.Rule, why *infer.Reason) *rules.Rule {
	if why == nil || why.Kind != infer.Matchers || !rule.IsAlert() {
		return nil
	}
	alive := shared(p, "alerts-either-way", func(files []*rules.File) map[wording]*rules.Rule {
		found := map[wording]*rules.Rule{}
		for _, file := range files {
			for _, r := range file.Rules() {
				if r.IsAlert() && r.AST != nil && p.Infer(r).Root.Presence != infer.Never {
					found[wordingOf(r)] = r
				}
			}
		}
		return found
	})
	return alive[wordingOf(rule)]
}

// unusableDiagnostic is for an expression that parses, but whose result no rule can use:
// Prometheus fails its every evaluation (rules.EngineQueryFunc).
func unusableDiagnostic(rule *rules.Rule, kind parser.ValueType) Diagnostic {
	d := Diagnostic{
		Rule: rule, Span: rule.Expr.Span, Message: neverMessage(rule) + ": its expression is a string",
		Hint: "a rule needs an instant vector or a number",
	}
	if kind == parser.ValueTypeMatrix {
		d.Message = neverMessage(rule) + ": its expression gives samples over a time, not one value"
		d.Hint = "say what to make of them, such as max_over_time(...), rate(...) or last_over_time(...)"
	}
	return d
}

func neverMessage(rule *rules.Rule) string {
	if rule.IsAlert() {
		return "alert can never fire"
	}
	return "rule can never record anything"
}

func neverDiagnostic(p *Pass, rule *rules.Rule, why *infer.Reason) Diagnostic {
	d := Diagnostic{Rule: rule, Span: rule.Expr.Span, Message: neverMessage(rule)}
	if why == nil {
		d.Message += ": its expression has no possible value"
		return d
	}
	d.Span, d.Hint = locate(rule, why), (&neverHint{p, p.Infer(rule)}).of(why)
	related := why.Because
	switch why.Kind {
	case infer.Comparison:
		d.Message += ": " + why.Text
		d.Label = "this never holds"
		if len(related) > 0 {
			// The cause is the better place to look at.
			d.Related = []Related{{File: rule.File(), Span: d.Span, Message: d.Label}}
			d.Span, d.Label = locate(rule, related[0]), related[0].Text
			related = related[1:]
		}
	case infer.Matchers:
		d.Message += ": the matchers exclude each other"
		if len(why.Because) == 0 {
			d.Message = neverMessage(rule) + ": no value passes this matcher"
		}
		d.Label = why.Text
	case infer.Intersection:
		d.Message += ": " + why.Text
		d.Label = "both are asked for"
	case infer.Join:
		d.Message += ": the labels of the two sides can never match"
		d.Label = why.Text
	default:
		d.Message += ": " + why.Text
	}
	for _, cause := range related {
		d.Related = append(d.Related, Related{File: rule.File(), Span: locate(rule, cause), Message: cause.Text})
	}
	return d
}
