package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rulekit/rulekit/adaptor"
	"github.com/rulekit/rulekit/rules/terminal"
)

// The forms of times that people read: in their zone, and in a table where there is less room.
const (
	deadTime      = "2006-01-02 15:04:05 -07:00"
	deadTimeShort = "2006-01-02 15:04"
)

// listedDead is a dead letter with the names of its alerts.
type listedDead struct {
	adaptor.DeadItem
	alerts []string
}

// printDeadTable lists dead letters, one line each; the reason takes what room there is.
func printDeadTable(env *environment, letters []listedDead) error {
	if len(letters) == 0 {
		_, err := fmt.Fprintln(env.stdout, "no dead letters")
		return err
	}
	const narrow, wide, leastWhy = 16, 32, 24
	style := env.style(env.stdout)
	rows := [][]string{{"id", "receiver", "when", "attempts", "alerts", "why"}}
	for _, d := range letters {
		rows = append(rows, []string{
			d.ID, terminal.Clip(d.Item.Receiver, narrow), d.At.Local().Format(deadTimeShort), strconv.Itoa(d.Attempts),
			terminal.Clip(cmp.Or(oneLineOf(strings.Join(d.alerts, ", ")), "?"), wide), oneLineOf(d.Why),
		})
	}
	last := len(rows[0]) - 1
	widths, room := make([]int, last), style.Width()
	for i := range widths {
		for _, row := range rows {
			widths[i] = max(widths[i], terminal.Cells(row[i]))
		}
		room -= widths[i] + 2
	}
	var b strings.Builder
	for i, row := range rows {
		var line strings.Builder
		for j, width := range widths {
			line.WriteString(terminal.Pad(row[j], width) + "  ")
		}
		line.WriteString(terminal.Clip(row[last], max(room, leastWhy)))
		text := terminal.Safe(line.String())
		if i == 0 {
			text = style.Dim(text)
		}
		b.WriteString(text + "\n")
	}
	fmt.Fprintf(&b, "\n%s\n", count(len(letters), "dead letter"))
	_, err := io.WriteString(env.stdout, b.String())
	return err
}

// oneLineOf joins the lines of a text.
func oneLineOf(text string) string { return strings.Join(strings.Fields(text), " ") }

// printDead shows one dead letter with its alerts.
func printDead(env *environment, d adaptor.DeadItem) error {
	style, b := env.style(env.stdout), &strings.Builder{}
	field := func(name, format string, args ...any) {
		fmt.Fprintf(b, "  %s  %s\n", style.Dim(terminal.Pad(name, 9)), terminal.Safe(fmt.Sprintf(format, args...)))
	}
	alerts, err := d.Alerts()
	fmt.Fprintf(b, "%s\n", style.Bold("dead letter "+d.ID))
	field("receiver", "%s", d.Item.Receiver)
	field("accepted", "%s", d.Item.Accepted.Local().Format(deadTime))
	field("given up", "%s, after %s", d.At.Local().Format(deadTime), count(d.Attempts, "attempt"))
	field("why", "%s", oneLineOf(d.Why))
	if d.Item.FallbackFor != "" {
		field("fallback", "for %s: %s", d.Item.FallbackFor, oneLineOf(d.Item.Reason))
	}
	if d.Item.Shown > 0 {
		field("delivered", "%d of %s, in %s", d.Item.Shown, count(len(alerts), "alert"), count(d.Item.Parts, "message"))
	}
	if d.Item.Unsure {
		field("in doubt", "more of it may have been delivered; when it is replayed, it says so")
	}
	if err != nil {
		fmt.Fprintf(b, "\nthe body cannot be read: %s\n", terminal.Safe(err.Error()))
	}
	for _, a := range alerts {
		printDeadAlert(b, style, a)
	}
	_, err = io.WriteString(env.stdout, b.String())
	return err
}

// printDeadAlert shows an alert as Alertmanager sent it.
func printDeadAlert(b *strings.Builder, style terminal.Style, a adaptor.DeadAlert) {
	state := style.Red("firing")
	if a.Resolved {
		state = style.Green("resolved")
	}
	fmt.Fprintf(b, "\n%s %s\n", state, style.Bold(terminal.Safe(oneLineOf(cmp.Or(a.Labels["alertname"], "no name")))))
	fmt.Fprintf(b, "  since %s", a.StartsAt.Local().Format(deadTime))
	if a.Resolved && !a.EndsAt.IsZero() {
		fmt.Fprintf(b, " until %s", a.EndsAt.Local().Format(deadTime))
	}
	b.WriteString("\n")
	for _, name := range slices.Sorted(maps.Keys(a.Labels)) {
		if name != "alertname" {
			fmt.Fprintf(b, "  %s\n", terminal.Safe(fmt.Sprintf("%s=%q", oneLineOf(name), a.Labels[name])))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(a.Annotations)) {
		fmt.Fprintf(b, "  %s\n", terminal.Safe(oneLineOf(name+": "+a.Annotations[name])))
	}
	if a.GeneratorURL != "" {
		fmt.Fprintf(b, "  %s\n", terminal.Safe(oneLineOf(a.GeneratorURL)))
	}
}

// deadLetterJSON is a dead letter as the command writes it.
type deadLetterJSON struct {
	ID          string          `json:"id"`
	Receiver    string          `json:"receiver"`
	Accepted    time.Time       `json:"accepted"`
	GivenUp     time.Time       `json:"given_up"`
	Attempts    int             `json:"attempts"`
	Why         string          `json:"why"`
	FallbackFor string          `json:"fallback_for,omitempty"`
	Alerts      []string        `json:"alerts"`
	Shown       int             `json:"alerts_delivered"`
	Unsure      bool            `json:"unsure,omitempty"`
	Body        json.RawMessage `json:"body,omitempty"`
}

// printDeadJSON writes dead letters as JSON, with the bodies that were posted where they are at
// hand.
func printDeadJSON(w io.Writer, letters []listedDead) error {
	all := []deadLetterJSON{}
	for _, d := range letters {
		body := json.RawMessage(d.Item.Body)
		if len(body) > 0 && !json.Valid(body) {
			body, _ = json.Marshal(string(body)) // a string always encodes
		}
		all = append(all, deadLetterJSON{
			ID: d.ID, Receiver: d.Item.Receiver, Accepted: d.Item.Accepted.UTC(), GivenUp: d.At.UTC(), Attempts: d.Attempts, Why: d.Why,
			FallbackFor: d.Item.FallbackFor, Alerts: append([]string{}, d.alerts...), Shown: d.Item.Shown, Unsure: d.Item.Unsure, Body: body,
		})
	}
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(struct {
		Version     int              `json:"version"`
		DeadLetters []deadLetterJSON `json:"dead_letters"`
	}{1, all})
}
