package adaptor

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// sample is a message that every form of every channel has goldens for.
type sample struct {
	name string
	// message builds it; the markup is the form's, for texts of templates.
	message func(markup) Message
}

// samples are the webhook bodies of testdata, and messages that no single body leads to.
func samples(t testing.TB) []sample {
	t.Helper()
	inputs, err := filepath.Glob(golden + "/webhook/*.json")
	if err != nil || len(inputs) < 8 {
		t.Fatalf("found %d inputs: %v", len(inputs), err)
	}
	var all []sample
	for _, input := range inputs {
		name := strings.TrimSuffix(filepath.Base(input), ".json")
		all = append(all, sample{name, func(markup) Message { return sampleMessage(t, name, Style{}) }})
	}
	for _, built := range []struct {
		name    string
		message func(testing.TB, markup) Message
	}{
		{"digest", sampleDigest},
		{"part", samplePart},
		{"mentions", sampleMentions},
		{"everyone", sampleEveryone},
		{"fallback", sampleFallback},
		{"zh-CN", sampleChinese},
		{"template", sampleTemplate},
	} {
		all = append(all, sample{built.name, func(k markup) Message { return built.message(t, k) }})
	}
	return all
}

// sampleMessage is the message of a webhook body of testdata.
func sampleMessage(t testing.TB, name string, style Style) Message {
	t.Helper()
	body, err := os.ReadFile(filepath.Join(golden, "webhook", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	p, err := decode(body)
	if err != nil {
		t.Fatal(err)
	}
	return newMessage(p, style)
}

// sampleDigest is what waited too long to be told one by one. The alert of the first group was
// resolved while it waited.
func sampleDigest(t testing.TB, _ markup) Message {
	var groups []Message
	for _, name := range []string{"firing", "chinese", "mixed", "bare"} {
		groups = append(groups, sampleMessage(t, name, Style{}))
	}
	return merge(groups)
}

// samplePart is the second of three parts.
func samplePart(t testing.TB, _ markup) Message {
	m := sampleMessage(t, "mixed", Style{})
	m.Part, m.Parts = 2, 3
	return m
}

// sampleMentions calls two people, each by what the receiver knows of them.
func sampleMentions(t testing.TB, _ markup) Message {
	m := sampleMessage(t, "firing", Style{})
	m.Mentions = []Mention{{User: "ou_18eac85d35a26f989317ad4f02e8bbbb"}, {Mobile: "13800000000"}}
	return m
}

func sampleEveryone(t testing.TB, _ markup) Message {
	m := sampleMessage(t, "mixed", Style{})
	m.Mentions = []Mention{{All: true}}
	return m
}

// sampleFallback is a message that another receiver could not deliver, late, and perhaps twice.
func sampleFallback(t testing.TB, _ markup) Message {
	m := sampleMessage(t, "firing", Style{})
	m.FallbackFor, m.Reason = "ops_pager*", "error 19001: param invalid: <webhook> [access](token) invalid"
	m.Accepted = time.Date(2026, 1, 5, 1, 3, 0, 0, time.UTC)
	m.Unsure = true
	return m
}

// sampleChinese is a message in another language and time zone.
func sampleChinese(t testing.TB, _ markup) Message {
	locale, err := LocaleByName("zh-CN", nil)
	if err != nil {
		t.Fatal(err)
	}
	m := sampleMessage(t, "mixed", Style{Locale: locale, Zone: time.FixedZone("CST", 8*60*60)})
	m.Unsure = true
	return m
}

// sampleTemplate has the texts of a receiver's templates.
func sampleTemplate(t testing.TB, k markup) Message {
	m := sampleMessage(t, "mixed", Style{})
	m.Title = "订单库: too many connections"
	for i, a := range m.Alerts {
		m.Alerts[i].Text = k.bold(k.text(a.Name+" *")) + k.newline + k.link("Runbook", "https://runbooks.example/pg")
	}
	return m
}
