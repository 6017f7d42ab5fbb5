package lint

import (
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/rulekit/rulekit/rules"
)

// recordings are the recording rules of a run and the rules that read what they record.
type recordings struct {
	// rules are the recording rules by the metric that they record, in order.
	rules map[string][]*rules.Rule
	// names are the metrics, in the order of their first rule.
	names []string
	used  map[string]bool
	// anything tells that some selector names no metric, so that it may read any.
	anything bool
}

func (p *Pass) recordings() *recordings {
	return shared(p, "recordings", func(files []*rules.File) *recordings {
		r := &recordings{rules: map[string][]*rules.Rule{}, used: map[string]bool{}}
		for _, file := range files {
			for _, rule := range file.Rules() {
				if !rule.IsAlert() {
					if len(r.rules[rule.Name()]) == 0 {
						r.names = append(r.names, rule.Name())
					}
					r.rules[rule.Name()] = append(r.rules[rule.Name()], rule)
				}
				if rule.AST == nil {
					continue
				}
				for part := range p.parts(rule) {
					if selector, ok := part.Expr.(*parser.VectorSelector); ok {
						r.used[selector.Name] = true
						r.anything = r.anything || selector.Name == ""
					}
				}
			}
		}
		return r
	})
}
