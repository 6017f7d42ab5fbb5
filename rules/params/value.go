package params

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/prometheus/common/model"
)

// MaxNumber bounds the numbers that a parameter may be set to: no bytes, seconds or requests
// come near to it, and a text with a larger one cannot be read.
const MaxNumber = 1e18

// plainNumber is a number that every Prometheus reads, and that stays as it was written.
var plainNumber = regexp.MustCompile(`^[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?$`)

// literal is a new value as it is written in the rule, and as a number.
func (p *Param) literal(text string) (literal string, value float64, err error) {
	switch p.Kind {
	case String:
		if !utf8.ValidString(text) {
			return "", 0, fmt.Errorf("%q is not UTF-8: write it in UTF-8", text)
		}
		return strconv.Quote(text), 0, nil
	case Duration:
		value, err = p.value(text)
		if _, isNumber := parseNumber(text); isNumber == nil && text != "0" {
			err = errors.New("no unit")
		}
		if err != nil || value == 0 && p.Name != For {
			return "", 0, fmt.Errorf("%q is no duration: want one such as 90s, 5m or 1h30m", text)
		}
		if text == "0" {
			text = "0s"
		}
		return text, value, nil
	}
	return p.number(text)
}

// number is literal for a number, with or without a unit.
func (p *Param) number(text string) (literal string, value float64, err error) {
	unit := noUnit
	if value, err = parseNumber(text); err != nil {
		value, unit, err = measure(text)
	}
	switch {
	case err != nil:
		return "", 0, fmt.Errorf("%q is no number: want one such as %s", text, p.examples())
	case value < 0:
		return "", 0, fmt.Errorf("%q is negative: want 0 or more", text)
	case value > MaxNumber:
		return "", 0, fmt.Errorf("%q is too large: want %g at most", text, MaxNumber)
	case unit != noUnit && !p.takes(unit):
		return "", 0, fmt.Errorf("%q is %s, which %s is not: want a number such as %s", text, unit, p.Name, p.examples())
	case unit == noUnit && value > 1 && p.IsRatio():
		percent := format(value * 100)
		return "", 0, fmt.Errorf("%q is %s%%: want %s%%, or %s%% if that is meant", text, percent, format(value), percent)
	case value == 0:
		return "0", 0, nil
	case unit == noUnit && plainNumber.MatchString(text):
		return text, value, nil
	}
	return format(value), value, nil
}

// dimension is what a unit measures.
type dimension string

const (
	noUnit     dimension = ""
	percentage dimension = "a percentage"
	duration   dimension = "a duration"
	size       dimension = "a size"
)

// measure reads a number with a unit: a percentage of a ratio, a duration in seconds, a size
// in bytes.
func measure(text string) (float64, dimension, error) {
	if number, ok := strings.CutSuffix(text, "%"); ok {
		value, err := parseNumber(strings.TrimSpace(number))
		return value / 100, percentage, err
	}
	if d, err := model.ParseDuration(text); err == nil {
		return float64(d) / 1e9, duration, nil
	}
	for _, u := range families[len(families)-1] {
		if number, ok := strings.CutSuffix(text, u.Singular); ok {
			value, err := parseNumber(strings.TrimSpace(number))
			return value * u.Size, size, err
		}
	}
	return 0, noUnit, errors.New("no unit that is known")
}

// dimensions are what the units of the texts measure; noUnit stands for a number without one.
func (p *Param) dimensions() []dimension {
	var all []dimension
	for _, t := range p.Texts {
		switch {
		case t.unit == "%":
			all = append(all, percentage)
		case t.style.family == nil:
			all = append(all, noUnit)
		case t.style.family[len(t.style.family)-1].Singular == "B":
			all = append(all, size)
		default:
			all = append(all, duration)
		}
	}
	return all
}

// takes tells whether a value may be written with a unit: with that of the texts, or with any
// where there is no text that tells.
func (p *Param) takes(unit dimension) bool {
	all := p.dimensions()
	return len(all) == 0 || slices.Contains(all, unit)
}

// IsRatio tells of a number that the texts write as a percentage, and that is 100% at most as
// shipped. Who sets one to 90 means 90%.
func (p Param) IsRatio() bool {
	value, err := parseNumber(p.Literal)
	return p.Kind == Number && err == nil && value <= 1 && slices.Contains(p.dimensions(), percentage)
}

// examples are values that the parameter takes.
func (p *Param) examples() string {
	all := p.dimensions()
	if len(all) == 0 {
		return "0.8, 80%, 10m or 2GiB"
	}
	switch all[0] {
	case percentage:
		return "0.8 or 80%"
	case duration:
		return "600 or 10m"
	case size:
		return "2147483648 or 2GiB"
	}
	return "10 or 0.5"
}
