package format

import (
	"cmp"
	"math"
	"reflect"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/parser/posrange"

	"github.com/rulekit/rulekit/rules"
)

// sameTree tells whether two expressions are the same, wherever they were written. It compares
// the trees and not their texts, so that what the printer loses is seen.
func sameTree(a, b parser.Expr) bool { return same(reflect.ValueOf(a), reflect.ValueOf(b)) }

var (
	positionType = reflect.TypeFor[posrange.Pos]()
	rangeType    = reflect.TypeFor[posrange.PositionRange]()
	matchersType = reflect.TypeFor[[]*labels.Matcher]()
)

func same(a, b reflect.Value) bool {
	if a.IsValid() != b.IsValid() {
		return false
	}
	if !a.IsValid() {
		return true
	}
	if a.Type() != b.Type() {
		return false
	}
	switch a.Type() {
	case positionType, rangeType:
		return true
	case matchersType:
		return sameMatchers(a.Interface().([]*labels.Matcher), b.Interface().([]*labels.Matcher))
	}
	switch a.Kind() {
	case reflect.Pointer, reflect.Interface:
		return a.IsNil() == b.IsNil() && (a.IsNil() || same(a.Elem(), b.Elem()))
	case reflect.Struct:
		for i := range a.NumField() {
			if !same(a.Field(i), b.Field(i)) {
				return false
			}
		}
		return true
	case reflect.Slice, reflect.Array:
		if a.Len() != b.Len() {
			return false
		}
		for i := range a.Len() {
			if !same(a.Index(i), b.Index(i)) {
				return false
			}
		}
		return true
	case reflect.Float64:
		return math.Float64bits(a.Float()) == math.Float64bits(b.Float())
	}
	return a.Equal(b)
}

// sameMatchers compares the matchers of two selectors. Their order means nothing, and the
// printer sorts them.
func sameMatchers(a, b []*labels.Matcher) bool {
	order := func(x, y *labels.Matcher) int {
		return cmp.Or(cmp.Compare(x.Name, y.Name), cmp.Compare(x.Type, y.Type), cmp.Compare(x.Value, y.Value))
	}
	return slices.EqualFunc(slices.SortedFunc(slices.Values(a), order), slices.SortedFunc(slices.Values(b), order),
		func(x, y *labels.Matcher) bool { return order(x, y) == 0 })
}

// sameFile tells whether two files hold the same, but for the expressions of some rules of the
// first: those must have these values, with or without a line break at the end.
func sameFile(a, b *rules.File, values map[*rules.Rule]string) bool {
	sameComment := func(x, y rules.Comment) bool { return x.Text == y.Text }
	sameDocument := func(x, y *rules.Document) bool { return x.Form == y.Form && x.Key == y.Key }
	if len(b.Problems) > 0 || !slices.EqualFunc(a.Comments, b.Comments, sameComment) ||
		!slices.EqualFunc(a.Documents, b.Documents, sameDocument) {
		return false
	}
	sameRule := func(x, y *rules.Rule) bool {
		if value, changed := values[x]; changed && strings.TrimRight(y.Expr.Value, "\n") != value {
			return false
		} else if !changed && y.Expr.Value != x.Expr.Value {
			return false
		}
		return x.Alert.Value == y.Alert.Value && x.Record.Value == y.Record.Value &&
			x.For.Value == y.For.Value && x.KeepFiringFor.Value == y.KeepFiringFor.Value &&
			samePairs(x.Labels, y.Labels) && samePairs(x.Annotations, y.Annotations)
	}
	return slices.EqualFunc(a.Groups, b.Groups, func(x, y *rules.Group) bool {
		return x.Name.Value == y.Name.Value && x.Interval.Value == y.Interval.Value &&
			x.QueryOffset.Value == y.QueryOffset.Value && x.LimitScalar.Value == y.LimitScalar.Value &&
			samePairs(x.Labels, y.Labels) && slices.EqualFunc(x.Rules, y.Rules, sameRule)
	})
}

func samePairs(a, b []rules.Pair) bool {
	return slices.EqualFunc(a, b, func(x, y rules.Pair) bool {
		return x.Key.Value == y.Key.Value && x.Value.Value == y.Value.Value
	})
}
