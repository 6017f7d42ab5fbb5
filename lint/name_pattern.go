package lint

import (
	"fmt"

	"github.com/rulekit/rulekit/rules"
)

func init() {
	register(Check{
		Name:    "name-pattern",
		Summary: "The name of an alert, a recorded metric or a group is not as the policy asks.",
		Why: `Names of one form are found by searching, sort together, and can be routed by. Say in the configuration
what they must match (regular expressions for the whole name; empty for any):

` + "```yaml" + `
checks:
  name-pattern:
    alert: "[A-Z][A-Za-z0-9]+"
    record: "[a-z_]+:[a-z0-9_]+:[a-z0-9_]+"
    group: "[a-z][a-z0-9.-]*"
` + "```" + ``,
		Severity: Warning,
		Off:      true,
		Options:  namePatterns{},
		Run:      runNamePattern,
	})
}

// namePatterns are the options of name-pattern.
type namePatterns struct {
	Alert  string `yaml:"alert"`
	Record string `yaml:"record"`
	Group  string `yaml:"group"`
}

// Validate tells of a pattern that is none.
func (o namePatterns) Validate() error {
	return validatePatterns(map[string]string{"alert": o.Alert, "record": o.Record, "group": o.Group})
}

func runNamePattern(p *Pass) {
	o := optionsOf[namePatterns](p)
	for _, file := range p.Files {
		for _, group := range file.Groups {
			p.named(Diagnostic{File: file}, "group", group.Name, o.Group)
			for _, rule := range group.Rules {
				what, pattern := "recorded metric", o.Record
				if rule.IsAlert() {
					what, pattern = "alert", o.Alert
				}
				p.named(Diagnostic{Rule: rule}, what, rule.NameScalar(), pattern)
			}
		}
	}
}

func (p *Pass) named(d Diagnostic, what string, name rules.Scalar, pattern string) {
	if pattern == "" || p.pattern(pattern).MatchString(name.Value) {
		return
	}
	d.Span = name.Span
	d.Message = fmt.Sprintf("name of %s %s is not as the policy asks", what, name.Value)
	d.Hint = "want a name that matches " + pattern
	p.Report(d)
}
