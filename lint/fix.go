package lint

import (
	"cmp"
	"context"
	"slices"

	"github.com/rulekit/rulekit/rules"
)

const (
	// maxFixRounds bounds how often files are mended and linted again.
	maxFixRounds = 10
	// maxSingleFixes bounds the findings of a file that are tried one by one.
	maxSingleFixes = 100
)

// FixOptions say how to mend files.
type FixOptions struct {
	Lint  Options
	Rules rules.Options
	// Keep takes out of a result over the files what is not to be reported, and so not to be
	// mended either. It may be nil.
	Keep func(files []*rules.File, result *Result)
}

// Fixed is what mending files came to.
type Fixed struct {
	// Files are all files as they are now, in their order; those before are in Before.
	Files, Before []*rules.File
	// Findings are how many findings were mended.
	Findings int
	// Result is what is still found.
	Result *Result
}

// Changed yields the indexes of the files that were mended.
func (f *Fixed) Changed() []int {
	var changed []int
	for i := range f.Files {
		if f.Files[i] != f.Before[i] {
			changed = append(changed, i)
		}
	}
	return changed
}

// Fix makes the edits of all findings, and lints again until nothing is left to mend. Nothing
// is written: the mended files are in the answer. A file is never made worse: edits after which
// it has more problems or fewer rules are not made, and a file in which there is no end of
// mending stays as it was. The only error is that of the context.
func Fix(ctx context.Context, files []*rules.File, o FixOptions) (*Fixed, error) {
	f := &fixer{options: o, files: slices.Clone(files), mended: make([]int, len(files)), stuck: make([]bool, len(files))}
	for round := 0; ; round++ {
		result, err := Run(ctx, f.files, o.Lint)
		if err != nil {
			return nil, err
		}
		if o.Keep != nil {
			o.Keep(f.files, result)
		}
		if round == maxFixRounds {
			// What is still not stable is put back, and the result is that of the files then.
			round--
			if f.giveUp(files, result) {
				continue
			}
		}
		if !f.round(result) {
			return f.fixed(files, result), nil
		}
	}
}

// fixer mends files round by round.
type fixer struct {
	options FixOptions
	files   []*rules.File
	// mended counts the findings of each file whose edits were made, and stuck tells which
	// files are left alone.
	mended []int
	stuck  []bool
}

func (f *fixer) fixed(before []*rules.File, result *Result) *Fixed {
	fixed := &Fixed{Files: f.files, Before: before, Result: result}
	for i := range f.files {
		if f.files[i] != before[i] {
			fixed.Findings += f.mended[i]
		}
	}
	return fixed
}

// round makes the edits of one result, and tells whether any file changed.
func (f *fixer) round(result *Result) bool {
	fixes := fixesOf(result)
	changed := false
	for i, file := range f.files {
		if len(fixes[file]) == 0 || f.stuck[i] {
			continue
		}
		mended, n := f.mend(file, fixes[file])
		if f.stuck[i] = mended == nil; mended != nil {
			f.files[i], changed = mended, true
			f.mended[i] += n
		}
	}
	return changed
}

// giveUp puts back the files that still have something to mend, and tells whether there are any.
func (f *fixer) giveUp(before []*rules.File, result *Result) bool {
	fixes := fixesOf(result)
	any := false
	for i, file := range f.files {
		if len(fixes[file]) > 0 && !f.stuck[i] {
			f.files[i], f.stuck[i], any = before[i], true, true
		}
	}
	return any
}

// fixesOf are the edits of each finding that has any, by file. Those of one finding are made
// together or not at all.
func fixesOf(result *Result) map[*rules.File][][]Edit {
	fixes := map[*rules.File][][]Edit{}
	for _, d := range result.Diagnostics {
		if len(d.Edits) > 0 {
			fixes[d.File] = append(fixes[d.File], d.Edits)
		}
	}
	return fixes
}

// mend makes as many fixes of a file as can be made at once. It returns nil if none can.
func (f *fixer) mend(file *rules.File, fixes [][]Edit) (*rules.File, int) {
	chosen := apart(fixes)
	if mended := f.apply(file, chosen); mended != nil {
		return mended, len(chosen)
	}
	// One of them does harm: find the others.
	var good [][]Edit
	var best *rules.File
	for _, fix := range chosen[:min(len(chosen), maxSingleFixes)] {
		if mended := f.apply(file, append(good[:len(good):len(good)], fix)); mended != nil {
			good, best = append(good, fix), mended
		}
	}
	return best, len(good)
}

// apart are the fixes of which no two touch the same bytes; of two that do, the first stays.
func apart(fixes [][]Edit) [][]Edit {
	var taken []Edit
	var chosen [][]Edit
	for _, fix := range fixes {
		if slices.ContainsFunc(fix, func(e Edit) bool { return collides(taken, e) }) {
			continue
		}
		chosen = append(chosen, fix)
		for _, e := range fix {
			i, _ := slices.BinarySearchFunc(taken, e, byStart)
			taken = slices.Insert(taken, i, e)
		}
	}
	return chosen
}

func byStart(a, b Edit) int { return cmp.Compare(a.Span.Start, b.Span.Start) }

// collides tells whether an edit touches one of others, which are in order and apart. Two
// insertions at one place do: which is to come first is not known.
func collides(taken []Edit, e Edit) bool {
	i, found := slices.BinarySearchFunc(taken, e, byStart)
	return found || i > 0 && taken[i-1].Span.End > e.Span.Start || i < len(taken) && taken[i].Span.Start < e.Span.End
}

// apply makes fixes and reads the file again. It returns nil if that changes nothing, or does
// harm.
func (f *fixer) apply(file *rules.File, fixes [][]Edit) *rules.File {
	source, err := rules.Apply(file.Source, slices.Concat(fixes...))
	if err != nil || string(source) == string(file.Source) {
		return nil
	}
	mended := rules.Parse(file.Path, source, f.options.Rules)
	if worse(file, mended) {
		return nil
	}
	return mended
}

// worse tells whether a file has problems that it had not before, or lost rules.
func worse(before, after *rules.File) bool {
	if len(after.Groups) < len(before.Groups) || len(after.Rules()) < len(before.Rules()) {
		return true
	}
	known := map[string]int{}
	for _, problem := range before.Problems {
		known[problem.Message]++
	}
	for _, problem := range after.Problems {
		if known[problem.Message]--; known[problem.Message] < 0 {
			return true
		}
	}
	return false
}
