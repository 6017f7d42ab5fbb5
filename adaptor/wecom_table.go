package adaptor

import (
	"slices"
	"strings"
)

// mostColumns is the most labels that have a column each: a phone shows no more.
const mostColumns = 3

// table writes alerts as rows of a table, with a column for each thing in which they differ. Those
// of different titles are a list: a table with them would be too wide.
func (w weComWriter) table(m Message, alerts []Alert) string {
	if slices.ContainsFunc(alerts, func(a Alert) bool { return compactTitle(a) != "" }) {
		return w.lines(m, alerts)
	}
	columns := []tableColumn{{"", func(a Alert) string { return statusMark(m, a) }}}
	if slices.ContainsFunc(alerts, func(a Alert) bool { return a.Name != "" }) {
		columns = append(columns, tableColumn{"", func(a Alert) string { return w.text(a.Name) }})
	}
	columns = append(columns, w.labelColumns(m, alerts)...)
	if slices.ContainsFunc(alerts, func(a Alert) bool { return a.Value != "" }) {
		columns = append(columns, tableColumn{m.words().Value, func(a Alert) string { return w.text(a.Value) }})
	}
	var head, rule []string
	for _, c := range columns {
		head, rule = append(head, c.title), append(rule, "---")
	}
	rows := []string{"| " + strings.Join(head, " | ") + " |", "|" + strings.Join(rule, "|") + "|"}
	for _, a := range alerts {
		var cells []string
		for _, c := range columns {
			cells = append(cells, c.cell(a))
		}
		rows = append(rows, "|"+strings.Join(cells, "|")+"|")
	}
	return strings.Join(rows, "\n")
}

// tableColumn is a column of a table, of Markdown already.
type tableColumn struct {
	title string
	cell  func(Alert) string
}

// labelColumns has a column for each label, or one for all where they are too many.
func (w weComWriter) labelColumns(m Message, alerts []Alert) []tableColumn {
	var names []string
	for _, a := range alerts {
		for _, f := range a.Where {
			if !slices.Contains(names, f.Name) {
				names = append(names, f.Name)
			}
		}
		if len(names) > mostColumns {
			return []tableColumn{{"", func(a Alert) string { return w.plainWhere(m, notInTitle(a)) }}}
		}
	}
	var columns []tableColumn
	for _, name := range names {
		columns = append(columns, tableColumn{w.text(name), func(a Alert) string {
			for _, f := range a.Where {
				if f.Name == name {
					return w.text(f.Value)
				}
			}
			return ""
		}})
	}
	return columns
}

// inertInTable makes text inert in markdown_v2, which has tables.
func inertInTable(text string) string { return strings.ReplaceAll(inert(text), "|", "｜") }
