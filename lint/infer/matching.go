package infer

import (
	"fmt"

	"github.com/prometheus/prometheus/promql/parser"
)

// onAll tells whether all labels but the metric name must be equal.
func onAll(m *parser.VectorMatching) bool { return !m.On && len(m.MatchingLabels) == 0 }

// fills tells whether a side that is missing is filled in.
func fills(m *parser.VectorMatching) bool {
	return m.FillValues.LHS != nil || m.FillValues.RHS != nil
}

// oneToOneLabels are the labels that a one-to-one match leaves.
func oneToOneLabels(e *parser.BinaryExpr, l Labels) Labels {
	m := e.VectorMatching
	if m.On {
		return l.keep(m.MatchingLabels, &Reason{Node: e, Clause: Matching, Text: "a one-to-one match keeps only the labels that on() lists"})
	}
	if len(m.MatchingLabels) == 0 {
		return l
	}
	return l.drop(m.MatchingLabels, &Reason{Node: e, Clause: Matching, Text: "a one-to-one match drops the labels that ignoring() lists"})
}

// included is a label that group_left or group_right takes from the "one" side.
func included(e *parser.BinaryExpr, from Label) Label {
	if from.State == Gone {
		from.Why = &Reason{Node: e, Clause: Operator, Text: "is taken from the other side, which does not have it", Because: because(from.Why)}
	}
	return from
}

func because(why *Reason) []*Reason {
	if why == nil {
		return nil
	}
	return []*Reason{why}
}

// match returns the labels of samples of left that have a match in right, and, if none can
// have one, the reason. For group_right, left is what the expression has on the right.
func match(e *parser.BinaryExpr, left, right Labels) (Labels, *Reason) {
	m := &matcher{left: left, right: right, on: e.VectorMatching.On, changed: map[string]Label{}}
	if e.VectorMatching.On {
		for _, name := range e.VectorMatching.MatchingLabels {
			m.look(name)
		}
	} else {
		m.lookAtAll(e.VectorMatching.MatchingLabels)
	}
	if m.conflict != nil {
		return left, joinNever(e, *m.conflict, left.Get(*m.conflict), right.Get(*m.conflict))
	}
	out := left.withAll(m.changed)
	if m.rest != nil {
		out.rest = *m.rest
	}
	return out, nil
}

// matcher gathers what it takes for two sets of labels to be equal.
type matcher struct {
	left, right Labels
	on          bool
	changed     map[string]Label
	// rest is what is known of all other labels then, or nil where it is what it was.
	rest *Label
	// conflict is the first of the names, in their order, whose labels can never be equal.
	conflict *string
}

// closes tells whether labels that neither side names are gone from the left one.
func (m *matcher) closes() bool { return !m.on && m.left.Open() && !m.right.Open() }

// look asks for one label to be equal.
func (m *matcher) look(name string) {
	l := m.left.Get(name)
	both, ok := bothLabel(l, m.right.Get(name))
	switch {
	case !ok && (m.conflict == nil || name < *m.conflict):
		m.conflict = &name
	case ok && (m.closes() || both != l):
		m.changed[name] = both
	}
}

// lookAtAll asks for all labels to be equal but the ignored ones and those of metadata.
func (m *matcher) lookAtAll(ignored []string) {
	skip := make(map[string]bool, len(ignored))
	for _, name := range ignored {
		skip[name] = true
	}
	for name := range m.left.named {
		if !skip[name] && !isMetadata(name) {
			m.look(name)
		}
	}
	for name := range m.right.named {
		if _, done := m.left.named[name]; !done && !skip[name] && !isMetadata(name) {
			m.look(name)
		}
	}
	if !m.closes() {
		return
	}
	// No other label can be equal to one that is not there; those not looked at stay.
	rest := m.right.rest
	m.rest = &rest
	for _, names := range [][]string{ignored, metadataLabels} {
		for _, name := range names {
			if _, named := m.left.named[name]; !named {
				m.changed[name] = m.left.rest
			}
		}
	}
}

// joinNever is the reason of a match whose sides, as match has them, can never agree in a label.
func joinNever(e *parser.BinaryExpr, name string, l, r Label) *Reason {
	if e.VectorMatching.Card == parser.CardOneToMany {
		l, r = r, l
	}
	why := &Reason{Node: e, Clause: Matching, Kind: Join}
	if l.Known && r.Known {
		why.Text = fmt.Sprintf("%s is %q on the left and %q on the right", name, l.Value, r.Value)
		return why
	}
	with, without, gone := "left", "right", r
	if l.State == Gone {
		with, without, gone = "right", "left", l
	}
	why.Text = fmt.Sprintf("the %s side always has the label %s, the %s side never", with, name, without)
	why.Because = because(gone.Why)
	return why
}
