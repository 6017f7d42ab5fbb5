package lint

import (
	"fmt"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/rulekit/rulekit/lint/infer"
	"github.com/rulekit/rulekit/rules"
)

func init() {
	register(Check{
		Name:    "burst-for",
		Summary: "for is not shorter than the window in which an event is seen, so one event never fires.",
		Why: "`increase(refused_total[1m]) > 0`" + ` holds for one minute after something was refused, and then no longer. With
` + "`for: 2m`" + ` it has to hold for two minutes, so a single event, and a burst of any size that is over within a
minute, never fires: only events in every minute do. The text of such an alert mostly says something else.

Either make the window longer than ` + "`for`" + `, and leave ` + "`for`" + ` out if one event matters: ` + "`increase(refused_total[10m]) > 0`" + `;
or say what rate is too much: ` + "`rate(refused_total[5m]) > 0.1` with `for: 10m`" + `.

A warning for changes() and resets(), and for windows of up to two minutes; a longer window, or a ` + "`for`" + ` of more
than five windows, is often meant to find what goes on and on, so it is info. rate() is not reported.`,
		Severity: Warning,
		Run:      burstFor,
	})
}

// eventFunctions count events in a window.
var eventFunctions = map[string]bool{"increase": true, "changes": true, "resets": true}

func burstFor(p *Pass) {
	const shortWindow, manyWindows = 2 * time.Minute, 5
	for rule := range p.Rules() {
		if !rule.IsAlert() || rule.For.D <= 0 {
			continue
		}
		var found []event
		known := map[parser.Expr]bool{}
		for part := range p.parts(rule) {
			if e, ok := anyEvent(p, rule, part); ok && e.window <= rule.For.D {
				found = append(found, e)
				known[part.Expr] = true
			}
		}
		if len(found) == 0 || !onlyEvents(rule.AST, known) {
			continue
		}
		severity := Info
		for _, e := range found {
			if e.call.Func.Name != "increase" || e.window <= shortWindow && rule.For.D <= manyWindows*e.window {
				severity = p.check.Severity
			}
		}
		p.ReportAs(severity, burstDiagnostic(rule, found))
	}
}

// event is a call that counts events, compared so that one is enough.
type event struct {
	call   *parser.Call
	window time.Duration
}

// anyEvent tells whether the part is a condition that holds where something happened once in a
// window.
func anyEvent(p *Pass, rule *rules.Rule, part *part) (event, bool) {
	c, ok := conditionOf(p.Infer(rule), part.Expr)
	if !ok || !(c.Bound == 0 && (c.Op == parser.GTR || c.Op == parser.NEQ) || c.Bound == 1 && c.Op == parser.GTE) {
		return event{}, false
	}
	call, ok := summed(c.Subject).(*parser.Call)
	if !ok || !eventFunctions[call.Func.Name] {
		return event{}, false
	}
	window, ok := windowOf(call)
	return event{call, window}, ok
}

// summed goes through aggregations and functions that are above 0 where what is in them is.
func summed(expr parser.Expr) parser.Expr {
	for {
		switch e := infer.Unwrap(expr).(type) {
		case *parser.AggregateExpr:
			if e.Op != parser.SUM && e.Op != parser.MAX && e.Op != parser.AVG {
				return e
			}
			expr = e.Expr
		case *parser.Call:
			if name := e.Func.Name; name != "round" && name != "ceil" && name != "floor" {
				return e
			}
			expr = e.Args[0]
		default:
			return e
		}
	}
}

// windowOf is how far back the call looks.
func windowOf(call *parser.Call) (time.Duration, bool) {
	argument, ok := rangeArgument(call)
	if !ok {
		return 0, false
	}
	switch e := argument.(type) {
	case *parser.MatrixSelector:
		return e.Range, e.Range > 0
	case *parser.SubqueryExpr:
		return e.Range, e.Range > 0
	}
	return 0, false
}

// onlyEvents tells whether the expression returns nothing once the events have left their
// windows.
func onlyEvents(expr parser.Expr, events map[parser.Expr]bool) bool {
	expr = infer.Unwrap(expr)
	e, ok := expr.(*parser.BinaryExpr)
	if !ok || events[expr] {
		return events[expr]
	}
	switch e.Op {
	case parser.LOR:
		return onlyEvents(e.LHS, events) && onlyEvents(e.RHS, events)
	case parser.LAND:
		return onlyEvents(e.LHS, events) || onlyEvents(e.RHS, events)
	case parser.LUNLESS:
		return onlyEvents(e.LHS, events)
	}
	return false
}

func burstDiagnostic(rule *rules.Rule, found []event) Diagnostic {
	first := found[0]
	window := model.Duration(first.window)
	d := Diagnostic{
		Rule: rule, Span: rule.For.Span,
		Message: fmt.Sprintf("one event never fires: it is seen for %s, and for is %s", window, rule.For.Value),
		Label:   fmt.Sprintf("longer than an event stays in the window of %s", window),
		Hint:    "make the window longer than for, or say which rate is too much",
	}
	if first.window == rule.For.D {
		d.Label = fmt.Sprintf("as long as an event stays in the window of %s", window)
	}
	for _, e := range found {
		d.Related = append(d.Related, Related{
			File: rule.File(), Span: clauseOf(rule, e.call, infer.Whole),
			Message: fmt.Sprintf("goes back to 0 %s after the last event", model.Duration(e.window)),
		})
	}
	return d
}
