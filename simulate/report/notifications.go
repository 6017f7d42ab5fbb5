package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"github.com/rulekit/rulekit/rules/terminal"
	"github.com/rulekit/rulekit/simulate"
)

// marks are the signs that tie the notifications in the strip to their lines and messages: a
// number for each that was sent, a dash for what was held back.
func marks(all []simulate.Notification) []string {
	signs := make([]string, len(all))
	sent := 0
	for i, n := range all {
		switch {
		case n.Status == simulate.StatusMuted:
			signs[i] = "–"
			continue
		case sent < 20:
			signs[i] = string(rune('①' + sent))
		default:
			signs[i] = "•"
		}
		sent++
	}
	return signs
}

func notificationStrip(t *simulate.Timeline, g grid) string {
	line := []rune(strings.Repeat(" ", g.cells))
	signs := marks(t.Notifications)
	// The first of a cell is the one to see, and what was sent before what was not.
	for _, muted := range []bool{true, false} {
		for i, n := range slices.Backward(t.Notifications) {
			if (n.Status == simulate.StatusMuted) == muted {
				line[g.column(n.At)] = []rune(signs[i])[0]
			}
		}
	}
	return strings.TrimRight(string(line), " ")
}

func (p Picture) notifications(w *writer) {
	t, s := p.Timeline, p.Style
	if len(t.Notifications) == 0 {
		told := "nobody was told"
		if p.Receiver != "" {
			told = terminal.Safe(p.Receiver) + " was told nothing"
		}
		w.printf("  %s\n\n", told)
		return
	}
	times, receivers, what := 0, 0, 0
	for _, n := range t.Notifications {
		times = max(times, terminal.Cells(short(n.At)))
		receivers = max(receivers, terminal.Cells(addressee(n, t.Notifications)))
		what = max(what, terminal.Cells(alertsOf(n)))
	}
	signs := marks(t.Notifications)
	for i, n := range t.Notifications {
		reason := terminal.Safe(n.Reason)
		if at := resolvedAt(n); n.Status == string(model.AlertResolved) && at.After(t.Start) {
			reason += ", at " + short(at.Sub(t.Start))
		}
		if n.Error != "" {
			reason = s.Red("failed: ") + terminal.Safe(n.Error)
		}
		w.printf("  %s  %*s  %s  %s  %s  %s\n", signs[i], times, short(n.At),
			terminal.Pad(addressee(n, t.Notifications), receivers), terminal.Pad(n.Status, len("resolved")),
			terminal.Pad(terminal.Safe(alertsOf(n)), what), reason)
	}
	w.printf("\n")
}

// addressee is the receiver of a notification, and which of its integrations where it has
// several.
func addressee(n simulate.Notification, all []simulate.Notification) string {
	several := slices.ContainsFunc(all, func(o simulate.Notification) bool {
		return o.Receiver == n.Receiver && o.Integration != "" && (o.Integration != n.Integration || o.Index != n.Index)
	})
	name := terminal.Safe(n.Receiver)
	if several && n.Integration != "" {
		name += fmt.Sprintf("/%s[%d]", n.Integration, n.Index)
	}
	return name
}

// emptyText is shown for a message in which there is nothing to read.
const emptyText = "(the message is empty: does a template fail?)"

// resolvedAt is when the last alert of a notification was resolved: Alertmanager tells of it
// only at the group's next interval.
func resolvedAt(n simulate.Notification) time.Time {
	var last time.Time
	for _, a := range n.Alerts {
		if a.EndsAt.After(last) {
			last = a.EndsAt
		}
	}
	return last
}

// alertsOf names the alerts of a notification, with their number.
func alertsOf(n simulate.Notification) string {
	counts := map[model.LabelValue]int{}
	var names []string
	for _, a := range n.Alerts {
		name := a.Labels[model.AlertNameLabel]
		if counts[name] == 0 {
			names = append(names, string(name))
		}
		counts[name]++
	}
	slices.Sort(names)
	for i, name := range names {
		names[i] = fmt.Sprintf("%s ×%d", name, counts[model.LabelValue(name)])
	}
	return strings.Join(names, ", ")
}

// messages prints what people saw, each message once.
func (p Picture) messages(w *writer) {
	s := p.Style
	shown := 0
	seen := map[string]bool{}
	signs := marks(p.Timeline.Notifications)
	for i, n := range p.Timeline.Notifications {
		for _, d := range n.Deliveries {
			text := d.Text
			if strings.Trim(text, "┃│ \n") == "" && d.Channel != "webhook" {
				text = emptyText
			}
			key := addressee(n, p.Timeline.Notifications) + text
			if text == "" || seen[key] {
				continue
			}
			seen[key] = true
			if shown++; shown > maxMessages {
				continue
			}
			who := terminal.Safe(n.Receiver)
			if d.Channel != n.Receiver {
				who += " (" + d.Channel + ")"
			}
			w.printf("%s  %s\n", s.Bold(signs[i]+" "+who), s.Dim(short(d.At)))
			for line := range strings.SplitSeq(strings.TrimRight(terminal.Safe(text), " \n"), "\n") {
				for _, part := range wrap(line, s.Width()-4) {
					w.printf("  %s %s\n", s.Dim("│"), part)
				}
			}
			if d.Error != "" {
				w.printf("  %s\n", s.Red("refused: "+terminal.Safe(d.Error)))
			}
			w.printf("\n")
		}
	}
	if shown > maxMessages {
		w.printf("%s\n\n", s.Dim(fmt.Sprintf("… and %d more messages: -o json shows all", shown-maxMessages)))
	}
}

// wrap breaks a line at spaces into parts of at most that many cells; a bar at its beginning is
// repeated.
func wrap(line string, cells int) []string {
	prefix := ""
	for _, bar := range []string{"┃ ", "│ "} {
		if strings.HasPrefix(line, bar) {
			prefix, line = bar, strings.TrimPrefix(line, bar)
		}
	}
	cells -= terminal.Cells(prefix)
	var parts []string
	for terminal.Cells(line) > cells {
		end, width := 0, 0
		for i, word := range strings.SplitAfter(line, " ") {
			width += terminal.Cells(word)
			if i > 0 && width > cells+1 {
				break
			}
			end += len(word)
		}
		if end == len(line) {
			break
		}
		parts = append(parts, prefix+strings.TrimRight(line[:end], " "))
		line = line[end:]
	}
	return append(parts, prefix+line)
}

func (p Picture) totals() string {
	fired := 0
	for _, a := range p.Timeline.Alerts {
		if slices.ContainsFunc(a.Phases, func(p simulate.Phase) bool { return p.State == simulate.Firing }) {
			fired++
		}
	}
	muted, failed := 0, 0
	for _, n := range p.Timeline.Notifications {
		switch {
		case n.Status == simulate.StatusMuted:
			muted++
		case n.Error != "":
			failed++
		}
	}
	text := count(fired, "alert") + " fired, " + count(len(p.Timeline.Notifications)-muted, "notification")
	if muted > 0 {
		text += fmt.Sprintf(", %d muted", muted)
	}
	if failed > 0 {
		text += fmt.Sprintf(", %d failed", failed)
	}
	return text
}
