package receivers

import (
	"cmp"
	"slices"
	"strings"

	"github.com/prometheus/alertmanager/config"
	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/common/model"
	"go.yaml.in/yaml/v3"

	"github.com/rulekit/rulekit/adaptor/receivers/yamledit"
)

// addRoute makes sure that alerts get to the receiver, and that those who got them before still do.
func (e *editing) addRoute(spec *Spec) error {
	wanted, err := spec.Routing.matchers()
	if err != nil {
		return err
	}
	if spec.Routing.Default {
		return e.setDefault(spec.Name)
	}
	goesOn := !spec.Routing.Exclusive
	var mine []int
	for i, r := range e.config.Route.Routes {
		if r.Receiver != spec.Name {
			continue
		}
		if r.Continue == goesOn && sameMatchers(matchersOf(r), wanted) {
			return nil
		}
		mine = append(mine, i)
	}
	if len(wanted) == 0 && goesOn && e.leadsTo(e.config.Route, spec.Name) {
		// Nothing was said about routes, so those there are stay.
		return nil
	}
	switch {
	case len(mine) == 0:
		return e.insertRoute(spec.Name, wanted, goesOn)
	case !spec.Replace:
		return failure("--replace changes it; another name adds a second receiver", "%s:%d: there is a route to %s for other alerts: %s",
			e.am.Path(), e.am.Line("route", "routes", mine[0]), spec.Name, about(matchersOf(e.config.Route.Routes[mine[0]])))
	case len(mine) > 1 || len(e.config.Route.Routes[mine[0]].Routes) > 0:
		return failure("edit the routes by hand", "%s:%d: there are several routes to %s, or routes below it: --replace cannot tell which to change",
			e.am.Path(), e.am.Line("route", "routes", mine[0]), spec.Name)
	}
	return e.changeRoute(spec.Name, mine[0], wanted, goesOn)
}

// leadsTo tells whether a route or one below it leads to a receiver.
func (e *editing) leadsTo(r *config.Route, name string) bool {
	return r.Receiver == name || slices.ContainsFunc(r.Routes, func(child *config.Route) bool { return e.leadsTo(child, name) })
}

// setDefault makes a receiver that of all alerts that no route takes.
func (e *editing) setDefault(name string) error {
	if e.config.Route.Receiver == name {
		return nil
	}
	e.changed(e.am, func() int { return e.am.Line("route", "receiver") }, "default receiver: %s (was: %s)", name, e.config.Route.Receiver)
	last, names := e.rest()
	for i, r := range e.config.Route.Routes {
		if isRest := names != nil && i == last; len(matchersOf(r)) == 0 && r.Receiver != name && !isRest {
			e.warn("%s:%d: a route takes all alerts, so that none are left for the default receiver", e.am.Path(), e.am.Line("route", "routes", i))
		}
	}
	if names != nil {
		if err := e.setRest(last, names, without(names, name), name); err != nil {
			return err
		}
	}
	return e.am.Set(yamledit.String(name), "route", "receiver")
}

// changeRoute changes which alerts a route is for. It stays in its place.
func (e *editing) changeRoute(name string, i int, wanted []*labels.Matcher, goesOn bool) error {
	old := e.config.Route.Routes[i]
	path := []any{"route", "routes", i}
	e.changed(e.am, func() int { return e.routeLine(name, wanted) }, "route to %s: %s (was: %s)", name, about(wanted), about(matchersOf(old)))
	for _, key := range []string{"match", "match_re"} {
		if err := e.am.Delete(append(path, key)...); err != nil {
			return err
		}
	}
	var err error
	switch {
	case len(wanted) > 0:
		err = e.am.Set(matcherList(wanted), append(path, "matchers")...)
	default:
		err = e.am.Delete(append(path, "matchers")...)
	}
	if err == nil && old.Continue != goesOn {
		err = e.am.Set(yamledit.Bool(goesOn), append(path, "continue")...)
	}
	if err == nil {
		err = e.reload()
	}
	if err != nil {
		return err
	}
	others := slices.Delete(slices.Clone(e.config.Route.Routes), i, i+1)
	if place := e.placeFor(wanted, others, !goesOn); place < i {
		e.warn("%s:%d: the route to %s is not reached by all its alerts: the route in line %d takes some before; move it up",
			e.am.Path(), e.am.Line("route", "routes", i), name, e.am.Line("route", "routes", place))
	}
	if !goesOn {
		return e.dropDefault(name)
	}
	return e.keepDefault(name)
}

// insertRoute adds a route where it is reached.
func (e *editing) insertRoute(name string, wanted []*labels.Matcher, goesOn bool) error {
	routes := e.config.Route.Routes
	place := e.placeFor(wanted, routes, !goesOn)
	route := yamledit.Mapping(yamledit.Entry{Key: "receiver", Value: yamledit.String(name)})
	add := func(key string, value *yaml.Node) { route.Content = append(route.Content, yamledit.String(key), value) }
	if len(wanted) > 0 {
		add("matchers", matcherList(wanted))
	}
	if goesOn {
		add("continue", yamledit.Bool(true))
	}
	where := ""
	if place < len(routes) {
		why := "which would end the search"
		if !goesOn {
			why = "which would take them, too"
		}
		where = "; in front of the one to " + cmp.Or(routes[place].Receiver, e.config.Route.Receiver) + ", " + why
	}
	e.changed(e.am, func() int { return e.routeLine(name, wanted) }, "route to %s: %s%s", name, about(wanted), where)
	if err := e.am.Insert(route, "", "route", "routes", place); err != nil {
		return err
	}
	if err := e.reload(); err != nil {
		return err
	}
	for i, r := range e.config.Route.Routes[:place] {
		if !r.Continue && mayOverlap(wanted, matchersOf(r)) {
			e.note("%s is not sent what the route in %s:%d takes before: %s", name, e.am.Path(), e.am.Line("route", "routes", i), about(matchersOf(r)))
		}
	}
	if !goesOn {
		return e.dropDefault(name)
	}
	return e.keepDefault(name)
}

// placeFor is the index among routes of one for some alerts: in front of the first route that takes
// such alerts and does not let them go on or, for an exclusive one, of the first that takes them.
func (e *editing) placeFor(wanted []*labels.Matcher, routes []*config.Route, exclusive bool) int {
	for i, r := range routes {
		if r.Continue && !exclusive || !mayOverlap(wanted, matchersOf(r)) || e.isReserved(r, wanted) {
			continue
		}
		return i
	}
	return len(routes)
}

// isReserved tells whether alerts stay with a route although others want them, too: it takes them by
// their names, such as the one for Watchdog, or has them dropped. Who asks for alerts by the same
// labels means them.
func (e *editing) isReserved(r *config.Route, wanted []*labels.Matcher) bool {
	conditions := matchersOf(r)
	asked := labelNames(wanted)
	if !slices.ContainsFunc(labelNames(conditions), func(name string) bool { return !slices.Contains(asked, name) }) {
		return false
	}
	byName := slices.ContainsFunc(conditions, func(m *labels.Matcher) bool {
		return m.Name == model.AlertNameLabel && (m.Type == labels.MatchEqual || m.Type == labels.MatchRegexp)
	})
	return byName || len(r.Routes) == 0 && !sends(e.receiver(cmp.Or(r.Receiver, e.config.Route.Receiver)))
}

// routeLine is the line of the route to a receiver with some matchers.
func (e *editing) routeLine(name string, wanted []*labels.Matcher) int {
	for i, r := range e.config.Route.Routes {
		if r.Receiver == name && sameMatchers(matchersOf(r), wanted) {
			return e.am.Line("route", "routes", i)
		}
	}
	return 0
}

func matcherList(matchers []*labels.Matcher) *yaml.Node {
	list := yamledit.List()
	for _, m := range matchers {
		list.Content = append(list.Content, yamledit.String(m.String()))
	}
	return list
}

// about shows which alerts matchers match.
func about(matchers []*labels.Matcher) string {
	if len(matchers) == 0 {
		return "all alerts"
	}
	var all []string
	for _, m := range matchers {
		all = append(all, m.String())
	}
	return strings.Join(all, ", ")
}
