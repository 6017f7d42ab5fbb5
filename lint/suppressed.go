package lint

import (
	"sort"

	"github.com/rulekit/rulekit/rules"
)

// suppressed is an index of the suppressions of a run.
type suppressed struct {
	files map[*rules.File]*suppressedFile
}

type suppressedFile struct {
	all   []*suppression
	rules []*rules.Rule
	// used tells of each name in its scope whether it was of use.
	used map[scopedName]*bool
}

type scopedName struct {
	scope rules.Span
	name  string
}

// newSuppressed reads the suppressions of all files.
func newSuppressed(files []*rules.File) *suppressed {
	s := &suppressed{files: map[*rules.File]*suppressedFile{}}
	for _, file := range files {
		all := suppressions(file)
		if len(all) == 0 {
			continue
		}
		f := &suppressedFile{all: all, rules: newPlacer(file).rules, used: map[scopedName]*bool{}}
		for _, suppression := range all {
			for i := range suppression.names {
				name := &suppression.names[i]
				key := scopedName{suppression.scope, name.name}
				if f.used[key] == nil {
					f.used[key] = new(bool)
				}
				name.used = f.used[key]
			}
		}
		s.files[file] = f
	}
	return s
}

// covers tells whether a suppression keeps a finding from being reported, and notes that it was
// of use. all does not stand for unused-suppression, or it would hide that it is not used.
func (s *suppressed) covers(d *Diagnostic) bool {
	covered := false
	if d.Rule != nil {
		covered = s.coversAt(d, d.Rule.File(), d.Rule)
	}
	if f := s.files[d.File]; f != nil {
		covered = s.coversAt(d, d.File, f.ruleAt(d.Span.Start)) || covered
	}
	return covered
}

// coversAt looks in a rule of a file, and all that is around it. The rule may be nil.
func (s *suppressed) coversAt(d *Diagnostic, file *rules.File, rule *rules.Rule) bool {
	f := s.files[file]
	if f == nil {
		return false
	}
	scopes := []rules.Span{wholeFile(file)}
	switch group := groupAt(file, d.Span.Start); {
	case rule != nil:
		scopes = append(scopes, rule.Span, rule.Group.Span, rule.Group.Document.Span)
	case d.File == file && group != nil:
		scopes = append(scopes, group.Span, group.Document.Span)
	}
	covered := false
	for _, scope := range scopes {
		for _, name := range []string{d.Check, everyCheck} {
			if name == everyCheck && d.Check == unusedSuppressionName {
				continue
			}
			if used := f.used[scopedName{scope, name}]; used != nil {
				*used, covered = true, true
			}
		}
	}
	return covered
}

// ruleAt is the rule that a place is in, or nil.
func (f *suppressedFile) ruleAt(at int) *rules.Rule {
	i := sort.Search(len(f.rules), func(i int) bool { return f.rules[i].Span.Start > at })
	if i == 0 || at >= f.rules[i-1].Span.End {
		return nil
	}
	return f.rules[i-1]
}

// filter returns the findings that are not suppressed.
func (s *suppressed) filter(all []Diagnostic) []Diagnostic {
	if len(s.files) == 0 {
		return all
	}
	var kept []Diagnostic
	for i := range all {
		if !s.covers(&all[i]) {
			kept = append(kept, all[i])
		}
	}
	return kept
}
