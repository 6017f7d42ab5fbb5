package receivers

import (
	"slices"
	"strings"

	"github.com/rulekit/rulekit/adaptor/receivers/yamledit"
)

// Alertmanager tells the default receiver only of alerts that no route takes. A receiver that is
// added would so take alerts away from it, although its route lets them go on. A last route to the
// default receiver mends that; the comment above it says for whom it is there.

// restComment begins the comment of that route; the names of the receivers follow.
const restComment = "The default receiver is still told of what goes to: "

// rest finds the last route to the default receiver and the names in its comment. Without one, the
// index is that of the next route.
func (e *editing) rest() (i int, names []string) {
	i = len(e.config.Route.Routes) - 1
	n := e.am.Node("route", "routes", max(i, 0))
	if n == nil || len(n.Content) != 2 || e.config.Route.Routes[i].Receiver != e.config.Route.Receiver {
		return i + 1, nil
	}
	_, after, found := strings.Cut(e.am.Comment("route", "routes", i), restComment)
	if !found {
		return i + 1, nil
	}
	line, _, _ := strings.Cut(after, "\n")
	return i, strings.Split(line, ", ")
}

// keepDefault makes sure that the default receiver is still told of what goes to another one.
func (e *editing) keepDefault(name string) error {
	root := e.config.Route
	i, names := e.rest()
	if root.Receiver == name || !sends(e.receiver(root.Receiver)) || slices.Contains(names, name) {
		return nil
	}
	for _, r := range root.Routes {
		if names == nil && len(matchersOf(r)) == 0 && r.Receiver != name && !r.Continue {
			// Somebody has written such a route.
			return nil
		}
	}
	e.changed(e.am, func() int { return e.am.Line("route", "routes", i) }, "route to %s, at the end: the default receiver is still told of what goes to %s", root.Receiver, name)
	return e.setRest(i, names, append(slices.Clone(names), name), root.Receiver)
}

// dropDefault takes back what keepDefault did for a receiver.
func (e *editing) dropDefault(name string) error {
	i, names := e.rest()
	if !slices.Contains(names, name) {
		return nil
	}
	left := without(names, name)
	if len(left) == 0 {
		e.removed(e.am, e.am.Line("route", "routes", i), "route to %s, at the end", e.config.Route.Receiver)
	}
	return e.setRest(i, names, left, e.config.Route.Receiver)
}

func without(names []string, name string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(other string) bool { return other == name })
}

// setRest writes the last route anew, to a receiver.
func (e *editing) setRest(i int, names, now []string, to string) error {
	if names != nil {
		if err := e.am.Delete("route", "routes", i); err != nil {
			return err
		}
	}
	if len(now) == 0 {
		return nil
	}
	route := yamledit.Mapping(yamledit.Entry{Key: "receiver", Value: yamledit.String(to)})
	return e.am.Insert(route, restComment+strings.Join(now, ", "), "route", "routes", i)
}
