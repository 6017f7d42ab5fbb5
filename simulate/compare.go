package simulate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/rulekit/rulekit/rules"
)

// item is an alert or a sample in the shape that both are compared in.
type item struct {
	span   rules.Span
	fields []itemField
}

type itemField struct{ kind, name, value string }

func newItem(span rules.Span) *item { return &item{span: span} }

func (it *item) add(kind, name, value string) {
	it.fields = append(it.fields, itemField{kind, name, value})
}

// addLabels adds labels or annotations, sorted by name. Prometheus does not tell an empty label
// from an absent one, so these are left out; an empty annotation is one.
func (it *item) addLabels(kind string, lset labels.Labels) {
	lset.Range(func(l labels.Label) {
		if l.Value != "" || kind == "annotation" {
			it.add(kind, l.Name, l.Value)
		}
	})
}

func (it *item) addMap(kind string, m map[string]string) {
	it.addLabels(kind, labels.FromMap(m))
}

// key is equal for equal items and sorts them by their fields.
func (it *item) key() string {
	var b strings.Builder
	for _, f := range it.fields {
		fmt.Fprintf(&b, "%s\xff%s\xff%s\xff", f.kind, f.name, f.value)
	}
	return b.String()
}

// compare returns how the found items differ from the expected ones, each taken as often as it
// occurs. Items that are not equal are paired by how much they have in common.
func compare(expected, found []*item) []Difference {
	missing, unexpected := withoutEqual(expected, found)
	var all []Difference
	for len(missing) > 0 && len(unexpected) > 0 {
		i, k := closest(missing, unexpected)
		all = append(all, Difference{Kind: Changed, Span: missing[i].span, Fields: fields(missing[i], unexpected[k])})
		missing, unexpected = slices.Delete(missing, i, i+1), slices.Delete(unexpected, k, k+1)
	}
	for _, it := range missing {
		all = append(all, Difference{Kind: Missing, Span: it.span, Fields: fields(it, nil)})
	}
	for _, it := range unexpected {
		all = append(all, Difference{Kind: Unexpected, Fields: fields(nil, it)})
	}
	slices.SortStableFunc(all, func(a, b Difference) int {
		if a.Span.IsZero() != b.Span.IsZero() {
			return cmp.Compare(b.Span.Start, a.Span.Start)
		}
		return cmp.Compare(a.Span.Start, b.Span.Start)
	})
	return all
}

// withoutEqual returns the items of each side that have no equal on the other.
func withoutEqual(expected, found []*item) (missing, unexpected []*item) {
	count := map[string]int{}
	for _, it := range found {
		count[it.key()]++
	}
	for _, it := range expected {
		if key := it.key(); count[key] > 0 {
			count[key]--
		} else {
			missing = append(missing, it)
		}
	}
	for _, it := range sortedItems(found) {
		if key := it.key(); count[key] > 0 {
			count[key]--
			unexpected = append(unexpected, it)
		}
	}
	return missing, unexpected
}

func sortedItems(items []*item) []*item {
	return slices.SortedStableFunc(slices.Values(items), func(a, b *item) int { return cmp.Compare(a.key(), b.key()) })
}

// maxPairing bounds the work of finding pairs, which grows with the product of both sides.
const maxPairing = 100

// closest returns the pair with the most fields in common, the first of equals.
func closest(missing, unexpected []*item) (int, int) {
	bestI, bestK, most := 0, 0, -1
	for i, a := range missing[:min(len(missing), maxPairing)] {
		for k, b := range unexpected[:min(len(unexpected), maxPairing)] {
			if n := inCommon(a, b); n > most {
				bestI, bestK, most = i, k, n
			}
		}
	}
	return bestI, bestK
}

func inCommon(a, b *item) int {
	n := 0
	for _, f := range a.fields {
		if slices.Contains(b.fields, f) {
			n++
		}
	}
	return n
}

// fields puts the fields of two items side by side, in the order of kinds as given and of
// names; either item may be nil.
func fields(expected, found *item) []Field {
	type id struct{ kind, name string }
	places := map[id]int{}
	var all []Field
	side := func(it *item, set func(*Field, string)) {
		if it == nil {
			return
		}
		for _, f := range it.fields {
			place, known := places[id{f.kind, f.name}]
			if !known {
				place = len(all)
				places[id{f.kind, f.name}] = place
				all = append(all, Field{Kind: f.kind, Name: f.name})
			}
			set(&all[place], f.value)
		}
	}
	side(expected, func(f *Field, v string) { f.Expected = &v })
	side(found, func(f *Field, v string) { f.Found = &v })
	kinds := []string{"label", "annotation", "value", "histogram"}
	slices.SortStableFunc(all, func(a, b Field) int {
		if order := cmp.Compare(slices.Index(kinds, a.Kind), slices.Index(kinds, b.Kind)); order != 0 {
			return order
		}
		return cmp.Compare(a.Name, b.Name)
	})
	return all
}

// differing counts the fields that are not equal.
func differing(all []Difference) int {
	n := 0
	for _, d := range all {
		for _, f := range d.Fields {
			if d.Kind == Changed && !f.Equal() {
				n++
			}
		}
	}
	return n
}
