package lint

import (
	"fmt"
	"slices"
	"strings"
	"text/template/parse"
)

// humanizers are the functions that turn a number into a text for people.
var humanizers = []string{"humanize", "humanize1024", "humanizeDuration", "humanizePercentage", "humanizeTimestamp"}

// textFunctions are other functions that return a text.
var textFunctions = []string{
	"print", "println", "title", "toUpper", "toLower", "stripPort", "stripDomain", "reReplaceAll", "graphLink",
	"tableLink", "safeHtml", "label", "strvalue", "externalURL", "pathPrefix", "urlQueryEscape", "html", "js", "urlquery",
}

// function is what a function of templates makes of its arguments. The nodes are those of the
// arguments that are written beside it: a value that is piped in has none.
func (w *templateWalker) function(name string, nodes []parse.Node, args []value) value {
	out := made(args...)
	switch {
	case name == "or" || name == "and":
		return value{tested: joined(out.tested, out.printed)}
	case name == "index":
		return w.indexed(nodes, args, out)
	case slices.Contains(comparisons, name):
		w.compared(name, nodes, args)
		return value{tested: joined(out.tested, out.printed)}
	case name == "printf":
		return w.printf(nodes, args, out)
	case slices.Contains(humanizers, name):
		if len(args) == 1 {
			w.humanized(name, args[0])
			out.sample = args[0].sample.through(call{Name: name})
		}
		out.kind = stringValue
	case name == "toTime" || name == "toDuration":
		if len(args) == 1 {
			out.sample = args[0].sample.through(call{Name: name})
		}
	case slices.Contains(textFunctions, name):
		out.kind = stringValue
		for _, arg := range args {
			out.dumps = out.dumps || arg.kind == labelsValue || arg.kind == rootValue
			if arg.sample != nil {
				out.sample = arg.sample.through(call{Name: name})
			}
		}
	case name == "parseDuration" || name == "now":
		out.kind = floatValue
	}
	return out
}

// through is the use after the value went through one more function.
func (v *valueUse) through(c call) *valueUse {
	if v == nil {
		return nil
	}
	out := *v
	out.Calls = append(slices.Clip(v.Calls), c)
	return &out
}

func (w *templateWalker) indexed(nodes []parse.Node, args []value, out value) value {
	if len(nodes) == 2 && len(args) == 2 && args[0].kind == labelsValue {
		found := w.index(nodes[1])
		out = made(out, found)
		out.kind = found.kind
	}
	return out
}

// printf is a text in which verbs stand for the arguments.
func (w *templateWalker) printf(nodes []parse.Node, args []value, out value) value {
	for _, arg := range args {
		out.dumps = out.dumps || arg.kind == labelsValue || arg.kind == rootValue
	}
	out.kind = stringValue
	if len(nodes) == 0 {
		return out
	}
	format, ok := nodes[0].(*parse.StringNode)
	if !ok {
		for _, arg := range args {
			if arg.sample != nil {
				out.sample = arg.sample.through(call{Name: "printf"})
			}
		}
		return out
	}
	verbs, known := printfVerbs(format.Text)
	if !known {
		return out
	}
	args = args[1:]
	w.checkVerbs(format, verbs, args)
	for i, verb := range verbs {
		if i < len(args) && args[i].sample != nil {
			use := args[i].sample.through(call{Name: "printf", Verb: format.Text[verb.Start:verb.End]})
			use.Before = literalOf(format.Text, verbs, 0, i) + use.Before
			use.After += literalOf(format.Text, verbs, i+1, len(verbs))
			out.sample = use
		}
	}
	return out
}

// literalOf is what a format prints between its verbs from and to: before the first verb where
// from is 0, after the last one where to is their number. A gap stands for each verb between.
func literalOf(format string, verbs []printfVerb, from, to int) string {
	var b strings.Builder
	at := 0
	if from > 0 {
		at = verbs[from-1].End
	}
	for _, verb := range verbs[from:to] {
		b.WriteString(format[at:verb.Start])
		b.WriteString(gap)
		at = verb.End
	}
	end := len(format)
	if to < len(verbs) {
		end = verbs[to].Start
	}
	b.WriteString(format[at:end])
	return strings.ReplaceAll(b.String(), "%%", "%")
}

// printfVerb is a verb of a format, such as %.2f.
type printfVerb struct {
	place
	Letter byte
}

// printfVerbs are the verbs of a format that take an argument. They are not known of a format
// that takes widths or the order from its arguments.
func printfVerbs(format string) (verbs []printfVerb, known bool) {
	for i := 0; i < len(format); i++ {
		if format[i] != '%' {
			continue
		}
		start := i
		for i++; i < len(format) && strings.IndexByte("+-# 0123456789.", format[i]) >= 0; i++ {
		}
		switch {
		case i == len(format):
			verbs = append(verbs, printfVerb{place{start, i}, 0})
		case format[i] == '*' || format[i] == '[':
			return nil, false
		case format[i] == '%' && i == start+1:
		case format[i] >= 0x80:
			return nil, false
		default:
			verbs = append(verbs, printfVerb{place{start, i + 1}, format[i]})
		}
	}
	return verbs, true
}

// verbsOf are the letters of the verbs that print a value of a kind.
func verbsOf(kind valueKind) string {
	switch kind {
	case floatValue:
		return "vTbeEfFgGxX"
	case intValue:
		return "vTbcdoOqxXU"
	case stringValue:
		return "vTsqxX"
	}
	return ""
}

// allVerbs are the letters that fmt knows.
const allVerbs = "vTtbcdoOqxXUeEfFgGsp"

// checkVerbs tells of verbs that print an error in place of a value.
func (w *templateWalker) checkVerbs(format *parse.StringNode, verbs []printfVerb, args []value) {
	for i, verb := range verbs {
		at, exact := w.inString(format, verb.place)
		written := format.Text[verb.Start:verb.End]
		f := failure{place: at}
		switch {
		case verb.Letter == 0:
			f.Message = "the text ends with %!(NOVERB), for a single % begins a verb"
			f.Hint, f.New = "write %% for a percent sign", "%%"
			if written != "%" {
				f.New = ""
			}
		case strings.IndexByte(allVerbs, verb.Letter) < 0:
			f.Message = fmt.Sprintf("printf has no verb %s: a formatting error is printed in its place", written)
			f.Hint = "write %% for a percent sign"
		case i >= len(args):
			f.Message = fmt.Sprintf("printf has no value for %s: %%!%c(MISSING) is printed", written, verb.Letter)
			f.Hint = "give printf as many values as its format has verbs"
		default:
			f = w.checkVerb(f, verb, written, args[i])
		}
		if f.Message != "" {
			if !exact {
				f.New = ""
			}
			w.fail(f)
		}
	}
	if len(args) > len(verbs) {
		at, _ := w.inString(format, place{0, len(format.Text)})
		w.fail(failure{place: at, Message: "printf has more values than its format has verbs: %!(EXTRA ...) is printed",
			Hint: "give printf as many values as its format has verbs"})
	}
}

func (w *templateWalker) checkVerb(f failure, verb printfVerb, written string, arg value) failure {
	allowed := verbsOf(arg.kind)
	if allowed == "" || strings.IndexByte(allowed, verb.Letter) >= 0 {
		return f
	}
	what := map[valueKind]string{floatValue: "float64", intValue: "int", stringValue: "string"}[arg.kind]
	f.Message = fmt.Sprintf("%s cannot print a %s: %%!%c(%s=...) is printed", written, what, verb.Letter, what)
	switch {
	case arg.kind == floatValue && verb.Letter == 'd':
		f.Hint = "the value is a floating point number: print it with %.0f"
		if written == "%d" {
			f.New = "%.0f"
		}
	case arg.kind == floatValue:
		f.Hint = "the value is a floating point number: print it with %.2f, %g or %v"
	default:
		f.Hint = "print it with %v"
		if arg.kind == stringValue {
			f.Hint = "it is a text already: print it with %s"
		}
	}
	return f
}

// inString is where a part of a string is written in the template. It is exact where no escape
// shifts the places in the string.
func (w *templateWalker) inString(s *parse.StringNode, part place) (at place, exact bool) {
	start := int(s.Pos) - len(templateVariables)
	if len(s.Quoted) != len(s.Text)+2 {
		return place{start, start + len(s.Quoted)}, false
	}
	return place{start + 1 + part.Start, start + 1 + part.End}, true
}
