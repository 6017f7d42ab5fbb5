package infer

import (
	"maps"
	"slices"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/schema"
)

// State says whether the returned series have a label. A label with an empty value is, as
// everywhere in Prometheus, a label that is not there.
type State int

// The states of a label.
const (
	// Possible is a label that a returned series may have or not.
	Possible State = iota
	// Certain is a label that every returned series has.
	Certain
	// Gone is a label that no returned series has.
	Gone
)

func (s State) String() string { return [...]string{"possible", "certain", "gone"}[s] }

// Label is what is known of one label.
type Label struct {
	State State
	// Value is the value on every series that has the label, where Known is set.
	Value string
	Known bool
	// Why is the reason for Gone, otherwise nil.
	Why *Reason
}

// Labels is what is known of all labels: of some by name, and of the rest together. The rest is
// Possible (an open set) or Gone (a closed one). Labels are not changed once made.
type Labels struct {
	named map[string]Label
	rest  Label
}

// mostNamed is how many labels are kept by name. Of more, nothing is promised: otherwise each
// operator of a long chain would go through all of them.
const mostNamed = 64

// labelsOf is the set of the named labels and the rest.
func labelsOf(named map[string]Label, rest Label) Labels {
	if len(named) > mostNamed {
		return open()
	}
	return Labels{named: named, rest: rest}
}

func open() Labels { return Labels{} }

// closed is the set that has no labels at all.
func closed(why *Reason) Labels { return Labels{rest: Label{State: Gone, Why: why}} }

// Get returns what is known of the label.
func (l Labels) Get(name string) Label {
	if label, ok := l.named[name]; ok {
		return label
	}
	return l.rest
}

// Open tells whether there may be labels that the expression does not name.
func (l Labels) Open() bool { return l.rest.State == Possible }

// None tells whether there are surely no labels, so that there is at most one series.
func (l Labels) None() bool {
	for _, label := range l.named {
		if label.State != Gone {
			return false
		}
	}
	return !l.Open()
}

// Names returns the labels that differ from the rest, sorted.
func (l Labels) Names() []string { return slices.Sorted(maps.Keys(l.named)) }

func (l Labels) with(name string, label Label) Labels {
	return l.withAll(map[string]Label{name: label})
}

// withAll copies the set only where something changes: long chains of operators share one.
func (l Labels) withAll(changed map[string]Label) Labels {
	if len(changed) == 0 {
		return l
	}
	named := make(map[string]Label, len(l.named)+len(changed))
	maps.Copy(named, l.named)
	maps.Copy(named, changed)
	return labelsOf(named, l.rest)
}

// drop takes labels away; what was gone before keeps its reason.
func (l Labels) drop(names []string, why *Reason) Labels {
	var changed map[string]Label
	for _, name := range names {
		if l.Get(name).State == Gone {
			continue
		}
		if changed == nil {
			changed = make(map[string]Label, len(names))
		}
		changed[name] = Label{State: Gone, Why: why}
	}
	return l.withAll(changed)
}

// keep takes all labels away but the named ones.
func (l Labels) keep(names []string, why *Reason) Labels {
	if len(names) > mostNamed {
		return open()
	}
	named, rest := make(map[string]Label, len(names)+len(l.named)), Label{State: Gone, Why: why}
	if l.rest.State == Gone {
		rest = l.rest
	}
	for name, label := range l.named {
		if label.State != Gone {
			label = Label{State: Gone, Why: why}
		}
		named[name] = label
	}
	for _, name := range names {
		named[name] = l.Get(name)
	}
	if len(named) > mostNamed {
		maps.DeleteFunc(named, func(_ string, label Label) bool { return label.State == Gone })
	}
	return labelsOf(named, rest)
}

// either is what is known of a series that is from one of the two.
func either(a, b Labels) Labels {
	named := make(map[string]Label, max(len(a.named), len(b.named)))
	for name := range a.named {
		named[name] = eitherLabel(a.Get(name), b.Get(name))
	}
	for name := range b.named {
		named[name] = eitherLabel(a.Get(name), b.Get(name))
	}
	rest := eitherLabel(a.rest, b.rest)
	maps.DeleteFunc(named, func(_ string, label Label) bool { return label == rest })
	return labelsOf(named, rest)
}

func eitherLabel(a, b Label) Label {
	if a.State == b.State && a.State == Gone {
		return a
	}
	out := Label{}
	if a.State == Certain && b.State == Certain {
		out.State = Certain
	}
	switch {
	case a.Known && b.Known && a.Value == b.Value:
		out.Value, out.Known = a.Value, true
	case a.Known && b.State == Gone:
		out.Value, out.Known = a.Value, true
	case b.Known && a.State == Gone:
		out.Value, out.Known = b.Value, true
	}
	return out
}

// bothLabel is what is known of a label whose value is the same in a and in b. It is not ok if
// that cannot be.
func bothLabel(a, b Label) (both Label, ok bool) {
	if a.State == Gone && b.State == Certain || a.State == Certain && b.State == Gone {
		return Label{}, false
	}
	if a.State == Gone {
		return a, true
	}
	if b.State == Gone {
		return b, true
	}
	out := Label{State: max(a.State, b.State), Value: a.Value, Known: a.Known}
	if b.Known {
		if a.Known && a.Value != b.Value {
			// Neither has the label then, if neither must.
			return Label{State: Gone}, a.State == Possible && b.State == Possible
		}
		out.Value, out.Known = b.Value, true
	}
	return out, true
}

// metadataLabels are the labels that go when an operation changes what the value means.
var metadataLabels = []string{model.MetricNameLabel, "__type__", "__unit__"}

func withoutName(l Labels, at parser.Expr) Labels {
	for _, name := range metadataLabels {
		if l.Get(name).State != Gone {
			return l.drop(metadataLabels, &Reason{Node: at, Clause: Operator, Text: "the result is no longer that metric, so the metric name goes"})
		}
	}
	return l
}

func isMetadata(name string) bool { return schema.IsMetadataLabel(name) }
