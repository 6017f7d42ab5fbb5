package lint

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rulekit/rulekit/rules"
)

func init() {
	register(Check{
		Name:    "severity-outlier",
		Summary: "A severity that nearly no other alert of the set has.",
		Why: `Routes and inhibitions name severities. An alert with one that they do not know (` + "`critcal`, or `error`" + `
where all others say info, warning or critical) falls through to the default receiver: it is not
paged, not muted and not counted with the others.

Compared are the alerts of a folder. A severity is reported if it is nearly the name of one that is
used more often; or if it is used in at most one of twenty alerts, beside the others in the same file,
and is none of the usual four (none, info, warning, critical).`,
		Severity: Warning,
		Scope:    AllFiles,
		Run:      severityOutlier,
	})
}

// severityUses are the alerts of a folder by severity.
type severityUses struct {
	total  int
	values []string
	uses   map[string][]*rules.Rule
}

func severityOutlier(p *Pass) {
	var folders []string
	byFolder := map[string]*severityUses{}
	for rule := range p.Alerts() {
		severity, ok := severityOf(rule)
		if !ok {
			continue
		}
		folder := filepath.Dir(rule.File().Path)
		u := byFolder[folder]
		if u == nil {
			u = &severityUses{uses: map[string][]*rules.Rule{}}
			byFolder[folder] = u
			folders = append(folders, folder)
		}
		value := severity.Value.Value
		if len(u.uses[value]) == 0 {
			u.values = append(u.values, value)
		}
		u.uses[value] = append(u.uses[value], rule)
		u.total++
	}
	for _, folder := range folders {
		byFolder[folder].report(p)
	}
}

func (u *severityUses) report(p *Pass) {
	// More than a few dozen are no levels of severity.
	const most = 50
	if len(u.values) > most {
		return
	}
	for _, value := range u.values {
		meant := u.meant(value)
		if meant == "" && !u.isOutlier(value) {
			continue
		}
		alerts := u.uses[value]
		at, _ := severityOf(alerts[0])
		d := Diagnostic{
			Rule: alerts[0], Span: at.Value.Span,
			Message: fmt.Sprintf("severity %q is used by %s of %d alerts, the others have %s", value, inWords(len(alerts)), u.total, u.others(value)),
			Hint:    "use one of the others, or make sure that Alertmanager routes this one",
		}
		if meant != "" {
			d.Hint = fmt.Sprintf("did you mean %s?", meant)
		}
		var related []Related
		for _, alert := range alerts[1:] {
			also, _ := severityOf(alert)
			related = append(related, Related{File: alert.File(), Span: also.Value.Span, Message: "also here"})
		}
		d.Related = someRelated(related)
		p.Report(d)
	}
}

// meant is a value used far more often that this one may be a slip of, or "".
func (u *severityUses) meant(value string) string {
	var common []string
	for _, other := range u.values {
		if len(u.uses[other]) >= 3*len(u.uses[value]) {
			common = append(common, other)
		}
	}
	if near := rules.Nearest(value, common); near != "" {
		return near
	}
	for _, other := range common {
		if len(value) >= 3 && strings.HasPrefix(strings.ToLower(other), strings.ToLower(value)) {
			return other
		}
	}
	return ""
}

// isOutlier tells whether the value is rare, but used among the others: a file that has only
// this one has a convention of its own.
func (u *severityUses) isOutlier(value string) bool {
	alerts := u.uses[value]
	if slices.Contains([]string{"none", "info", "warning", "critical"}, value) || u.total < 20 || len(alerts)*20 > u.total {
		return false
	}
	for _, alert := range alerts {
		own, others := 0, 0
		for _, rule := range alert.File().Rules() {
			if severity, ok := severityOf(rule); ok && rule.IsAlert() && severity.Value.Value == value {
				own++
			} else if ok && rule.IsAlert() {
				others++
			}
		}
		if others <= own {
			return false
		}
	}
	return true
}

// others names the values that are used more often, the most used first.
func (u *severityUses) others(value string) string {
	var all []string
	for _, other := range u.values {
		if len(u.uses[other]) > len(u.uses[value]) {
			all = append(all, other)
		}
	}
	slices.SortStableFunc(all, func(a, b string) int { return cmp.Compare(len(u.uses[b]), len(u.uses[a])) })
	all = all[:min(len(all), 4)]
	if last := len(all) - 1; last > 0 {
		return strings.Join(all[:last], ", ") + " or " + all[last]
	}
	return strings.Join(all, "")
}

// inWords writes small numbers as words.
func inWords(n int) string {
	if words := []string{"none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"}; n < len(words) {
		return words[n]
	}
	return fmt.Sprint(n)
}
