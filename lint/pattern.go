package lint

import (
	"fmt"
	"maps"
	"regexp"
	"slices"

	"github.com/rulekit/rulekit/rules"
)

// anchored compiles a pattern of an option. Such patterns are regular expressions (RE2) that
// must match all of a value, as in Prometheus. The empty one is for any value that is not empty.
func anchored(pattern string) (*regexp.Regexp, error) {
	if pattern == "" {
		pattern = ".+"
	}
	return regexp.Compile("^(?s:" + pattern + ")$")
}

// validatePatterns names the first option whose pattern does not compile.
func validatePatterns(patterns map[string]string) error {
	for _, name := range slices.Sorted(maps.Keys(patterns)) {
		if _, err := anchored(patterns[name]); err != nil {
			return fmt.Errorf("%s: not a regular expression: %w", name, err)
		}
	}
	return nil
}

// pattern returns a compiled pattern of the check's options, which are valid.
func (p *Pass) pattern(text string) *regexp.Regexp {
	return shared(p, "pattern "+text, func([]*rules.File) *regexp.Regexp {
		compiled, err := anchored(text)
		if err != nil {
			panic("lint: option of " + p.check.Name + " was not validated: " + err.Error())
		}
		return compiled
	})
}
