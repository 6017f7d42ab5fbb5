package receivers

import (
	"slices"

	"github.com/prometheus/alertmanager/config"

	"github.com/rulekit/rulekit/rules"
)

// Remove takes a receiver out of both configurations, with the routes to it.
func Remove(files Files, name string) (*Result, error) {
	e, err := begin(files)
	if err != nil {
		return nil, err
	}
	e.result.Name = name
	if e.receiver(name) == nil && e.carrier(name) == nil {
		return nil, e.unknown(name)
	}
	if err := e.removeRoutes(name); err != nil {
		return nil, err
	}
	if i := receiverIndex(e.am, name); i >= 0 {
		e.removed(e.am, e.am.Line("receivers", i), "receiver %s", name)
		if err := e.am.Delete("receivers", i); err != nil {
			return nil, err
		}
	}
	if err := e.removeCarrier(name); err != nil {
		return nil, err
	}
	return e.end()
}

// unknown is the error about a receiver that is in neither configuration.
func (e *editing) unknown(name string) error {
	var names []string
	for _, r := range e.config.Receivers {
		names = append(names, r.Name)
	}
	for _, r := range e.receivers.Receivers {
		if !slices.Contains(names, r.Name) {
			names = append(names, r.Name)
		}
	}
	hint := "rulekit receiver list shows those there are"
	if near := rules.Nearest(name, names); near != "" {
		hint = "did you mean " + near + "?"
	}
	return failure(hint, "there is no receiver %q in %s or %s", name, e.am.Path(), e.im.Path())
}

// removeCarrier removes the receiver from the adaptor's configuration, unless others post to it.
func (e *editing) removeCarrier(name string) error {
	i := receiverIndex(e.im, name)
	if i < 0 {
		return nil
	}
	line := e.im.Line("receivers", i)
	for _, r := range e.config.Receivers {
		for _, w := range r.WebhookConfigs {
			if _, target, ok := notifyTarget(string(w.URL)); ok && target == name && r.Name != name {
				e.note("%s:%d: receiver %s of the adaptor stays: %s posts to it", e.im.Path(), line, name, r.Name)
				return nil
			}
		}
	}
	e.removed(e.im, line, "receiver %s", name)
	return e.im.Delete("receivers", i)
}

// routePlace is a route and its place in the document.
type routePlace struct {
	*config.Route
	path []any
}

// routesBelow are the routes below one, those of the deepest last first.
func routesBelow(r *config.Route, path []any) []routePlace {
	var all []routePlace
	for i, child := range r.Routes {
		at := append(slices.Clone(path), "routes", i)
		all = append(all, routePlace{child, at})
		all = append(all, routesBelow(child, at)...)
	}
	return all
}

func (e *editing) removeRoutes(name string) error {
	root := e.config.Route
	if root.Receiver == name {
		return failure("give that route another receiver first: rulekit receiver add TYPE OTHER --default ...",
			"%s:%d: %s is the default receiver: it gets all alerts that no route takes", e.am.Path(), e.am.Line("route", "receiver"), name)
	}
	mine := slices.DeleteFunc(routesBelow(root, []any{"route"}), func(r routePlace) bool { return r.Receiver != name })
	for _, r := range mine {
		if len(r.Routes) > 0 {
			return failure("give that route another receiver, or remove it with the routes below it, by hand",
				"%s:%d: a route to %s has routes below it", e.am.Path(), e.am.Line(r.path...), name)
		}
	}
	if err := e.dropDefault(name); err != nil {
		return err
	}
	for _, r := range mine {
		e.removed(e.am, e.am.Line(r.path...), "route to %s: %s", name, about(matchersOf(r.Route)))
	}
	for _, r := range slices.Backward(mine) {
		if err := e.am.Delete(r.path...); err != nil {
			return err
		}
	}
	return nil
}
