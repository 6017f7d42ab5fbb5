package params

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/rulekit/rulekit/rules"
)

// Place is where a parameter's value stands in the source of its rule.
type Place struct {
	Span rules.Span
	// Text is what stands there in an annotation, with its unit: "80%", "5 minutes". It is empty
	// where the literal stands, in the expression or in for.
	Text string
}

// Places are all the places that change with the parameter, but for its declaration.
func (p Param) Places() ([]Place, error) {
	var all []Place
	for _, at := range p.places {
		all = append(all, Place{Span: at})
	}
	for _, t := range p.Texts {
		for _, a := range p.Rule.Annotations {
			more, err := t.places(a.Value)
			if err != nil {
				return nil, err
			}
			all = append(all, more...)
		}
	}
	// Two texts of a parameter may overlap in the number.
	slices.SortFunc(all, func(a, b Place) int { return a.Span.Start - b.Span.Start })
	return slices.Compact(all), nil
}

// places is where the text's number and unit stand in an annotation.
func (t Text) places(annotation rules.Scalar) ([]Place, error) {
	var all []Place
	for at := 0; ; {
		i := strings.Index(annotation.Value[at:], t.Whole)
		if i < 0 {
			return all, nil
		}
		if !annotation.Exact() {
			return nil, fmt.Errorf("the annotation that holds %q must be written so that its words can be found", t.Whole)
		}
		start, end := at+i+len(t.before), at+i+len(t.Whole)-len(t.after)
		all = append(all, Place{Span: annotation.Locate(start, end), Text: annotation.Value[start:end]})
		at += i + len(t.Whole)
	}
}

// With is the parameter with the value that the last of the settings gives it; its places and
// texts stay those of the rule.
func (p Param) With(settings []Setting) (Param, error) {
	s := setter{settings: settings, used: make([]bool, len(settings))}
	setting, ok := s.find(p.Rule, p.Name)
	if !ok {
		return p, nil
	}
	literal, _, err := p.literal(setting.Value)
	if err != nil {
		return p, fmt.Errorf("%s: %w", setting.about(p.Rule, p.Name), err)
	}
	p.Literal = literal
	return p, nil
}

// Value is the literal as people write it: a string without its quotes, anything else as it is.
func (p Param) Value() string {
	if p.Kind == String {
		if value, err := strconv.Unquote(p.Literal); err == nil {
			return value
		}
	}
	return p.Literal
}

// Canonical is the literal as set writes a value that came as a number: 1000 for 1e3.
func (p Param) Canonical() string {
	if p.Kind != Number {
		return p.Literal
	}
	value, err := parseNumber(p.Literal)
	if err != nil {
		return p.Literal
	}
	return format(value)
}

// Units are the families of units that texts are written in, the largest unit of each first.
func Units() [][]Unit { return slices.Clone(families) }
