package lint

import (
	"github.com/rulekit/rulekit/rules"
)

// Diagnostic is one finding.
type Diagnostic struct {
	// Check is the name of the check that found it.
	Check    string
	Severity Severity
	File     *rules.File
	// Span is the place of the mistake in the file's source.
	Span rules.Span
	// Rule is the rule the finding is about, or nil.
	Rule *rules.Rule
	// Message says what is wrong, in one line, in lower case, without the place.
	Message string
	// Label says in a few words what the place does, to stand beside its underline; it may be
	// empty.
	Label string
	// Hint says what to do, in one line; it may be empty.
	Hint string
	// Related are other places that have to do with it, such as its cause.
	Related []Related
	// Edits mend the mistake, where that is certain.
	Edits []Edit
}

// Related is a place that has to do with a finding, and what it has to do with it.
type Related struct {
	File    *rules.File
	Span    rules.Span
	Message string
}

// RuleName is the name of the rule the finding is about, or "".
func (d *Diagnostic) RuleName() string {
	if d.Rule == nil {
		return ""
	}
	return d.Rule.Name()
}

// GroupName is the name of the group of that rule, or "".
func (d *Diagnostic) GroupName() string {
	if d.Rule == nil {
		return ""
	}
	return d.Rule.Group.Name.Value
}

// Edit replaces a span of a file's source.
type Edit = rules.Edit
