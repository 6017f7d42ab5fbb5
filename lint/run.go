package lint

import (
	"cmp"
	"context"
	"runtime"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/rulekit/rulekit/rules"
)

// Options says how to lint. The zero value runs all checks that are not off.
type Options struct {
	// Checks are the checks to run; nil stands for all that are not off.
	Checks []*Check
	// Settings are what the user has said of checks, by name. A check of Checks that they switch
	// off runs for the files for which an override switches it on.
	Settings Settings
	// Overrides are what the user has said of checks for some files. A later one wins.
	Overrides []Override
	// Catalogue is what is known of metrics; nil stands for ShippedMetrics.
	Catalogue Catalogue
	// TargetLabels are labels that the scrape configuration adds to those of exporters.
	TargetLabels []string
	// Wiring is how the rules are deployed; nil stands for nothing known.
	Wiring *Wiring
	// ScrapeInterval and EvaluationInterval are those of the server, where they are known and
	// not told by Wiring.
	ScrapeInterval, EvaluationInterval time.Duration
}

// Result is what was found in a set of files.
type Result struct {
	// Diagnostics are ordered by file as given, place, check and message.
	Diagnostics []Diagnostic
	// Suppressed is how many findings comments kept from being reported.
	Suppressed int
	// Files and Rules are how many were looked at, and Paths are those of the files, as given.
	Files, Rules int
	Paths        []string
	// Took is how long reading and linting took, where the caller measured it.
	Took time.Duration
}

// Count is the number of findings of a severity.
func (r *Result) Count(s Severity) int {
	n := 0
	for _, d := range r.Diagnostics {
		if d.Severity == s {
			n++
		}
	}
	return n
}

// Worst tells whether a finding is at least as bad as the severity.
func (r *Result) Worst(s Severity) bool {
	return slices.ContainsFunc(r.Diagnostics, func(d Diagnostic) bool { return d.Severity >= s })
}

// Run lints the files, several at once. Its only error is that of the context.
func Run(ctx context.Context, files []*rules.File, o Options) (*Result, error) {
	if o.Checks == nil {
		o.Checks = slices.DeleteFunc(Checks(), func(c *Check) bool { return c.Off })
	}
	if o.Catalogue == nil {
		o.Catalogue = ShippedMetrics()
	}
	if o.Wiring == nil {
		o.Wiring = &Wiring{}
	}
	r := &run{files: files, options: &o, facts: newFacts(files)}
	// Findings may also be in the configurations of servers.
	r.all = append(slices.Clone(files), o.Wiring.Files()...)
	r.settings = newSettings(o, r.all)
	found, err := r.check(ctx)
	if err != nil {
		return nil, err
	}
	result := &Result{Files: len(files)}
	result.Diagnostics, result.Suppressed = r.suppress(ordered(r.all, found))
	for _, file := range files {
		result.Rules += len(file.Rules())
		result.Paths = append(result.Paths, file.Path)
	}
	return result, nil
}

// run is one run over some files.
type run struct {
	files, all []*rules.File
	options    *Options
	settings   *settings
	facts      *facts
}

// pass is that of a check over some files; file is the one whose settings hold.
func (r *run) pass(check *Check, file *rules.File, files ...*rules.File) *Pass {
	return &Pass{
		Files: files, Catalogue: r.options.Catalogue, TargetLabels: r.options.TargetLabels, Wiring: r.options.Wiring,
		check: check, setting: r.settings.of(check.Name, file), options: r.options, facts: r.facts,
	}
}

// check runs the checks and returns all findings, in no order.
func (r *run) check(ctx context.Context) ([]Diagnostic, error) {
	alone, together := byScope(r.options.Checks)
	// One slot for the findings of each file, then one for each check over all files.
	found := make([][]Diagnostic, len(r.files)+len(together))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, file := range r.files {
		group.Go(func() error {
			for _, check := range alone {
				if err := ctx.Err(); err != nil {
					return err
				}
				if pass := r.pass(check, file, file); pass.setting.on() {
					check.Run(pass)
					found[i] = append(found[i], pass.found...)
				}
			}
			return nil
		})
	}
	for i, check := range together {
		group.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			pass := r.pass(check, nil, r.files...)
			check.Run(pass)
			found[len(r.files)+i] = r.perFile(check, pass.found)
			return nil
		})
	}
	err := group.Wait()
	return slices.Concat(found...), err
}

// perFile does with the findings of a check over all files what is said for single files.
func (r *run) perFile(check *Check, found []Diagnostic) []Diagnostic {
	var kept []Diagnostic
	for _, d := range found {
		setting := r.settings.of(check.Name, d.File)
		if !setting.on() {
			continue
		}
		if setting.Severity != nil {
			d.Severity = *setting.Severity
		}
		kept = append(kept, d)
	}
	return kept
}

// suppress takes out the findings that comments suppress, counts them, and adds the comments
// that were of no use.
func (r *run) suppress(found []Diagnostic) (kept []Diagnostic, suppressed int) {
	index := newSuppressed(r.all)
	if len(index.files) == 0 {
		return found, 0
	}
	kept = index.filter(found)
	suppressed = len(found) - len(kept)
	check := registry[unusedSuppressionName]
	if !slices.Contains(r.options.Checks, check) {
		return kept, suppressed
	}
	for i, file := range r.all {
		pass := r.pass(check, file, file)
		if f := index.files[file]; f != nil && pass.setting.on() && i < len(r.files) {
			reportUnused(pass, f.all, r.ranIn(file))
			kept = append(kept, index.filter(pass.found)...)
		}
	}
	return ordered(r.all, kept), suppressed
}

// ranIn tells which checks looked at a file by itself. All did if each that is on unless
// somebody says otherwise did.
func (r *run) ranIn(file *rules.File) func(check string) bool {
	ran := map[string]bool{everyCheck: true}
	for _, check := range r.options.Checks {
		if check.Scope == OneFile && r.settings.of(check.Name, file).on() {
			ran[check.Name] = true
		}
	}
	for _, check := range registry {
		if check.Scope == OneFile && !check.Off && !ran[check.Name] {
			ran[everyCheck] = false
		}
	}
	return func(check string) bool { return ran[check] }
}

func byScope(checks []*Check) (alone, together []*Check) {
	for _, c := range checks {
		if c.Scope == AllFiles {
			together = append(together, c)
		} else {
			alone = append(alone, c)
		}
	}
	return alone, together
}

// ordered sorts findings by file as given and place, and leaves out repetitions.
func ordered(files []*rules.File, all []Diagnostic) []Diagnostic {
	rank := make(map[*rules.File]int, len(files))
	for i, file := range files {
		rank[file] = i
	}
	order := func(a, b Diagnostic) int {
		return cmp.Or(
			cmp.Compare(rank[a.File], rank[b.File]),
			cmp.Compare(a.Span.Start, b.Span.Start),
			cmp.Compare(a.Span.End, b.Span.End),
			cmp.Compare(a.Check, b.Check),
			cmp.Compare(a.Message, b.Message),
		)
	}
	slices.SortStableFunc(all, order)
	return slices.CompactFunc(all, func(a, b Diagnostic) bool { return order(a, b) == 0 })
}
