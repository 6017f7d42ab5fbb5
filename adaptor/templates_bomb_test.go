package adaptor

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"
)

// bombs are templates that would take all time or all memory.
var bombs = map[string]struct{ template, want string }{
	"long range":            {`{{ range 1000000000000 }}{{ end }}`, "takes too long"},
	"nested ranges":         {`{{ range 100000 }}{{ range 100000 }}{{ if true }}{{ end }}{{ end }}{{ end }}`, "takes too long"},
	"heavy range":           {`{{ range 100000 }}` + strings.Repeat(`{{ if eq 1 2 }}x{{ end }}`, 1000) + `{{ end }}`, "takes too long"},
	"wide condition":        {`{{ range 1000000 }}{{ if and ` + strings.Repeat("(eq 1 1) ", 5000) + `}}{{ end }}{{ end }}`, "takes too long"},
	"recursion":             {`{{ define "a" }}{{ template "a" . }}{{ end }}{{ template "a" . }}`, "more than 100 deep"},
	"mutual recursion":      {`{{ define "a" }}{{ template "b" . }}{{ end }}{{ define "b" }}{{ range 2 }}{{ template "a" $ }}{{ end }}{{ end }}{{ template "a" . }}`, "more than 100 deep"},
	"many calls":            {lotsOfCalls(), "takes too long"},
	"long output":           {`{{ range 10000 }}0123456789{{ end }}`, "writes more than 32 KiB"},
	"doubling":              {`{{ $x := "aaaa" }}{{ range 100 }}{{ $x = printf "%s%s" $x $x }}{{ end }}{{ $x }}`, "a text has more than 256 KiB"},
	"doubling with print":   {`{{ $x := "aaaa" }}{{ range 100 }}{{ $x = print $x $x }}{{ end }}`, "a text has more than 256 KiB"},
	"doubling with join":    {`{{ $x := "aaaa" }}{{ range 100 }}{{ $x = join $x (stringSlice $x $x) }}{{ end }}`, "a text has more than 256 KiB"},
	"doubling with replace": {`{{ $x := "aaaa" }}{{ range 100 }}{{ $x = reReplaceAll "." "$0$0" $x }}{{ end }}`, "a text has more than 256 KiB"},
	"growing with JSON":     {`{{ $x := "\\\\" }}{{ range 100 }}{{ $x = toJson $x }}{{ end }}`, "a text has more than 256 KiB"},
	"growing with base64":   {`{{ $x := "aaaa" }}{{ range 200 }}{{ $x = base64encode $x }}{{ end }}`, "a text has more than 256 KiB"},
	"the same verb":         {`{{ $x := printf "%900d" 1 }}{{ $x = print $x $x $x $x $x $x $x $x }}{{ printf "` + strings.Repeat("%[1]s", 5000) + `" $x }}`, "takes too long"},
	"width":                 {`{{ printf "%100000000d" 1 }}`, "widths over 999"},
	"width of an argument":  {`{{ printf "%*d" 100000000 1 }}`, "widths over 999"},
	"precision":             {`{{ printf "%.999999999f" 1.0 }}`, "widths over 999"},
	"many widths":           {`{{ range 100000 }}{{ $x := printf "` + strings.Repeat("%999d", 500) + `" 1 }}{{ end }}`, "takes too long"},
	"lists of lists":        {`{{ $x := list "a" }}{{ range 100 }}{{ $x = list $x $x }}{{ end }}{{ $x }}`, "takes too long"},
	"maps of maps":          {`{{ $x := dict "a" "b" }}{{ range 100 }}{{ $x = dict "a" $x "b" $x }}{{ end }}{{ toJson $x }}`, "takes too long"},
	"large pattern":         {`{{ match "` + strings.Repeat("a{1000}", 140) + `" "x" }}{{ range 1000 }}{{ $x := match "` + strings.Repeat("a{1000}", 140) + `" "x" }}{{ end }}`, "takes too long"},
	"long pattern":          {`{{ match "` + strings.Repeat("a", 2000) + `" "x" }}`, "longer than 1024 bytes"},
	"pattern over a text":   {`{{ $x := "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" }}{{ range 8 }}{{ $x = print $x $x }}{{ end }}{{ match "(a?){1000}(a*)*b" $x }}`, "takes too long"},
	"bad pattern":           {`{{ reReplaceAll "(" "" "x" }}`, "missing closing )"},
	"zones":                 {`{{ range 10000000 }}{{ $x := tz "Asia/Tokyo" $.StartsAt }}{{ end }}`, "takes too long"},
	"deep data":             {`{{ $x := list }}{{ range 1000000 }}{{ $x = list $x }}{{ end }}{{ $x }}`, "takes too long"},
}

// lotsOfCalls is a template that calls others often and not deep.
func lotsOfCalls() string {
	var b strings.Builder
	for i := range 40 {
		fmt.Fprintf(&b, `{{ define "t%d" }}{{ template "t%d" }}{{ template "t%d" }}{{ end }}`, i, i+1, i+1)
	}
	return b.String() + `{{ define "t40" }}{{ end }}{{ template "t0" }}`
}

// TestTemplateBombs stops each in bounded time and memory, and falls back to the built-in texts.
func TestTemplateBombs(t *testing.T) {
	p := payloadOf(t, string(SamplePayload(false)))
	for name, bomb := range bombs {
		t.Run(name, func(t *testing.T) {
			templates, err := parseTemplates(nil, TemplatePieces{Alert: TemplateText{Text: bomb.template}})
			if err != nil {
				t.Fatal(err)
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			began := time.Now()
			m, err := written(t, templates, p, plainMarkup)
			took := time.Since(began)
			runtime.ReadMemStats(&after)
			if err == nil || !strings.Contains(err.Error(), bomb.want) {
				t.Errorf("error %v, want %q", clip(fmt.Sprint(err), 300), bomb.want)
			}
			if m.Alerts[0].Text != "" || m.Alerts[1].Text != "" {
				t.Errorf("a text of %d bytes: want the built-in one", len(m.Alerts[0].Text))
			}
			// Two executions; memory counts all that was allocated meanwhile, freed or not.
			if allocated := (after.TotalAlloc - before.TotalAlloc) >> 20; allocated > 250 {
				t.Errorf("it allocated %d MiB", allocated)
			}
			t.Logf("%s, %d MiB allocated", took.Round(time.Millisecond), (after.TotalAlloc-before.TotalAlloc)>>20)
		})
	}
}

// TestTemplateOfLongTexts meets annotations as long as a webhook's body can bring them: the text
// is the built-in one, which is shortened, and memory is bounded.
func TestTemplateOfLongTexts(t *testing.T) {
	for _, long := range []string{strings.Repeat("a ", MaxBody/2), strings.Repeat("\n", MaxBody), strings.Repeat("<", MaxBody)} {
		p := payloadOf(t, string(SamplePayload(false)))
		p.Alerts[0].Annotations["description"] = long
		for _, template := range []string{
			`{{ .Annotations.description }}`, `{{ reReplaceAll "\\s*" "--" .Annotations.description }}`, `{{ bold .Annotations.description }}`, `{{ link "x" .Annotations.description }}`,
			`{{ toJson .Annotations }}`, `{{ .Annotations.description | html | js | urlquery }}`, `{{ printf "%s%[1]s%q" .Annotations.description }}`,
		} {
			templates := templatesOf(t, "", template, "")
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			m, err := written(t, templates, p, slackMarkup)
			runtime.ReadMemStats(&after)
			if err == nil || !strings.Contains(err.Error(), "a text has more than 256 KiB") || m.Alerts[0].Text != "" {
				t.Errorf("%s: %v, text of %d bytes", template, err, len(m.Alerts[0].Text))
			}
			if allocated := (after.TotalAlloc - before.TotalAlloc) >> 20; allocated > 40 {
				t.Errorf("%s: it allocated %d MiB", template, allocated)
			}
		}
	}
}

// TestTemplateBombOfMany stops a template that is heavy, but not too heavy for one alert, when
// there are very many alerts; the others have the built-in text.
func TestTemplateBombOfMany(t *testing.T) {
	p := payloadOf(t, string(SamplePayload(false)))
	for i := range MaxAlerts - len(p.Alerts) {
		a := p.Alerts[0]
		a.Labels = map[string]string{"alertname": "RedisDown", "pod": fmt.Sprint(i)}
		p.Alerts = append(p.Alerts, a)
	}
	began := time.Now()
	m, err := written(t, templatesOf(t, "", `{{ range 10000 }}{{ end }}ok`, ""), p, plainMarkup)
	if err == nil || !strings.Contains(err.Error(), "takes too long") {
		t.Errorf("error %v, want that it takes too long", err)
	}
	made := 0
	for _, a := range m.Alerts {
		if a.Text == "ok" {
			made++
		}
	}
	if made < 100 || made > 1000 {
		t.Errorf("%d texts were made, want some hundreds", made)
	}
	t.Logf("%d texts in %s", made, time.Since(began).Round(time.Millisecond))
}

// TestTemplateOfMany writes a usual template for as many alerts as a notification can have.
func TestTemplateOfMany(t *testing.T) {
	p := payloadOf(t, string(SamplePayload(false)))
	for i := range MaxAlerts - len(p.Alerts) {
		a := p.Alerts[0]
		a.Labels = map[string]string{"alertname": "RedisDown", "pod": fmt.Sprint(i), "namespace": "shop", "severity": "critical", "cluster": "eu-1"}
		p.Alerts = append(p.Alerts, a)
	}
	began := time.Now()
	templates := templatesOf(t, `{{ len .Alerts.Firing }} alerts`, usualTemplate, "")
	m, err := written(t, templates, p, plainMarkup)
	if err != nil {
		t.Error(err)
	}
	for i, a := range m.Alerts {
		if !strings.HasPrefix(a.Text, "🔴 RedisDown") {
			t.Fatalf("alert %d: %q", i, a.Text)
		}
	}
	run := newTemplateRun(templates, &m, p)
	group := newGroupData(&m, p, plainMarkup)
	if _, err := run.execute(templates.alert, group.Alerts[0], plainMarkup); err != nil {
		t.Error(err)
	}
	t.Logf("%d texts in %s, each of %d units of work", len(m.Alerts), time.Since(began).Round(time.Millisecond), workPerPiece-run.piece)
}

const usualTemplate = `{{ .Mark }} {{ bold .Name }} {{ .Annotations.summary }}
{{ range (.Labels.Remove (stringSlice "alertname" "severity")).SortedPairs }}{{ .Name }}: {{ .Value }} {{ end }}
{{ with .Annotations.description }}{{ . }}{{ end }}
since {{ .StartsAt }}{{ if eq .Status "resolved" }} until {{ .EndsAt }}{{ end }}
{{ link "Runbook" .Annotations.runbook_url }} {{ link "Graph" .GeneratorURL }}`

// BenchmarkTemplate writes one alert by a usual template.
func BenchmarkTemplate(b *testing.B) {
	p := payloadOf(b, string(SamplePayload(false)))
	templates := templatesOf(b, "", usualTemplate, "")
	b.ReportAllocs()
	for b.Loop() {
		m := newMessage(p, Style{})
		if err := templates.apply(&m, p, slackMarkup); err != nil {
			b.Fatal(err)
		}
	}
}
