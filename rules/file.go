// Package rules reads files of Prometheus rules and keeps the place of everything in them.
package rules

import (
	"time"

	"github.com/prometheus/prometheus/promql/parser"
)

// File is one file of rules as it was read: its source, the groups found in it wherever they
// were written, and every problem that was met. A File with problems still holds all that
// could be read.
type File struct {
	// Path is the name the file was asked for by, or the name given to standard input.
	Path string
	// Source is the file as it is on disk. All spans count bytes in it.
	Source []byte
	// Documents are the rule files found in the file, in order of their place.
	Documents []*Document
	// Groups are the groups of all documents, in order of their place.
	Groups []*Group
	// Problems is everything that keeps Prometheus from loading the file.
	Problems []Problem
	// Comments are the file's comments, in order of their place.
	Comments []Comment

	// empty tells that nothing in the file has to do with rules, and broken that what does has
	// problems: a walk through a folder leaves out the first kind and keeps the second.
	empty, broken bool
}

// Rules returns the rules of all groups, in order of their place.
func (f *File) Rules() []*Rule {
	var all []*Rule
	for _, g := range f.Groups {
		all = append(all, g.Rules...)
	}
	return all
}

// Position returns where a byte offset is, as editors count.
func (f *File) Position(offset int) Position { return PositionOf(f.Source, offset) }

// Form says how a rule file was written down.
type Form int

// The forms the reader knows.
const (
	// Plain is a Prometheus rule file: groups at the top.
	Plain Form = iota
	// PrometheusRule is the custom resource of the Prometheus Operator: groups under spec.
	PrometheusRule
	// Embedded is a rule file held in a string of another YAML file: a ConfigMap's data or
	// the values of a Helm chart.
	Embedded
)

func (f Form) String() string {
	return [...]string{"plain", "PrometheusRule", "embedded"}[f]
}

// Document is one rule file as Prometheus would load it. A File holds several when it has
// several YAML documents or embedded blocks. Group names are unique within one Document.
type Document struct {
	File *File
	Form Form
	// Key is the path of keys to an embedded block ("data.redis.yml"), otherwise empty.
	Key string
	// Span covers the document in the source.
	Span   Span
	Groups []*Group
	// Ignored tells that an earlier YAML document stands in the same rule file: Prometheus and
	// Thanos read the first one and leave out the rest without a word (rulefmt.Parse).
	Ignored bool
}

// Group is a group of rules.
type Group struct {
	Document *Document
	// Span covers the group's mapping.
	Span        Span
	Name        Scalar
	Interval    Duration
	QueryOffset Duration
	// Limit is the most alerts or series one rule of the group may make; 0 is no limit.
	Limit       int
	LimitScalar Scalar
	// Labels are the group's labels, which each rule of the group gets unless it sets its own.
	Labels []Pair
	Rules  []*Rule
}

// Rule is an alerting or a recording rule.
type Rule struct {
	Group *Group
	// Span covers the rule's mapping.
	Span          Span
	Alert, Record Scalar
	Expr          Scalar
	For           Duration
	KeepFiringFor Duration
	Labels        []Pair
	Annotations   []Pair
	// AST is the parsed expression, or nil where it does not parse (then a Problem says why).
	// Its positions are offsets in Expr.Value: Expr.Locate turns them into spans.
	AST parser.Expr
}

// Name is the alert's or the recorded series' name.
func (r *Rule) Name() string { return r.NameScalar().Value }

// NameScalar is the scalar that names the rule.
func (r *Rule) NameScalar() Scalar {
	if !r.Alert.IsZero() {
		return r.Alert
	}
	return r.Record
}

// IsAlert tells alerting rules from recording rules.
func (r *Rule) IsAlert() bool { return !r.Alert.IsZero() }

// File is the file the rule was read from.
func (r *Rule) File() *File { return r.Group.Document.File }

// Label returns the rule's own label of that name.
func (r *Rule) Label(name string) (Pair, bool) { return find(r.Labels, name) }

// EffectiveLabels are the labels the rule gives to what it makes: the group's, overridden and
// followed by its own.
func (r *Rule) EffectiveLabels() []Pair {
	var all []Pair
	for _, p := range r.Group.Labels {
		if _, own := find(r.Labels, p.Key.Value); !own {
			all = append(all, p)
		}
	}
	return append(all, r.Labels...)
}

// Annotation returns the rule's annotation of that name.
func (r *Rule) Annotation(name string) (Pair, bool) { return find(r.Annotations, name) }

func find(pairs []Pair, name string) (Pair, bool) {
	for _, p := range pairs {
		if p.Key.Value == name {
			return p, true
		}
	}
	return Pair{}, false
}

// Pair is a key and its value, as written.
type Pair struct{ Key, Value Scalar }

// Duration is a duration as written and what it means. It is zero when the key is absent.
type Duration struct {
	Scalar
	D time.Duration
}

// Comment is a YAML comment: its text with the leading #, and its place.
type Comment struct {
	Text string
	Span Span
}

// ProblemKind sorts problems by what is wrong.
type ProblemKind int

// What can be wrong with a rule file.
const (
	// BadYAML is text that is not YAML.
	BadYAML ProblemKind = iota
	// BadSchema is YAML that is not a rule file: unknown keys, wrong types, missing fields.
	BadSchema
	// BadPromQL is an expression that does not parse.
	BadPromQL
	// BadTemplate is a label or annotation whose template does not parse.
	BadTemplate
)

// Problem is something that keeps Prometheus from loading a rule file.
type Problem struct {
	Kind ProblemKind
	// Span is the place to mend.
	Span Span
	// Message says what is wrong in one line, in lower case, without a place.
	Message string
	// Rule is the rule the problem is in, or nil.
	Rule *Rule
	// Edits mend the problem. They are there only where it is certain what was meant.
	Edits []Edit
}
