package lint

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/rulekit/rulekit/rules"
)

func init() {
	register(Check{
		Name:    "promql-syntax",
		Summary: "The expression is not valid PromQL.",
		Why: `Prometheus refuses the whole rule file for one expression that does not parse, so every other rule
of the file is lost with it. A server that is already running keeps its old rules and says so only in
its log.`,
		Severity: Error,
		Run:      promqlSyntax,
	})
}

func promqlSyntax(p *Pass) {
	for _, file := range p.Files {
		unclosed := map[*rules.Rule]bool{}
		for _, problem := range file.Problems {
			if problem.Kind == rules.BadPromQL && isUnclosed(problem) {
				unclosed[problem.Rule] = true
			}
		}
		for _, problem := range file.Problems {
			switch {
			case problem.Kind != rules.BadPromQL:
			case isUnclosed(problem):
				p.Report(unclosedDiagnostic(file, problem))
			case !unclosed[problem.Rule]:
				// What else the parser says of an unclosed parenthesis is not the cause.
				p.Report(Diagnostic{
					File: file, Span: problem.Span, Rule: problem.Rule,
					Message: inBrief(problem.Message), Hint: functionHint(problem),
				})
			}
		}
	}
}

// inBrief leaves out the middle of a message that quotes a very long word.
func inBrief(message string) string {
	const most = 400
	if len(message) <= most {
		return message
	}
	head, tail := message[:most/2], message[len(message)-most/2:]
	return strings.ToValidUTF8(head, "") + " ... " + strings.ToValidUTF8(tail, "")
}

func isUnclosed(problem rules.Problem) bool {
	return problem.Rule != nil && strings.Contains(problem.Message, "unclosed left parenthesis")
}

// unclosedDiagnostic shows which parenthesis is not closed; the parser tells only that the
// expression ended too soon.
func unclosedDiagnostic(file *rules.File, problem rules.Problem) Diagnostic {
	d := Diagnostic{File: file, Span: problem.Span, Rule: problem.Rule, Message: problem.Message}
	var opened []int
	lexer := parser.Lex(problem.Rule.Expr.Value)
	for item := (parser.Item{}); item.Typ != parser.EOF && item.Typ != parser.ERROR; {
		lexer.NextItem(&item)
		switch {
		case item.Typ == parser.LEFT_PAREN:
			opened = append(opened, int(item.Pos))
		case item.Typ == parser.RIGHT_PAREN && len(opened) > 0:
			opened = opened[:len(opened)-1]
		}
	}
	if len(opened) > 0 {
		last := opened[len(opened)-1]
		d.Related = []Related{{File: file, Span: d.Span, Message: "the expression ends here"}}
		d.Span, d.Label = problem.Rule.Expr.Locate(last, last+1), "is not closed"
	}
	return d
}

var unknownFunction = regexp.MustCompile(`unknown function with name "([^"]+)"`)

// functionHint offers the function that was probably meant, or the feature that is off.
func functionHint(problem rules.Problem) string {
	switch {
	case strings.HasSuffix(problem.Message, "fill modifiers are experimental and not enabled"):
		return "if the server has the feature switched on: --enable-feature promql-binop-fill-modifiers"
	case strings.HasSuffix(problem.Message, "is not enabled"):
		return "if the server has the feature switched on: --enable-feature promql-experimental-functions"
	}
	match := unknownFunction.FindStringSubmatch(problem.Message)
	if match == nil {
		return ""
	}
	known := slices.Collect(maps.Keys(parser.Functions))
	for item, word := range parser.ItemTypeStr {
		if item.IsAggregator() {
			known = append(known, word)
		}
	}
	slices.Sort(known)
	if nearest := rules.Nearest(match[1], known); nearest != "" {
		return "did you mean " + nearest + "()?"
	}
	return ""
}
