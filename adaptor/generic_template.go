package adaptor

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"text/template"
	"time"
)

// A template of the generic channel makes JSON of a genericMessage. It has the functions of the
// other templates, and the same bounds. What it prints is escaped as within a JSON string, so that
// no label can break the body; toJson makes a whole value, with its quotes.

// jsonText is JSON, which is printed as it is.
type jsonText string

// workPerBody bounds the work of making one body, to some tenths of a second. A group that takes
// more is cut into parts.
const workPerBody = 2_000_000

// executeGenericTemplate makes a body. The error begins with the place.
func executeGenericTemplate(source string, g genericMessage) ([]byte, error) {
	sources := templateSources{}
	name, err := sources.add(TemplateText{Text: source, Path: "params.template", Line: 1})
	if err == nil {
		err = sources.checkCalls(0)
	}
	if err != nil {
		return nil, err
	}
	run := &templateRun{message: g.message, markup: weComMarkup(weComText), zones: map[string]*time.Location{}}
	run.budget.piece, run.budget.message = workPerBody, workPerBody
	set := template.New("").Option("missingkey=zero").Funcs(run.bounded(run.functions())).Funcs(template.FuncMap{
		"toJson":       run.boundedFunction(reflect.ValueOf(toJSON)),
		chargeFunction: func(work int) (string, error) { return "", run.spend(work) },
		enterFunction:  func() (string, error) { return "", run.enter() },
		leaveFunction:  func() string { run.leave(); return "" },
		printFunction:  run.printJSON,
	})
	for defined, tree := range sources.trees {
		// The only error is that of a set that was executed already.
		template.Must(set.AddParseTree(defined, tree))
	}
	out := &genericOutput{}
	if err := set.ExecuteTemplate(out, name, g); err != nil {
		return nil, sources.locate(err)
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, out.Bytes()); err != nil {
		return nil, fmt.Errorf("params.template: what it writes is not JSON: %w", err)
	}
	return compact.Bytes(), nil
}

// toJSON is a value in JSON.
func toJSON(value any) (jsonText, error) {
	encoded, err := encodeJSON(value)
	return jsonText(encoded), err
}

// printJSON is the text that a value shows as within a JSON string.
func (r *templateRun) printJSON(value any) (string, error) {
	if err := r.spendOn(reflect.ValueOf(value), 1); err != nil {
		return "", err
	}
	if text, ok := value.(jsonText); ok {
		return string(text), nil
	}
	if at, ok := value.(*time.Time); ok {
		value = time.Time{}
		if at != nil {
			value = *at
		}
	}
	quoted, err := encodeJSON(r.plain(value))
	return strings.TrimSuffix(strings.TrimPrefix(string(quoted), `"`), `"`), err
}

// genericOutput collects what a template writes, up to twice what a body may have: the planner of
// parts only has to know that it is too much.
type genericOutput struct{ bytes.Buffer }

func (o *genericOutput) Write(p []byte) (int, error) {
	if o.Len()+len(p) > 2*genericBytes {
		return 0, errTooLong
	}
	return o.Buffer.Write(p)
}

// tryGenericTemplate finds what is wrong with a template by executing it for messages of many
// kinds.
func tryGenericTemplate(source string) error {
	hostile := "\"\\\n\t</script>{{"
	at := time.Date(2026, 1, 5, 0, 3, 0, 0, time.UTC)
	full := Alert{
		Name: hostile, Severity: hostile, Title: hostile, Description: hostile, Value: hostile, Text: hostile,
		Where: []Field{{"pod", hostile}}, StartsAt: at, Links: []Link{{LinkRunbook, hostile}, {LinkSilence, hostile}},
	}
	over := full
	over.Resolved, over.EndsAt = true, at.Add(time.Hour)
	for _, m := range []Message{
		{Name: "a", Alerts: []Alert{{Name: "a", Title: "a"}}},
		{
			Name: hostile, Title: hostile, Severity: hostile, Receiver: hostile, Alerts: []Alert{full, over}, Truncated: 1,
			Links: []Link{{LinkAlertmanager, hostile}}, Mentions: []Mention{{User: hostile}, {All: true}}, Part: 2, Parts: 3,
			Groups: 2, Unsure: true, Shortened: true, Accepted: at, FallbackFor: hostile, Reason: hostile,
		},
		{Name: "a", Alerts: []Alert{over, over, over}},
	} {
		m.summarize()
		if _, err := executeGenericTemplate(source, newGenericMessage(m)); err != nil {
			return err
		}
	}
	return nil
}
