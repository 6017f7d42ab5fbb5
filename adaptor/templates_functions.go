package adaptor

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"text/template"
	"time"

	alertmanager "github.com/prometheus/alertmanager/template"
)

// templateFunctions are the functions that templates can call, as they are known to the parser:
// Alertmanager's, text/template's, and a few for markup. A templateRun has those that work.
var templateFunctions = new(templateRun).functions()

// templateFunctionNames are all that can be called, without those of text/template that have
// nothing to do with texts.
func templateFunctionNames() []string { return slices.Sorted(maps.Keys(templateFunctions)) }

// templateRun executes the templates of one message.
type templateRun struct {
	budget
	templates   *Templates
	set         *template.Template
	message     Message
	markup      markup
	routeLabels map[string]string
	zones       map[string]*time.Location
}

// newTemplateRun prepares to execute a receiver's templates for one message.
func newTemplateRun(t *Templates, m *Message, p payload) *templateRun {
	r := &templateRun{templates: t, message: *m, routeLabels: p.RouteLabels, zones: map[string]*time.Location{}}
	r.message.Alerts = nil
	r.budget.message = workPerMessage
	// The only error of Clone is that of sets of html/template.
	r.set = template.Must(t.set.Clone())
	r.set.Option("missingkey=zero").Funcs(r.bounded(r.functions())).Funcs(template.FuncMap{
		chargeFunction: func(work int) (string, error) { return "", r.spend(work) },
		enterFunction:  func() (string, error) { return "", r.enter() },
		leaveFunction:  func() string { r.leave(); return "" },
		printFunction:  r.print,
	})
	return r
}

// execute runs a template for some data, in a markup. The error begins with the place of what
// failed.
func (r *templateRun) execute(name string, data any, k markup) (string, error) {
	r.markup, r.piece, r.depth = k, workPerPiece, 0
	out := &templateOutput{}
	if err := r.set.ExecuteTemplate(out, name, data); err != nil {
		return "", r.templates.sources.locate(err)
	}
	return tidyTemplate(out.String(), k.newline), nil
}

// print is the text that a value shows as: inert, except for markup.
func (r *templateRun) print(value any) (string, error) {
	if err := r.spendOn(reflect.ValueOf(value), 1); err != nil {
		return "", err
	}
	if text, ok := value.(markupText); ok {
		return string(text), nil
	}
	lines := strings.Split(visible(r.plain(value)), "\n")
	for i, line := range lines {
		lines[i] = r.markup.text(line)
	}
	return strings.Join(lines, "\n"), nil
}

// plain is a value as text, without markup. Nothing is the empty text.
func (r *templateRun) plain(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case time.Time:
		if v.IsZero() {
			return ""
		}
		return r.message.time(v)
	case time.Duration:
		return r.message.words().Duration.of(v)
	}
	return fmt.Sprint(value)
}

// inline is a value as markup within a line.
func (r *templateRun) inline(value any) string {
	if text, ok := value.(markupText); ok {
		return string(text)
	}
	return r.markup.text(oneLine(r.plain(value)))
}

// functions are all that templates can call.
func (r *templateRun) functions() template.FuncMap {
	functions := template.FuncMap(maps.Clone(alertmanager.DefaultFuncs))
	maps.Copy(functions, template.FuncMap{
		// These are Alertmanager's by name, with bounds, and with this message's markup and zone.
		"match":        r.match,
		"reReplaceAll": r.replace,
		"tz":           r.tz,
		"safeHtml":     func(text string) markupText { return markupText(text) },
		"safeUrl":      func(address string) markupText { return r.address(address) },
		"routeLabels":  func(name string) string { return r.routeLabels[name] },
		// These are text/template's, which write <nil> or <no value> for what is not there.
		"print":    func(values ...any) string { return fmt.Sprint(orEmpty(values)...) },
		"println":  func(values ...any) string { return fmt.Sprintln(orEmpty(values)...) },
		"printf":   r.printf,
		"html":     func(values ...any) string { return template.HTMLEscaper(orEmpty(values)...) },
		"js":       func(values ...any) string { return template.JSEscaper(orEmpty(values)...) },
		"urlquery": func(values ...any) string { return template.URLQueryEscaper(orEmpty(values)...) },
		// These are ours.
		"bold": func(value any) markupText { return r.wrap(r.markup.bold, value) },
		"dim":  func(value any) markupText { return r.wrap(r.markup.dim, value) },
		"link": r.link,
	})
	return functions
}

// orEmpty replaces what is nothing with the empty text.
func orEmpty(values []any) []any {
	values = slices.Clone(values)
	for i, v := range values {
		if v == nil {
			values[i] = ""
		}
	}
	return values
}

// wrap puts markup around a value, but not around nothing.
func (r *templateRun) wrap(around func(string) string, value any) markupText {
	if text := r.inline(value); text != "" {
		return markupText(around(text))
	}
	return ""
}

// link makes a link; without an address it makes nothing, and of what is no web address a text.
func (r *templateRun) link(title, to any) markupText {
	address := r.plain(to)
	if strings.TrimSpace(address) == "" {
		return ""
	}
	if fit, ok := linkable(address); ok {
		return markupText(r.markup.link(r.inline(title), fit))
	}
	return markupText(r.inline(title) + ": " + r.markup.text(oneLine(address)))
}

// address makes an address fit to be put into the markup of a link.
func (r *templateRun) address(address string) markupText {
	if fit, ok := linkable(address); ok {
		return markupText(fit)
	}
	return markupText(r.markup.text(oneLine(address)))
}

// tz is Alertmanager's: the time in a zone.
func (r *templateRun) tz(name string, t time.Time) (time.Time, error) {
	if r.zones[name] == nil {
		// Loading reads a file.
		if err := r.spend(workPerPiece / 1000); err != nil {
			return time.Time{}, err
		}
		zone, err := time.LoadLocation(name)
		if err != nil {
			_, err = ZoneByName(name)
			return time.Time{}, err
		}
		r.zones[name] = zone
	}
	return t.In(r.zones[name]), nil
}

// wideVerb finds widths and precisions of four digits and more, and those taken from arguments.
var wideVerb = regexp.MustCompile(`%[^a-zA-Z%]*(\*|\d{4})`)

// printf is text/template's. A verb can use an argument again.
func (r *templateRun) printf(format string, values ...any) (string, error) {
	if wideVerb.MatchString(format) {
		return "", errors.New("widths over 999, and widths from arguments, are not supported")
	}
	if err := r.spendOn(reflect.ValueOf(values), strings.Count(format, "%")); err != nil {
		return "", err
	}
	return fmt.Sprintf(format, orEmpty(values)...), nil
}

// longestPattern is the most bytes of a regular expression in a template, and matchedPerWork how
// many bytes an instruction of it meets for a unit of work.
const (
	longestPattern = 1 << 10
	matchedPerWork = 32
)

// pattern compiles a regular expression that will be run over a text.
func (r *templateRun) pattern(pattern, text string) (*regexp.Regexp, error) {
	if len(pattern) > longestPattern {
		return nil, fmt.Errorf("the regular expression is longer than %d bytes", longestPattern)
	}
	parsed, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return nil, err
	}
	program, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		return nil, err
	}
	// Each byte of the text can meet each instruction, and each instruction has to be made.
	if err := r.spend(len(program.Inst) * (workPerCall + len(text)/matchedPerWork)); err != nil {
		return nil, err
	}
	return regexp.Compile(pattern)
}

// match is Alertmanager's.
func (r *templateRun) match(pattern, text string) (bool, error) {
	compiled, err := r.pattern(pattern, text)
	return err == nil && compiled.MatchString(text), err
}

// replace is Alertmanager's reReplaceAll.
func (r *templateRun) replace(pattern, replacement, text string) (string, error) {
	compiled, err := r.pattern(pattern, text)
	if err != nil {
		return "", err
	}
	var replaced []byte
	end := 0
	for _, found := range compiled.FindAllStringSubmatchIndex(text, -1) {
		before := len(replaced)
		replaced = append(replaced, text[end:found[0]]...)
		replaced = compiled.ExpandString(replaced, replacement, text, found)
		end = found[1]
		if err := r.spend(1 + (len(replaced)-before)/bytesPerWork); err != nil {
			return "", err
		}
	}
	return string(append(replaced, text[end:]...)), nil
}

// bounded makes functions charge for a call, and for the length of arguments and result.
func (r *templateRun) bounded(functions template.FuncMap) template.FuncMap {
	bounded := template.FuncMap{}
	for name, function := range functions {
		bounded[name] = r.boundedFunction(reflect.ValueOf(function))
	}
	return bounded
}

func (r *templateRun) boundedFunction(function reflect.Value) any {
	kind := function.Type()
	var in []reflect.Type
	for i := range kind.NumIn() {
		in = append(in, kind.In(i))
	}
	charged := reflect.FuncOf(in, []reflect.Type{kind.Out(0), reflect.TypeFor[error]()}, kind.IsVariadic())
	return reflect.MakeFunc(charged, func(args []reflect.Value) []reflect.Value {
		result, err := reflect.Zero(kind.Out(0)), r.spend(workPerCall)
		for _, arg := range args {
			if err == nil {
				err = r.spendOn(arg, 1)
			}
		}
		if err == nil {
			result, err = callFunction(function, args)
		}
		if err == nil {
			err = r.spendOn(result, 1)
		}
		return []reflect.Value{result, reflect.ValueOf(&err).Elem()}
	}).Interface()
}

// callFunction calls a function that returns a value, or a value and an error.
func callFunction(function reflect.Value, args []reflect.Value) (reflect.Value, error) {
	var results []reflect.Value
	if function.Type().IsVariadic() {
		results = function.CallSlice(args)
	} else {
		results = function.Call(args)
	}
	if len(results) > 1 && !results[1].IsNil() {
		return results[0], results[1].Interface().(error)
	}
	return results[0], nil
}
