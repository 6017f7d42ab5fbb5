package params

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
)

// Text is a piece of the annotations that repeats a parameter's value, such as "> 80%".
type Text struct {
	// Whole is the piece as it stands in the annotations.
	Whole string
	// before, number, separator, unit and after are its parts. separator and unit are empty
	// where the number has no unit that is known.
	before, number, separator, unit, after string
	style                                  style
}

// style is how a text writes a value.
type style struct {
	// scale is what the text's number is multiplied with to be the value: 0.01 for a percentage
	// of a ratio, 60 for minutes of a number of seconds.
	scale float64
	// family are the units that a new value may be written in.
	family []Unit
	// literal tells that the text repeats the literal as it is.
	literal bool
}

// Unit is a word for a unit, and how many of the smallest of its family it is. Singular and
// plural differ in some languages.
type Unit struct {
	Singular, Plural string
	Size             float64
}

// families are the units that texts use; the units of a family are of one language and form,
// the largest first. The smallest is a second or a byte.
var families = [][]Unit{
	{{"week", "weeks", 604800}, {"day", "days", 86400}, {"hour", "hours", 3600}, {"minute", "minutes", 60}, {"second", "seconds", 1}, {"millisecond", "milliseconds", 0.001}},
	{{"w", "w", 604800}, {"d", "d", 86400}, {"h", "h", 3600}, {"m", "m", 60}, {"s", "s", 1}, {"ms", "ms", 0.001}},
	{{"周", "周", 604800}, {"天", "天", 86400}, {"小时", "小时", 3600}, {"分钟", "分钟", 60}, {"秒", "秒", 1}, {"毫秒", "毫秒", 0.001}},
	{{"TiB", "TiB", 1 << 40}, {"GiB", "GiB", 1 << 30}, {"MiB", "MiB", 1 << 20}, {"KiB", "KiB", 1 << 10}, {"B", "B", 1}},
}

// numberInText is a number and what may be its unit.
var numberInText = regexp.MustCompile(`(\d+(?:\.\d+)?)([ -]?)(%|[A-Za-z]+|\p{Han}+)?`)

// text finds the value of a parameter in a text that repeats it.
func (p *Param) text(whole string) (Text, error) {
	if !p.inAnnotations(whole) {
		return Text{}, fmt.Errorf("no annotation holds the text %q", whole)
	}
	t := Text{Whole: whole}
	if p.Kind == String {
		value, err := strconv.Unquote(p.Literal)
		before, after, found := strings.Cut(whole, value)
		if err != nil || !found {
			return Text{}, fmt.Errorf("the text %q does not hold %s", whole, p.Literal)
		}
		t.before, t.number, t.after, t.style = before, value, after, style{literal: true}
		return t, nil
	}
	value, err := p.value(p.Literal)
	if err != nil {
		return Text{}, err
	}
	for _, m := range numberInText.FindAllStringSubmatchIndex(whole, -1) {
		number, err := strconv.ParseFloat(whole[m[2]:m[3]], 64)
		if err != nil {
			continue
		}
		word := ""
		if m[6] >= 0 {
			word = whole[m[6]:m[7]]
		}
		s, length, ok := p.styleOf(number, word, value)
		if !ok {
			continue
		}
		t.before, t.number, t.after, t.style = whole[:m[2]], whole[m[2]:m[3]], whole[m[3]:], s
		if length > 0 {
			t.separator, t.unit, t.after = whole[m[4]:m[5]], whole[m[6]:m[6]+length], whole[m[6]+length:]
		}
		return t, nil
	}
	return Text{}, fmt.Errorf("the text %q holds no number that means %s", whole, p.Literal)
}

// styleOf is the style in which a number with the word after it means the value, and how many
// bytes of the word are its unit.
func (p *Param) styleOf(number float64, word string, value float64) (s style, length int, ok bool) {
	if word == "%" && same(number, value*100) {
		return style{scale: 0.01}, 1, true
	}
	for _, family := range families {
		for _, u := range family {
			for _, name := range []string{u.Plural, u.Singular} {
				// A Chinese unit is followed by more Chinese, without a blank.
				if (word == name || isHan(name) && strings.HasPrefix(word, name)) && same(number*u.Size, value) {
					return style{scale: u.Size, family: family}, len(name), true
				}
			}
		}
	}
	return style{scale: 1}, 0, p.Kind == Number && same(number, value)
}

func isHan(s string) bool { return s[0] >= 0x80 }

func same(a, b float64) bool { return math.Abs(a-b) <= 1e-9*math.Max(math.Abs(a), math.Abs(b)) }

func (p *Param) inAnnotations(text string) bool {
	for _, a := range p.Rule.Annotations {
		if strings.Contains(a.Value.Value, text) && a.Key.Value != "runbook_url" {
			return true
		}
	}
	return false
}

// value is a literal as a number; a duration is in seconds.
func (p *Param) value(literal string) (float64, error) {
	if p.Kind == Duration {
		d, err := model.ParseDuration(literal)
		return time.Duration(d).Seconds(), err
	}
	return parseNumber(literal)
}

// parseNumber reads a number as PromQL writes it: with a sign, an exponent, or in hexadecimal.
func parseNumber(text string) (float64, error) {
	value, err := strconv.ParseFloat(strings.ReplaceAll(text, "_", ""), 64)
	if err != nil {
		i, hexErr := strconv.ParseInt(text, 0, 64)
		value, err = float64(i), hexErr
	}
	if err != nil || math.IsNaN(value) || math.IsInf(value, 0) {
		return 0, errors.New("not a finite number")
	}
	return value, nil
}

// with returns the text for another value.
func (t Text) with(literal string, value float64) string {
	if t.style.literal {
		return t.before + literal + t.after
	}
	if t.style.family == nil {
		return t.before + format(value/t.style.scale) + t.separator + t.unit + t.after
	}
	u := t.unitFor(value)
	number, name := format(value/u.Size), u.Plural
	if number == "1" || t.separator == "-" {
		name = u.Singular
	}
	return t.before + number + t.separator + name + t.after
}

// unitFor is the unit to write a value in: the text's own, if that gives a number that is easy
// to read, else the largest of the family that does.
func (t Text) unitFor(value float64) Unit {
	easy := func(u Unit) bool { return value == 0 || value >= u.Size && isShort(value/u.Size) }
	var own, last Unit
	larger := math.Inf(1)
	for _, u := range t.style.family {
		if u.Size == t.style.scale {
			own = u
			break
		}
		larger = u.Size
	}
	if number, err := strconv.ParseFloat(t.number, 64); err == nil && roundTo(number*own.Size, 14) == roundTo(value, 14) {
		return own
	}
	// 90 minutes are easy to read, 1440 are not.
	if easy(own) && value < 2*larger {
		return own
	}
	for _, u := range t.style.family {
		last = u
		if easy(u) {
			return u
		}
	}
	return last
}

// isShort tells whether a number has at most one digit after the point.
func isShort(v float64) bool { return roundTo(v*10, 14) == math.Round(v*10) }

// format writes a number without the noise of binary fractions: 0.55 * 100 is
// 55.00000000000001 otherwise.
func format(v float64) string { return strconv.FormatFloat(roundTo(v, 15), 'f', -1, 64) }

// roundTo keeps some significant digits.
func roundTo(v float64, digits int) float64 {
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(v, 'g', digits, 64), 64)
	if err != nil {
		return v
	}
	return rounded
}
