package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/prometheus/alertmanager/pkg/labels"

	"github.com/rulekit/rulekit/lint/infer"
	"github.com/rulekit/rulekit/rules"
)

func init() {
	register(Check{
		Name:    "unreachable-route",
		Summary: "A route of Alertmanager that no alert can take.",
		Why: `Alertmanager tries the routes of a level one after the other. The first that matches takes the alert,
and the rest are not tried unless it says ` + "`continue: true`" + `. So a route behind one that takes the same
alerts, or one whose conditions contradict those of the route above it, is never taken: its receiver
hears nothing, and nobody is told.

The same happens to a route whose conditions no alert meets: the rule was renamed, the label is set to
another value (` + "`severity: critical`, where the route asks for `severity=\"crit\"`" + `), or the expression drops the
label. That is a warning if all files that rule_files names were linted, or if the name is nearly one
that is there; otherwise it is a matter of information, since the alert may come from elsewhere.`,
		Severity: Warning,
		Scope:    AllFiles,
		Run:      unreachableRoute,
	})
}

func unreachableRoute(p *Pass) {
	for _, config := range p.Wiring.alertmanager {
		alerts := p.sentAlerts()
		taken := map[*route]bool{}
		for _, alert := range alerts {
			config.root.take(alert, taken)
		}
		w := routeWalk{pass: p, config: config, alerts: alerts, taken: taken}
		w.level(config.root)
	}
}

// take marks the routes that an alert may take.
func (r *route) take(alert *sentAlert, taken map[*route]bool) {
	taken[r] = true
	for _, child := range r.routes {
		if !alert.may(child.matchers) {
			continue
		}
		child.take(alert, taken)
		if !child.goesOn && alert.must(child.matchers) {
			return
		}
	}
}

type routeWalk struct {
	pass   *Pass
	config *alertmanagerConfig
	alerts []*sentAlert
	taken  map[*route]bool
}

// level looks at the routes directly below one. Below a dead route all is dead for that reason.
func (w *routeWalk) level(parent *route) {
	var earlier []*route
	for _, r := range parent.routes {
		switch {
		case w.contradicts(r) || w.isBehind(r, earlier):
		case !w.taken[r] && len(w.alerts) > 0:
			w.untaken(r)
		default:
			w.level(r)
		}
		if !r.goesOn {
			earlier = append(earlier, r)
		}
	}
}

func (w *routeWalk) contradicts(r *route) bool {
	var all []matcher
	for above := r; above != nil; above = above.parent {
		all = append(all, above.matchers...)
	}
	one, other, ok := contradiction(all)
	if ok && !slices.Contains(r.matchers, one) {
		one, other = other, one
	}
	if ok {
		w.pass.Report(Diagnostic{
			File: w.config.file, Span: one.span,
			Message: fmt.Sprintf("route can never be taken: %s contradicts %s", one, other),
			Hint:    "take one of the two conditions out",
			Related: []Related{{File: w.config.file, Span: other.span, Message: "the other condition"}},
		})
	}
	return ok
}

// contradiction finds a condition that no label fulfils which is what another says.
func contradiction(all []matcher) (one, other matcher, ok bool) {
	for _, fixed := range all {
		if fixed.Type != labels.MatchEqual {
			continue
		}
		for _, m := range all {
			if m.Name == fixed.Name && !m.Matches(fixed.Value) {
				return m, fixed, true
			}
		}
	}
	return one, other, false
}

// isBehind finds an earlier route that takes all that this one could: each of its conditions is
// one of this route's too.
func (w *routeWalk) isBehind(r *route, earlier []*route) bool {
	for _, before := range earlier {
		if len(before.matchers) > len(r.matchers) || slices.ContainsFunc(before.matchers, func(m matcher) bool {
			return !slices.ContainsFunc(r.matchers, func(own matcher) bool { return own.text == m.text })
		}) {
			continue
		}
		words := "this route takes them, and does not continue"
		if len(before.matchers) == 0 {
			words = "this route takes all alerts, and does not continue"
		}
		w.pass.Report(Diagnostic{
			File: w.config.file, Span: r.span,
			Message: "route can never be taken: an earlier route takes all of its alerts",
			Hint:    "put the route with more conditions first, or say continue: true in the earlier one",
			Related: []Related{{File: w.config.file, Span: before.span, Message: words}},
		})
		return true
	}
	return false
}

// untaken reports a route that no alert of the rules meets the conditions of.
func (w *routeWalk) untaken(r *route) {
	miss := whyMissed(r.matchers, w.alerts)
	d := Diagnostic{
		File: w.config.file, Span: r.span,
		Message: "no alert of the rules can take this route: " + miss.text,
		Hint:    miss.hint("the route"),
	}
	if miss.by.Matcher != nil {
		d.Span = miss.by.span
	}
	w.pass.ReportAs(miss.severity(w.pass), d)
}

// missed is why no alert fulfils some conditions.
type missed struct {
	// by is the condition that no alert fulfils, if there is one, and near a value it may mean.
	by   matcher
	near string
	text string
}

func whyMissed(matchers []matcher, alerts []*sentAlert) missed {
	for _, m := range matchers {
		if slices.ContainsFunc(alerts, func(a *sentAlert) bool { return a.may([]matcher{m}) }) {
			continue
		}
		return missed{by: m, near: nearValue(m, alerts), text: fmt.Sprintf("none has %s", m)}
	}
	return missed{text: "none meets all of its conditions, or an earlier route takes those that do"}
}

// nearValue is the value of some alert's label that the condition was probably meant for.
func nearValue(m matcher, alerts []*sentAlert) string {
	if m.Type != labels.MatchEqual && m.Type != labels.MatchRegexp {
		return ""
	}
	seen := map[string]bool{}
	var values []string
	for _, alert := range alerts {
		if label := alert.label(m.Name); label.State != infer.Gone && label.Known && !seen[label.Value] {
			seen[label.Value] = true
			values = append(values, label.Value)
		}
	}
	const most = 1000
	for _, wanted := range strings.Split(m.Value, "|") {
		if near := rules.Nearest(wanted, values[:min(len(values), most)]); near != "" {
			return near
		}
	}
	return ""
}

func (m missed) hint(what string) string {
	switch {
	case m.near != "":
		return fmt.Sprintf("did you mean %s=%q?", m.by.Name, m.near)
	case m.by.Matcher != nil:
		return fmt.Sprintf("give the label to a rule, or take %s out", what)
	}
	return fmt.Sprintf("take %s out, or lint the rules that it is for together with the others", what)
}

// severity is info unless all rules are known, or what was meant is.
func (m missed) severity(p *Pass) Severity {
	if m.near != "" || p.loading().whole() {
		return Warning
	}
	return Info
}
