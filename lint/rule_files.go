package lint

import (
	"path"
	"path/filepath"
	"strings"

	"github.com/rulekit/rulekit/rules"
)

// loading says which of the linted files the servers of the wiring load.
type loading struct {
	patterns []loadPattern
	// onDisk tells that the patterns name files where they are on this disk. Otherwise they may
	// be those of a container, and only the names of files are compared.
	onDisk bool
	loaded map[*rules.File]bool
}

// loadPattern is one of the rule_files.
type loadPattern struct {
	rules.Scalar
	config *prometheusConfig
	// path is the pattern as seen from the current folder, with / between its parts.
	path    string
	matches bool
}

func (p *Pass) loading() *loading {
	return shared(p, "loading", func(files []*rules.File) *loading { return newLoading(p.Wiring, files) })
}

func newLoading(w *Wiring, files []*rules.File) *loading {
	l := &loading{loaded: map[*rules.File]bool{}}
	for _, config := range w.prometheus {
		for _, pattern := range config.ruleFiles {
			seen := filepath.ToSlash(pattern.Value)
			if !path.IsAbs(seen) {
				seen = path.Join(filepath.ToSlash(filepath.Dir(config.file.Path)), seen)
			}
			l.patterns = append(l.patterns, loadPattern{Scalar: pattern, config: config, path: seen})
		}
	}
	l.match(files, func(pattern loadPattern, name string) bool {
		return matches(pattern.path, pattern.seenAs(name))
	})
	if l.onDisk = len(l.loaded) > 0; !l.onDisk {
		l.match(files, func(pattern loadPattern, name string) bool {
			return matches(path.Base(pattern.path), filepath.Base(name))
		})
	}
	return l
}

func (l *loading) match(files []*rules.File, isMatch func(pattern loadPattern, name string) bool) {
	for _, file := range files {
		for i := range l.patterns {
			if isMatch(l.patterns[i], file.Path) {
				l.patterns[i].matches, l.loaded[file] = true, true
			}
		}
	}
}

// seenAs is a file's name as the pattern names files: absolute, or from the current folder.
func (p *loadPattern) seenAs(name string) string {
	if path.IsAbs(p.path) {
		if absolute, err := filepath.Abs(name); err == nil {
			name = absolute
		}
	}
	return path.Clean(filepath.ToSlash(name))
}

// wantsOtherExtension tells whether the pattern would match the file, if that did not end in
// .yaml where the pattern says .yml, or the other way round.
func (p *loadPattern) wantsOtherExtension(name string) bool {
	asked, has := path.Ext(p.path), path.Ext(name)
	if asked == has || asked != ".yml" && asked != ".yaml" || has != ".yml" && has != ".yaml" {
		return false
	}
	return matches(strings.TrimSuffix(p.path, asked), strings.TrimSuffix(p.seenAs(name), has))
}

func matches(pattern, name string) bool {
	ok, err := path.Match(pattern, name)
	return ok && err == nil
}

// whole tells that the run looks at all that the servers load: then what no rule of the run
// does, no rule does.
func (l *loading) whole() bool {
	for _, pattern := range l.patterns {
		if !pattern.matches {
			return false
		}
	}
	return len(l.patterns) > 0
}

// nearest is the pattern that was probably meant to match the file, or nil.
func (l *loading) nearest(file *rules.File) *loadPattern {
	name := filepath.Base(file.Path)
	stem := strings.TrimSuffix(name, path.Ext(name))
	var bases []string
	for i := range l.patterns {
		base := path.Base(l.patterns[i].path)
		if l.patterns[i].matches {
			continue
		}
		if strings.TrimSuffix(base, path.Ext(base)) == stem || l.patterns[i].wantsOtherExtension(file.Path) {
			return &l.patterns[i]
		}
		bases = append(bases, base)
	}
	near := rules.Nearest(name, bases)
	for i := range l.patterns {
		if near != "" && !l.patterns[i].matches && path.Base(l.patterns[i].path) == near {
			return &l.patterns[i]
		}
	}
	return nil
}
