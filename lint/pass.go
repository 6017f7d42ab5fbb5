package lint

import (
	"iter"
	"sync"

	"github.com/rulekit/rulekit/lint/infer"
	"github.com/rulekit/rulekit/rules"
)

// Pass is one run of one check: what it looks at, and where it reports to.
type Pass struct {
	// Files are what is looked at: one file for a check of scope OneFile, otherwise all.
	Files []*rules.File
	// Catalogue is what is known of metrics; it is empty where no scrape was given.
	Catalogue Catalogue

	check *Check
	facts *facts
	found []Diagnostic
}

// facts is what the passes of one run share. It may be used by several at once.
type facts struct {
	analyses sync.Map // *rules.Rule to *infer.Analysis
	recorded map[string]bool
}

// newFacts gathers what is known of all files before any check runs.
func newFacts(files []*rules.File) *facts {
	f := &facts{recorded: map[string]bool{}}
	for _, file := range files {
		for _, rule := range file.Rules() {
			if !rule.IsAlert() {
				f.recorded[rule.Name()] = true
			}
		}
	}
	return f
}

// Rules yields the rules whose expression parses.
func (p *Pass) Rules() iter.Seq[*rules.Rule] {
	return func(yield func(*rules.Rule) bool) {
		for _, file := range p.Files {
			for _, rule := range file.Rules() {
				if rule.AST != nil && !yield(rule) {
					return
				}
			}
		}
	}
}

// Alerts yields the alerting rules, also those whose expression does not parse.
func (p *Pass) Alerts() iter.Seq[*rules.Rule] {
	return func(yield func(*rules.Rule) bool) {
		for _, file := range p.Files {
			for _, rule := range file.Rules() {
				if rule.IsAlert() && !yield(rule) {
					return
				}
			}
		}
	}
}

// Infer returns what the rule's expression can return. It is worked out once in a run. The
// rule's expression must parse.
func (p *Pass) Infer(rule *rules.Rule) *infer.Analysis {
	if known, ok := p.facts.analyses.Load(rule); ok {
		return known.(*infer.Analysis)
	}
	analysis := infer.Analyse(rule.AST)
	p.facts.analyses.Store(rule, analysis)
	return analysis
}

// Recorded tells whether a recording rule of the run makes the metric.
func (p *Pass) Recorded(metric string) bool { return p.facts.recorded[metric] }

// Report adds a finding. Check and Severity are filled in.
func (p *Pass) Report(d Diagnostic) {
	d.Check, d.Severity = p.check.Name, p.check.Severity
	if d.File == nil && d.Rule != nil {
		d.File = d.Rule.File()
	}
	p.found = append(p.found, d)
}

// reportProblems reports what the reader found to be wrong of the given kinds.
func (p *Pass) reportProblems(hint func(rules.Problem) string, kinds ...rules.ProblemKind) {
	for _, file := range p.Files {
		for _, problem := range file.Problems {
			for _, kind := range kinds {
				if problem.Kind == kind {
					p.Report(Diagnostic{
						File: file, Span: problem.Span, Rule: problem.Rule,
						Message: problem.Message, Hint: hint(problem),
					})
				}
			}
		}
	}
}
