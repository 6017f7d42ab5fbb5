package lint

import (
	"fmt"
	"strings"

	"github.com/rulekit/rulekit/rules"
)

func init() {
	register(Check{
		Name:    "alert-name",
		Summary: "The name of an alert begins with another word than those of its group.",
		Why: `People search, route and silence by the name of the alert, often with a pattern such as ` + "`Depot.*`" + `. One name
that breaks the custom of its group is then missed.

Only groups of five alerts or more are looked at, of which at least four in five begin with the same word.`,
		Severity: Info,
		Run:      alertName,
	})
}

func alertName(p *Pass) {
	for _, file := range p.Files {
		for _, group := range file.Groups {
			alertNames(p, group)
		}
	}
}

func alertNames(p *Pass, group *rules.Group) {
	const fewest, share = 5, 0.8
	counts := map[string]int{}
	var alerts []*rules.Rule
	for _, rule := range group.Rules {
		if rule.IsAlert() {
			alerts = append(alerts, rule)
			counts[firstWord(rule.Name())]++
		}
	}
	if len(alerts) < fewest {
		return
	}
	custom := ""
	for word, count := range counts {
		if count < len(alerts) && float64(count) >= share*float64(len(alerts)) {
			custom = word
		}
	}
	if custom == "" {
		return
	}
	prefix := sharedPrefix(alerts, custom)
	for _, rule := range alerts {
		if firstWord(rule.Name()) == custom || strings.HasPrefix(rule.Name(), prefix) {
			continue
		}
		p.Report(Diagnostic{
			Rule: rule, Span: rule.Alert.Span,
			Message: fmt.Sprintf("%d of the %d alerts of the group begin with %s, this one does not", counts[custom], len(alerts), prefix),
			Hint:    "give it a name that begins like the others, or move it to a group of its own",
		})
	}
}

// firstWord is the first word of a name such as DepotBeltStopped or depot_belt_stopped.
func firstWord(name string) string {
	upper := func(c byte) bool { return c >= 'A' && c <= 'Z' }
	for i := 1; i < len(name); i++ {
		c := name[i]
		if c == '_' || c == '-' || c == ' ' || c == ':' || upper(c) && !upper(name[i-1]) {
			return name[:i]
		}
	}
	return name
}

// sharedPrefix is what all names with that first word begin with.
func sharedPrefix(alerts []*rules.Rule, word string) string {
	prefix, first := "", true
	for _, rule := range alerts {
		name := rule.Name()
		if firstWord(name) != word {
			continue
		}
		if first {
			prefix, first = name, false
		}
		n := 0
		for n < len(prefix) && n < len(name) && prefix[n] == name[n] {
			n++
		}
		prefix = prefix[:n]
	}
	// A prefix that ends inside a word says less than the word.
	if len(prefix) > len(word) && !strings.ContainsAny(prefix[len(prefix)-1:], "_-:") {
		return wholeWords(prefix, alerts, word)
	}
	return prefix
}

// wholeWords cuts a shared prefix where a word ends in all names that have it.
func wholeWords(prefix string, alerts []*rules.Rule, word string) string {
	for n := len(prefix); n > len(word); n-- {
		ends := true
		for _, rule := range alerts {
			name := rule.Name()
			if firstWord(name) == word && n < len(name) && name[n] >= 'a' && name[n] <= 'z' {
				ends = false
			}
		}
		if ends {
			return prefix[:n]
		}
	}
	return word
}
