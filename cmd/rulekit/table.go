package main

import (
	"io"
	"strings"

	"github.com/rulekit/rulekit/rules/terminal"
)

// writeTable writes rows below a head, with aligned columns. An empty cell is a dash.
func writeTable(w io.Writer, style terminal.Style, head []string, rows [][]string) error {
	widths := make([]int, len(head))
	for _, row := range append([][]string{head}, rows...) {
		for i, cell := range row {
			widths[i] = max(widths[i], terminal.Cells(terminal.Safe(cell)), 1)
		}
	}
	line := func(row []string) string {
		var b strings.Builder
		for i, cell := range row {
			if cell == "" {
				cell = "-"
			}
			b.WriteString(terminal.Pad(terminal.Safe(cell), widths[i]) + "  ")
		}
		return strings.TrimRight(b.String(), " ")
	}
	var b strings.Builder
	b.WriteString(style.Dim(line(head)) + "\n")
	for _, row := range rows {
		b.WriteString(line(row) + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}
