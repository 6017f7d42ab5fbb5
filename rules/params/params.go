// Package params knows the parameters of alerts: the numbers, durations and strings of a rule
// that its owner may want to change, declared in the comment above it, one a line:
//
//	# param threshold 0.8 "80%"
//
// After the name comes the literal as it stands in the expression, or in for if the name is
// "for"; then, in quotes, the pieces of the annotations that repeat it. The rule file stays a
// plain file of Prometheus.
package params

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/rulekit/rulekit/rules"
)

// For is the parameter that every alert with a for has, whether it is declared or not.
const For = "for"

// Kind is what a parameter's literal is.
type Kind int

// The kinds of literals.
const (
	Number Kind = iota
	Duration
	String
)

func (k Kind) String() string { return [...]string{"number", "duration", "string"}[k] }

// Param is a parameter of an alert.
type Param struct {
	Rule *rules.Rule
	Name string
	// Literal is the value as it is written in the rule.
	Literal string
	Kind    Kind
	// Texts are the pieces of the annotations that repeat the value.
	Texts []Text

	// places are where the literal stands in the source; declared is the declaration's place,
	// zero for a for that is not declared.
	places   []rules.Span
	declared rules.Span
}

var (
	declaration = regexp.MustCompile(`^#\s*param\b`)
	paramName   = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
)

// Of returns the parameters of an alert: the declared ones in order, and "for" last if it is
// not among them. The error names the file, the line and the declaration that is wrong.
func Of(rule *rules.Rule) ([]Param, error) {
	var all []Param
	for _, c := range rule.CommentsAbove() {
		if !IsDeclaration(c) {
			continue
		}
		p, err := declare(rule, c)
		if err == nil && slices.ContainsFunc(all, func(o Param) bool {
			return o.Name == p.Name || o.Literal == p.Literal && o.Name != For && p.Name != For
		}) {
			err = fmt.Errorf("another parameter of %s has the same name or literal", rule.Name())
		}
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %q: %w", rule.File().Path, rule.File().Position(c.Span.Start).Line, c.Text, err)
		}
		all = append(all, p)
	}
	isFor := func(p Param) bool { return p.Name == For }
	if !rule.For.IsZero() && !slices.ContainsFunc(all, isFor) {
		all = append(all, Param{Rule: rule, Name: For, Literal: rule.For.Value, Kind: Duration, places: []rules.Span{rule.For.Span}})
	}
	return all, nil
}

// IsDeclaration tells whether a comment declares a parameter, or is meant to.
func IsDeclaration(c rules.Comment) bool { return declaration.MatchString(c.Text) }

// Explanation is what the comment above a rule says, without the declarations of parameters
// and what is meant for lint: the lines of its text.
func Explanation(rule *rules.Rule) []string {
	var lines []string
	for _, c := range rule.CommentsAbove() {
		text := strings.TrimSpace(strings.TrimPrefix(c.Text, "#"))
		if !IsDeclaration(c) && !strings.HasPrefix(text, "rulekit:") {
			lines = append(lines, text)
		}
	}
	return lines
}

// declare reads one declaration.
func declare(rule *rules.Rule, c rules.Comment) (Param, error) {
	words, err := split(strings.TrimSpace(declaration.ReplaceAllString(c.Text, "")))
	if err != nil {
		return Param{}, err
	}
	if len(words) < 2 || words[0].quoted || !paramName.MatchString(words[0].value) {
		return Param{}, fmt.Errorf(`want: # param NAME LITERAL ["TEXT"...], with a name of small letters`)
	}
	p := Param{Rule: rule, Name: words[0].value, Literal: words[1].source, declared: c.Span}
	if err := p.find(); err != nil {
		return Param{}, err
	}
	for _, w := range words[2:] {
		if !w.quoted {
			return Param{}, fmt.Errorf("the text %s must stand in quotes", w.source)
		}
		text, err := p.text(w.value)
		if err != nil {
			return Param{}, err
		}
		p.Texts = append(p.Texts, text)
	}
	return p, nil
}

// find finds the literal in the rule.
func (p *Param) find() error {
	if p.Name == For {
		if p.Literal != p.Rule.For.Value {
			return fmt.Errorf("the rule has for: %s, not %s", p.Rule.For.Value, p.Literal)
		}
		p.Kind, p.places = Duration, []rules.Span{p.Rule.For.Span}
		return nil
	}
	expr := p.Rule.Expr
	lexer := parser.Lex(expr.Value)
	var item parser.Item
	for lexer.NextItem(&item); item.Typ != parser.EOF && item.Typ != parser.ERROR; lexer.NextItem(&item) {
		kind, literal := literalKind(item)
		if !literal || item.Val != p.Literal {
			continue
		}
		start := int(item.Pos)
		p.Kind, p.places = kind, append(p.places, expr.Locate(start, start+len(item.Val)))
	}
	switch {
	case len(p.places) == 0:
		return fmt.Errorf("the expression has no literal %s", p.Literal)
	case !expr.Exact():
		return fmt.Errorf("the expression must be written so that its literals can be found: as a block with |")
	}
	return nil
}

func literalKind(item parser.Item) (kind Kind, literal bool) {
	switch item.Typ {
	case parser.NUMBER:
		return Number, true
	case parser.DURATION:
		return Duration, true
	case parser.STRING:
		return String, true
	}
	return 0, false
}

// word is a word of a declaration: as it is written, and what it stands for.
type word struct {
	source, value string
	quoted        bool
}

// split takes a declaration apart at blanks outside of quotes.
func split(text string) ([]word, error) {
	var words []word
	for text = strings.TrimLeft(text, " \t"); text != ""; text = strings.TrimLeft(text, " \t") {
		w := word{source: text}
		if text[0] == '"' {
			source, err := strconv.QuotedPrefix(text)
			if err != nil {
				return nil, fmt.Errorf("the quotes of %s are not closed", text)
			}
			w.source, w.quoted = source, true
			if w.value, err = strconv.Unquote(source); err != nil || w.value == "" {
				return nil, fmt.Errorf("%s is no text", source)
			}
		} else {
			if end := strings.IndexAny(text, " \t"); end >= 0 {
				w.source = text[:end]
			}
			w.value = w.source
		}
		words, text = append(words, w), text[len(w.source):]
	}
	return words, nil
}
