package lint

import (
	"bytes"
	"slices"
	"sort"
	"strings"

	"github.com/rulekit/rulekit/rules"
)

// placer finds what comments of a file are for.
type placer struct {
	file  *rules.File
	rules []*rules.Rule
	// heads are what a comment on a line of its own may be for, by where it starts.
	heads []head
	// below is what was found below a rule so far, since many comments may stand there.
	below struct {
		rule         *rules.Rule
		at           int
		onlyComments bool
	}
}

// head is the start of something that a comment above is for.
type head struct {
	at    int
	scope rules.Span
}

func newPlacer(file *rules.File) *placer {
	p := &placer{file: file, rules: file.Rules(), heads: []head{{firstContent(file.Source), wholeFile(file)}}}
	for _, document := range file.Documents {
		scope := document.Span
		if len(file.Documents) == 1 {
			scope = wholeFile(file)
		}
		if len(document.Groups) == 0 {
			p.heads = append(p.heads, head{document.Span.Start, scope})
			continue
		}
		p.heads = append(p.heads, head{p.keyBefore("groups", document.Span.Start, document.Groups[0].Span.Start), scope})
		for _, group := range document.Groups {
			p.heads = append(p.heads, head{group.Span.Start, group.Span})
			if len(group.Rules) > 0 {
				p.heads = append(p.heads, head{p.keyBefore("rules", group.Span.Start, group.Rules[0].Span.Start), group.Span})
			}
			for _, rule := range group.Rules {
				p.heads = append(p.heads, head{rule.Span.Start, rule.Span})
			}
		}
	}
	slices.SortStableFunc(p.heads, func(a, b head) int { return a.at - b.at })
	slices.SortStableFunc(p.rules, func(a, b *rules.Rule) int { return a.Span.Start - b.Span.Start })
	return p
}

// firstContent is where a file starts that is more than comments: those above are for all of it.
func firstContent(source []byte) int {
	start := 0
	for line := range bytes.Lines(source) {
		if text := bytes.TrimSpace(line); len(text) > 0 && text[0] != '#' {
			break
		}
		start += len(line)
	}
	return start
}

func wholeFile(file *rules.File) rules.Span { return rules.Span{End: len(file.Source)} }

// keyBefore is where a key starts a line before something, the last such line.
func (p *placer) keyBefore(key string, from, to int) int {
	at, start := from, from
	for line := range bytes.Lines(p.file.Source[from:max(from, to)]) {
		text := bytes.TrimLeft(line, " \t-\"'")
		if bytes.HasPrefix(text, []byte(key)) {
			at = start + len(line) - len(text)
		}
		start += len(line)
	}
	return at
}

// scope is what a comment is for: what it stands in, or what starts below it.
func (p *placer) scope(comment rules.Span) rules.Span {
	source := p.file.Source
	line := bytes.LastIndexByte(source[:comment.Start], '\n') + 1
	before := bytes.TrimRight(source[line:comment.Start], " \t")
	if last := line + len(before) - 1; len(bytes.TrimLeft(before, " \t-")) > 0 {
		return p.around(last)
	}
	next := sort.Search(len(p.heads), func(i int) bool { return p.heads[i].at > comment.Start })
	if rule := p.lastRule(comment.Start); rule != nil {
		inside := comment.Start < rule.Span.End
		if inside || p.endsRule(rule, comment.Start, comment.Start-line) {
			return rule.Span
		}
		if group := rule.Group.Span; comment.Start < group.End && (next == len(p.heads) || p.heads[next].at >= group.End) {
			return group
		}
	}
	if next == len(p.heads) {
		return rules.Span{}
	}
	return p.heads[next].scope
}

// around is the smallest of what the place is in.
func (p *placer) around(at int) rules.Span {
	contains := func(s rules.Span) bool { return s.Start <= at && at < s.End }
	if rule := p.lastRule(at); rule != nil && contains(rule.Span) {
		return rule.Span
	}
	if group := groupAt(p.file, at); group != nil {
		return group.Span
	}
	all := p.file.Documents
	i := sort.Search(len(all), func(i int) bool { return all[i].Span.Start > at })
	if len(all) > 1 && i > 0 && contains(all[i-1].Span) {
		return all[i-1].Span
	}
	return wholeFile(p.file)
}

// lastRule is the last rule that starts before a place, or nil.
func (p *placer) lastRule(at int) *rules.Rule {
	i := sort.Search(len(p.rules), func(i int) bool { return p.rules[i].Span.Start > at })
	if i == 0 {
		return nil
	}
	return p.rules[i-1]
}

// endsRule tells whether a comment below a rule still belongs to it: it is indented like the
// rule's keys, and no empty line is between. Comments are asked for in their order.
func (p *placer) endsRule(rule *rules.Rule, at, indent int) bool {
	source := p.file.Source
	start := bytes.LastIndexByte(source[:rule.Span.Start], '\n') + 1
	if p.below.rule != rule {
		p.below.rule, p.below.at, p.below.onlyComments = rule, min(rule.Span.End, at), true
	}
	pieces := strings.Split(string(source[p.below.at:max(at, p.below.at)]), "\n")
	for k, piece := range pieces {
		text := strings.TrimSpace(piece)
		emptyLine := text == "" && k > 0 && k < len(pieces)-1
		if emptyLine || text != "" && text[0] != '#' {
			p.below.onlyComments = false
		}
	}
	p.below.at = at
	return indent >= rule.Span.Start-start && p.below.onlyComments
}

func groupAt(file *rules.File, at int) *rules.Group {
	i := sort.Search(len(file.Groups), func(i int) bool { return file.Groups[i].Span.Start > at })
	if i == 0 || at >= file.Groups[i-1].Span.End {
		return nil
	}
	return file.Groups[i-1]
}
