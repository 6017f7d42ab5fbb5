package adaptor

import (
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	alertmanager "github.com/prometheus/alertmanager/template"
)

// templatesOf parses a title and an alert's template, which may use definitions.
func templatesOf(t testing.TB, title, alert, definitions string) *Templates {
	t.Helper()
	files := &TemplateFiles{}
	if _, err := files.sources.add(TemplateText{Text: definitions, Path: "definitions.tmpl", Line: 1}); err != nil {
		t.Fatal(err)
	}
	templates, err := ParseTemplates(files, TemplatePieces{
		Title: TemplateText{Text: title, Path: "title.tmpl", Line: 1},
		Alert: TemplateText{Text: alert, Path: "alert.tmpl", Line: 1},
	})
	if err != nil {
		t.Fatal(err)
	}
	return templates
}

// payloadOf is a webhook body's payload.
func payloadOf(t testing.TB, body string) payload {
	t.Helper()
	p, err := decode([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// written applies templates to a payload and returns the message.
func written(t testing.TB, templates *Templates, p payload, k markup) (Message, error) {
	t.Helper()
	m := newMessage(p, Style{})
	err := templates.apply(&m, p, k)
	return m, err
}

// alertText writes the first alert of the sample by a template that must not fail.
func alertText(t testing.TB, alert string, k markup) string {
	t.Helper()
	m, err := written(t, templatesOf(t, "", alert, ""), payloadOf(t, string(SamplePayload(false))), k)
	if err != nil {
		t.Errorf("%s: %v", alert, err)
	}
	return m.Alerts[0].Text
}

func TestTemplateText(t *testing.T) {
	tests := []struct{ name, template, want string }{
		{"labels and annotations", `{{ .Labels.pod }}: {{ .Annotations.summary }}`, "redis-0: Redis does not answer on redis-0"},
		{"missing", `[{{ .Labels.nothing }}{{ .Annotations.nothing }}{{ index .Labels "nothing" }}{{ .Labels.nothing | toUpper }}]`, "[]"},
		{"missing in any", `[{{ (dict "a" 1).b }}{{ index (dict "a" (dict "b" 2)) "c" }}{{ printf "%s" (dict).x }}{{ print (dict).x }}{{ html (dict).x }}]`, "[]"},
		{"missing is false", `{{ if .Labels.nothing }}yes{{ else }}no{{ end }}{{ if eq .Labels.nothing "" }}, empty{{ end }}`, "no, empty"},
		{"times in the zone", `{{ .StartsAt }}|{{ .EndsAt }}|{{ date "15:04" .StartsAt }}|{{ .StartsAt | tz "Asia/Shanghai" | date "15:04 MST" }}`, "2026-01-05 08:30:00 UTC||08:30|16:30 CST"},
		{"the group", `{{ .Group.Receiver }} {{ len .Group.Alerts }} {{ len .Group.Alerts.Firing }} {{ len .Group.Alerts.Resolved }} {{ .Group.CommonLabels.namespace }}`, "oncall 2 2 0 shop"},
		{"lists", `{{ .Labels.SortedPairs }}|{{ join "/" .Labels.Names }}|{{ range (.Labels.Remove (stringSlice "alertname" "severity")).SortedPairs }}{{ .Name }}={{ .Value }};{{ end }}`, "alertname=RedisDown, namespace=shop, pod=redis-0, severity=critical|alertname/namespace/pod/severity|namespace=shop;pod=redis-0;"},
		{"shortcuts", `{{ .Mark }} {{ .Name }} {{ .Severity }} {{ .Value }} {{ .Status }}`, "🔴 RedisDown critical 0 firing"},
		{"itself", `{{ . }} {{ .Group }}`, "RedisDown [FIRING:2] RedisDown (critical)"},
		{"lines", "a  \n\n\n\n  b\n{{ if false }}x{{ end }}\nc\n\n", "a\n\n  b\n\nc"},
		{"values with lines", `{{ printf "a\nb" }}`, "a\nb"},
		{"numbers and truth", `{{ 1 }} {{ 1.5 }} {{ true }} {{ len "abc" }}`, "1 1.5 true 3"},
		{"link", `{{ link "Runbook" .Annotations.runbook_url }} {{ link "None" .Annotations.nothing }}{{ link "None" (dict).x }}{{ link "Bad" "javascript:alert(1)" }}`, "Runbook Bad: javascript:alert(1)"},
		{"nothing in markup", `[{{ bold .Labels.nothing }}{{ dim "" }}]`, "[]"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, alertText(t, test.template, plainMarkup)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", test.template, diff)
			}
		})
	}
}

// TestTemplateBuiltInText lets a template put something around the built-in text.
func TestTemplateBuiltInText(t *testing.T) {
	p := payloadOf(t, string(SamplePayload(false)))
	plain := newMessage(p, Style{})
	m, err := written(t, templatesOf(t, "Shop: {{ .Headline }}", "{{ .Text }}\nCall 1234.", ""), p, slackMarkup)
	if err != nil {
		t.Fatal(err)
	}
	if want := "Shop: " + plain.Headline(); m.Headline() != want {
		t.Errorf("headline %q, want %q", m.Headline(), want)
	}
	if want := slackMarkup.alert(plain, plain.Alerts[1]) + "\nCall 1234."; m.Alerts[1].Text != want {
		t.Errorf("text %q, want %q", m.Alerts[1].Text, want)
	}
}

// TestTemplateStyle writes times and durations in the receiver's zone and language.
func TestTemplateStyle(t *testing.T) {
	chinese, err := LocaleByName("zh-CN", nil)
	if err != nil {
		t.Fatal(err)
	}
	zone, err := ZoneByName("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	p := payloadOf(t, string(SamplePayload(true)))
	m := newMessage(p, Style{Locale: chinese, Zone: zone})
	templates := templatesOf(t, "{{ .Headline }}", `{{ .StartsAt }}|{{ date "15:04" .StartsAt }}|{{ date "15:04" .EndsAt }}|{{ .EndsAt.Sub .StartsAt }}`, "")
	if err := templates.apply(&m, p, plainMarkup); err != nil {
		t.Fatal(err)
	}
	if want := "2026-01-05 16:30:00 +08:00|16:30|16:55|25分钟"; m.Alerts[0].Text != want {
		t.Errorf("%q, want %q", m.Alerts[0].Text, want)
	}
	if want := "[已恢复:2] RedisDown (critical)"; m.Title != want {
		t.Errorf("title %q, want %q", m.Title, want)
	}
}

// TestTemplateFallback keeps the built-in text of just the alerts whose template fails.
func TestTemplateFallback(t *testing.T) {
	p := payloadOf(t, string(SamplePayload(false)))
	delete(p.Alerts[0].Labels, "pod")
	m, err := written(t, templatesOf(t, `{{ index .Alerts 7 }}`, "ok\n{{ if not .Labels.pod }}\n{{ index (stringSlice) 3 }}{{ end }}", ""), p, slackMarkup)
	if m.Title != "" || m.Alerts[0].Text != "" || m.Alerts[1].Text != "ok" {
		t.Errorf("title %q, texts %q and %q: want only the last to be the template's", m.Title, m.Alerts[0].Text, m.Alerts[1].Text)
	}
	want := "title.tmpl:1:4: index .Alerts 7: index out of range: 7\n" +
		"alert.tmpl:3:4: index (stringSlice) 3: index out of range: 3"
	if err == nil || err.Error() != want {
		t.Errorf("error:\n%v\nwant:\n%s", err, want)
	}
	if m, err := written(t, templatesOf(t, "", " \n{{ .Labels.nothing }}", ""), p, slackMarkup); err != nil || m.Alerts[0].Text != "" {
		t.Errorf("an empty text is %q, %v: want the built-in one", m.Alerts[0].Text, err)
	}
}

// TestTemplateFailuresAreFew tells a failure that all alerts have in common once, and few of many.
func TestTemplateFailuresAreFew(t *testing.T) {
	p := payloadOf(t, string(SamplePayload(false)))
	for range 500 {
		p.Alerts = append(p.Alerts, p.Alerts[0])
	}
	templates := templatesOf(t, "", `{{ index (stringSlice) 3 }}`, "")
	if _, err := written(t, templates, p, plainMarkup); err == nil || strings.Count(err.Error(), "\n") != 0 {
		t.Errorf("want one failure, got %v", err)
	}
	for i := range p.Alerts {
		p.Alerts[i].Labels = map[string]string{"alertname": strings.Repeat("x", i+1)}
	}
	templates = templatesOf(t, "", `{{ mustToDate "x" .Name }}`, "")
	if _, err := written(t, templates, p, plainMarkup); err == nil || strings.Count(err.Error(), "\n") != mostFailures || !strings.Contains(err.Error(), "and 498 more failures") {
		t.Errorf("want %d failures and a count, got %v", mostFailures, err)
	}
}

// TestTemplateInjection puts every kind of markup into labels and annotations: printed by a
// template, in any way, they are as inert as in the built-in texts.
func TestTemplateInjection(t *testing.T) {
	p := payloadOf(t, string(SamplePayload(false)))
	hostile := []string{
		"**bold** *it* `code` ~~gone~~", "[link](https://evil.example)", "<at id=all></at> <@all> @all @13800000000", "<!channel> <https://evil.example|ok>",
		"# heading", "> quote", "- item", "<font color=red>red</font>", "a\r\nb\n# c\u202e", "{{ .Labels.secret }}", "![x](https://evil.example/x.png)", "| a | b |\n|---|---|",
	}
	for _, channel := range Channels() {
		for _, form := range channel.Forms {
			k := channel.Markup(form)
			for _, text := range hostile {
				p.Alerts[0].Labels["x"], p.Alerts[0].Annotations["x"] = text, text
				var lines []string
				for line := range strings.SplitSeq(visible(text), "\n") {
					lines = append(lines, k.text(line))
				}
				inert := tidyTemplate(strings.Join(lines, "\n"), k.newline)
				for _, print := range []string{`{{ .Labels.x }}`, `{{ .Annotations.x | printf "%s" }}`, `{{ range .Labels.SortedPairs }}{{ if eq .Name "x" }}{{ .Value }}{{ end }}{{ end }}`, `{{ with $v := .Labels.x }}{{ $v }}{{ end }}`, `{{ template "x" .Labels.x }}`} {
					m, err := written(t, templatesOf(t, "", print, `{{ define "x" }}{{ . }}{{ end }}`), p, k)
					if err != nil || m.Alerts[0].Text != inert {
						t.Errorf("%s.%s: %s of %q is %q, want %q (%v)", channel.Name, form, print, text, m.Alerts[0].Text, inert, err)
					}
				}
				m, err := written(t, templatesOf(t, "", `{{ link .Labels.x .GeneratorURL }}|{{ bold .Labels.x }}|{{ link "x" .Labels.x }}`, ""), p, k)
				address, _ := linkable(p.Alerts[0].GeneratorURL)
				value := k.text(oneLine(text))
				want := k.link(value, address) + "|" + k.bold(value) + "|x: " + value
				if err != nil || m.Alerts[0].Text != strings.TrimSpace(want) {
					t.Errorf("%s.%s: of %q: %q, want %q (%v)", channel.Name, form, text, m.Alerts[0].Text, want, err)
				}
			}
		}
	}
}

// TestTemplateMarkup writes what the author wrote as it is.
func TestTemplateMarkup(t *testing.T) {
	got := alertText(t, `**{{ .Name }}** {{ "<font>" }}{{ safeHtml "*a*" }}{{ bold .Name }}[{{ dim "x" }}](){{ link "<R>" .Annotations.runbook_url }} [R]({{ safeUrl .GeneratorURL }})`, loudMarkup)
	want := `**RedisDown** <font>*a***RedisDown**[(x)](){＜R>→https://runbooks.example/redis-down} [R](http://prometheus.example:9090/graph?g0.expr=redis_up+%3D%3D+0&g0.tab=1)`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// loudMarkup is a markup that shows what it was asked for.
var loudMarkup = markup{
	text: inert, newline: "\n",
	bold: func(s string) string { return "**" + s + "**" },
	dim:  func(s string) string { return "(" + s + ")" },
	link: func(title, address string) string { return "{" + title + "→" + address + "}" },
}

// TestTemplateFunctionsOfAlertmanager has every function of Alertmanager, and each does the same.
func TestTemplateFunctionsOfAlertmanager(t *testing.T) {
	uses := map[string][]string{
		"toUpper": {`{{ toUpper "aß" }}`}, "toLower": {`{{ "AB" | toLower }}`}, "title": {`{{ title "ab cd" }}`}, "trimSpace": {`[{{ trimSpace "  a " }}]`},
		"join": {`{{ .Labels.Values | join "-" }}`}, "match": {`{{ match "^red.*-\\d$" .Labels.pod }}{{ match "(?i)X" "a" }}`},
		"safeHtml": {`{{ safeHtml "<b>" }}`}, "safeUrl": {`{{ safeUrl "https://a.example/?b=c" }}`}, "urlUnescape": {`{{ urlUnescape "a%20b+c" }}`},
		"reReplaceAll": {`{{ reReplaceAll "(\\w)-(\\d)" "$2-${1}x" "redis-0 a-1" }}{{ reReplaceAll "" "." "añb" }}{{ reReplaceAll "a*" "X" "baaac" }}{{ reReplaceAll "(?P<n>b)" "<$n>" "abc" }}`},
		"stringSlice":  {`{{ stringSlice "a" "b" }}`}, "routeLabels": {`[{{ routeLabels "x" }}]`},
		"date": {`{{ date "2006 Jan 2" .StartsAt }}`}, "tz": {`{{ .StartsAt | tz "Europe/Paris" | date "15:04 MST" }}{{ tz "" .StartsAt | date "15" }}`},
		"now": {`{{ (now).IsZero }}`}, "since": {`{{ gt (since .StartsAt) 0 }}`}, "humanizeDuration": {`{{ humanizeDuration 3661 }}`},
		"toDate": {`{{ toDate "2006" "2024" | date "2006-01" }}`}, "mustToDate": {`{{ mustToDate "2006" "2024" | date "2006-01" }}`},
		"toJson": {`{{ toJson .Labels }}{{ toJson .Group.CommonLabels }}`}, "base64encode": {`{{ base64encode "a?b>" }}`}, "base64decode": {`{{ base64decode "YT9iPg==" }}`},
		"list": {`{{ range list 1 "b" }}{{ . }},{{ end }}`}, "append": {`{{ range append (list 1) 2 3 }}{{ . }},{{ end }}`},
		"dict": {`{{ range $k, $v := dict "a" 1 "b" "c" }}{{ $k }}={{ $v }};{{ end }}`},
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(alertmanager.DefaultFuncs)), slices.Sorted(maps.Keys(uses))); diff != "" {
		t.Errorf("the functions that are compared are not Alertmanager's (-want +got):\n%s", diff)
	}
	p := payloadOf(t, string(SamplePayload(false)))
	a := p.Alerts[0]
	data := struct {
		alertmanager.Alert
		Group alertmanager.Data
	}{
		alertmanager.Alert{Status: a.Status, Labels: a.Labels, Annotations: a.Annotations, StartsAt: a.StartsAt},
		alertmanager.Data{CommonLabels: p.CommonLabels},
	}
	stock, err := alertmanager.New()
	if err != nil {
		t.Fatal(err)
	}
	for name, templates := range uses {
		for _, text := range templates {
			want, err := stock.ExecuteTextString(text, data)
			if err != nil {
				t.Errorf("%s: Alertmanager: %v", name, err)
			}
			if got := alertText(t, text, plainMarkup); got != want {
				t.Errorf("%s: %s is %q, in Alertmanager %q", name, text, got, want)
			}
		}
	}
}

// FuzzTemplateReplace compares reReplaceAll, which is bounded, with the library.
func FuzzTemplateReplace(f *testing.F) {
	f.Add("a*", "<$0>", "baaac")
	f.Add("", "x", "日本")
	f.Add(`(\w+)@(\w+)`, "$2 at ${1}x$$", "a@b c@d")
	f.Fuzz(func(t *testing.T, pattern, replacement, text string) {
		r := &templateRun{budget: budget{piece: workPerPiece, message: workPerMessage}}
		got, err := r.replace(pattern, replacement, text)
		if err != nil {
			t.Skip()
		}
		if want := regexp.MustCompile(pattern).ReplaceAllString(text, replacement); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	})
}

func TestRouteLabels(t *testing.T) {
	p := payloadOf(t, `{"alerts":[{"labels":{}}],"routeLabels":{"team":"db"}}`)
	m, err := written(t, templatesOf(t, "", `{{ routeLabels "team" }}{{ .Group.RouteLabels.team }}`, ""), p, plainMarkup)
	if err != nil || m.Alerts[0].Text != "dbdb" {
		t.Errorf("%q, %v", m.Alerts[0].Text, err)
	}
}

// TestTemplateErrors places what is wrong with a template in its file.
func TestTemplateErrors(t *testing.T) {
	inline := func(text string) TemplateText {
		return TemplateText{Text: text, Path: "adaptor.yaml", Line: 12, inline: true}
	}
	file := func(text string) TemplateText { return TemplateText{Text: text, Path: "a.tmpl", Line: 1} }
	tests := []struct {
		name string
		text TemplateText
		want string
	}{
		{"syntax", inline("a\n{{ if }}"), "adaptor.yaml:13: missing value for if"},
		{"syntax in a file", file("a\n\n{{ .x "), `a.tmpl:3: unclosed action`},
		{"function", inline("{{ .Labels.pod | toUper }}"), `adaptor.yaml:12: there is no function "toUper" (did you mean "toUpper"?)`},
		{"field", file("ab {{ .Lables.pod }}"), `a.tmpl:1:14: an alert has no .Lables (did you mean "Labels"?): it has Annotations,`},
		{"field of the group", inline("x\n{{ .CommonLabels.pod }}"), `adaptor.yaml:13: an alert has no .CommonLabels, its group has: write .Group.CommonLabels`},
		{"field of a group", file("{{ .Group.Labels }}"), `a.tmpl:1:10: the group has no .Labels`},
		{"call", file(`{{ if .Name }}{{ template "mesage" . }}{{ end }}`), `a.tmpl:1:27: there is no template "mesage" (did you mean "message"?): define it in a file of template_files`},
		{"defined twice", file(`{{ define "message" }}b{{ end }}`), `a.tmpl:1:23: the template "message" is defined already, at definitions.tmpl:1:23`},
		{"bomb", file(bombs["nested ranges"].template), "the template takes too long"},
		{"endless recursion", file(bombs["recursion"].template), "more than 100 deep"},
		{"end", inline("{{ if .Name }}\nx"), "adaptor.yaml:13: the template ends too early: an {{ end }} is missing"},
		{"our own functions", file(`{{ leave_template }}`), `there is no function "leave_template"`},
		{"size", file(strings.Repeat("x", longestTemplate+1)), "a.tmpl:1: the template is larger than 64 KiB"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			files := &TemplateFiles{}
			if _, err := files.sources.add(TemplateText{Text: `{{ define "message" }}a{{ end }}`, Path: "definitions.tmpl", Line: 1}); err != nil {
				t.Fatal(err)
			}
			_, err := ParseTemplates(files, TemplatePieces{Alert: test.text})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %s", err, test.want)
			}
		})
	}
}

func TestReadTemplateFiles(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"a.tmpl": `{{ define "a" }}A{{ end }}`, "b.tmpl": `{{ define "b" }}{{ template "a" }}B{{ end }}`, "bad.txt": "{{ end }}"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	files, err := ReadTemplateFiles(dir, []string{"*.tmpl", "a.tmpl"})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{filepath.Join(dir, "a.tmpl"), filepath.Join(dir, "b.tmpl")}; !slices.Equal(files.Paths(), want) {
		t.Errorf("paths %q, want %q", files.Paths(), want)
	}
	templates, err := ParseTemplates(files, TemplatePieces{Alert: TemplateText{Text: `{{ template "b" }}`}})
	if err != nil {
		t.Fatal(err)
	}
	if m, err := written(t, templates, payloadOf(t, string(SamplePayload(false))), plainMarkup); err != nil || m.Alerts[0].Text != "AB" {
		t.Errorf("text %q, %v", m.Alerts[0].Text, err)
	}
	// What is not known, because a file is broken, is no mistake of those who use it.
	broken, err := ReadTemplateFiles(dir, []string{"*.tmpl", "bad.txt"})
	if err == nil || len(broken.Paths()) != 3 {
		t.Errorf("files %q, %v", broken.Paths(), err)
	}
	if _, err := ParseTemplates(broken, TemplatePieces{Alert: TemplateText{Text: `{{ template "of bad.txt" }}`}}); err != nil {
		t.Error(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "calls.tmpl"), []byte("\n{{ define `c` }}{{ template `aa` }}{{ end }}"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadTemplateFiles(dir, []string{"*.tmpl"}); err == nil || err.Error() != filepath.Join(dir, "calls.tmpl")+`:2:29: there is no template "aa" (did you mean "a"?): define it in a file of template_files` {
		t.Errorf("a call in a file: %v", err)
	}
	for pattern, want := range map[string]string{"bad.txt": "bad.txt:1: unexpected {{end}}", "none*": "none*: no file matches", "[": "[: the pattern is not well-formed"} {
		if _, err := ReadTemplateFiles(dir, []string{pattern}); err == nil || !strings.HasPrefix(err.Error(), filepath.Join(dir, want)) {
			t.Errorf("%s: %v, want %s", pattern, err, want)
		}
	}
	if templates, err := ParseTemplates(files, TemplatePieces{}); templates != nil || err != nil {
		t.Errorf("no templates: %v, %v", templates, err)
	}
}

// FuzzTemplateMissingKeys prints what is not there in random ways: never as <no value> or <nil>.
func FuzzTemplateMissingKeys(f *testing.F) {
	f.Add("pod", "nothing", uint8(0))
	f.Add("", "a.b.c", uint8(7))
	f.Fuzz(func(t *testing.T, present, missing string, form uint8) {
		key, err := json.Marshal(missing)
		if err != nil || missing == "x" || present == missing || strings.Contains(missing, "\ufffd") {
			t.Skip()
		}
		forms := []string{
			`{{ index .Labels KEY }}`, `{{ index .Annotations KEY | toUpper | title }}`, `{{ index (dict "x" 1) KEY }}`, `{{ (dict "x" (dict)).x }}`,
			`{{ print (index (dict) KEY) }}`, `{{ printf "%v" (index (dict) KEY) }}`, `{{ println (index (dict) KEY) }}`, `{{ html (index (dict) KEY) }}{{ js (index (dict) KEY) }}{{ urlquery (index (dict) KEY) }}`,
			`{{ with index .Labels KEY }}x{{ else }}{{ (dict).x }}{{ end }}`, `{{ $v := index (dict) KEY }}{{ $v }}`, `{{ range list (index (dict) KEY) }}{{ . }}{{ end }}`,
			`{{ bold (index (dict) KEY) }}`, `{{ template "x" (index (dict) KEY) }}`, `{{ index (index (dict "x" (dict)) "x") KEY }}`,
		}
		text := "." + strings.ReplaceAll(forms[int(form)%len(forms)], "KEY", string(key)) + "."
		p := payload{Alerts: []payloadAlert{{Status: "firing", Labels: map[string]string{present: "x"}}}}
		files := &TemplateFiles{}
		if _, err := files.sources.add(TemplateText{Text: `{{ define "x" }}{{ . }}{{ end }}`}); err != nil {
			t.Fatal(err)
		}
		templates, err := ParseTemplates(files, TemplatePieces{Alert: TemplateText{Text: text}})
		if err != nil {
			// JSON's escapes are not all Go's.
			t.Skip()
		}
		m, err := written(t, templates, p, plainMarkup)
		if got := strings.ReplaceAll(m.Alerts[0].Text, "\n", ""); err != nil || (got != ".." && got != ".map[].") {
			t.Errorf("%s writes %q, %v", text, got, err)
		}
	})
}

// FuzzTemplate parses and executes any template: it ends, soon, and what it writes is bounded.
func FuzzTemplate(f *testing.F) {
	f.Add(`{{ range .Group.Alerts }}{{ .Name }}{{ end }}`)
	f.Add(`{{ define "a" }}{{ template "a" . }}{{ end }}{{ template "a" . }}`)
	f.Add(`{{ $x := "aaaa" }}{{ range 100 }}{{ $x = printf "%s%s" $x $x }}{{ end }}{{ $x }}`)
	f.Fuzz(func(t *testing.T, text string) {
		templates, err := ParseTemplates(nil, TemplatePieces{Title: TemplateText{Text: text}, Alert: TemplateText{Text: text}})
		if err != nil || templates == nil {
			return
		}
		m, _ := written(t, templates, payloadOf(t, string(SamplePayload(true))), slackMarkup)
		for _, a := range m.Alerts {
			if len(a.Text) > longestOutput {
				t.Errorf("a text of %d bytes", len(a.Text))
			}
		}
		if strings.Contains(m.Title+m.Alerts[0].Text, "<no value>") && !strings.Contains(text, "no value") {
			t.Errorf("%q", m.Alerts[0].Text)
		}
	})
}

// TestTemplatesAreConcurrent executes one receiver's templates for many messages at once.
func TestTemplatesAreConcurrent(t *testing.T) {
	templates := templatesOf(t, `{{ .Status }}`, `{{ .Status }} {{ template "x" . }}`, `{{ define "x" }}{{ range .Labels.SortedPairs }}{{ .Value }}{{ end }}{{ end }}`)
	done := make(chan error, 8)
	for i := range cap(done) {
		p := payloadOf(t, string(SamplePayload(i%2 == 0)))
		go func() {
			m := newMessage(p, Style{})
			err := templates.apply(&m, p, plainMarkup)
			if want := p.Status + " RedisDownshopredis-0critical"; err == nil && (m.Title != p.Status || m.Alerts[0].Text != want) {
				err = errors.New(m.Alerts[0].Text)
			}
			done <- err
		}()
	}
	for range cap(done) {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}
