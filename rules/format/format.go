// Package format lays out the PromQL of rule files, and leaves all else in them as it is.
package format

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/rulekit/rulekit/rules"
)

// Result is a rule file with its expressions laid out.
type Result struct {
	// Source is the file as it should be. It is the file's own source if nothing changed.
	Source []byte
	// Formatted is the number of expressions that are written in another way.
	Formatted int
	// Commented is the number of expressions that were left as they are because they hold
	// comments, which Prometheus's formatter drops.
	Commented int
	// Left are the other expressions that were left as they are though they are laid out
	// otherwise, in order of their place.
	Left []Left
}

// Left is a rule whose expression was not touched, and why.
type Left struct {
	Rule   *rules.Rule
	Reason string
}

// Format lays out the expressions of a file as Prometheus does (parser.Prettify). An expression
// is only changed where the result, read again, has the same syntax tree, and everything else
// in the file is what it was. A file with problems is an error that tells the first of them.
// The options are those the file was read with.
func Format(file *rules.File, o rules.Options) (*Result, error) {
	if len(file.Problems) > 0 {
		first := file.Problems[0]
		at := file.Position(first.Span.Start)
		return nil, fmt.Errorf("%s:%d:%d: %s", file.Path, at.Line, at.Column, first.Message)
	}
	f := &formatter{file: file, options: o, parser: parser.NewParser(o.PromQL), result: &Result{Source: file.Source}}
	var changes []change
	for _, rule := range file.Rules() {
		if c, ok := f.change(rule); ok {
			changes = append(changes, c)
		}
	}
	slices.SortFunc(changes, func(a, b change) int { return a.at.Start - b.at.Start })
	settled := f.settle(nil, changes)
	if len(settled) > 0 {
		f.result.Source, f.result.Formatted = apply(file.Source, settled), len(settled)
	}
	slices.SortStableFunc(f.result.Left, func(a, b Left) int { return a.Rule.Span.Start - b.Rule.Span.Start })
	return f.result, nil
}

// change is a rule whose expression is to be written otherwise.
type change struct {
	rule *rules.Rule
	// at is what is replaced by text in the source; value is what the expression then reads.
	at    rules.Span
	text  string
	value string
}

type formatter struct {
	file    *rules.File
	options rules.Options
	parser  parser.Parser
	result  *Result
	// work and rereads are what was spent so far, see maxWork and maxRereads.
	work, rereads int
}

func (f *formatter) leave(rule *rules.Rule, reason string) (change, bool) {
	f.result.Left = append(f.result.Left, Left{rule, reason})
	return change{}, false
}

// change says how a rule's expression is to be written, or false if it stays as it is.
func (f *formatter) change(rule *rules.Rule) (change, bool) {
	switch {
	case rule.AST == nil || !within(rule.Expr.Span, rule.Span):
		// An alias of an expression that stands elsewhere.
		return change{}, false
	case hasComment(rule.Expr.Value):
		f.result.Commented++
		return change{}, false
	case !f.affords(rule):
		return f.leave(rule, "it is nested too deeply to be formatted")
	}
	in, known := locate(f.file.Source, rule)
	value := parser.Prettify(rule.AST)
	if in.flow {
		value = rule.AST.String()
	}
	switch {
	case value == strings.TrimRight(rule.Expr.Value, "\n"):
		return change{}, false
	case len(value) > maxValue:
		return f.leave(rule, "it would be longer than what is read")
	case !known || !rule.Expr.Exact():
		return f.leave(rule, "it is written in a way that is not changed")
	case !f.keepsMeaning(rule, value, in.flow):
		return f.leave(rule, "Prometheus's formatter would change what it means")
	}
	at, text, ok := in.write(value)
	if !ok {
		return f.leave(rule, "it cannot be written in the same way")
	}
	return change{rule: rule, at: at, text: text, value: value}, true
}

func within(inner, outer rules.Span) bool {
	return inner.Start >= outer.Start && inner.End <= outer.End
}

// hasComment tells whether an expression holds a PromQL comment.
func hasComment(expr string) bool {
	if !strings.Contains(expr, "#") {
		return false
	}
	lexer := parser.Lex(expr)
	for {
		var item parser.Item
		switch lexer.NextItem(&item); item.Typ {
		case parser.COMMENT:
			return true
		case parser.EOF, parser.ERROR:
			return false
		}
	}
}

// maxValue is the longest expression that the reader of rule files parses, in bytes.
const maxValue = 64 << 10

// maxWork bounds what formatting the expressions of one file costs, in bytes that are written: a
// node is written once for each node above it, and again to see whether it fits on a line.
const maxWork = 500_000_000

// affords tells whether formatting an expression is within what may be spent on the file.
func (f *formatter) affords(rule *rules.Rule) bool {
	depth := depthOf(rule.AST)
	cost := len(rule.Expr.Value) * depth * depth
	if f.work+cost > maxWork {
		return false
	}
	f.work += cost
	return true
}

func depthOf(n parser.Node) int {
	deepest := 0
	for child := range parser.ChildrenIter(n) {
		deepest = max(deepest, depthOf(child))
	}
	return deepest + 1
}

// keepsMeaning tells whether a rule's expression is still the same when it is written as value,
// and whether it would then be left as it is.
func (f *formatter) keepsMeaning(rule *rules.Rule, value string, flow bool) bool {
	again, err := f.parser.ParseExpr(value)
	if err != nil || !sameTree(rule.AST, again) {
		return false
	}
	if flow {
		return again.String() == value
	}
	return parser.Prettify(again) == value
}

// maxRereads bounds how often one file is read again to find the changes that it does not take.
const maxRereads = 20

// settle returns those of the changes, after the accepted ones, with which the file still reads
// as it did. All are tried at once, and halves of them only if that fails.
func (f *formatter) settle(accepted, changes []change) []change {
	if len(changes) == 0 {
		return accepted
	}
	all := slices.Concat(accepted, changes)
	f.rereads++
	if f.rereads <= maxRereads && f.reads(all) {
		return all
	}
	if len(changes) == 1 || f.rereads > maxRereads {
		for _, c := range changes {
			f.leave(c.rule, "the file would not read the same")
		}
		return accepted
	}
	middle := len(changes) / 2
	return f.settle(f.settle(accepted, changes[:middle]), changes[middle:])
}

// reads tells whether the file with these changes is the same, but for their expressions.
func (f *formatter) reads(changes []change) bool {
	values := make(map[*rules.Rule]string, len(changes))
	for _, c := range changes {
		values[c.rule] = c.value
	}
	again := rules.Parse(f.file.Path, apply(f.file.Source, changes), f.options)
	return sameFile(f.file, again, values)
}

// apply makes changes, which are in order of their place and do not overlap.
func apply(source []byte, changes []change) []byte {
	var out bytes.Buffer
	last := 0
	for _, c := range changes {
		out.Write(source[last:c.at.Start])
		out.WriteString(c.text)
		last = c.at.End
	}
	out.Write(source[last:])
	return out.Bytes()
}
