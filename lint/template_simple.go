package lint

import (
	"slices"
	"strings"
)

// simpleTemplate analyses a template whose actions all print a label or the value, perhaps
// through one function, which nearly all do: {{ $labels.pod }}, {{ $value | humanize }} and
// {{ printf "%.2f" $value }}. It is many times faster than text/template, and finds the same,
// which FuzzSimpleTemplate proves. It is not ok for any other template.
func simpleTemplate(text string) (out *template, ok bool) {
	out = &template{}
	for end := 0; ; {
		open := strings.Index(text[end:], "{{")
		if open < 0 {
			return out, true
		}
		at := place{Start: end + open}
		length := strings.Index(text[at.Start:], "}}")
		if length < 0 {
			return nil, false
		}
		at.End = at.Start + length + len("}}")
		if !out.simpleAction(text, at) {
			return nil, false
		}
		end = at.End
	}
}

// simpleAction notes what an action prints. It returns false for an action that is not simple.
func (t *template) simpleAction(text string, at place) bool {
	const most = 32
	inner := text[at.Start+2 : at.End-2]
	start := at.Start + 2
	for _, c := range []byte(inner) {
		if c < ' ' || c >= 0x80 || c == '{' || c == '}' || c == '`' || c == '\\' || c == '(' {
			return false
		}
	}
	if trimmed := strings.TrimLeft(inner, " "); trimmed != "" && (trimmed[0] == '$' || trimmed[0] == 'p') {
		start += len(inner) - len(trimmed)
		inner = strings.TrimRight(trimmed, " ")
	} else {
		return false
	}
	if label, found := strings.CutPrefix(inner, "$labels."); found {
		use := labelUse{Label: label, place: place{start, start + len(inner)}}
		if !isLabelName(label) || len(t.labels) >= most {
			return false
		}
		if !slices.Contains(t.labels, use) {
			t.labels = append(t.labels, use)
		}
		return true
	}
	use, ok := simpleValue(inner)
	if !ok || len(t.values) >= most {
		return false
	}
	use.place = at
	use.Before, use.After = wordsBefore(text, at.Start), use.After+wordsAfter(text, at.End)
	t.values = append(t.values, use)
	return true
}

// simpleValue reads $value, $value | function, $value | printf "%.2f" and printf "%.2f" $value.
func simpleValue(inner string) (valueUse, bool) {
	if inner == "$value" {
		return valueUse{}, true
	}
	rest, first := strings.CutPrefix(inner, "$value")
	if !first {
		format, last := strings.CutSuffix(inner, "$value")
		rest, ok := strings.CutPrefix(format, "printf ")
		if !last || !ok || !strings.HasSuffix(rest, " ") {
			return valueUse{}, false
		}
		return simpleFormat(strings.Trim(rest, " "))
	}
	rest, piped := strings.CutPrefix(strings.TrimLeft(rest, " "), "|")
	rest = strings.TrimLeft(rest, " ")
	if !piped {
		return valueUse{}, false
	}
	if format, ok := strings.CutPrefix(rest, "printf "); ok {
		return simpleFormat(strings.TrimLeft(format, " "))
	}
	if !slices.Contains(humanizers, rest) {
		return valueUse{}, false
	}
	return valueUse{Calls: []call{{Name: rest}}}, true
}

// simpleFormat reads "%.2f" and "%.2f%%", with their quotes.
func simpleFormat(quoted string) (valueUse, bool) {
	if len(quoted) < 4 || quoted[0] != '"' || quoted[len(quoted)-1] != '"' {
		return valueUse{}, false
	}
	verb := quoted[1 : len(quoted)-1]
	use := valueUse{}
	if cut, ok := strings.CutSuffix(verb, "%%"); ok {
		verb, use.After = cut, "%"
	}
	n := len(verb)
	if n < 2 || verb[0] != '%' || strings.Trim(verb[1:n-1], "0123456789.") != "" || strings.IndexByte("fgev", verb[n-1]) < 0 {
		return valueUse{}, false
	}
	use.Calls = []call{{Name: "printf", Verb: verb}}
	return use, true
}

func isLabelName(name string) bool {
	for i := range len(name) {
		if c := name[i]; !isLetter(c) && c != '_' && (i == 0 || !isDigit(c)) {
			return false
		}
	}
	return name != ""
}
