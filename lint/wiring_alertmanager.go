package lint

import (
	"errors"
	"fmt"
	"iter"

	"github.com/prometheus/alertmanager/matcher/compat"
	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/common/promslog"
	"go.yaml.in/yaml/v3"

	"github.com/rulekit/rulekit/rules"
)

// alertmanagerConfig is what an alertmanager.yml says of where alerts go.
type alertmanagerConfig struct {
	file        *rules.File
	root        *route
	receivers   []receiver
	inhibitions []inhibition
}

// route is a node of the tree that alerts go down.
type route struct {
	// span is the place that the route is known by: its first key.
	span rules.Span
	// receiver is the route's own, or empty if it has that of its parent.
	receiver rules.Scalar
	matchers []matcher
	groupBy  []rules.Scalar
	// goesOn tells that an alert that takes the route is also offered to the next one.
	goesOn bool
	parent *route
	routes []*route
}

// all yields the route and those below it, in the order in which they are tried.
func (r *route) all() iter.Seq[*route] {
	return func(yield func(*route) bool) { r.walk(yield) }
}

func (r *route) walk(yield func(*route) bool) bool {
	if !yield(r) {
		return false
	}
	for _, child := range r.routes {
		if !child.walk(yield) {
			return false
		}
	}
	return true
}

// matcher is a condition on a label, its text in the usual form, and its place.
type matcher struct {
	*labels.Matcher
	text string
	span rules.Span
}

func (m matcher) String() string { return m.text }

// receiver is a name that routes lead to.
type receiver struct {
	name rules.Scalar
	// silent tells that it has no integration: what goes there is not sent at all.
	silent bool
}

// inhibition mutes the targets while a source fires whose equal labels are the same.
type inhibition struct {
	span           rules.Span
	source, target []matcher
	equal          []rules.Scalar
}

func isAlertmanager(root *yaml.Node) bool {
	route, receivers := resolved(field(root, "route")), resolved(field(root, "receivers"))
	return route != nil && route.Kind == yaml.MappingNode &&
		receivers != nil && receivers.Kind == yaml.SequenceNode && field(root, "apiVersion") == nil
}

func readAlertmanager(c *configuration) (*alertmanagerConfig, error) {
	read := &alertmanagerConfig{file: c.file}
	reader := routeReader{configuration: c, parse: compat.FallbackMatchersParser(promslog.NewNopLogger())}
	var err error
	if read.root, err = reader.route(field(c.root, "route"), nil, 0); err != nil {
		return nil, err
	}
	for _, item := range items(field(c.root, "receivers")) {
		read.receivers = append(read.receivers, receiver{
			name:   c.scalar(field(item, "name")),
			silent: len(keys(item)) == 1,
		})
	}
	inhibitions := items(field(c.root, "inhibit_rules"))
	if len(inhibitions) > maxInhibitions {
		return nil, fmt.Errorf("%d inhibitions, more than the %d that are read", len(inhibitions), maxInhibitions)
	}
	for _, item := range inhibitions {
		rule := inhibition{span: c.span(item), equal: c.scalars(field(item, "equal"))}
		if rule.source, err = reader.matchers(item, "source_"); err != nil {
			return nil, err
		}
		if rule.target, err = reader.matchers(item, "target_"); err != nil {
			return nil, err
		}
		read.inhibitions = append(read.inhibitions, rule)
	}
	wiring := Wiring{alertmanager: []*alertmanagerConfig{read}}
	if names := wiring.labelNames(); len(names) > maxLabelNames {
		return nil, fmt.Errorf("routes and inhibitions look at %d labels, more than the %d that are read", len(names), maxLabelNames)
	}
	c.blank(map[string]bool{"route": true, "inhibit_rules": true}, map[string]string{"receivers": "name"})
	return read, nil
}

// The most that is read: each alert is held against each route and inhibition, and what is known
// of each label is kept for each alert.
const (
	maxRoutes      = 5000
	maxRouteDepth  = 100
	maxInhibitions = 1000
	maxLabelNames  = 200
)

var errRoutes = errors.New("too many routes, or routes nested too deeply")

// routeReader reads routes and matchers.
type routeReader struct {
	*configuration
	parse  compat.ParseMatchers
	routes int
}

func (r *routeReader) route(n *yaml.Node, parent *route, depth int) (*route, error) {
	if r.routes++; r.routes > maxRoutes || depth > maxRouteDepth {
		return nil, errRoutes
	}
	read := &route{
		span:     r.span(n),
		receiver: r.scalar(field(n, "receiver")),
		groupBy:  r.scalars(field(n, "group_by")),
		goesOn:   r.scalar(field(n, "continue")).Value == "true",
		parent:   parent,
	}
	var err error
	if read.matchers, err = r.matchers(n, ""); err != nil {
		return nil, err
	}
	for _, item := range items(field(n, "routes")) {
		child, err := r.route(item, read, depth+1)
		if err != nil {
			return nil, err
		}
		read.routes = append(read.routes, child)
	}
	return read, nil
}

// matchers reads the conditions of a mapping in all the forms in which they can be written:
// match, match_re and matchers, each with the prefix.
func (r *routeReader) matchers(n *yaml.Node, prefix string) ([]matcher, error) {
	var all []matcher
	for _, old := range []struct {
		key  string
		kind labels.MatchType
	}{{"match", labels.MatchEqual}, {"match_re", labels.MatchRegexp}} {
		for _, pair := range r.pairs(field(n, prefix+old.key)) {
			m, err := labels.NewMatcher(old.kind, pair.Key.Value, pair.Value.Value)
			if err != nil {
				return nil, r.errorAt(n, "%w", err)
			}
			all = append(all, matcher{m, m.String(), rules.Span{Start: pair.Key.Span.Start, End: max(pair.Key.Span.End, pair.Value.Span.End)}})
		}
	}
	for _, item := range items(field(n, prefix+"matchers")) {
		text := r.scalar(item)
		parsed, err := r.parse(text.Value, "configuration")
		if err != nil {
			return nil, r.errorAt(item, "%w", err)
		}
		for _, m := range parsed {
			all = append(all, matcher{m, m.String(), text.Span})
		}
	}
	return all, nil
}
