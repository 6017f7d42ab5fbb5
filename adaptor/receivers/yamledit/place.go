package yamledit

import (
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/rulekit/rulekit/rules"
)

// count is the number of entries of a list or mapping.
func count(n *yaml.Node) int {
	if n.Kind == yaml.MappingNode {
		return len(n.Content) / 2
	}
	return len(n.Content)
}

// entryStart is where an entry of a list or mapping of lines starts: at its dash or key.
func (d *Document) entryStart(n *yaml.Node, i int) (int, bool) {
	if n.Kind == yaml.SequenceNode {
		return d.dash(n, i)
	}
	return d.offset(n.Content[2*i]), true
}

// dash finds the dash of an item: it follows the item before, or the start of the list.
func (d *Document) dash(n *yaml.Node, i int) (int, bool) {
	at := d.skipProperties(d.offset(n), true)
	if i > 0 {
		end, err := d.end(n.Content[i-1])
		if err != nil {
			return 0, false
		}
		at = d.skipSpace(end)
	}
	return at, at < len(d.source) && d.source[at] == '-'
}

// entryEnd is where the text of an entry ends.
func (d *Document) entryEnd(n *yaml.Node, i int) (int, error) {
	if n.Kind == yaml.MappingNode {
		i = 2*i + 1
	}
	return d.end(n.Content[i])
}

// lines are consecutive lines of the document: from the first to the one before the last.
type lines struct{ from, to int }

// linesOf are the lines of an entry with the comments that belong to it: those right above it in
// its column, and those right below it that are indented deeper.
func (d *Document) linesOf(n *yaml.Node, i int) (lines, error) {
	start, ok := d.entryStart(n, i)
	end, err := d.entryEnd(n, i)
	if !ok || err != nil || !d.startsLine(start) {
		return lines{}, errUnclear
	}
	column := start - d.lineStart(start)
	found := lines{d.lineIndex(start), d.lineIndex(end) + 1}
	for floor := d.floor(n, i); found.from > floor; {
		at, is := d.comment(found.from - 1)
		if !is || at < column || at > column && i > 0 {
			break
		}
		found.from--
	}
	for {
		if at, is := d.comment(found.to); !is || at <= column {
			return found, nil
		}
		found.to++
	}
}

// floor is the first line that is not part of the entry before: a block scalar may hold lines that
// look like comments, or empty ones.
func (d *Document) floor(n *yaml.Node, i int) int {
	if i == 0 {
		return 0
	}
	end, err := d.entryEnd(n, i-1)
	if err != nil {
		return len(d.lines)
	}
	return d.lineIndex(end) + 1
}

// startsLine tells whether only blanks stand before an offset on its line.
func (d *Document) startsLine(i int) bool {
	for _, c := range d.source[d.lineStart(i):i] {
		if c != ' ' {
			return false
		}
	}
	return true
}

// comment tells whether a line holds nothing but a comment, and in which column.
func (d *Document) comment(line int) (column int, is bool) {
	at, text := d.lineText(line)
	return at, text && d.source[d.lines[line]+at] == '#'
}

// blank tells whether a line is there and empty.
func (d *Document) blank(line int) bool {
	_, text := d.lineText(line)
	return line < len(d.lines) && !text && d.lines[line] < len(d.source)
}

// lineText finds the column of the first text of a line, if it has any.
func (d *Document) lineText(line int) (column int, has bool) {
	if line < 0 || line >= len(d.lines) {
		return 0, false
	}
	at := d.skipBlanks(d.lines[line])
	return at - d.lines[line], at < len(d.source) && breakWidth(d.source, at) == 0
}

// lineOffset is where a line starts; after the last it is the end of the text.
func (d *Document) lineOffset(line int) int {
	if line < len(d.lines) {
		return d.lines[line]
	}
	return len(d.source)
}

// after is the line in front of which something can stand that follows an entry, the last of its
// list or mapping. Comments below the entry stay above it, but not those that belong to what comes
// next: they stand in its column, right above it.
func (d *Document) after(entry lines) int {
	end := entry.to
	for {
		if _, is := d.comment(end); !is {
			break
		}
		end++
	}
	next, has := d.lineText(end)
	for has && end > entry.to {
		if column, _ := d.comment(end - 1); column > next {
			break
		}
		end--
	}
	return end
}

// separated tells whether an entry of a list or mapping stands apart from the one before, with an
// empty line between.
func (d *Document) separated(n *yaml.Node, i int) bool {
	if i < 1 {
		return false
	}
	entry, err := d.linesOf(n, i)
	return err == nil && entry.from > d.floor(n, i) && d.blank(entry.from-1)
}

// insertion makes room for an entry in a list or mapping of lines and puts its text there.
func (d *Document) insertion(n *yaml.Node, i int, text string) (rules.Edit, error) {
	apart := ""
	if d.separated(n, count(n)-1) {
		apart = d.newline
	}
	if i < count(n) {
		at, err := d.linesOf(n, i)
		if err != nil {
			return rules.Edit{}, err
		}
		if i > 0 && !d.separated(n, i) {
			apart = ""
		}
		if start, _ := d.entryStart(n, i); n == d.root && at.from == 0 {
			// What stands on top of the file is about the file.
			at.from = d.lineIndex(start)
		}
		offset := d.lineOffset(at.from)
		return rules.Edit{Span: rules.Span{Start: offset, End: offset}, New: text + d.newline + apart}, nil
	}
	last, err := d.linesOf(n, i-1)
	if err != nil {
		// A mapping may begin behind the dash of an item: only its end counts here.
		end, err := d.entryEnd(n, i-1)
		if err != nil {
			return rules.Edit{}, err
		}
		last.to = d.lineIndex(end) + 1
	}
	at := d.after(last)
	if at > last.to {
		// What was passed is not about the new entry.
		apart = d.newline
	}
	offset := d.lineOffset(at)
	if offset == len(d.source) && !d.endsWithBreak() {
		return rules.Edit{Span: rules.Span{Start: offset, End: offset}, New: d.newline + apart + text}, nil
	}
	return rules.Edit{Span: rules.Span{Start: offset, End: offset}, New: apart + text + d.newline}, nil
}

func (d *Document) endsWithBreak() bool {
	return len(d.source) == 0 || d.lines[len(d.lines)-1] == len(d.source)
}

// Comment is the text of the comment lines above an entry that belong to it, each without its # and
// the blanks around it. It is empty where there is none.
func (d *Document) Comment(path ...any) string {
	last := len(path) - 1
	parent := resolve(d.Node(path[:last]...))
	i, isIndex := path[last].(int)
	if !isIndex {
		i = keyIndex(parent, path[last].(string)) / 2
	}
	if child(parent, path[last]) == nil || !isBlockCollection(parent) {
		return ""
	}
	entry, err := d.linesOf(parent, i)
	if err != nil {
		return ""
	}
	var text []string
	for line := entry.from; line < entry.to; line++ {
		column, is := d.comment(line)
		if !is {
			break
		}
		start := d.lines[line] + column
		text = append(text, strings.TrimSpace(strings.TrimPrefix(string(d.source[start:d.lineEnd(start)]), "#")))
	}
	return strings.Join(text, "\n")
}
