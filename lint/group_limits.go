package lint

import (
	"fmt"
	"time"

	"github.com/prometheus/common/model"

	"github.com/rulekit/rulekit/rules"
)

func init() {
	register(Check{
		Name:    "group-limits",
		Summary: "A group has more rules, or another interval, than the policy allows.",
		Why: `The rules of a group are evaluated one after the other, so a very large group does not finish in its
interval, and evaluations are left out. A very short interval costs, a long one tells late. Say in the
configuration what is right for you:

` + "```yaml" + `
checks:
  group-limits:
    max_rules: 50
    min_interval: 15s
    max_interval: 5m
    require_limit: true  # ask for a limit of alerts or series a rule may make
    max_query_offset: 5m
` + "```" + `

A bound that is left out, or 0, is none. A group without an interval has that of the server.`,
		Severity: Warning,
		Off:      true,
		Options:  groupLimits{},
		Run:      runGroupLimits,
	})
}

// groupLimits are the options of group-limits.
type groupLimits struct {
	MaxRules     int            `yaml:"max_rules"`
	MinInterval  model.Duration `yaml:"min_interval"`
	MaxInterval  model.Duration `yaml:"max_interval"`
	RequireLimit bool           `yaml:"require_limit"`
	// MaxQueryOffset is how late a group may evaluate, to wait for samples that come late.
	MaxQueryOffset model.Duration `yaml:"max_query_offset"`
}

// Validate tells of bounds that nothing can meet.
func (o groupLimits) Validate() error {
	if o.MaxRules < 0 {
		return fmt.Errorf("max_rules is %d: want a number above 0", o.MaxRules)
	}
	return validateBounds(o.MinInterval, o.MaxInterval)
}

func runGroupLimits(p *Pass) {
	o := optionsOf[groupLimits](p)
	for _, file := range p.Files {
		for _, group := range file.Groups {
			o.look(p, file, group)
		}
	}
}

func (o groupLimits) look(p *Pass, file *rules.File, group *rules.Group) {
	report := func(at rules.Scalar, hint, format string, args ...any) {
		if at.IsZero() {
			at = group.Name
		}
		p.Report(Diagnostic{
			File: file, Span: at.Span, Hint: hint,
			Message: fmt.Sprintf("group %s "+format, append([]any{group.Name.Value}, args...)...),
		})
	}
	if o.MaxRules > 0 && len(group.Rules) > o.MaxRules {
		report(group.Name, "split the group", "has %d rules, the policy allows %d", len(group.Rules), o.MaxRules)
	}
	if o.RequireLimit && group.Limit == 0 {
		report(group.LimitScalar, "add a limit", "has no limit, which the policy asks for")
	}
	if o.MaxQueryOffset > 0 && group.QueryOffset.D > time.Duration(o.MaxQueryOffset) {
		report(group.QueryOffset.Scalar, fmt.Sprintf("use %s or less", o.MaxQueryOffset), "has a query_offset of %s, the policy allows %s", model.Duration(group.QueryOffset.D), o.MaxQueryOffset)
	}
	interval := p.EvaluationInterval(group)
	switch {
	case interval == 0:
	case interval < time.Duration(o.MinInterval):
		report(group.Interval.Scalar, fmt.Sprintf("use %s or more", o.MinInterval), "is evaluated every %s, the policy asks for %s or more", model.Duration(interval), o.MinInterval)
	case o.MaxInterval > 0 && interval > time.Duration(o.MaxInterval):
		report(group.Interval.Scalar, fmt.Sprintf("use %s or less", o.MaxInterval), "is evaluated every %s, the policy asks for %s or less", model.Duration(interval), o.MaxInterval)
	}
}
