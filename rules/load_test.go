package rules

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const oneRule = "groups: [{name: a, rules: [{alert: A, expr: up}]}]\n"

// folder makes a folder of files and makes it the working directory.
func folder(t *testing.T, files map[string]string) {
	t.Helper()
	t.Chdir(t.TempDir())
	for path, content := range files {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestLoad(t *testing.T) {
	folder(t, map[string]string{
		"rules/b.yml":            oneRule,
		"rules/a.yaml":           oneRule,
		"rules/sub/c.YAML":       oneRule,
		"rules/sub/notes.txt":    oneRule,
		"rules/.hidden/d.yml":    oneRule,
		"rules/.e.yml":           oneRule,
		"rules/alertmanager.yml": "route: {}\nreceivers: []\n",
		"rules/tests.yml":        "tests: []\n",
		"rules/empty.yml":        "",
		"rules/inventory.yml":    "groups: {web: [a, b]}\n",
		"rules/chart.yml":        "name: {{ .Values.name }}\n{{ if }}\n",
		"rules/broken.yml":       "groups:\n- rules:\n  - alert: A\n     expr: up\n",
		"rules/near.yml":         "group:\n- name: a\n  rules: [{alert: A, expr: up}]\n",
		"other/x.txt":            "not YAML, but named",
	})
	if err := os.Symlink("a.yaml", "rules/link.yml"); err != nil {
		t.Fatal(err)
	}
	inRules := []string{"rules/a.yaml", "rules/b.yml", "rules/broken.yml", "rules/link.yml", "rules/near.yml", "rules/sub/c.YAML"}
	leftOut := []string{"rules/alertmanager.yml", "rules/chart.yml", "rules/empty.yml", "rules/inventory.yml", "rules/tests.yml"}
	for _, test := range []struct {
		name           string
		paths          []string
		files, leftOut []string
	}{
		{"a folder", []string{"rules"}, inRules, leftOut},
		{"files in the order given, each once", []string{"rules/b.yml", "./rules/a.yaml", "rules/../rules/b.yml"}, []string{"rules/b.yml", "./rules/a.yaml"}, nil},
		{"a pattern that leads to a file that was named", []string{"rules/b.yml", "rules/b*.yml"}, []string{"rules/b.yml", "rules/broken.yml"}, nil},
		{"only what was named already", []string{"rules/b.yml", "rules/b.y*"}, []string{"rules/b.yml"}, nil},
		{"a named file without rules", []string{"rules/empty.yml", "other/x.txt"}, []string{"rules/empty.yml", "other/x.txt"}, nil},
		{"a pattern", []string{"rules/[ab].y*ml"}, []string{"rules/a.yaml", "rules/b.yml"}, nil},
		{"a pattern that matches a folder", []string{"rules/s*"}, []string{"rules/sub/c.YAML"}, nil},
		{"a pattern leaves hidden files out", []string{"rules/*.yml"}, []string{"rules/b.yml", "rules/broken.yml", "rules/link.yml", "rules/near.yml"},
			[]string{"rules/alertmanager.yml", "rules/chart.yml", "rules/empty.yml", "rules/inventory.yml", "rules/tests.yml"}},
		{"any number of folders", []string{"**/[bc].*"}, []string{"rules/b.yml", "rules/sub/c.YAML"}, nil},
		{"a hidden file by name", []string{"rules/.hidden/d.yml"}, []string{"rules/.hidden/d.yml"}, nil},
		{"standard input", []string{"-"}, []string{"<stdin>"}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			set, err := Load(context.Background(), test.paths, Options{Stdin: strings.NewReader(oneRule)})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, f := range set.Files {
				got = append(got, f.Path)
			}
			if diff := cmp.Diff(test.files, got); diff != "" {
				t.Errorf("files (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.leftOut, set.LeftOut); diff != "" {
				t.Errorf("left out (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLoadNamesStdin(t *testing.T) {
	set, err := Load(context.Background(), []string{"-"}, Options{Stdin: strings.NewReader(oneRule), StdinName: "redis.yaml"})
	if err != nil || set.Files[0].Path != "redis.yaml" || len(set.Files[0].Rules()) != 1 {
		t.Errorf("got %+v, %v", set, err)
	}
}

func TestLoadErrors(t *testing.T) {
	folder(t, map[string]string{
		"none/tests.yml": "tests: []\n",
		"binary.yml":     "\x7fELF\x00\x00",
		"huge.yml":       strings.Repeat("# a line of a comment\n", 1<<20),
		"a.yml":          oneRule,
	})
	for _, test := range []struct {
		paths []string
		want  string
	}{
		{[]string{"missing.yml"}, "missing.yml: no such file or folder"},
		{[]string{"a.yml/b.yml"}, "read a.yml/b.yml: not a directory"},
		{[]string{"none"}, "no rule files in none"},
		{[]string{"none/*"}, "no rule files in none/*"},
		{[]string{"x/*.yml"}, "no files match x/*.yml"},
		{[]string{"[.yml"}, "[.yml: not a valid pattern of file names"},
		{[]string{"huge.yml"}, "huge.yml: the file is larger than the 16 MiB that are read"},
		{[]string{"binary.yml"}, "binary.yml: the file is binary, not YAML"},
		{[]string{"-"}, "read <stdin>: there is no standard input"},
		{[]string{"missing.yml", "a.yml", "gone.yml"}, "missing.yml: no such file or folder\ngone.yml: no such file or folder"},
	} {
		set, err := Load(context.Background(), test.paths, Options{})
		if err == nil || err.Error() != test.want || set != nil {
			t.Errorf("Load(%q) = %v, %v, want error %s", test.paths, set, err, test.want)
		}
	}
	if _, err := Load(context.Background(), []string{"a.yml"}, Options{Dialect: "loki"}); err == nil ||
		err.Error() != `unknown dialect "loki": it is one of prometheus, thanos, mimir` {
		t.Errorf("an unknown dialect gives %v", err)
	}
	if _, err := Load(context.Background(), []string{"missing.yml"}, Options{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v is not fs.ErrNotExist", err)
	}
}

func TestLoadIsStopped(t *testing.T) {
	folder(t, map[string]string{"a.yml": oneRule})
	ctx, stop := context.WithCancel(context.Background())
	stop()
	if _, err := Load(ctx, []string{"a.yml"}, Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestBuiltinRulesAreClean(t *testing.T) {
	if len(Engines()) == 0 {
		t.Fatal("no rules are built in")
	}
	for _, engine := range Engines() {
		file, err := BuiltinFile(engine)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range file.Problems {
			t.Errorf("%s: %s", file.Path, p.Message)
		}
	}
}

// TestLoadSkip proves that what is skipped is not read: it would be an error here.
func TestLoadSkip(t *testing.T) {
	folder(t, map[string]string{
		"rules/a.yaml":        oneRule,
		"rules/huge.yaml":     strings.Repeat(" ", MaxFileSize+1),
		"rules/vendor/b.yaml": "\x00",
		"only/huge.yaml":      strings.Repeat(" ", MaxFileSize+1),
	})
	var asked []string
	o := Options{StdinName: "huge.yaml", Skip: func(path string) bool {
		asked = append(asked, path)
		return strings.HasSuffix(path, "huge.yaml") || strings.HasSuffix(path, "vendor")
	}}
	for _, test := range []struct {
		paths, files []string
	}{
		{[]string{"rules"}, []string{"rules/a.yaml"}},
		{[]string{"rules/*.yaml", "rules/**/vendor"}, []string{"rules/a.yaml"}},
		{[]string{"rules/huge.yaml", "rules/vendor"}, nil},
		{[]string{"only"}, nil},
		{[]string{"only/h*"}, nil},
		{[]string{"-"}, nil},
	} {
		set, err := Load(context.Background(), test.paths, o)
		if err != nil {
			t.Errorf("%v: %v", test.paths, err)
			continue
		}
		var got []string
		for _, f := range set.Files {
			got = append(got, f.Path)
		}
		if diff := cmp.Diff(test.files, got); diff != "" {
			t.Errorf("%v (-want +got):\n%s", test.paths, diff)
		}
	}
	for _, path := range asked {
		if strings.Contains(path, "b.yaml") {
			t.Errorf("a folder that is skipped was looked into: %s", path)
		}
	}
}

func TestMatchPath(t *testing.T) {
	long := strings.Repeat("a/", 200)
	for _, test := range []struct {
		pattern, path string
		want          bool
	}{
		{"a", "a", true},
		{"a", "a/a", false},
		{"a/b", "a", false},
		{"**", "a", true},
		{"**", "a/b/c", true},
		{"**/**", "a", true},
		{"**/c", "c", true},
		{"**/c", "a/b/c", true},
		{"**/c", "a/b/cc", false},
		{"a/**", "a", true},
		{"a/**/c", "a/c", true},
		{"a/**/c", "b/c", false},
		{"**/b/**/d", "a/b/b/c/d", true},
		{"**/b/**/d", "a/c/c/d", false},
		{"**/b/*/d", "b/x/b/x/d", true},
		{"**/b/c/**/b/d", "b/c/b/c/b/d", true},
		// Without end if each ** were tried with each folder.
		{strings.Repeat("**/a/", 30) + "b", long + "c", false},
		{strings.Repeat("**/a/", 30) + "b", long + "b", true},
	} {
		if got := matchPath(strings.Split(test.pattern, "/"), strings.Split(test.path, "/")); got != test.want {
			t.Errorf("%.40s matches %.40s: %v, want %v", test.pattern, test.path, got, test.want)
		}
	}
}
