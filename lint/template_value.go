package lint

import (
	"maps"
	"slices"
)

// valueKind is what a value of a template is known to be.
type valueKind int

// The zero kind is a value of which nothing is known.
const (
	// rootValue is the data of the template, with Labels and Value.
	rootValue valueKind = iota + 1
	// labelsValue is the map of labels.
	labelsValue
	// externalLabelsValue is the map of external labels.
	externalLabelsValue
	floatValue
	intValue
	stringValue
)

// value is what is known of a value of a template.
type value struct {
	kind valueKind
	// printed are the labels that show in the text where the value is printed.
	printed []labelUse
	// tested are the labels that the value depends on, but with something in their place
	// where they are empty.
	tested []labelUse
	// sample is how the value of the series shows in it, or nil. Its place is not yet known.
	sample *valueUse
	// dumps tells that it holds all labels as Go writes a map.
	dumps bool
}

// made is a value that is made of others.
func made(parts ...value) value {
	out := value{}
	for _, part := range parts {
		out.printed = joined(out.printed, part.printed)
		out.tested = joined(out.tested, part.tested)
		out.dumps = out.dumps || part.dumps
	}
	return out
}

// joined has each use of both once. A template could make values of values for ever, so there
// is an end to them.
func joined(a, b []labelUse) []labelUse {
	const most = 64
	out := slices.Clip(a)
	for _, use := range b {
		if len(out) < most && !slices.Contains(out, use) {
			out = append(out, use)
		}
	}
	return out
}

// scope is what names mean at a place of a template.
type scope struct {
	dot  value
	vars map[string]*value
	// asked are the labels that the template asked for around this place.
	asked map[string]bool
	// depth is how many {{ template }} lead here.
	depth int
}

func (s scope) inner() scope {
	s.vars = maps.Clone(s.vars)
	return s
}

// asking is the scope around which the template asked for what a value depends on.
func (s scope) asking(condition value) scope {
	asked := maps.Clone(s.asked)
	if asked == nil {
		asked = map[string]bool{}
	}
	for _, use := range slices.Concat(condition.printed, condition.tested) {
		asked[use.Label] = true
	}
	s.asked = asked
	return s
}
