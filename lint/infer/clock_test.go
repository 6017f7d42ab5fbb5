package infer_test

import (
	"testing"

	"github.com/rulekit/rulekit/lint/infer"
)

// clock writes times of the evaluation and of samples, some moved by a constant.
func (g expressions) clock(d int) string {
	at := g.pick("time()", "time()", "vector(time())", "vector(time())", "scalar(vector(time()))",
		"timestamp("+g.vector(d)+")", "timestamp("+g.selector()+" "+g.pick("> ", "< ", "* ", "!= ")+g.number()+")",
		"timestamp("+g.selector()+")", "timestamp(("+g.selector()+"))", "timestamp(+"+g.selector()+")",
		"max(timestamp(abs("+g.selector()+")))", "last_over_time(timestamp(abs(gauge))[3m:1m])", "(timestamp(up > 0) or vector(5))")
	switch g.IntN(4) {
	case 0:
		return "(" + at + ")"
	case 1:
		return "(" + g.pick("3", "60", "0", "1e300", "-7") + " + " + at + ")"
	}
	return "(" + at + g.pick(" - ", " + ") + g.pick("3", "60", "300", "0", "0.1", "-4", "1e14", "vector(9)", "4 fill (0) vector(2)") + ")"
}

func TestTimeOfEvaluation(t *testing.T) {
	for _, test := range []struct {
		text string
		want infer.Presence
		// at is the place of the reason for Never.
		at string
	}{
		{"timestamp(x > y) < time() - 36000", infer.Never, "<"},
		{"time() - timestamp(x > y) > 300", infer.Never, ">"},
		{"time() - 300 > timestamp(last_over_time(x[5m]))", infer.Never, ">"},
		{"max by (a) (timestamp(x > 0)) != time()", infer.Never, "!="},
		{"timestamp(x > 0) < timestamp(y > 0)", infer.Never, "<"},
		{"timestamp(x > 0) - timestamp(y > 0) != 0", infer.Never, "!="},
		{"timestamp(x) < time() - 300", infer.Maybe, ""},
		{"timestamp((x offset 5m)) < time() - 300", infer.Maybe, ""},
		{"time() - timestamp(x @ 0) > 300", infer.Maybe, ""},
		{"timestamp(x > y) > time() - 36000", infer.Maybe, ""},
		{"timestamp(x > y) < time() + 36000", infer.Maybe, ""},
		{"timestamp(x > y) == (time() + 1e300) - 1e300", infer.Maybe, ""},
		{"timestamp(x > y) == time() - 0.001", infer.Maybe, ""},
		{"last_over_time(timestamp(x > y)[1h:1m]) < time() - 300", infer.Maybe, ""},
		{"(timestamp(x > y) or z) < time() - 300", infer.Maybe, ""},
		{"avg(timestamp(x > y)) < time()", infer.Maybe, ""},
		{"timestamp(x > y) + z < time() - 300", infer.Maybe, ""},
	} {
		root := analyse(t, test.text).Root
		if root.Presence != test.want || test.want == infer.Never && place(test.text, root.Why) != test.at {
			t.Errorf("%s: %v at %q, want %v at %q", test.text, root.Presence, place(test.text, root.Why), test.want, test.at)
		}
	}
}

func TestTimesCompared(t *testing.T) {
	for _, test := range []struct{ text, never, always string }{
		{text: "timestamp(x > y) < time() - 300", never: "timestamp() is always the time of the evaluation, so it is never < time() - 300"},
		{text: "timestamp(x > y) + 60 < time()", never: "the value is always the time of the evaluation, but for a constant, so it is never < time()"},
		{text: "timestamp(x > y) >= time() - 300", always: "timestamp() is always the time of the evaluation, so it is always >= time() - 300"},
		{text: "time() - timestamp(x > y) > 300", never: "the value is always 0, so it is never > 300"},
	} {
		root := analyse(t, test.text).Root
		for _, reason := range []struct {
			got  *infer.Reason
			want string
		}{{root.Why, test.never}, {root.Tautology, test.always}} {
			text := ""
			if reason.got != nil {
				text = reason.got.Text
			}
			if text != reason.want {
				t.Errorf("%s: %q, want %q", test.text, text, reason.want)
			}
		}
	}
}
