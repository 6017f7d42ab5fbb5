// Package report prints timelines and test results, one file a format.
package report

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/common/model"

	"github.com/rulekit/rulekit/rules/terminal"
	"github.com/rulekit/rulekit/simulate"
)

const (
	// maxNameCells bounds the column of series and alert names.
	maxNameCells = 48
	// The strips are never narrower, even if lines must break, and on wide terminals not wider.
	minStripCells = 24
	maxStripCells = 71
	// maxSeries and maxMessages bound what is printed; the JSON output has everything.
	maxSeries   = 8
	maxMessages = 6
)

// Picture is a timeline to be drawn on a terminal.
type Picture struct {
	Timeline *simulate.Timeline
	// Title says what was played.
	Title string
	// Receiver, if not empty, is the only receiver of whose notifications the timeline knows.
	Receiver string
	// AlertsOnly leaves out who was told.
	AlertsOnly bool
	Style      terminal.Style
}

// row is one line of the picture: a name, what it does over time, and that in words.
type row struct {
	name, words string
	values      []float64
	phases      []simulate.Phase
}

// WriteTo draws the series, the alerts, the notifications and the messages.
func (p Picture) WriteTo(out io.Writer) (int64, error) {
	w := &writer{out: out}
	t, s := p.Timeline, p.Style
	w.printf("%s  %s\n\n", s.Bold(terminal.Safe(p.Title)), s.Dim(fmt.Sprintf("%s, evaluated every %s, virtual time", short(t.Length), short(t.Step))))

	series, alerts := seriesRows(t), alertRows(t)
	names, words := len("notifications"), 0
	for _, r := range slices.Concat(series, alerts) {
		names = min(max(names, terminal.Cells(r.name)), maxNameCells)
		words = max(words, terminal.Cells(r.words))
	}
	g := newGrid(t.Length, t.Step, min(max(s.Width()-names-words-4, minStripCells), maxStripCells))
	w.printf("%s  %s\n", strings.Repeat(" ", names), s.Dim(g.axis()))
	for _, r := range series {
		p.row(w, names, r, s.Blue(g.spark(r.values, t.Step)))
	}
	for _, r := range alerts {
		p.row(w, names, r, paintStates(s, g.strip(r.phases)))
	}
	if strip := notificationStrip(t, g); strip != "" {
		p.row(w, names, row{name: "notifications"}, s.Bold(strip))
	}
	w.printf("\n")
	legend := s.Dim("· inactive  ▒ pending  █ firing")
	if !p.AlertsOnly {
		p.notifications(w)
		p.messages(w)
		legend += "     " + p.totals()
	}
	w.printf("%s\n", legend)
	return w.written, w.err
}

func (p Picture) row(w *writer, names int, r row, strip string) {
	line := terminal.Pad(terminal.Clip(terminal.Safe(r.name), names), names) + "  " + strip
	if r.words != "" {
		line += "  " + r.words
	}
	w.printf("%s\n", strings.TrimRight(line, " "))
}

func seriesRows(t *simulate.Timeline) []row {
	all := make([]named, len(t.Series))
	for i, s := range t.Series {
		all[i] = named{string(s.Labels[model.MetricNameLabel]), s.Labels}
	}
	var rows []row
	for i, s := range t.Series {
		if i == maxSeries {
			rows = append(rows, row{name: fmt.Sprintf("… and %d more series", len(t.Series)-maxSeries)})
			break
		}
		rows = append(rows, row{name: all[i].among(all), words: course(s.Values), values: s.Values})
	}
	return rows
}

func alertRows(t *simulate.Timeline) []row {
	all := make([]named, len(t.Alerts))
	for i, a := range t.Alerts {
		all[i] = named{a.Rule, a.Labels}
	}
	rows := make([]row, len(all))
	for i, a := range t.Alerts {
		rows[i] = row{name: all[i].among(all), words: phaseWords(a.Phases), phases: a.Phases}
	}
	return rows
}

// named is a metric's series or a rule's alert.
type named struct {
	name   string
	labels model.LabelSet
}

// among is the name with the labels that tell it from the others of that name.
func (n named) among(all []named) string {
	var differing []string
	for label, value := range n.labels {
		if slices.ContainsFunc(all, func(o named) bool { return o.name == n.name && o.labels[label] != value }) {
			differing = append(differing, fmt.Sprintf("%s=%q", label, string(value)))
		}
	}
	if len(differing) == 0 {
		return n.name
	}
	slices.Sort(differing)
	return n.name + "{" + strings.Join(differing, ", ") + "}"
}

// course tells what a series does in a few numbers: each value it rests at when these are few,
// else where it begins, turns and ends.
func course(values []float64) string {
	var stops []float64
	low, high := math.Inf(1), math.Inf(-1)
	for _, v := range values {
		if math.IsNaN(v) {
			continue
		}
		low, high = min(low, v), max(high, v)
		if len(stops) == 0 || stops[len(stops)-1] != v {
			stops = append(stops, v)
		}
	}
	if len(stops) == 0 {
		return "no samples"
	}
	if first, last := stops[0], stops[len(stops)-1]; len(stops) > 4 {
		stops = []float64{first}
		if low < min(first, last) {
			stops = append(stops, low)
		}
		if high > max(first, last) {
			stops = append(stops, high)
		}
		stops = append(stops, last)
	}
	var text []string
	for _, v := range stops {
		text = append(text, number(v))
	}
	return strings.Join(text, " → ")
}

func number(v float64) string {
	if v == math.Trunc(v) && math.Abs(v) < 1e15 {
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return strconv.FormatFloat(v, 'g', 5, 64)
}

// phaseWords tells when an alert was pending and firing.
func phaseWords(phases []simulate.Phase) string {
	var words []string
	for i, p := range phases {
		switch {
		case p.State == simulate.Pending:
			words = append(words, "pending "+short(p.From))
		case p.State == simulate.Firing && i == len(phases)-1:
			words = append(words, "firing "+short(p.From)+" on")
		case p.State == simulate.Firing:
			words = append(words, "firing "+short(p.From)+"–"+short(p.To))
		}
	}
	if len(words) == 0 {
		return "never pending, never firing"
	}
	if len(words) > 4 {
		words = append(words[:4], "…")
	}
	return strings.Join(words, ", ")
}

// writer counts what was written and keeps the first error, so that drawing reads straight.
type writer struct {
	out     io.Writer
	written int64
	err     error
}

func (w *writer) printf(format string, args ...any) {
	if w.err != nil {
		return
	}
	n, err := fmt.Fprintf(w.out, format, args...)
	w.written += int64(n)
	w.err = err
}

var _ io.WriterTo = Picture{}
