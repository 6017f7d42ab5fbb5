package report

import (
	"math"
	"strings"
	"time"

	"github.com/rulekit/rulekit/rules/terminal"
	"github.com/rulekit/rulekit/simulate"
)

// grid divides a stretch of time into cells of equal, round length.
type grid struct {
	length time.Duration
	cell   time.Duration
	cells  int
}

// roundSteps are the lengths a cell may have, so that the axis reads in round times.
var roundSteps = []time.Duration{
	time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 15 * time.Second, 20 * time.Second, 30 * time.Second, 45 * time.Second,
	time.Minute, 2 * time.Minute, 3 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute,
	time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour,
}

// newGrid makes the finest grid that fits the width. A cell is never shorter than half a step,
// so that a strip does not pretend to know more than was evaluated.
func newGrid(length, step time.Duration, width int) grid {
	cell := roundSteps[len(roundSteps)-1]
	for _, c := range roundSteps {
		if c >= step/2 && int(length/c)+1 <= width {
			cell = c
			break
		}
	}
	for int(length/cell)+1 > width {
		cell *= 2
	}
	return grid{length: length, cell: cell, cells: int(length/cell) + 1}
}

// column is the cell a moment falls into.
func (g grid) column(at time.Duration) int {
	return min(max(int(at/g.cell), 0), g.cells-1)
}

// axis writes the time above every few cells, as long as the labels fit.
func (g grid) axis() string {
	line := []rune(strings.Repeat(" ", g.cells+8))
	for column := 0; column < g.cells; column += g.labelled() {
		copy(line[column:], []rune(short(time.Duration(column)*g.cell)))
	}
	return strings.TrimRight(string(line), " ")
}

// labelled is every how many cells there is a label: about ten, so that it is a round time.
func (g grid) labelled() int {
	for _, cells := range []int{10, 8, 9} {
		if time.Duration(cells)*g.cell%time.Minute == 0 {
			return cells
		}
	}
	return 10
}

// stateRunes are what the strip shows for each state; the strongest state in a cell wins.
var stateRunes = map[simulate.State]rune{simulate.Inactive: '·', simulate.Pending: '▒', simulate.Firing: '█'}

var stateRank = map[simulate.State]int{simulate.Inactive: 0, simulate.Pending: 1, simulate.Firing: 2}

func (g grid) strip(phases []simulate.Phase) string {
	states := make([]simulate.State, g.cells)
	for i := range states {
		states[i] = simulate.Inactive
	}
	for i, p := range phases {
		last := g.column(p.To - 1)
		if i == len(phases)-1 {
			last = g.column(p.To)
		}
		for column := g.column(p.From); column <= last; column++ {
			if stateRank[p.State] > stateRank[states[column]] {
				states[column] = p.State
			}
		}
	}
	line := make([]rune, g.cells)
	for i, s := range states {
		line[i] = stateRunes[s]
	}
	return string(line)
}

// paintStates colours a strip of states, run by run.
func paintStates(s terminal.Style, strip string) string {
	paint := map[rune]func(string) string{
		stateRunes[simulate.Inactive]: s.Dim, stateRunes[simulate.Pending]: s.Yellow, stateRunes[simulate.Firing]: s.Red,
	}
	var b strings.Builder
	runes := []rune(strip)
	for start, end := 0, 0; start < len(runes); start = end {
		for end < len(runes) && runes[end] == runes[start] {
			end++
		}
		b.WriteString(paint[runes[start]](string(runes[start:end])))
	}
	return b.String()
}

var sparkRunes = []rune("▁▂▃▄▅▆▇█")

// spark draws values, one a step, as a line of bars; a cell of several steps shows the highest.
func (g grid) spark(values []float64, step time.Duration) string {
	low, high := math.Inf(1), math.Inf(-1)
	cells := make([]float64, g.cells)
	for i := range cells {
		cells[i] = math.NaN()
	}
	for i, v := range values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			continue
		}
		low, high = min(low, v), max(high, v)
		at := time.Duration(i) * step
		for column := g.column(at); column <= g.column(min(at+step-1, g.length)); column++ {
			if !(cells[column] >= v) {
				cells[column] = v
			}
		}
	}
	line := make([]rune, g.cells)
	for i, v := range cells {
		line[i] = bar(v, low, high)
	}
	return string(line)
}

// bar is the rune for a value of a series that runs from low to high. Bars stand on zero unless
// the series moves too little to be seen that way.
func bar(v, low, high float64) rune {
	top := len(sparkRunes) - 1
	switch {
	case math.IsNaN(v):
		return ' '
	case high == low && v == 0:
		return sparkRunes[0]
	case high == low:
		return sparkRunes[top/2]
	case low > 0 && high-low > high/10:
		low = 0
	}
	return sparkRunes[int((v-low)/(high-low)*float64(top)+0.5)]
}

// short writes a duration as people say it: 7m30s, 2h, 0s.
func short(d time.Duration) string {
	d = d.Round(time.Second)
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
