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

// Options says how to lint. The zero value runs all checks.
type Options struct {
	// Checks are the checks to run; nil stands for all.
	Checks []*Check
	// Catalogue is what is known of metrics; nil stands for nothing.
	Catalogue Catalogue
}

// Result is what was found in a set of files.
type Result struct {
	// Diagnostics are ordered by file as given, place, check and message.
	Diagnostics []Diagnostic
	// Files and Rules are how many were looked at.
	Files, Rules int
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
		o.Checks = Checks()
	}
	if o.Catalogue == nil {
		o.Catalogue = &Scrapes{}
	}
	shared := newFacts(files)
	// One slot for the findings of each file, then one for each check over all files.
	found := make([][]Diagnostic, len(files)+len(o.Checks))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	start := func(slot int, files []*rules.File, checks ...*Check) {
		group.Go(func() error {
			for _, check := range checks {
				if err := ctx.Err(); err != nil {
					return err
				}
				pass := &Pass{Files: files, Catalogue: o.Catalogue, check: check, facts: shared}
				check.Run(pass)
				found[slot] = append(found[slot], pass.found...)
			}
			return nil
		})
	}
	alone, together := byScope(o.Checks)
	for i, file := range files {
		start(i, []*rules.File{file}, alone...)
	}
	for i, check := range together {
		start(len(files)+i, files, check)
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	result := &Result{Diagnostics: ordered(files, slices.Concat(found...)), Files: len(files)}
	for _, file := range files {
		result.Rules += len(file.Rules())
	}
	return result, nil
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
