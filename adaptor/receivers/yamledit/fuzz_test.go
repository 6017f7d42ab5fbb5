package yamledit

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

// newItem is what FuzzEdits and TestRandomDocuments put into a list.
var newItem = Mapping(Entry{"name", String("new: #1")}, Entry{"on", Bool(true)}, Entry{"to", List(String("yes"), String("a\tb"))})

var newItemDecoded = map[string]any{"name": "new: #1", "on": true, "to": []any{"yes", "a\tb"}}

func decoded(t *testing.T, source []byte) map[string]any {
	t.Helper()
	all := map[string]any{}
	if err := yaml.Unmarshal(source, &all); err != nil {
		t.Skip("not what can be decoded:", err)
	}
	return all
}

// checkEdits makes one edit of each kind and holds what the text says then against what it said
// before. It tells how many were made.
func checkEdits(t *testing.T, source []byte) (made int) {
	d, err := Parse("f.yaml", source)
	if err != nil {
		return 0
	}
	before := decoded(t, source)
	list, _ := before["items"].([]any)
	check := func(what string, err error, want map[string]any) {
		t.Helper()
		if err != nil {
			if !bytes.Equal(d.Source(), source) {
				t.Fatalf("%s: failed with %v but changed the text", what, err)
			}
			return
		}
		made++
		if diff := cmp.Diff(want, decoded(t, d.Source())); diff != "" {
			t.Fatalf("%s of\n%s\nis\n%s\n%s", what, source, d.Source(), diff)
		}
	}
	with := func(key string, value any) map[string]any {
		all := map[string]any{}
		for k, v := range before {
			all[k] = v
		}
		all[key] = value
		return all
	}
	reset := func() { d, _ = Parse("f.yaml", source) }

	for i := range len(list) + 1 {
		err := d.Insert(newItem, "a comment", "items", i)
		check(fmt.Sprint("insert ", i), err, with("items", slices.Insert(slices.Clone(list), i, any(newItemDecoded))))
		if err == nil && len(list) > 0 {
			onlyAdds(t, source, d.Source())
		}
		if err == nil && len(list) > 0 && i > 0 && hasOneLineBreak(source) {
			if err := d.Delete("items", i); err != nil || !bytes.Equal(d.Source(), source) {
				t.Fatalf("insert %d and delete (%v) of\n%q\nis\n%q", i, err, source, d.Source())
			}
		}
		reset()
	}
	for i := range list {
		rest := slices.Delete(slices.Clone(list), i, i+1)
		check(fmt.Sprint("delete ", i), d.Delete("items", i), with("items", rest))
		reset()
		if item, ok := list[i].(map[string]any); ok {
			changed := map[string]any{"name": "it's"}
			for k, v := range item {
				if k != "name" {
					changed[k] = v
				}
			}
			all := slices.Clone(list)
			all[i] = changed
			check(fmt.Sprint("set ", i), d.Set(String("it's"), "items", i, "name"), with("items", all))
			reset()
		}
	}
	if global, ok := before["global"].(map[string]any); ok || before["global"] == nil {
		changed := map[string]any{"from": "null"}
		for k, v := range global {
			if k != "from" {
				changed[k] = v
			}
		}
		check("set global", d.Set(String("null"), "global", "from"), with("global", changed))
		reset()
	}
	return made
}

// hasOneLineBreak tells whether all lines end alike: where they do not, an empty line is as good as
// another but not equal to it.
func hasOneLineBreak(source []byte) bool {
	count := func(of string) int { return bytes.Count(source, []byte(of)) }
	cr := count("\r")
	return count("\u0085")+count("\u2028")+count("\u2029") == 0 && (cr == 0 || cr == count("\r\n") && cr == count("\n"))
}

// onlyAdds checks that a text is another with something put in at one place.
func onlyAdds(t *testing.T, before, after []byte) {
	t.Helper()
	same := 0
	for same < len(before) && before[same] == after[same] {
		same++
	}
	if !bytes.HasSuffix(after, before[same:]) {
		t.Fatalf("more than one place changed of\n%s\nit is\n%s", before, after)
	}
}

// FuzzEdits: an edit of any text either fails and changes nothing, or says what it should.
func FuzzEdits(f *testing.F) {
	for _, seed := range []string{
		"", "# c\n", "items:\n- name: a\n", "items: []\n", "{items: [{name: a}]}", "global: &x\n  a: 1\nitems: [*x]\n",
		"items:\n- name: |+\n    a\n\n\n- name: >-\n    b\n  to: 'x'\n# c\n", "items:\r\n  - name: a\r\n\r\n  - x\r\n", "items:\n- \n-\n",
		"a: \"# no\n  # no\"\nitems:\n  # c\n  - ? a\n    : b\n", "%YAML 1.1\n---\nitems: [a, b,]\n...\n", "items:\n- - a\n- - b\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, source []byte) {
		if len(source) > 4096 {
			return
		}
		checkEdits(t, source)
	})
}

// TestRandomDocuments makes edits of documents as people write them, with all that YAML offers.
func TestRandomDocuments(t *testing.T) {
	made, total := 0, 0
	for seed := range uint64(1000) {
		r := &randomDocument{Rand: rand.New(rand.NewPCG(seed, 1))}
		source := r.document()
		if seed%7 == 0 {
			source = strings.ReplaceAll(source, "\n", "\r\n")
		}
		if seed%5 == 0 {
			source = strings.TrimRight(source, "\r\n")
		}
		n := checkEdits(t, []byte(source))
		if made += n; n > 0 {
			total++
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
	t.Logf("%d edits of %d documents", made, total)
	if total < 850 || made < 4000 {
		t.Errorf("only %d edits of %d documents were made: is the generator what we think it is?", made, total)
	}
}

type randomDocument struct {
	*rand.Rand
	strings.Builder
}

func (r *randomDocument) one(of ...string) string { return of[r.IntN(len(of))] }

func (r *randomDocument) maybe(text string) string { return r.one(text, "", "") }

func (r *randomDocument) document() string {
	r.WriteString(r.maybe("# A header.\n# More of it.\n") + r.maybe("\n") + r.maybe("---\n"))
	parts := []func(){r.global, r.list, r.rest}
	r.Shuffle(len(parts), func(i, k int) { parts[i], parts[k] = parts[k], parts[i] })
	for _, part := range parts {
		r.WriteString(r.maybe("# About a key.\n"))
		part()
		r.WriteString(r.maybe("\n") + r.maybe("# Between.\n\n"))
	}
	return r.String()
}

func (r *randomDocument) global() {
	r.WriteString(r.one("global:\n  from: x # c\n  host: y\n", "global: {}\n", "global: {from: x, host: 'y'}\n", "global:\n", "", "global: # c\n    host: y\n"))
}

func (r *randomDocument) rest() {
	r.WriteString(r.one("rest:\n- a: 1\n  # of a\n", "rest: [1, '# no', {a: \"]\"}]\n", "rest: |\n  text\n\n  # no comment\n", "rest: >+\n  text\n\n", "rest: a\n  b\n\n  c\n"))
}

func (r *randomDocument) list() {
	if r.IntN(6) == 0 {
		r.WriteString(r.one("items: []  # none\n", "items:\n", "items: [{name: a}, {name: 'b, c', to: [x, 'y']}] # c\n", "items: [\n  a, # of a\n  {name: b},\n]\n"))
		return
	}
	indent := strings.Repeat(" ", r.IntN(3)*2)
	dash := "-" + strings.Repeat(" ", 1+r.IntN(3))
	inner := indent + strings.Repeat(" ", len(dash))
	apart := r.IntN(3) == 0
	r.WriteString("items:" + r.maybe(" # here") + "\n")
	for i := range 1 + r.IntN(4) {
		if apart && i > 0 || r.IntN(8) == 0 {
			r.WriteString("\n")
		}
		r.WriteString(r.maybe(indent + "# About the item.\n"))
		r.WriteString(indent + dash + fmt.Sprintf("name: %s%d%s\n", r.one("a", "é", "a b "), i, r.maybe(" # x")))
		for _, key := range []string{"text", "to", "more"} {
			r.WriteString(r.maybe(inner + key + r.one(": a\n", ": \"a\n"+inner+"  # no\"\n", ": [a, b]\n", ":\n", ": |\n"+inner+"  x\n\n"+inner+"  # no\n",
				":\n"+inner+"  - a\n"+inner+"  # c\n"+inner+"  - b: c\n", ": >-\n"+inner+"   x\n"+inner+"   y\n", ": a\n"+inner+"  b\n")))
		}
		r.WriteString(r.maybe(inner + "# Below the item.\n"))
	}
}
