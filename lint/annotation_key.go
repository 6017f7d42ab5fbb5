package lint

import (
	"fmt"
	"strings"

	"github.com/rulekit/rulekit/rules"
)

func init() {
	register(Check{
		Name:    "annotation-key",
		Summary: "An annotation has nearly the name that everybody uses: Summary, descripton, runbook-url.",
		Why: `Annotation names are case-sensitive, and nobody says when one is wrong: ` + "`Summary`" + ` or ` + "`sumary`" + ` is simply
another annotation, which no message template prints. The alert arrives without its text.

The well-known names are ` + "`summary`, `description`, `message`, `runbook_url` and `dashboard_url`" + `. A name that
nearly all other alerts of the run use counts as well known too. A name that half of all alerts use is
taken for a convention of its own, and not reported.`,
		Severity: Warning,
		Run:      annotationKey,
	})
}

func annotationKey(p *Pass) {
	for rule := range p.Alerts() {
		for _, annotation := range rule.Annotations {
			meant := meantKey(p, annotation.Key.Value)
			if meant == "" {
				continue
			}
			d := Diagnostic{
				Rule: rule, Span: annotation.Key.Span,
				Message: fmt.Sprintf("annotation %s is not %s: message templates do not print it", annotation.Key.Value, meant),
				Hint:    fmt.Sprintf("rename it to %s", meant),
			}
			other, there := rule.Annotation(meant)
			switch {
			case there:
				d.Hint = fmt.Sprintf("the alert has %s too: keep one of the two", meant)
				d.Related = []Related{{File: rule.File(), Span: other.Key.Span, Message: "the other one"}}
			case onlyMeaning(p, rule, annotation.Key.Value, meant):
				d.Edits = []Edit{{Span: annotation.Key.Span, New: meant}}
			}
			p.Report(d)
		}
	}
}

// onlyMeaning tells whether no other annotation of the rule was meant for the same name.
func onlyMeaning(p *Pass, rule *rules.Rule, key, meant string) bool {
	for _, annotation := range rule.Annotations {
		if annotation.Key.Value != key && meantKey(p, annotation.Key.Value) == meant {
			return false
		}
	}
	return true
}

// wellKnownKeys are the annotations that the message templates in common use print.
var wellKnownKeys = []string{"summary", "description", "message", "runbook_url", "dashboard_url"}

// annotationKeys says of each annotation name of a run what was probably meant by it; names
// that are right are not in it.
type annotationKeys map[string]string

// meantKey returns the annotation name that was probably meant by key, or "" where key is right
// or nothing like a known name.
func meantKey(p *Pass, key string) string {
	return shared(p, "annotation-keys", newAnnotationKeys)[key]
}

func newAnnotationKeys(files []*rules.File) annotationKeys {
	alerts, counts := 0, map[string]int{}
	for _, file := range files {
		for _, rule := range file.Rules() {
			if !rule.IsAlert() {
				continue
			}
			alerts++
			for _, annotation := range rule.Annotations {
				counts[annotation.Key.Value]++
			}
		}
	}
	const (
		common = 20 // a name that as many alerts use is known
		few    = 20 // a slip is at least as many times rarer than what was meant
		bounds = 64 // names are compared with each other only where there are no more
	)
	known := append([]string(nil), wellKnownKeys...)
	for key, count := range counts {
		if count >= common && len(counts) <= bounds && isKeyWord(key) {
			known = append(known, key)
		}
	}
	meant := annotationKeys{}
	for key, count := range counts {
		own := alerts >= 4 && count*2 >= alerts
		if candidate := nearestKey(key, known); candidate != "" && !own && (isWellKnown(candidate) || count*few <= counts[candidate]) {
			meant[key] = candidate
		}
	}
	return meant
}

func isWellKnown(key string) bool {
	for _, known := range wellKnownKeys {
		if key == known {
			return true
		}
	}
	return false
}

// isKeyWord tells names that are long enough to be misspelt from those that are not.
func isKeyWord(key string) bool { return len(key) >= 6 }

// nearestKey is the known name that differs from key in case, in its joining character or in
// one slip of the fingers.
func nearestKey(key string, known []string) string {
	plain := strings.NewReplacer("-", "_", " ", "_", ".", "_").Replace(strings.ToLower(key))
	joined := strings.ReplaceAll(plain, "_", "")
	best := ""
	for _, candidate := range known {
		switch {
		case candidate == key:
			return ""
		case plain == candidate || joined == strings.ReplaceAll(candidate, "_", ""):
			best = candidate
		case best == "" && isKeyWord(plain) && isSlip(plain, candidate):
			best = candidate
		}
	}
	return best
}

// isSlip tells whether one word is a misspelling of the other, not its plural.
func isSlip(word, of string) bool {
	return word != of+"s" && of != word+"s" && rules.Nearest(word, []string{of}) != ""
}
