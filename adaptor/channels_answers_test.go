package adaptor

import (
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/prometheus/common/model"
)

// answer is one that a messenger may give, and what it is called in the page.
type answer struct {
	name string
	Response
}

// answerRow is a row of a table of answers.
type answerRow struct{ name, means, advice string }

// answerTable writes rows, those that say the same in one.
func answerTable(rows []answerRow, advice bool) string {
	var b strings.Builder
	b.WriteString("| answer | the message is |")
	if advice {
		b.WriteString(" what to do |\n|---|---|---|\n")
	} else {
		b.WriteString("\n|---|---|\n")
	}
	for len(rows) > 0 {
		first, rest := rows[0], []answerRow(nil)
		var names []string
		for _, r := range rows {
			if r.means == first.means && r.advice == first.advice {
				names = append(names, r.name)
			} else {
				rest = append(rest, r)
			}
		}
		fmt.Fprintf(&b, "| %s | %s |", strings.Join(names, ", "), first.means)
		if advice {
			fmt.Fprintf(&b, " %s |", strings.ReplaceAll(first.advice, "<", "&lt;"))
		}
		b.WriteString("\n")
		rows = rest
	}
	return b.String()
}

// means says what becomes of a message by a verdict.
func means(v Verdict) string {
	switch {
	case v.Outcome == Split:
		return "sent in smaller parts"
	case v.BadMention:
		return "sent again without the mentions"
	case v.Outcome == DeadLetter:
		return "given up"
	case v.ThreadGone:
		return "sent again, as the first of a new thread"
	case v.Attempts > 0:
		return fmt.Sprintf("tried again, given up after %d such answers in a row", v.Attempts)
	case v.After > 0:
		return fmt.Sprintf("tried again, after %s at the earliest", model.Duration(v.After))
	}
	return "tried again"
}

// channelAnswers are the refusals of a channel that the code knows, as a table.
func channelAnswers(t *testing.T, c *Channel) string {
	known := map[string]func() []answer{
		"feishu":   func() []answer { return feishuAnswers(t) },
		"dingtalk": func() []answer { return dingTalkAnswers(t) },
		"wecom":    func() []answer { return weComAnswers(t) },
		"slack":    slackAnswers,
		"webhook":  genericAnswers,
	}[c.Name]
	if known == nil {
		t.Fatalf("the answers of %s are to be listed here", c.Name)
	}
	var rows []answerRow
	advised := false
	for _, a := range known() {
		verdict := c.Verdict(a.Response)
		if verdict.Outcome == Done {
			t.Errorf("%s: %s is no refusal", c.Name, a.name)
		}
		// The bodies have no parentheses of their own.
		_, advice, _ := strings.Cut(verdict.Reason, " (")
		advice = strings.TrimSuffix(advice, ")")
		advised = advised || advice != ""
		rows = append(rows, answerRow{a.name, means(verdict), advice})
	}
	return answerTable(rows, advised)
}

// coded are answers with numbers: those of the advice, and others, each with the words that tell
// its meanings apart. It finds numbers that the channel knows and nobody names here.
func coded(t *testing.T, channel string, advice map[int]string, body string, others map[int][]string) []answer {
	all := maps.Clone(others)
	for code := range advice {
		if all[code] == nil {
			all[code] = []string{""}
		}
	}
	respond := func(code int, words string) Response {
		return Response{Status: http.StatusOK, Body: fmt.Appendf(nil, body, code, words)}
	}
	verdict := channelOfType(channel).Verdict
	for _, code := range numbersIn(t, channel) {
		if all[code] == nil && code != 0 && verdict(respond(code, "")).Attempts == 0 {
			t.Errorf("%s: error %d is not among the answers that are listed here", channel, code)
		}
	}
	var answers []answer
	for _, code := range slices.Sorted(maps.Keys(all)) {
		for _, words := range all[code] {
			name := fmt.Sprintf("`%d`", code)
			if words != "" {
				name += " “" + words + "”"
			}
			answers = append(answers, answer{name, respond(code, words)})
		}
	}
	return answers
}

// numbersIn are all numbers in the source of a channel: its codes are among them.
func numbersIn(t *testing.T, channel string) []int {
	files, err := filepath.Glob(channel + "*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("no source of %s: %v", channel, err)
	}
	var numbers []int
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range regexp.MustCompile(`-?\b[0-9]+\b`).FindAllString(string(source), -1) {
			if number, err := strconv.Atoi(text); err == nil {
				numbers = append(numbers, number)
			}
		}
	}
	return numbers
}

func feishuAnswers(t *testing.T) []answer {
	return coded(t, "feishu", feishuAdvice, `{"code":%d,"msg":%q}`, map[int][]string{
		feishuBadRequest: {"", "too many request"}, feishuThrottled: {""}, feishuRateLimited: {""}, feishuTooLarge: {""},
		feishuBadCard: {"", "exceed", "user resource", "at all"},
	})
}

func dingTalkAnswers(t *testing.T) []answer {
	return coded(t, "dingtalk", dingTalkAdvice, `{"errcode":%d,"errmsg":%q}`, map[int][]string{
		dingTalkBusy: {""}, dingTalkTooLong: {""}, dingTalkTooLongOld: {""}, dingTalkTooFast: {""}, dingTalkRateLimited: {""},
		dingTalkInsecure: {"sign not match", "timestamp", "keywords not in content", "not in whitelist"},
	})
}

func weComAnswers(t *testing.T) []answer {
	return coded(t, "wecom", weComAdvice, `{"errcode":%d,"errmsg":%q}`, map[int][]string{
		-1: {""}, 6000: {""}, 45033: {""}, 45009: {""}, 45002: {""}, 40058: {"", "exceed max length"},
	})
}

// slackAnswers are words.
func slackAnswers() []answer {
	var answers []answer
	words := slices.Concat(slackLater, slackTooLong, slackGone, slices.Sorted(maps.Keys(slackAdvice)), []string{"invalid_…", "restricted_action_…"})
	for _, word := range words {
		answers = append(answers, answer{"`" + word + "`", Response{Status: http.StatusOK, Body: fmt.Appendf(nil, `{"ok":false,"error":%q}`, word)}})
	}
	return answers
}

// genericAnswers are statuses, which mean the same from every messenger that says no more.
func genericAnswers() []answer {
	var answers []answer
	for _, status := range []int{300, 400, 401, 403, 404, 408, 410, 413, 429, 500, 502, 503, 504} {
		name := fmt.Sprint(status)
		if status == 300 {
			name = "3xx"
		}
		answers = append(answers, answer{name, Response{Status: status}})
	}
	return answers
}
