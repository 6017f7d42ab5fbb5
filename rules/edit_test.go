package rules

import (
	"testing"
)

func TestApply(t *testing.T) {
	span := func(start, end int) Span { return Span{Start: start, End: end} }
	for _, test := range []struct {
		name  string
		edits []Edit
		want  string
		fails bool
	}{
		{name: "none", want: "0123456789"},
		{name: "in any order", edits: []Edit{{Span: span(8, 9), New: "eight"}, {Span: span(0, 2), New: ""}, {Span: span(5, 5), New: "+"}}, want: "234+567eight9"},
		{name: "twice", edits: []Edit{{Span: span(1, 2), New: "x"}, {Span: span(1, 2), New: "x"}}, want: "0x23456789"},
		{name: "overlap", edits: []Edit{{Span: span(1, 3), New: "x"}, {Span: span(2, 4), New: "y"}}, fails: true},
		{name: "outside", edits: []Edit{{Span: span(9, 11), New: "x"}}, fails: true},
		{name: "backwards", edits: []Edit{{Span: span(4, 3), New: "x"}}, fails: true},
	} {
		got, err := Apply([]byte("0123456789"), test.edits)
		if (err != nil) != test.fails || string(got) != test.want {
			t.Errorf("%s: got %q, %v", test.name, got, err)
		}
	}
}
