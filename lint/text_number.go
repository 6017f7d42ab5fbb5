package lint

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// direction is the side of a threshold that a text speaks of.
type direction int

const (
	above direction = iota + 1
	below
)

func (d direction) String() string { return [...]string{"", "above", "below"}[d] }

// textNumber is a number of a text that a sign or a word of comparison stands before, such as
// the 80 of "(> 80%)" and the 15 of "for more than 15 minutes".
type textNumber struct {
	// place is that of the number with its unit in the text.
	place
	// Side is what the sign or the word says.
	Side direction
	// Number is the number as it is written, without its unit.
	Number float64
	// Unit is what follows the number.
	Unit textUnit
}

// textUnit is the unit that a text gives to a number. At most one of the others than Percent is
// not 0.
type textUnit struct {
	Percent bool
	// Time is the length of one of the unit.
	Time time.Duration
	// Scale is what a prefix such as k or GB multiplies the number with.
	Scale float64
}

// sides are the signs and words of comparison, and the side of the number that they speak of.
var sides = map[string]direction{
	">": above, ">=": above, "≥": above, "above": above, "over": above, "exceed": above,
	"exceeds": above, "exceeded": above, "exceeding": above, "least at": above,
	"<": below, "<=": below, "≤": below, "below": below, "under": below, "most at": below,
}

// comparatives are the words that stand before "than".
var comparatives = map[string]direction{
	"more": above, "greater": above, "higher": above, "bigger": above, "larger": above, "longer": above, "older": above,
	"less": below, "lower": below, "fewer": below, "smaller": below, "shorter": below,
}

// fillers may stand between the comparison and the number: above the threshold of 5.
var fillers = map[string]bool{"the": true, "a": true, "of": true, "threshold": true, "limit": true, "value": true}

// textNumbers are the numbers of a text, outside its template actions, that are compared with
// something.
func textNumbers(text string) []textNumber {
	const most = 64
	var found []textNumber
	for _, part := range literalParts(text) {
		for i := part.Start; i < part.End && len(found) < most; {
			if !isDigit(text[i]) {
				i++
				continue
			}
			end := i + 1
			for end < part.End && (isDigit(text[end]) || end+1 < part.End && isDigit(text[end+1]) && (text[end] == ',' || text[end] == '.')) {
				end++
			}
			if side := sideBefore(text[part.Start:i]); side != 0 {
				if n, ok := textNumberAt(text[:part.End], place{i, end}); ok {
					n.Side = side
					found = append(found, n)
				}
			}
			i = end
		}
	}
	return found
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// sideBefore is the side that the sign or word at the end of a text speaks of, or 0.
func sideBefore(before string) direction {
	const mostFillers = 5
	for range mostFillers {
		rest, word := lastTextWord(before)
		switch {
		case fillers[word]:
			before = rest
		case word == "than":
			_, word = lastTextWord(rest)
			return comparatives[word]
		case word == "least" || word == "most":
			if _, at := lastTextWord(rest); at == "at" {
				return sides[word+" at"]
			}
			return 0
		default:
			return sides[word]
		}
	}
	return 0
}

// lastTextWord is the last word of a text in small letters, or its last sign of comparison, and
// what stands before it.
func lastTextWord(text string) (rest, word string) {
	text = strings.TrimRight(text, " \t\n")
	start := len(text)
	for start > 0 && isLetter(text[start-1]) {
		start--
	}
	if start < len(text) {
		if start > 0 && (isDigit(text[start-1]) || strings.IndexByte("_-/.", text[start-1]) >= 0) {
			return text, ""
		}
		return text[:start], strings.ToLower(text[start:])
	}
	for _, sign := range []string{">=", "<=", ">", "<", "≥", "≤"} {
		if strings.HasSuffix(text, sign) {
			return strings.TrimSuffix(text, sign), sign
		}
	}
	return text, ""
}

// textNumberAt reads the number at the place, and the unit after it.
func textNumberAt(text string, at place) (textNumber, bool) {
	number, err := strconv.ParseFloat(strings.ReplaceAll(text[at.Start:at.End], ",", ""), 64)
	if err != nil {
		return textNumber{}, false
	}
	n := textNumber{place: at, Number: number}
	rest := text[at.End:]
	unit := strings.TrimLeft(rest, " \t\n")
	space, length := len(rest)-len(unit), 0
	if strings.HasPrefix(unit, "%") {
		length = 1
	}
	for _, micro := range []string{"µ", "μ"} {
		if strings.HasPrefix(unit, micro) {
			length = len(micro)
		}
	}
	for length < len(unit) && isLetter(unit[length]) && unit[0] != '%' {
		length++
	}
	if length == 0 {
		// A Chinese unit is followed by more Chinese, without a blank.
		for _, u := range chineseTimes {
			if strings.HasPrefix(unit, u.word) {
				n.Unit, n.End = textUnit{Time: u.length}, at.End+space+len(u.word)
				return n, true
			}
		}
	}
	if length > 0 {
		known, ok := unitOfWord(unit[:length], space == 0)
		switch {
		case ok:
			n.Unit, n.End = known, at.End+space+length
		case bitWords[strings.ToLower(unit[:length])]:
			// What is said in bits is mostly measured in bytes.
			return n, false
		case space == 0:
			// A number with other letters at its end, such as 4xx or 99th, is a name.
			return n, false
		}
	}
	// So is a number such as 2-4 or 10:30 or 1.2.3.
	rest = text[n.End:]
	return n, len(rest) < 2 || strings.IndexByte(".-:", rest[0]) < 0 || !isDigit(rest[1])
}

// timeWords are the units of time as texts write them.
var timeWords = map[string]time.Duration{
	"ns": time.Nanosecond, "nanosecond": time.Nanosecond,
	"us": time.Microsecond, "µs": time.Microsecond, "μs": time.Microsecond, "microsecond": time.Microsecond,
	"ms": time.Millisecond, "millisecond": time.Millisecond, "msec": time.Millisecond,
	"s": time.Second, "sec": time.Second, "second": time.Second,
	"m": time.Minute, "min": time.Minute, "minute": time.Minute,
	"h": time.Hour, "hr": time.Hour, "hour": time.Hour,
	"d": 24 * time.Hour, "day": 24 * time.Hour, "week": 7 * 24 * time.Hour,
}

// chineseTimes are the units of time in Chinese.
var chineseTimes = []struct {
	word   string
	length time.Duration
}{
	{"毫秒", time.Millisecond}, {"微秒", time.Microsecond}, {"秒", time.Second}, {"分钟", time.Minute}, {"分", time.Minute},
	{"小时", time.Hour}, {"天", 24 * time.Hour}, {"周", 7 * 24 * time.Hour}, {"星期", 7 * 24 * time.Hour},
}

var scaleWords = map[string]float64{
	"k": 1e3, "kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12, "kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30, "tib": 1 << 40,
	"million": 1e6, "thousand": 1e3,
}

var bitWords = map[string]bool{
	"bit": true, "bits": true, "kbit": true, "mbit": true, "gbit": true, "bps": true, "kbps": true, "mbps": true, "gbps": true,
}

// unitOfWord returns the unit of a word after a number; joined is without a space between them.
func unitOfWord(word string, joined bool) (textUnit, bool) {
	small := strings.ToLower(word)
	if small == "%" || small == "percent" || small == "pct" || small == "percentage" {
		return textUnit{Percent: true}, true
	}
	if scale, ok := scaleWords[small]; ok && (joined || len(small) > 1) {
		return textUnit{Scale: scale}, true
	}
	// A single letter is a unit only right after the number, and a capital M is none of time.
	if len(small) == 1 && (!joined || word == "M") {
		return textUnit{}, false
	}
	if length, ok := timeWords[small]; ok {
		return textUnit{Time: length}, true
	}
	length, ok := timeWords[strings.TrimSuffix(small, "s")]
	return textUnit{Time: length}, ok && len(small) > 2
}

// literalParts are the parts of a text outside its template actions.
func literalParts(text string) []place {
	var parts []place
	start := 0
	for {
		i := strings.Index(text[start:], "{{")
		if i < 0 {
			return append(parts, place{start, len(text)})
		}
		parts = append(parts, place{start, start + i})
		start = endOfAction(text, start+i)
	}
}

// values are what the number can be in an expression: it is written in another scale there as
// often as not.
func (n textNumber) values() []float64 {
	switch {
	case n.Unit.Percent:
		return []float64{n.Number, n.Number / 100, 100 - n.Number, 1 - n.Number/100}
	case n.Unit.Time > 0:
		seconds := n.Number * n.Unit.Time.Seconds()
		return []float64{seconds, seconds * 1e3, seconds * 1e6, seconds * 1e9, seconds / 60, seconds / 3600, seconds / 86400, n.Number}
	case n.Unit.Scale > 0:
		all := []float64{n.Number}
		for k := range 5 {
			all = append(all, n.Number*math.Pow(1000, float64(k)), n.Number*math.Pow(1024, float64(k)))
		}
		return all
	}
	// "At least 5" is "> 4" as well.
	return []float64{n.Number, n.Number / 100, n.Number * 100, n.Number * 1000, n.Number / 1000,
		1 - n.Number, 100 - n.Number, 1 - n.Number/100, n.Number - 1, n.Number + 1}
}

// nearly tells whether two numbers are the same but for how they are written.
func nearly(a, b float64) bool {
	return a == b || math.Abs(a-b) <= 1e-6*max(math.Abs(a), math.Abs(b))
}
