package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/rulekit/rulekit/lint"
)

// fix mends what can be mended, or shows how.
func (r *lintRun) fix(ctx context.Context) error {
	fixed, err := lint.Fix(ctx, r.files, lint.FixOptions{Lint: r.options, Rules: r.reading, Keep: r.keep})
	if err != nil {
		return err
	}
	if r.flags.diff {
		return r.diff(fixed)
	}
	stdin := slices.Contains(r.Paths, "-")
	changed := r.changed(fixed)
	for _, i := range changed {
		if stdin {
			break
		}
		if err := r.write(fixed, i); err != nil {
			return err
		}
	}
	if stdin {
		// Standard output is for the mended rules, so that findings go where they do no harm.
		var err error
		if len(fixed.Files) == 1 {
			_, err = r.env.stdout.Write(fixed.Files[0].Source)
		} else {
			// It is excluded, and so was not read.
			_, err = io.Copy(r.env.stdout, r.env.stdin)
		}
		if err != nil {
			return err
		}
		for i := range r.outputs {
			r.outputs[i].stdout = r.env.stderr
		}
	}
	fmt.Fprintf(r.env.stderr, "mended %s in %s\n", count(fixed.Findings, "finding"), count(len(changed), "file"))
	return r.report(fixed.Result)
}

// changed are the indexes of the files that were mended, each file once, also if links lead to it.
func (r *lintRun) changed(fixed *lint.Fixed) []int {
	seen := sameFiles{}
	return slices.DeleteFunc(fixed.Changed(), func(i int) bool { return seen.again(fixed.Before[i].Path) })
}

// write replaces a file by its mended form, unless somebody else has changed it meanwhile.
func (r *lintRun) write(fixed *lint.Fixed, i int) error {
	before, after := fixed.Before[i], fixed.Files[i]
	now, err := os.ReadFile(before.Path)
	if err != nil {
		return fmt.Errorf("mend %s: %w", before.Path, err)
	}
	if !bytes.Equal(now, before.Source) {
		return withHint(fmt.Errorf("mend %s: the file has changed since it was read", before.Path), "lint again; what was mended before stays")
	}
	return replaceFile(before.Path, after.Source)
}

// diff shows what would be mended.
func (r *lintRun) diff(fixed *lint.Fixed) error {
	changed := r.changed(fixed)
	for _, i := range changed {
		before, after := fixed.Before[i], fixed.Files[i]
		if err := writeDiff(r.env.stdout, r.env.style(r.env.stdout), before.Path, before.Source, after.Source); err != nil {
			return err
		}
	}
	fmt.Fprintf(r.env.stderr, "%s in %s to mend\n", count(fixed.Findings, "finding"), count(len(changed), "file"))
	if len(changed) > 0 {
		return errFindings
	}
	return nil
}
