package lint

import (
	"fmt"
	"iter"
	"strings"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/rulekit/rulekit/rules"
)

func init() {
	register(Check{
		Name:    "misspelt-word",
		Summary: "A text holds a word that is spelt in another way everywhere else.",
		Why: `A word that occurs once or hardly ever, and of which one letter is missing, doubled or swapped against a word that the
other alerts use many times, is misspelt: "PostgresSQL" among many "PostgreSQL". Those who search their
messages for the name do not find it. It is a warning for such a name: a word that is written with a capital
inside it, or that the names of the rule (its alert, metrics and labels) have in them. For an ordinary
word, which everybody understands all the same, it is an info.

No dictionary is used: only words of eight letters or more that the same run spells in the other way at
least eight times are known, and other forms of a word (plurals and endings) are not reported.`,
		Severity: Warning,
		Run:      misspeltWord,
	})
}

func misspeltWord(p *Pass) {
	known := shared(p, "words", newVocabulary)
	if len(known.meant) == 0 {
		return
	}
	var inNames, inWords []Diagnostic
	for rule := range p.Alerts() {
		for _, annotation := range rule.Annotations {
			for at, word := range longWords(annotation.Value.Value) {
				meant, ok := known.meant[strings.ToLower(word)]
				if !ok {
					continue
				}
				d := Diagnostic{
					Rule: rule, Span: annotation.Value.Locate(at, at+len(word)),
					Message: fmt.Sprintf("%s is spelt %s elsewhere", word, meant),
					Hint:    fmt.Sprintf("write %s", meant),
				}
				if capitalInside(meant) || inNamesOf(rule, meant) {
					inNames = append(inNames, d)
				} else {
					inWords = append(inWords, d)
				}
			}
		}
	}
	p.reportMergedAs(Warning, inNames)
	p.reportMergedAs(Info, inWords)
}

// capitalInside tells whether a word is written as names are: with small letters, and a capital
// that is not the first letter.
func capitalInside(word string) bool {
	return word[1:] != strings.ToLower(word[1:]) && word != strings.ToUpper(word)
}

// inNamesOf tells whether the alert, a metric or a label that the rule selects by or sets has
// the word in its name or value.
func inNamesOf(rule *rules.Rule, word string) bool {
	word = strings.ToLower(word)
	has := func(name string) bool { return strings.Contains(strings.ToLower(name), word) }
	if has(rule.Name()) {
		return true
	}
	for _, label := range rule.EffectiveLabels() {
		if has(label.Key.Value) || has(label.Value.Value) {
			return true
		}
	}
	found := false
	if rule.AST != nil {
		parser.Inspect(rule.AST, func(node parser.Node, _ []parser.Node) error {
			if selector, ok := node.(*parser.VectorSelector); ok {
				for _, m := range selector.LabelMatchers {
					found = found || has(m.Name) || has(m.Value)
				}
			}
			return nil
		})
	}
	return found
}

// vocabulary is how the texts of a run spell their words.
type vocabulary struct {
	// meant are the misspelt words, in small letters, and what was meant, as it is mostly
	// written.
	meant map[string]string
}

const (
	// shortestWord is the least length of a word that is looked at.
	shortestWord = 8
	// commonWord is how often a word is used at least that is known to be right.
	commonWord = 8
	// rarer is how many times rarer a misspelling is that occurs more than once.
	rarer = 20
)

func newVocabulary(files []*rules.File) vocabulary {
	type use struct {
		count   int
		written string
	}
	uses := map[string]*use{}
	for _, file := range files {
		for _, rule := range file.Rules() {
			if !rule.IsAlert() {
				continue
			}
			for _, annotation := range rule.Annotations {
				for _, word := range longWords(annotation.Value.Value) {
					small := strings.ToLower(word)
					if known := uses[small]; known != nil {
						known.count++
					} else {
						uses[small] = &use{count: 1, written: word}
					}
				}
			}
		}
	}
	// Two words are a slip apart where one is the other without a letter, or both are equal
	// without a letter: so common words are found by what is left without each letter.
	shortened := map[string]string{}
	for word, use := range uses {
		if use.count >= commonWord {
			shortened[word] = word
			for i := 1; i < len(word)-2; i++ {
				shortened[word[:i]+word[i+1:]] = word
			}
		}
	}
	v := vocabulary{meant: map[string]string{}}
	for word, use := range uses {
		if use.count >= commonWord || len(shortened) == 0 {
			continue
		}
		common := misspells(word, shortened)
		if common != "" && (use.count == 1 || use.count*rarer <= uses[common].count) {
			v.meant[word] = uses[common].written
		}
	}
	return v
}

// misspells returns the common word that a rare one is a misspelling of, or "".
func misspells(word string, shortened map[string]string) string {
	if common := shortened[word]; common != "" {
		return common
	}
	for i := 1; i < len(word)-2; i++ {
		common := shortened[word[:i]+word[i+1:]]
		if common == "" || common == word {
			continue
		}
		if len(common) != len(word) || isSwap(word, common) {
			return common
		}
	}
	return ""
}

// isSwap tells whether two words of one length differ in the order of two neighbours only.
func isSwap(a, b string) bool {
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	return i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]
}

// longWords yields the long words of a text outside its template actions, with their offsets.
// Words in names and links, next to a digit, a dot or an underscore, are none.
func longWords(text string) iter.Seq2[int, string] {
	return func(yield func(int, string) bool) {
		for i := 0; i < len(text); {
			if strings.HasPrefix(text[i:], "{{") {
				i = endOfAction(text, i)
				continue
			}
			start := i
			for i < len(text) && isWordByte(text[i]) {
				i++
			}
			word := text[start:i]
			if i == start {
				i++
			}
			clean := strings.TrimRight(word, ".:/-")
			if len(clean) >= shortestWord && onlyLetters(clean) && !yield(start, clean) {
				return
			}
		}
	}
}

// isWordByte tells what a word, a name or a link is made of.
func isWordByte(c byte) bool {
	return c >= '0' && c <= '9' || isLetter(c) || c >= 0x80 || strings.IndexByte("_.:/-@$%#=", c) >= 0
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func onlyLetters(word string) bool {
	for i := range len(word) {
		if !isLetter(word[i]) {
			return false
		}
	}
	return true
}
