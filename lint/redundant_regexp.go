package lint

import (
	"fmt"
	"regexp/syntax"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/rulekit/rulekit/lint/infer"
	"github.com/rulekit/rulekit/rules"
)

func init() {
	register(Check{
		Name:    "redundant-regexp",
		Summary: "A matcher is a regular expression where none is needed.",
		Why: `A matcher says what the author meant: ` + "`role=~\"primary\"`" + ` looks as if several roles were selected, and
` + "`role=\"primary\"`" + ` says that it is one. Four forms say less than they seem to:

- a plain text: ` + "`role=~\"primary\"`" + ` is ` + "`role=\"primary\"`, and `!~` is `!=`" + `
- anchors: Prometheus always matches the whole value, so ` + "`^`" + ` at the start and ` + "`$`" + ` at the end do nothing
- everything: ` + "`role=~\".*\"`" + ` matches every value and also series without the label, so the matcher can go
- the same alternative twice: ` + "`role=~\"a|b|a\"`" + ``,
		Severity: Info,
		Run:      redundantRegexp,
	})
}

func redundantRegexp(p *Pass) {
	p.eachPart(func(rule *rules.Rule, part *part, found *findings) {
		vs, ok := part.Expr.(*parser.VectorSelector)
		if !ok {
			return
		}
		removed := false
		for _, m := range vs.LabelMatchers {
			d, redundant := regexpDiagnostic(rule, vs, m)
			if !redundant {
				continue
			}
			if matchesAll(m) && removed {
				// The commas of two matchers may be one: the next run takes the other out.
				d.Edits = nil
			}
			removed = removed || matchesAll(m)
			if found.add(d); len(found.all) >= maxFindings {
				return
			}
		}
	})
}

// matchesAll tells whether the matcher matches every series, with the label or without.
func matchesAll(m *labels.Matcher) bool { return m.Type == labels.MatchRegexp && m.Value == ".*" }

func regexpDiagnostic(rule *rules.Rule, vs *parser.VectorSelector, m *labels.Matcher) (d Diagnostic, found bool) {
	if m.Type != labels.MatchRegexp && m.Type != labels.MatchNotRegexp {
		return d, false
	}
	plain := labels.MatchEqual
	if m.Type == labels.MatchNotRegexp {
		plain = labels.MatchNotEqual
	}
	inner, anchored := withoutAnchors(m.Value)
	text, literal := literalRegexp(inner)
	once, twice := m.Value, ""
	if !literal && !anchored {
		once, twice = eachOnce(m.Value)
	}
	if !matchesAll(m) && !literal && !anchored && twice == "" {
		return d, false
	}
	d = Diagnostic{Rule: rule, Span: locate(rule, &infer.Reason{Node: vs, Clause: infer.OneMatcher, Matcher: m})}
	switch {
	case matchesAll(m):
		d.Message = fmt.Sprintf("the matcher %s does nothing: it matches every series", m)
		d.Label = "matches everything"
		d.Hint = "take the matcher out"
		if vs.Name != "" {
			d.Edits = withoutMatcher(rule.File().Source, d.Span)
		}
	case literal:
		wanted := labels.MustNewMatcher(plain, m.Name, text)
		d.Message = fmt.Sprintf("the matcher %s needs no regular expression", m)
		d.Hint = fmt.Sprintf("write %s", wanted)
		d.Edits = matcherEdits(rule, d.Span, m, plain.String(), text)
	case anchored:
		d.Message = fmt.Sprintf("the anchors in %q do nothing: the whole value is always matched", m.Value)
		d.Hint = fmt.Sprintf("write %s", labels.MustNewMatcher(m.Type, m.Name, inner))
		d.Edits = matcherEdits(rule, d.Span, m, m.Type.String(), inner)
	default:
		d.Message = fmt.Sprintf("%q is twice among the alternatives", twice)
		d.Hint = "leave one of them out"
		d.Edits = matcherEdits(rule, d.Span, m, m.Type.String(), once)
	}
	return d, true
}

// literalRegexp returns the only text that the regular expression matches, if there is only one.
func literalRegexp(pattern string) (text string, ok bool) {
	parsed, err := syntax.Parse(pattern, syntax.Perl|syntax.DotNL)
	if err != nil {
		return "", false
	}
	parsed = parsed.Simplify()
	for parsed.Op == syntax.OpCapture {
		parsed = parsed.Sub[0]
	}
	switch {
	case parsed.Op == syntax.OpEmptyMatch:
		return "", pattern == ""
	case parsed.Op == syntax.OpLiteral && parsed.Flags&syntax.FoldCase == 0:
		return string(parsed.Rune), true
	}
	return "", false
}

// withoutAnchors takes ^ and $ off the ends, where they stand for all of the pattern.
func withoutAnchors(pattern string) (inner string, anchored bool) {
	parsed, err := syntax.Parse(pattern, syntax.Perl|syntax.DotNL)
	if err != nil || parsed.Op != syntax.OpConcat && parsed.Op != syntax.OpBeginText && parsed.Op != syntax.OpEndText {
		return pattern, false
	}
	inner = strings.TrimPrefix(pattern, "^")
	if strings.HasSuffix(inner, "$") && !strings.HasSuffix(inner, `\$`) {
		inner = strings.TrimSuffix(inner, "$")
	}
	return inner, inner != pattern
}

// eachOnce leaves out alternatives that a pattern of plain alternatives has had before, and
// returns the first of them, or "".
func eachOnce(pattern string) (once, twice string) {
	if strings.ContainsAny(pattern, `()[]\`) {
		return pattern, ""
	}
	var kept []string
	for alternative := range strings.SplitSeq(pattern, "|") {
		switch {
		case !slices.Contains(kept, alternative):
			kept = append(kept, alternative)
		case twice == "":
			twice = alternative
		}
		if len(kept) > maxAlternatives {
			return pattern, ""
		}
	}
	return strings.Join(kept, "|"), twice
}

// maxAlternatives bounds the alternatives that are compared with each other.
const maxAlternatives = 200

// withoutMatcher takes a matcher out of the source, with the comma after it or before it.
func withoutMatcher(source []byte, span rules.Span) []Edit {
	if span.Start < 0 || span.End > len(source) || span.Start >= span.End {
		return nil
	}
	blank := func(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }
	after := span.End
	for after < len(source) && blank(source[after]) {
		after++
	}
	if after < len(source) && source[after] == ',' {
		for after++; after < len(source) && (source[after] == ' ' || source[after] == '\t'); after++ {
		}
		return []Edit{{Span: rules.Span{Start: span.Start, End: after}}}
	}
	before := span.Start
	for before > 0 && blank(source[before-1]) {
		before--
	}
	if before > 0 && source[before-1] == ',' {
		return []Edit{{Span: rules.Span{Start: before - 1, End: span.End}}}
	}
	return []Edit{{Span: span}}
}

// matcherEdits replace the operator and the value of a matcher, or are nil where its source is
// not written as plainly as the matcher itself.
func matcherEdits(rule *rules.Rule, span rules.Span, m *labels.Matcher, operator, value string) []Edit {
	source := rule.File().Source
	if span.Start < 0 || span.End > len(source) || span.Start > span.End {
		return nil
	}
	written := string(source[span.Start:span.End])
	at := strings.Index(written, m.Type.String())
	if at < 0 {
		return nil
	}
	rest := written[at+len(m.Type.String()):]
	quoted := strings.TrimLeft(rest, " ")
	if len(quoted) < 2 || quoted[1:len(quoted)-1] != m.Value || strings.Trim(quoted[:1], "\"'`") != "" {
		return nil
	}
	if strings.ContainsAny(value, "\\\"'`\n") {
		return nil
	}
	start := span.Start + at
	valueStart := span.End - len(quoted) + 1
	edits := []Edit{}
	if operator != m.Type.String() {
		edits = append(edits, Edit{Span: rules.Span{Start: start, End: start + len(m.Type.String())}, New: operator})
	}
	if value != m.Value {
		edits = append(edits, Edit{Span: rules.Span{Start: valueStart, End: valueStart + len(m.Value)}, New: value})
	}
	return edits
}
