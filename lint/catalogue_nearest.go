package lint

import (
	"slices"
	"strings"

	"github.com/rulekit/rulekit/rules"
)

// unitSuffixes are the units that exporters have added to names that had none.
var unitSuffixes = []string{"_bytes", "_seconds", "_ratio", "_celsius"}

// renamings returns the names under which a metric of that name may be served in truth: those
// that exporters and client libraries have moved to or from without a change of meaning. That is
// _total, which they add and drop, and units, which they add; a name with a unit that the served
// one has not may well be another metric.
func renamings(name string) []string {
	if short, has := strings.CutSuffix(name, "_total"); has {
		return []string{short, short + "_count"}
	}
	all := []string{name + "_total"}
	if short, has := strings.CutSuffix(name, "_count"); has {
		all = append(all, short+"_total")
	}
	for _, unit := range unitSuffixes {
		all = append(all, name+unit, name+unit+"_total")
	}
	return all
}

// What a misspelt name is compared with is bounded, since a server may have very many metrics.
const (
	// mostCompared is how many names are looked at, and mostAlike how many of those are measured.
	mostCompared = 20_000
	mostAlike    = 200
	// mostDifferent is how long the part is, in bytes, that a misspelt name has different.
	mostDifferent = 4
)

// NearestMetric returns the metric of the same name space that was probably meant by a name, or
// "": the one with another suffix, or that is spelt nearly the same, or that has the same words
// but for one more or less. The known metrics are sorted.
func NearestMetric(name string, known []string) string {
	for _, other := range renamings(name) {
		if _, found := slices.BinarySearch(known, other); found {
			return other
		}
	}
	// The name space itself may be misspelt.
	candidates := ofSpace(nameSpace(name), known)
	if len(candidates) == 0 {
		candidates = known
	}
	if len(candidates) > mostCompared {
		return ""
	}
	stem := strings.TrimSuffix(name, "_total")
	var alike []string
	longest := ""
	for _, candidate := range candidates {
		other := strings.TrimSuffix(candidate, "_total")
		a, b := difference(stem, other)
		if max(len(a), len(b)) <= mostDifferent && len(alike) < mostAlike {
			alike = append(alike, candidate)
		}
		if min(len(a), len(b)) == 0 && len(other) > len(longest) && hasWordMore(stem, other) {
			longest = candidate
		}
	}
	if near := rules.Nearest(name, alike); near != "" {
		return near
	}
	return longest
}

// ofSpace are the names of a name space. They stand together in a sorted list.
func ofSpace(space string, sorted []string) []string {
	start, _ := slices.BinarySearch(sorted, space+"_")
	end, _ := slices.BinarySearch(sorted, space+string('_'+1))
	return sorted[start:end]
}

// difference is what is left of two names without what they have in common at both ends.
func difference(a, b string) (string, string) {
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	return a, b
}

// hasWordMore tells whether one name has the words of the other, which are two at least, and one
// more.
func hasWordMore(a, b string) bool {
	fewer, more := min(wordCount(a), wordCount(b)), max(wordCount(a), wordCount(b))
	return fewer >= 2 && more == fewer+1 && commonWords(a, b) == fewer
}

// misspelt tells whether a name is near certainly meant to be another: it has the same words,
// but for a letter or two in long ones or for how they are divided.
func misspelt(name, other string) bool {
	if strings.EqualFold(strings.ReplaceAll(name, "_", ""), strings.ReplaceAll(other, "_", "")) {
		return true
	}
	a, b := strings.Split(name, "_"), strings.Split(other, "_")
	if len(a) != len(b) {
		return false
	}
	const short = 4
	for i := range a {
		if a[i] != b[i] && (min(len(a[i]), len(b[i])) < short || rules.Nearest(a[i], b[i:i+1]) == "") {
			return false
		}
	}
	return true
}

func wordCount(name string) int { return strings.Count(name, "_") + 1 }

// sharedWords is the share, from 0 to 1, of the words of both names that the other has too.
func sharedWords(a, b string) float64 {
	return 2 * float64(commonWords(a, b)) / float64(wordCount(a)+wordCount(b))
}

// commonWords counts the words of a name that another has too.
func commonWords(a, b string) int {
	count, common := map[string]int{}, 0
	for word := range strings.SplitSeq(a, "_") {
		count[word]++
	}
	for word := range strings.SplitSeq(b, "_") {
		if count[word] > 0 {
			count[word]--
			common++
		}
	}
	return common
}
