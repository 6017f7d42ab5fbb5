package report

import (
	"fmt"
	"html"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/rulekit/rulekit/rules/terminal"
	"github.com/rulekit/rulekit/simulate"
)

// Drawing is a timeline to be drawn as an SVG picture: the series as lines, the alerts as
// bands, over one axis of time. It is readable on light and dark pages.
type Drawing struct {
	Timeline *simulate.Timeline
	// Title is read out where the picture cannot be seen.
	Title string
}

// Measures of the drawing, in pixels.
const (
	svgWidth  = 930
	svgNames  = 340
	svgRight  = 660
	svgLine   = 30
	svgBand   = 24
	svgTop    = 26
	svgBottom = 26
)

const svgStyle = `text{font:12px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;fill:#24292f}` +
	`.dim{fill:#6e7781}.axis{stroke:#d0d7de}.line{fill:none;stroke:#0969da;stroke-width:1.5}.inactive{fill:#eaeef2}.pending{fill:#d4a72c}.firing{fill:#cf222e}` +
	`@media(prefers-color-scheme:dark){text{fill:#e6edf3}.dim{fill:#8b949e}.axis{stroke:#30363d}.line{stroke:#58a6ff}.inactive{fill:#21262d}.pending{fill:#d29922}.firing{fill:#f85149}}`

// WriteTo draws the picture.
func (d Drawing) WriteTo(out io.Writer) (int64, error) {
	w := &writer{out: out}
	series, alerts := seriesRows(d.Timeline), alertRows(d.Timeline)
	height := svgTop + len(series)*svgLine + len(alerts)*svgBand + svgBottom
	title := html.EscapeString(d.Title)
	w.printf(`<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %[1]d %[2]d" role="img" aria-label="%s">`+"\n", svgWidth, height, title)
	w.printf("<title>%s</title>\n<style>%s</style>\n", title, svgStyle)
	d.axis(w, height)
	y := svgTop
	for _, r := range series {
		d.row(w, r, y, svgLine)
		d.curve(w, r.values, y)
		y += svgLine
	}
	for _, r := range alerts {
		d.row(w, r, y, svgBand)
		d.band(w, r.phases, y)
		y += svgBand
	}
	w.printf(`<text x="%d" y="%d"><tspan class="pending">■</tspan> pending  <tspan class="firing">■</tspan> firing</text>`+"\n</svg>\n", svgNames, height-8)
	return w.written, w.err
}

// x is where a moment is.
func (d Drawing) x(at time.Duration) float64 {
	share := float64(at) / float64(max(d.Timeline.Length, 1))
	return svgNames + min(max(share, 0), 1)*(svgRight-svgNames)
}

// axis draws a line for every few minutes, at round times.
func (d Drawing) axis(w *writer, height int) {
	g := newGrid(d.Timeline.Length, d.Timeline.Step, 48)
	for column := 0; column < g.cells; column += g.labelled() {
		at := time.Duration(column) * g.cell
		if at > d.Timeline.Length {
			break
		}
		x := d.x(at)
		w.printf(`<line class="axis" x1="%.1f" y1="%d" x2="%.1[1]f" y2="%[3]d"/><text class="dim" x="%.1[1]f" y="14" text-anchor="middle">%[4]s</text>`+"\n",
			x, svgTop-6, height-svgBottom+2, short(at))
	}
}

// row writes the name of a row on its left and its course on its right.
func (d Drawing) row(w *writer, r row, y, height int) {
	const nameCells, wordCells = 46, 36
	base := y + height/2 + 4
	name := terminal.Clip(terminal.Safe(r.name), nameCells)
	w.printf(`<text x="0" y="%d">%s`, base, html.EscapeString(name))
	if name != r.name {
		w.printf(`<title>%s</title>`, html.EscapeString(terminal.Safe(r.name)))
	}
	w.printf("</text>\n")
	if r.words != "" {
		w.printf(`<text class="dim" x="%d" y="%d">%s</text>`+"\n", svgRight+10, base, html.EscapeString(terminal.Clip(r.words, wordCells)))
	}
}

// curve draws the values as steps; where a series has none the line is broken.
func (d Drawing) curve(w *writer, values []float64, y int) {
	finite := slices.DeleteFunc(slices.Clone(values), func(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) })
	if len(finite) == 0 {
		return
	}
	low, high := slices.Min(finite), slices.Max(finite)
	if low > 0 && high-low > high/10 {
		low = 0
	}
	place := func(v float64) float64 {
		if high == low {
			return float64(y) + svgLine/2
		}
		return float64(y+svgLine-6) - (v-low)/(high-low)*(svgLine-12)
	}
	var path strings.Builder
	var line []point
	for i, v := range values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			writeLine(&path, line)
			line = line[:0]
			continue
		}
		next := point{d.x(time.Duration(i) * d.Timeline.Step), place(v)}
		if n := len(line); n > 1 && straight(line[n-2], line[n-1], next) {
			line = line[:n-1]
		}
		line = append(line, next)
	}
	writeLine(&path, line)
	w.printf(`<path class="line" d="%s"/>`+"\n", path.String())
}

type point struct{ x, y float64 }

// straight tells whether b lies on the line from a to c, as far as can be seen.
func straight(a, b, c point) bool {
	return math.Abs(a.y+(c.y-a.y)*(b.x-a.x)/(c.x-a.x)-b.y) < 0.05
}

// writeLine writes a line through points; a single one becomes a dot.
func writeLine(path *strings.Builder, line []point) {
	for i, p := range line {
		command := 'L'
		if i == 0 {
			command = 'M'
		}
		fmt.Fprintf(path, "%c%.1f %.1f", command, p.x, p.y)
	}
	if len(line) == 1 {
		path.WriteString("h1")
	}
}

// band draws the phases of an alert.
func (d Drawing) band(w *writer, phases []simulate.Phase, y int) {
	for _, p := range phases {
		from, to := d.x(p.From), d.x(p.To)
		w.printf(`<rect class="%s" x="%.1f" y="%d" width="%.1f" height="%d"/>`+"\n", p.State, from, y+5, max(to-from, 1), svgBand-10)
	}
}

var _ io.WriterTo = Drawing{}
