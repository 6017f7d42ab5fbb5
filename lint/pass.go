package lint

import (
	"cmp"
	"iter"
	"sync"
	"time"

	"github.com/prometheus/common/model"

	"github.com/rulekit/rulekit/lint/infer"
	"github.com/rulekit/rulekit/rules"
)

// Pass is one run of one check: what it looks at, and where it reports to.
type Pass struct {
	// Files are what is looked at: one file for a check of scope OneFile, otherwise all.
	Files []*rules.File
	// Catalogue is what is known of metrics; it is empty where nothing is.
	Catalogue Catalogue
	// TargetLabels are labels that the scrape configuration adds to those of exporters.
	TargetLabels []string
	// Wiring is how the rules are deployed; it is empty where that is not known.
	Wiring *Wiring

	check   *Check
	setting Setting
	options *Options
	facts   *facts
	found   []Diagnostic
}

// facts is what the passes of one run share. It may be used by several at once.
type facts struct {
	analyses sync.Map // *rules.Rule to *infer.Analysis
	shared   sync.Map // of shared, by key
	files    []*rules.File
	recorded map[string]bool
}

// shared returns what compute makes of all files of the run, which is done once for all passes
// that ask for the same key. The key is the name of what is computed.
func shared[T any](p *Pass, key string, compute func(files []*rules.File) T) T {
	once, _ := p.facts.shared.LoadOrStore(key, sync.OnceValue(func() T { return compute(p.facts.files) }))
	return once.(func() T)()
}

// newFacts gathers what is known of all files before any check runs.
func newFacts(files []*rules.File) *facts {
	f := &facts{files: files, recorded: map[string]bool{}}
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
	analysis := infer.Analyse(rule.AST, p.metadata)
	p.facts.analyses.Store(rule, analysis)
	return analysis
}

// metadata is what the catalogue tells of a metric, for infer.
func (p *Pass) metadata(name string) (kind model.MetricType, unit string) {
	metric, ok := p.Catalogue.Metric(name)
	if !ok {
		return model.MetricTypeUnknown, ""
	}
	return metric.Type, ""
}

// EvaluationInterval is how often the rules of a group are evaluated, or 0 where that is not
// known.
func (p *Pass) EvaluationInterval(g *rules.Group) time.Duration {
	return cmp.Or(g.Interval.D, p.options.EvaluationInterval, p.Wiring.EvaluationInterval())
}

// ScrapeInterval is how often targets are scraped, or 0 where that is not known.
func (p *Pass) ScrapeInterval() time.Duration {
	return cmp.Or(p.options.ScrapeInterval, p.Wiring.ScrapeInterval())
}

// Recorded tells whether a recording rule of the run makes the metric.
func (p *Pass) Recorded(metric string) bool { return p.facts.recorded[metric] }

// Report adds a finding. Check and Severity are filled in.
func (p *Pass) Report(d Diagnostic) { p.ReportAs(p.check.Severity, d) }

// ReportAs adds a finding that is less, or more, severe than others of its check.
func (p *Pass) ReportAs(severity Severity, d Diagnostic) {
	d.Check, d.Severity = p.check.Name, severity
	if p.setting.Severity != nil {
		d.Severity = *p.setting.Severity
	}
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
						Message: problem.Message, Hint: hint(problem), Edits: problem.Edits,
					})
				}
			}
		}
	}
}
