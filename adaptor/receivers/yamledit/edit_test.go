package yamledit

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// edits are what the tests do to a document, by name.
var edits = map[string]func(*Document) error{
	"append": func(d *Document) error {
		return d.Insert(Mapping(Entry{"name", String("new")}, Entry{"to", List(String("x"), String(`a=~"b|c"`))}), "", "items", len(items(d)))
	},
	"first":   func(d *Document) error { return d.Insert(Mapping(Entry{"name", String("new")}), "why", "items", 0) },
	"second":  func(d *Document) error { return d.Insert(Mapping(Entry{"name", String("new")}), "", "items", 1) },
	"remove0": func(d *Document) error { return d.Delete("items", 0) },
	"remove1": func(d *Document) error { return d.Delete("items", 1) },
	"set":     func(d *Document) error { return d.Set(String("new"), "items", 0, "name") },
	"add":     func(d *Document) error { return d.Set(String("7"), "items", 0, "more") },
	"drop":    func(d *Document) error { return d.Delete("items", 0, "name") },
	"global":  func(d *Document) error { return d.Set(String("g"), "global", "from") },
	"prepend": func(d *Document) error { return d.Prepend(Mapping(Entry{"from", String("g")}), "global") },
	"list":    func(d *Document) error { return d.Set(List(String("p"), String("q")), "items", 0, "to") },
}

func items(d *Document) []any {
	n := resolve(d.Node("items"))
	if n == nil {
		return nil
	}
	return make([]any, len(n.Content))
}

func TestEdits(t *testing.T) {
	tests := map[string]struct{ edit, before, after string }{
		"append to a list": {"append",
			"items:\n- name: a\n- name: b # last\n\n# What follows.\nother: 1\n",
			"items:\n- name: a\n- name: b # last\n- name: new\n  to:\n  - x\n  - a=~\"b|c\"\n\n# What follows.\nother: 1\n"},
		"as the file indents": {"append",
			"other:\n    x: [1]\nitems:\n    -   name: a\n        to:\n            -   y\n",
			"other:\n    x: [1]\nitems:\n    -   name: a\n        to:\n            -   y\n    -   name: new\n        to:\n            -   x\n            -   a=~\"b|c\"\n"},
		"with empty lines between": {"append",
			"items:\n  - name: a\n\n  # About b.\n  - name: b\nother: 1\n",
			"items:\n  - name: a\n\n  # About b.\n  - name: b\n\n  - name: new\n    to:\n      - x\n      - a=~\"b|c\"\nother: 1\n"},
		"behind what was taken out": {"append",
			"items:\n- name: a\n# - name: b\n#   to: [c]\n\nother: 1\n",
			"items:\n- name: a\n# - name: b\n#   to: [c]\n\n- name: new\n  to:\n  - x\n  - a=~\"b|c\"\n\nother: 1\n"},
		"a comment belongs to what follows": {"append",
			"items:\n- name: a\n  # of a\n# of other\nother: 1\n",
			"items:\n- name: a\n  # of a\n- name: new\n  to:\n  - x\n  - a=~\"b|c\"\n# of other\nother: 1\n"},
		"no newline at the end": {"append",
			"items:\n- name: a",
			"items:\n- name: a\n- name: new\n  to:\n  - x\n  - a=~\"b|c\""},
		"CRLF": {"append",
			"items:\r\n- name: a\r\n",
			"items:\r\n- name: a\r\n- name: new\r\n  to:\r\n  - x\r\n  - a=~\"b|c\"\r\n"},
		"behind a block scalar": {"append",
			"items:\n- name: a\n  text: |\n    x\n\n    # no comment\n\n  # a comment\n",
			"items:\n- name: a\n  text: |\n    x\n\n    # no comment\n- name: new\n  to:\n  - x\n  - a=~\"b|c\"\n\n  # a comment\n"},
		"behind a long scalar": {"append",
			"items:\n- name: a\n  text: \"x\n    # no comment\n\n    y\" # comment\n- name: b c\n    d\n",
			"items:\n- name: a\n  text: \"x\n    # no comment\n\n    y\" # comment\n- name: b c\n    d\n- name: new\n  to:\n  - x\n  - a=~\"b|c\"\n"},
		"in brackets": {"append",
			"items: [{name: a, to: ['x, y]', z # c\n ]} , ] # end\n",
			"items: [{name: a, to: ['x, y]', z # c\n ]}, {name: new, to: [x, a=~\"b|c\"]} , ] # end\n"},
		"JSON": {"append",
			`{"items":[{"name":"a"}]}`,
			`{"items":[{"name":"a"}, {"name": "new", "to": ["x", "a=~\"b|c\""]}]}`},
		"empty brackets": {"append",
			"items: []   # none yet\n# more\nother: 1\n",
			"items:   # none yet\n- name: new\n  to:\n  - x\n  - a=~\"b|c\"\n# more\nother: 1\n"},
		"empty brackets inside others": {"append",
			"{items: [], other: 1}\n",
			"{items: [{name: new, to: [x, a=~\"b|c\"]}], other: 1}\n"},
		"nothing":                {"append", "items:\nother:\n  - 1\n", "items:\n  - name: new\n    to:\n      - x\n      - a=~\"b|c\"\nother:\n  - 1\n"},
		"null":                   {"append", "items: ~ # none\n", "items: # none\n- name: new\n  to:\n  - x\n  - a=~\"b|c\"\n"},
		"absent":                 {"append", "other: 1\n", "other: 1\nitems:\n- name: new\n  to:\n  - x\n  - a=~\"b|c\"\n"},
		"a document of comments": {"append", "# soon\n", "# soon\nitems:\n- name: new\n  to:\n  - x\n  - a=~\"b|c\"\n"},
		"an empty document":      {"global", "", "global:\n  from: g\n"},
		"an explicit key":        {"append", "? items\n: - a\n", "? items\n: - a\n  - name: new\n    to:\n    - x\n    - a=~\"b|c\"\n"},
		"document marks":         {"append", "---\nitems:\n- name: a\n...\n", "---\nitems:\n- name: a\n- name: new\n  to:\n  - x\n  - a=~\"b|c\"\n...\n"},
		"byte order mark":        {"first", "\ufeffitems:\n- name: é\n", "\ufeffitems:\n# why\n- name: new\n- name: é\n"},

		"in front of the first": {"first",
			"items:\n  # About a.\n  - name: a\n",
			"items:\n  # why\n  - name: new\n  # About a.\n  - name: a\n"},
		"between": {"second",
			"items:\n- name: a\n\n# About b.\n- name: b\n",
			"items:\n- name: a\n\n- name: new\n\n# About b.\n- name: b\n"},
		"between brackets": {"second", "items: [{name: a}, {name: b}]\n", "items: [{name: a}, {name: new}, {name: b}]\n"},

		"remove with its comments": {"remove1",
			"items:\n- name: a\n# About b.\n- name: b # yes\n  # still b\n# About c.\n- name: c\n",
			"items:\n- name: a\n# About c.\n- name: c\n"},
		"remove between empty lines": {"remove1",
			"items:\n- name: a\n\n- name: b\n\n- name: c\n",
			"items:\n- name: a\n\n- name: c\n"},
		"remove the first": {"remove0",
			"items:\n# General.\n\n# About a.\n- name: a\n\n- name: b\n",
			"items:\n# General.\n\n- name: b\n"},
		"remove the last": {"remove1",
			"items:\n- name: a\n\n- name: b\n\nother: 1\n",
			"items:\n- name: a\n\nother: 1\n"},
		"remove the only one": {"remove0",
			"items: # here\n  # About a.\n  - name: a\n\nother: 1\n",
			"items: [] # here\n\nother: 1\n"},
		"remove without a newline":   {"remove1", "items:\n- name: a\n- name: b", "items:\n- name: a"},
		"remove from brackets":       {"remove0", "items: [{name: a}, {name: b}]\n", "items: [{name: b}]\n"},
		"remove last from brackets":  {"remove1", "items: [{name: a}, {name: b}, ]\n", "items: [{name: a}, ]\n"},
		"remove only from brackets":  {"remove0", "items: [ {name: a} ]\n", "items: [  ]\n"},
		"an item below a block text": {"remove1", "items:\n- |\n  a\n  # text\n- name: b\n- name: c\n", "items:\n- |\n  a\n  # text\n- name: c\n"},

		"set a plain value":            {"set", "items:\n- name: a  # keep\n", "items:\n- name: new  # keep\n"},
		"set a quoted value":           {"set", "items:\n- name: 'it''s a'  # keep\n", "items:\n- name: new  # keep\n"},
		"set an empty value":           {"set", "items:\n- name:  # keep\n  x: y\n", "items:\n- name: new  # keep\n  x: y\n"},
		"set a block text":             {"set", "items:\n- name: |\n    a\n    b\n  x: y\n", "items:\n- name: new\n  x: y\n"},
		"set in brackets":              {"set", "items: [{name: http://x#y, z: 1}]\n", "items: [{name: new, z: 1}]\n"},
		"set nothing in JSON":          {"set", `{"items": [{"name":null}]}`, `{"items": [{"name": "new"}]}`},
		"add a key":                    {"add", "items:\n- name: a\n  to: [b]\n  # foot\n- name: b\n", "items:\n- name: a\n  to: [b]\n  # foot\n\n  more: '7'\n- name: b\n"},
		"add a key behind a dash":      {"add", "items:\n-   name: a\n", "items:\n-   name: a\n    more: '7'\n"},
		"add a key in brackets":        {"add", "items: [{name: a}]\n", "items: [{name: a, more: '7'}]\n"},
		"drop the key behind the dash": {"drop", "items:\n- name: a # gone\n  to: b\n", "items:\n- to: b\n"},
		"drop a key":                   {"drop", "items:\n- to: b\n  # of name\n  name: a\n", "items:\n- to: b\n"},
		"drop what is not there":       {"drop", "items:\n- to: b\n", "items:\n- to: b\n"},
		"replace a list in brackets":   {"list", "items:\n- to: [a, b] # c\n", "items:\n- to: [p, q] # c\n"},
		"replace a list of lines":      {"list", "items:\n- to:\n    - a\n    # b\n    - b\n  name: a\n", "items:\n- to:\n    - p\n    - q\n  name: a\n"},

		"a mapping that is missing": {"global", "other: 1\n", "other: 1\nglobal:\n  from: g\n"},
		"a mapping that is empty":   {"global", "global:\n\nother: 1\n", "global:\n  from: g\n\nother: 1\n"},
		"a mapping of brackets":     {"global", "global: {}\nother: 1\n", "global:\n  from: g\nother: 1\n"},
		"below the file's header":   {"prepend", "# About the file.\nother: 1\n\nmore: 2\n", "# About the file.\nglobal:\n  from: g\n\nother: 1\n\nmore: 2\n"},
		"above the key's comment":   {"prepend", "# About the file.\n\n# About other.\nother: 1\n", "# About the file.\n\nglobal:\n  from: g\n# About other.\nother: 1\n"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			d, err := Parse("f.yaml", []byte(test.before))
			if err != nil {
				t.Fatal(err)
			}
			if err := edits[test.edit](d); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.after, string(d.Source())); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestRefusals: what is not certain is not edited, and the document stays as it was.
func TestRefusals(t *testing.T) {
	tests := map[string]struct{ edit, source, want string }{
		"an alias":            {"append", "a: &x [1]\nitems: *x\n", "f.yaml:2: *x is an alias, which is not edited"},
		"an anchor in use":    {"append", "items: &x [1]\nother: *x\n", "f.yaml:1: what &x marks is used in other places, too, and is not edited"},
		"inside of an anchor": {"set", "items:\n- &x\n  name: a\n- *x\n", "f.yaml:2: what &x marks is used"},
		"needed elsewhere":    {"remove0", "items:\n- name: &x a\n- name: *x\n", "f.yaml:3: *x needs what is to be removed"},
		"merged":              {"append", "a: &x {items: [1]}\n<<: *x\n", "f.yaml:1: items may come from the merge key (<<), which is not edited"},
		"not a list":          {"append", "items: {a: b}\n", "f.yaml:1: there is no place for item 2"},
		"not a mapping":       {"set", "items: [a]\n", "f.yaml:1: there is no place for name"},
		"lists in a line":     {"first", "items:\n- - a\n  - b\nx:\n- - a\n", ""},
		"a comment between":   {"drop", "items:\n- name: a\n  # of to\n  to: b\n", "f.yaml:2: this part is written in a way"},
		"the only key":        {"drop", "items:\n- name: a\n", "f.yaml:2: this part is written in a way"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			d, err := Parse("f.yaml", []byte(test.source))
			if err != nil {
				t.Fatal(err)
			}
			err = edits[test.edit](d)
			if test.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			if err == nil || !strings.HasPrefix(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
			if string(d.Source()) != test.source {
				t.Errorf("changed to %q", d.Source())
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	tests := map[string]struct{ source, want string }{
		"not UTF-8":     {"a: \xff\n", "f.yaml: the file is not UTF-8 text"},
		"UTF-16":        {"\xff\xfea\x00", "f.yaml: the file is not UTF-8 text"},
		"binary":        {"a: \x00\n", "f.yaml: the file is not UTF-8 text"},
		"a tab":         {"a:\n\t- b\n", "f.yaml: line 2: found character that cannot start any token"},
		"two documents": {"a: 1\n---\nb: 1\n", "f.yaml: the file has more than one YAML document"},
		"a list":        {"- a\n", "f.yaml:1: the file must be a mapping"},
		"broken":        {"a: [\n", "f.yaml: line 1: did not find expected node content"},
		"huge":          {strings.Repeat("#\n", MaxSize), "f.yaml: the file is larger than the 1024 KiB that are read"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if _, err := Parse("f.yaml", []byte(test.source)); err == nil || !strings.HasPrefix(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func TestLine(t *testing.T) {
	d, err := Parse("f.yaml", []byte("a: 1\nitems:\n# c\n-\n  # d\n  name: x\n- {name: y}\n"))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		path []any
		want int
	}{{[]any{"items"}, 2}, {[]any{"items", 0}, 4}, {[]any{"items", 0, "name"}, 6}, {[]any{"items", 1}, 7}, {[]any{"items", 2}, 0}, {[]any{"none"}, 0}, {[]any{"none", 0}, 0}} {
		if got := d.Line(test.path...); got != test.want {
			t.Errorf("%v is on line %d, want %d", test.path, got, test.want)
		}
	}
}

func TestComment(t *testing.T) {
	d, err := Parse("f.yaml", []byte("# a\na: 1\nitems:\r\n  # one\r\n  #  two \r\n  - x: y\n  - z\nflow: [1]\n"))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		path []any
		want string
	}{{[]any{"a"}, "a"}, {[]any{"items"}, ""}, {[]any{"items", 0}, "one\ntwo"}, {[]any{"items", 1}, ""}, {[]any{"items", 2}, ""}, {[]any{"flow", 0}, ""}, {[]any{"none"}, ""}} {
		if got := d.Comment(test.path...); got != test.want {
			t.Errorf("the comment of %v is %q, want %q", test.path, got, test.want)
		}
	}
}
