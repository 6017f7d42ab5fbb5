package adaptor

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rulekit/rulekit/adaptor/fakeim"
)

// TestLocalesAreComplete has a text of its own for every key in every built-in locale.
func TestLocalesAreComplete(t *testing.T) {
	for _, locale := range builtInLocales {
		forEachPhrase(reflect.ValueOf(locale).Elem(), reflect.ValueOf(english).Elem(), func(key, phrase, model string) {
			switch {
			case phrase == "" && key != "one":
				t.Errorf("%s: %s is empty", locale.Name, key)
			case locale != english && phrase == model:
				t.Errorf("%s: %s is the English %q", locale.Name, key, phrase)
			}
		})
	}
}

// TestLocalePhrasesAreUsed puts a mark into every phrase and finds each in a message or a note:
// a key that nothing shows is no use to a translator.
func TestLocalePhrasesAreUsed(t *testing.T) {
	source, err := os.ReadFile("locales/en.yaml")
	if err != nil {
		t.Fatal(err)
	}
	code, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, path := range code {
		if path == "locale.go" || strings.HasSuffix(path, "_test.go") {
			continue
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	locale := reflect.TypeFor[Locale]()
	for i := range locale.NumField() {
		field := locale.Field(i)
		key := field.Tag.Get("yaml")
		if key == "-" {
			continue
		}
		if !strings.Contains(string(source), "\n"+key+":") {
			t.Errorf("locales/en.yaml lacks %s", key)
		}
		if !regexp.MustCompile(`(words\(\)|words|[lL]ocale)\.` + field.Name + `\b`).MatchString(all.String()) {
			t.Errorf("nothing shows the phrase %s", key)
		}
	}
}

func forEachPhrase(locale, model reflect.Value, visit func(key, phrase, model string)) {
	for i := range locale.NumField() {
		field := locale.Type().Field(i)
		key := field.Tag.Get("yaml")
		switch {
		case key == "-":
		case field.Type.Kind() == reflect.Struct:
			forEachPhrase(locale.Field(i), model.Field(i), visit)
		default:
			visit(key, locale.Field(i).String(), model.Field(i).String())
		}
	}
}

// chineseSample is a message that says all there is to say, with nothing in Latin letters but
// the names of labels.
func chineseSample(t *testing.T) Message {
	t.Helper()
	p := payloadOf(t, string(SamplePayload(false)))
	p.TruncatedAlerts = 3
	ended := p.Alerts[1]
	for i := range 2 {
		a := &p.Alerts[i]
		a.Labels = map[string]string{"alertname": "缓存不可用", "pod": fmt.Sprintf("缓存-%d", i), "severity": "严重"}
		a.Annotations = map[string]string{"summary": "缓存没有响应", "description": "无法读写。", "value": "0", "runbook_url": "https://1.2.3.4/", "dashboard_url": "https://1.2.3.4/"}
	}
	ended.Status, ended.EndsAt = "resolved", ended.StartsAt.Add(26*time.Hour+4*time.Minute)
	ended.Labels = map[string]string{"alertname": "磁盘已满", "severity": "严重"}
	ended.Annotations = map[string]string{"summary": "磁盘已满"}
	p.Alerts = append(p.Alerts, ended)
	chinese, err := LocaleByName("zh-CN", nil)
	if err != nil {
		t.Fatal(err)
	}
	zone, err := ZoneByName("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	m := newMessage(p, Style{chinese, zone})
	m.Alerts[2].FiredToo = true
	m.Groups, m.Part, m.Parts = 4, 3, 3
	m.Unsure, m.Shortened = true, true
	m.FallbackFor, m.Reason = "值班", "机器人已被移除"
	m.Accepted = p.Alerts[0].StartsAt
	return m
}

// latin are words in Latin letters; addresses, markup and what is the same in Chinese are not.
var (
	latin    = regexp.MustCompile(`[A-Za-z]{2,}`)
	notWords = regexp.MustCompile(`https?://\S+|Alertmanager|max_alerts|\bpod\b|@`)
)

// TestChineseHasNoEnglish shows a Chinese message in every form of every channel.
func TestChineseHasNoEnglish(t *testing.T) {
	for _, compact := range []bool{false, true} {
		for _, channel := range Channels() {
			if channel.Name == "webhook" {
				// Programs read it, by keys that are the same in every language.
				continue
			}
			for _, form := range channel.Forms {
				m := chineseSample(t)
				m.Compact = compact
				request, err := channel.Encode(targetOf(channel.Name, form), m, time.Now())
				if err != nil {
					t.Fatal(err)
				}
				text, err := fakeim.Show(channel.Name, string(request.Body))
				if err != nil {
					t.Fatal(err)
				}
				for _, line := range strings.Split(text, "\n") {
					if words := latin.FindAllString(notWords.ReplaceAllString(line, ""), -1); len(words) > 0 {
						t.Errorf("%s.%s: %q in the line %q", channel.Name, form, words, line)
					}
				}
			}
		}
	}
}

func TestDuration(t *testing.T) {
	chinese, err := LocaleByName("zh-CN", nil)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		length           time.Duration
		english, chinese string
	}{
		{0, "0s", "0秒"},
		{400 * time.Millisecond, "0s", "0秒"},
		{59*time.Second + 700*time.Millisecond, "1m", "1分钟"},
		{61 * time.Second, "1m1s", "1分钟1秒"},
		{time.Hour + 5*time.Second, "1h", "1小时"},
		{26*time.Hour + 4*time.Minute, "1d2h", "1天2小时"},
		{400 * 24 * time.Hour, "400d", "400天"},
	}
	for _, test := range tests {
		if got := english.Duration.of(test.length); got != test.english {
			t.Errorf("%s is %q, want %q", test.length, got, test.english)
		}
		if got := chinese.Duration.of(test.length); got != test.chinese {
			t.Errorf("%s is %q, want %q", test.length, got, test.chinese)
		}
	}
}

func TestReadLocale(t *testing.T) {
	tests := []struct{ name, file, text, want string }{
		{"name", "日本.yaml", "firing: x", "the file's name is no language"},
		{"empty", "ja.yaml", "# nothing", "ja.yaml: the file is empty"},
		{"syntax", "ja.yaml", "a: [", "ja.yaml: line 1:"},
		{"no mapping", "ja.yaml", "- a", "ja.yaml:1: the file must be a mapping"},
		{"unknown key", "ja.yaml", "firing: 発生\nresolvd: x", `ja.yaml:2: unknown key "resolvd" (did you mean "resolved"?)`},
		{"unknown key below", "ja.yaml", "truncated: {two: x}", `ja.yaml:1: unknown key "truncated.two"`},
		{"twice", "ja.yaml", "firing: a\nfiring: b", `key "firing" is set twice`},
		{"no text", "ja.yaml", "firing: [a]", "ja.yaml:1: firing must be text, not a list"},
		{"nothing", "ja.yaml", "firing:", "ja.yaml:1: firing must be text, not nothing"},
		{"not a phrase", "ja.yaml", "truncated: many", "ja.yaml:1: truncated must be a mapping"},
		{"lines", "ja.yaml", "firing: \"a\\nb\"", "ja.yaml:1: firing must be one line"},
		{"long", "ja.yaml", "firing: " + strings.Repeat("x", 501), "ja.yaml:1: firing must be one line of at most 500 bytes"},
		{"missing verb", "ja.yaml", "since: から", `ja.yaml:1: since has no verb, but what is put in is %s`},
		{"verb too many", "ja.yaml", "since: \"%s %s\"", `ja.yaml:1: since has %s %s, but what is put in is %s`},
		{"another verb", "ja.yaml", "digest: \"%s\"", `digest has %s, but what is put in is %d`},
		{"not a verb", "ja.yaml", "since: 100% %s", `"%" is neither %s nor %d`},
		{"wrong order", "ja.yaml", "and_more: \"%d %s\"", `and_more has %d %s, but what is put in is %s %d`},
		{"no number in one", "ja.yaml", "truncated: {one: \"%d\"}", `truncated.one has %d, but what is put in is nothing`},
		{"large", "ja.yaml", "#" + strings.Repeat("x", longestLocale), "larger than 64 KiB"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), test.file)
			if err := os.WriteFile(path, []byte(test.text), 0o644); err != nil {
				t.Fatal(err)
			}
			if _, err := ReadLocale(path); err == nil || !strings.HasPrefix(err.Error(), filepath.Dir(path)) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %s", err, test.want)
			}
		})
	}
}

// TestReadLocaleFillsWithEnglish reads a locale of two words, one of them in another order.
func TestReadLocaleFillsWithEnglish(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pt-BR.yaml")
	if err := os.WriteFile(path, []byte("firing: 100%%\nand_more: \"mais %[2]d: %[1]s\"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	locale, err := ReadLocale(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := joinNames([]string{"a", "b", "c", "d", "e"}, locale); got != "mais 2: a, b, c" {
		t.Errorf("names %q", got)
	}
	if locale.Name != "pt-BR" || locale.Runbook != "Runbook" || locale.Truncated.of(1) != english.Truncated.of(1) {
		t.Errorf("locale %+v", locale)
	}
	if found, err := LocaleByName("pt-BR", []*Locale{locale}); found != locale {
		t.Errorf("found %v, %v", found, err)
	}
}

func TestLocaleByName(t *testing.T) {
	for name, want := range map[string]string{
		"zh-cn": `did you mean "zh-CN"?`, "zh_CN": `did you mean "zh-CN"?`, "zh": `did you mean "zh-CN"?`, "en-US": `did you mean "en"?`,
		"fr": `there is no locale "fr": want en, zh-CN, or give a file of its words in locales`,
	} {
		if _, err := LocaleByName(name, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", name, err, want)
		}
	}
}

// FuzzLocale reads any file: each phrase can be put into messages.
func FuzzLocale(f *testing.F) {
	f.Add("firing: x\nsince: \"%s\"\ntruncated:\n  other: \"%d\"\n")
	f.Add("and_more: \"%[2]d %[1]s\"")
	f.Add("period: \"%[3]s%[1]s%[2]s %%\"")
	f.Fuzz(func(t *testing.T, source string) {
		locale, err := parseLocale("ja.yaml", []byte(source), english)
		if err != nil {
			return
		}
		m := Message{Style: Style{Locale: locale}, Groups: 2, Truncated: 2, Shortened: true, Unsure: true, FallbackFor: "x", Reason: "y", Accepted: time.Unix(1, 0)}
		shown := strings.Join(m.Notes(), "\n") + joinNames([]string{"a", "b", "c", "d"}, locale) + locale.Duration.of(26*time.Hour) + locale.Duration.of(61*time.Second) +
			m.when(Alert{StartsAt: time.Unix(1, 0)}) + m.when(Alert{Resolved: true, StartsAt: time.Unix(1, 0), EndsAt: time.Unix(5, 0)})
		if strings.Contains(shown, "%!") && !strings.Contains(source, "%!") {
			t.Errorf("%q", shown)
		}
	})
}
