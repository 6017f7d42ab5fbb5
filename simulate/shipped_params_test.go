package simulate

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"

	"github.com/rulekit/rulekit/rules"
	"github.com/rulekit/rulekit/rules/params"
)

// factors are what a parameter's value is multiplied with to see what depends on it: small
// changes first.
var factors = []float64{0.9, 1.1, 0.8, 1.25, 0.5, 2, 0.1, 10, 0.01, 100, 1e-6, 1e6}

// near is the factor by which a threshold may be moved until one of the near misses fires; one
// that is a small count may be moved by one.
const near = 1.25

// TestShippedParameters sets every parameter of every shipped alert to other values and runs
// the alert's unit tests again. With some value the alert fires as before, and its texts say
// the new value; with some value what fired is silent or what was silent fires, so that the
// parameter is worth its name; and when the threshold is moved a little, a near miss fires, so
// that it was near.
func TestShippedParameters(t *testing.T) {
	for _, s := range shippedAlerts(t) {
		t.Run(s.name(), func(t *testing.T) {
			t.Parallel()
			declared, err := params.Of(s.rule)
			if err != nil {
				t.Fatal(err)
			}
			w := newWorker(Features{})
			nearBy := params.For
			if slices.ContainsFunc(declared, func(p params.Param) bool { return p.Name == "threshold" }) {
				nearBy = "threshold"
			}
			for _, p := range declared {
				checkParameter(t, w, s, p, p.Name == nearBy)
			}
		})
	}
}

// moved is what the unit tests of an alert gave with another value of a parameter.
type moved struct {
	// fires tells that some of what fired still does, with the texts that are right for the value.
	fires bool
	// silent tells that something that fired does not, missed that a near miss does.
	silent, missed bool
	// wrong is a text that does not say the new value.
	wrong string
}

// checkParameter moves a parameter until all that is to be proven is. mustBeNear tells that it is
// the one that a near miss has to be near to: the threshold, or for where there is none.
func checkParameter(t *testing.T, w *worker, s shipped, p params.Param, mustBeNear bool) {
	t.Helper()
	var fires, matters, nearMiss bool
	for _, factor := range append(stepsOfOne(p), factors...) {
		value, ok := scaled(p, factor)
		if !ok {
			continue
		}
		m := move(t, w, s, p, value)
		if m.wrong != "" {
			t.Errorf("%s.%s = %s: %s", s.name(), p.Name, value, m.wrong)
		}
		fires, matters = fires || m.fires, matters || m.silent || m.missed
		nearMiss = nearMiss || m.missed && (p.Name == params.For || factor >= 1.0/near && factor <= near || slices.Contains(stepsOfOne(p), factor))
		if fires && matters && (nearMiss || !mustBeNear) {
			break
		}
	}
	if p.Kind == params.String {
		m := move(t, w, s, p, "matches nothing")
		fires, matters = true, m.silent || m.missed
	}
	if !fires {
		t.Errorf("%s.%s: with no other value does the alert fire as it did", s.name(), p.Name)
	}
	if !matters {
		t.Errorf("%s.%s: no other value makes any difference to the unit tests", s.name(), p.Name)
	}
	switch {
	case !mustBeNear || nearMiss:
	case p.Name == params.For:
		t.Errorf("%s: none of the near misses fires when for is shortened: add one whose trouble ends in time", s.name())
	default:
		t.Errorf("%s: none of the near misses fires when the threshold is moved by a factor of %g: add one that is near", s.name(), near)
	}
}

// stepsOfOne are the factors that make a small count greater and smaller by one.
func stepsOfOne(p params.Param) []float64 {
	n, err := strconv.Atoi(p.Literal)
	if p.Kind != params.Number || err != nil || n < 2 || n > 10 {
		return nil
	}
	return []float64{float64(n-1) / float64(n), float64(n+1) / float64(n)}
}

// scaled is the literal of a parameter multiplied with a factor.
func scaled(p params.Param, factor float64) (string, bool) {
	switch p.Kind {
	case params.Duration:
		d, err := model.ParseDuration(p.Literal)
		seconds := math.Round(time.Duration(d).Seconds() * factor)
		if err != nil || seconds < 1 || seconds > 1e7 {
			return "", false
		}
		return model.Duration(time.Duration(seconds) * time.Second).String(), true
	case params.Number:
		value, err := strconv.ParseFloat(p.Literal, 64)
		value *= factor
		if value > 20 {
			value = math.Round(value)
		}
		return strconv.FormatFloat(value, 'g', 6, 64), err == nil && !(p.IsRatio() && value > 1)
	}
	return "", false
}

// move runs the unit tests of an alert with another value of a parameter.
func move(t *testing.T, w *worker, s shipped, p params.Param, value string) (m moved) {
	t.Helper()
	files, err := params.Set([]*rules.File{s.file}, []params.Setting{{Alert: s.name(), Name: p.Name, Value: value, Origin: "test"}})
	if err != nil {
		m.wrong = err.Error()
		return m
	}
	program, err := NewProgram(files, Features{})
	if err != nil {
		m.wrong = err.Error()
		return m
	}
	texts := retold(t, files[0], p)
	expected, gone := 0, 0
	for _, c := range s.suite.Cases {
		firing, looks := expects(c, s.name())
		if !looks {
			continue
		}
		for _, test := range c.AlertTests {
			if test.Alert.Value == s.name() && len(test.Expected) > 0 {
				expected++
			}
		}
		result := w.check(t.Context(), c, program, TestOptions{scrapes: newScrapeCache()})
		for _, failure := range result.Failures {
			switch {
			case failure.Kind != AlertsDiffer || failure.Subject != s.name():
			case failure.Expected == 0:
				m.missed = m.missed || !firing && failure.Found > 0
			case failure.Found < failure.Expected:
				m.silent = true
				gone++
			default:
				m.wrong += texts.differences(failure)
			}
		}
	}
	m.fires = m.wrong == "" && expected > gone
	return m
}

// retelling is how the texts of a parameter change with its value: the old ones and the new.
type retelling struct{ before, after []string }

// retold returns the parameter's texts before and after.
func retold(t *testing.T, changed *rules.File, p params.Param) (r retelling) {
	t.Helper()
	for _, rule := range changed.Rules() {
		if rule.Name() != p.Rule.Name() {
			continue
		}
		now, err := params.Of(rule)
		if err != nil {
			t.Fatal(err)
		}
		for _, q := range now {
			for i := range q.Texts {
				if q.Name == p.Name {
					r.before, r.after = append(r.before, p.Texts[i].Whole), append(r.after, q.Texts[i].Whole)
				}
			}
		}
	}
	return r
}

// numbers are what may change beside a parameter's own texts: the value, with its units.
var numbers = regexp.MustCompile(`-?\d[\d.]*(e[+-]?\d+)?[A-Za-zµ%]*([ ,]+-?\d[\d.]*[A-Za-zµ%]*)*`)

// differences are the annotations that do not say what they should with the new value: each of
// the parameter's texts as it is now, and all else as before, but for the numbers.
func (r retelling) differences(failure Failure) string {
	var pairs []string
	for i := range r.before {
		pairs = append(pairs, r.before[i], r.after[i])
	}
	texts := strings.NewReplacer(pairs...)
	var wrong strings.Builder
	for _, d := range failure.Differences {
		for _, f := range d.Fields {
			if d.Kind != Changed || f.Kind != "annotation" || f.Equal() || f.Expected == nil || f.Found == nil {
				continue
			}
			want, found := texts.Replace(*f.Expected), *f.Found
			same := numbers.ReplaceAllString(want, "#") == numbers.ReplaceAllString(found, "#")
			for _, text := range r.after {
				same = same && strings.Count(want, text) == strings.Count(found, text)
			}
			if !same {
				wrong.WriteString("annotation " + f.Name + " is\n  " + found + "\nand should be\n  " + want + "\n")
			}
		}
	}
	return wrong.String()
}
