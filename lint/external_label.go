package lint

import (
	"fmt"
	"regexp"
	"sync"

	"github.com/rulekit/rulekit/rules"
)

func init() {
	register(Check{
		Name:    "external-label",
		Summary: "A rule sets an external label of its Prometheus, or prints one that it has not.",
		Why: `A Prometheus adds its ` + "`external_labels`" + ` to each alert that it sends, and to each series that it writes to a
remote storage, unless the label is there already. A rule that sets the same label (` + "`cluster`" + `, say) wins:
its alerts carry the value of the rule instead of the place they come from, and routes, inhibitions and
dashboards that go by it are misled. Use another name for the label of the rule.

The other way round, a template that prints ` + "`$externalLabels.cluster`" + ` prints nothing where the server has no
such label.`,
		Severity: Warning,
		Run:      externalLabel,
	})
}

func externalLabel(p *Pass) {
	for _, config := range p.Wiring.prometheus {
		external := map[string]rules.Pair{}
		for _, pair := range config.externalLabels {
			external[pair.Key.Value] = pair
		}
		loaded := p.loading().loaded
		for _, file := range p.Files {
			if !loaded[file] {
				continue
			}
			for _, rule := range file.Rules() {
				p.clash(rule, external, config)
				p.noExternal(rule, external, config)
			}
		}
	}
}

// externalUse finds the external labels that a template prints.
var externalUse = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?:\$externalLabels|\.ExternalLabels)\.([a-zA-Z_][a-zA-Z0-9_]*)`)
})

// noExternal reports the templates of a rule that print what the server has not.
func (p *Pass) noExternal(rule *rules.Rule, external map[string]rules.Pair, config *prometheusConfig) {
	for _, pair := range append(rule.EffectiveLabels(), rule.Annotations...) {
		text := pair.Value.Value
		for _, at := range externalUse().FindAllStringSubmatchIndex(text, -1) {
			name := text[at[2]:at[3]]
			if _, ok := external[name]; ok {
				continue
			}
			p.Report(Diagnostic{
				Rule: rule, Span: pair.Value.Locate(at[0], at[1]),
				Message: fmt.Sprintf("template prints external label %s, which %s does not set", name, config.file.Path),
				Label:   "always empty",
				Hint:    "add it to external_labels, or take it out of the text",
			})
		}
	}
}

func (p *Pass) clash(rule *rules.Rule, external map[string]rules.Pair, config *prometheusConfig) {
	for _, pair := range rule.EffectiveLabels() {
		other, ok := external[pair.Key.Value]
		if !ok || other.Value.Value == pair.Value.Value {
			continue
		}
		p.Report(Diagnostic{
			Rule: rule, Span: pair.Key.Span,
			Message: fmt.Sprintf("the rule sets label %s, which is an external label of the server", pair.Key.Value),
			Hint:    "use another name for the label",
			Related: []Related{{File: config.file, Span: other.Key.Span, Message: "set here for all that the server sends"}},
		})
	}
}
