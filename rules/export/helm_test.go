package export_test

import (
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"github.com/rulekit/rulekit/rules/export"
	"github.com/rulekit/rulekit/rules/params"
	"github.com/rulekit/rulekit/rules/translation"
)

const chartFolder = "../../deploy/helm/rulekit-rules"

// TestChart keeps deploy/helm/rulekit-rules what rulekit rules export --format helm writes.
func TestChart(t *testing.T) {
	files := write(t, "helm", export.Options{})
	if *update {
		stale, err := export.WriteFolder(chartFolder, files, true)
		for _, path := range stale {
			if err == nil {
				err = os.Remove(filepath.Join(chartFolder, path))
			}
		}
		if err == nil {
			_, err = export.WriteFolder(chartFolder, files, true)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	want := map[string]string{}
	for _, file := range files {
		want[file.Path] = string(file.Content)
	}
	if diff := cmp.Diff(want, contents(t, chartFolder)); diff != "" {
		t.Errorf("%s is out of date, run make update (-want +got):\n%s", chartFolder, diff)
	}
}

// contents are the files of a folder, without rulekit's list of them.
func contents(t *testing.T, folder string) map[string]string {
	t.Helper()
	got := map[string]string{}
	paths := []string{"."}
	for len(paths) > 0 {
		path := paths[0]
		paths = paths[1:]
		entries, err := os.ReadDir(filepath.Join(folder, path))
		if err != nil {
			t.Fatal(err)
		}
		for _, entry := range entries {
			below := filepath.ToSlash(filepath.Join(path, entry.Name()))
			switch {
			case entry.IsDir():
				paths = append(paths, below)
			case entry.Name() != ".rulekit-export":
				source, err := os.ReadFile(filepath.Join(folder, below))
				if err != nil {
					t.Fatal(err)
				}
				got[below] = string(source)
			}
		}
	}
	return got
}

// newChart writes a chart.
func newChart(t *testing.T, o export.Options) string {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "chart")
	if _, err := export.WriteFolder(folder, write(t, "helm", o), false); err != nil {
		t.Fatal(err)
	}
	return folder
}

// render runs helm template.
func render(t *testing.T, chart string, args ...string) ([]byte, string, error) {
	t.Helper()
	cmd := exec.Command(tool(t, "helm"), append([]string{"template", export.DefaultName, chart, "--namespace", "monitoring"}, args...)...)
	cmd.Env = append(os.Environ(), "HELM_CACHE_HOME="+t.TempDir(), "HELM_CONFIG_HOME="+t.TempDir(), "HELM_DATA_HOME="+t.TempDir())
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	return out, stderr.String(), err
}

// sameRules compares what Helm renders with what --format prometheusrule gives: the same objects,
// but for the labels that are Helm's own.
func sameRules(t *testing.T, schema *jsonschema.Schema, o export.Options, rendered []byte) {
	t.Helper()
	o.Namespace = "monitoring"
	got := prometheusRules(t, schema, rendered)
	for _, file := range write(t, "prometheusrule", o) {
		want := map[string]any{}
		if err := yaml.Unmarshal(file.Content, &want); err != nil {
			t.Fatal(err)
		}
		metadata := want["metadata"].(map[string]any)
		name := metadata["name"].(string)
		have := got[name]
		delete(got, name)
		if have == nil {
			t.Errorf("%s: Helm renders no such object", name)
			continue
		}
		labels := have["metadata"].(map[string]any)["labels"].(map[string]any)
		for _, own := range []string{"app.kubernetes.io/instance", "app.kubernetes.io/managed-by", "helm.sh/chart"} {
			if labels[own] == nil {
				t.Errorf("%s: Helm's label %s is missing", name, own)
			}
			delete(labels, own)
		}
		if diff := cmp.Diff(metadata, have["metadata"]); diff != "" {
			t.Errorf("%s (-prometheusrule +helm):\n%s", name, diff)
		}
		haveSource, err := yaml.Marshal(have)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(meanings(t, name, file.Content), meanings(t, "helm's "+name, haveSource)); diff != "" {
			t.Errorf("%s (-prometheusrule +helm):\n%s", name, diff)
		}
	}
	for name := range got {
		t.Errorf("%s: only Helm renders it", name)
	}
}

func TestHelmRendersWhatIsExported(t *testing.T) {
	schema := crd(t)
	chart := newChart(t, export.Options{})
	out, stderr, err := render(t, chart)
	if err != nil {
		t.Fatal(err, stderr)
	}
	sameRules(t, schema, export.Options{}, out)

	// What is exported with options renders as such.
	o := everything()
	o.Name = export.DefaultName
	o.Severities = []string{"critical", "warning"}
	out, stderr, err = render(t, newChart(t, o))
	if err != nil {
		t.Fatal(err, stderr)
	}
	sameRules(t, schema, o, out)

	// And values do what options do.
	values := filepath.Join(t.TempDir(), "values.yaml")
	text := "ruleLabels: {team: dba, severity: 'page \"now\": {}'}\nlabels: {release: 'true', app.kubernetes.io/name: x}\n" +
		"interval: 45s\nrunbookUrl: https://wiki.example.com/{alert}\n"
	if err := os.WriteFile(values, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	out, stderr, err = render(t, chart, "--values", values)
	if err != nil {
		t.Fatal(err, stderr)
	}
	o = everything()
	o.Name, o.Selection = export.DefaultName, export.Selection{}
	sameRules(t, schema, o, out)
}

// otherValues gives every parameter of every alert another value, for round after round.
func otherValues(t *testing.T, round int) string {
	t.Helper()
	files, err := export.Selection{}.Files()
	if err != nil {
		t.Fatal(err)
	}
	durations := []string{"90s", "1h30m", "1m", "36h", "1d1s", "14d"}
	var b strings.Builder
	for _, file := range files {
		for _, rule := range file.Rules() {
			if !rule.IsAlert() {
				continue
			}
			declared, err := params.Of(rule)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&b, "%s:\n  enabled: true\n", rule.Name())
			for _, p := range declared {
				value := fmt.Sprintf("%q", "other")
				switch p.Kind {
				case params.Duration:
					value = durations[round%len(durations)]
				case params.Number:
					var number float64
					if err := yaml.Unmarshal([]byte(p.Canonical()), &number); err != nil {
						t.Fatal(err)
					}
					number = []float64{number * 2, number / 2, number * 1.1, number + max(1, number/4), 1, number * 60}[round%6]
					if p.IsRatio() {
						number = min(number, 1)
					}
					value = fmt.Sprintf("%.15g", math.Round(number*1e6)/1e6)
				}
				fmt.Fprintf(&b, "  %s: %s\n", p.Name, value)
			}
		}
	}
	return b.String()
}

// TestHelmWritesTextsAlike changes every parameter, and compares the texts that repeat it.
func TestHelmWritesTextsAlike(t *testing.T) {
	schema := crd(t)
	for _, language := range translation.Languages() {
		t.Run(language, func(t *testing.T) { writesTextsAlike(t, schema, language) })
	}
}

func writesTextsAlike(t *testing.T, schema *jsonschema.Schema, language string) {
	chart := newChart(t, export.Options{Selection: export.Selection{Language: language}})
	for round := range 6 {
		values := otherValues(t, round)
		settings, err := params.ParseValues("values.yaml", []byte(values))
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "values.yaml")
		text := "alerts:\n  " + strings.ReplaceAll(strings.TrimSpace(values), "\n", "\n  ") + "\n"
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		out, stderr, err := render(t, chart, "--values", path)
		if err != nil {
			t.Fatal(err, stderr)
		}
		sameRules(t, schema, export.Options{Selection: export.Selection{Settings: settings, Language: language}}, out)
	}
}

func TestHelmSwitches(t *testing.T) {
	schema := crd(t)
	chart := newChart(t, export.Options{})
	files, err := export.Selection{}.Files()
	if err != nil {
		t.Fatal(err)
	}
	alert := files[0].Rules()[0].Name()
	out, stderr, err := render(t, chart, "--set", "alerts."+alert+".enabled=false", "--set", "engines."+export.EngineOf(files[1])+"=false")
	if err != nil {
		t.Fatal(err, stderr)
	}
	engines := slices.Clone(files)
	engines = slices.Delete(engines, 1, 2)
	o := export.Options{Selection: export.Selection{Settings: []params.Setting{{Alert: alert, Name: params.Enabled, Value: "false"}}}}
	for _, file := range engines {
		o.Engines = append(o.Engines, export.EngineOf(file))
	}
	sameRules(t, schema, o, out)

	// An engine without an alert left has no object.
	one := newChart(t, export.Options{Selection: export.Selection{Alerts: []string{alert}}})
	out, stderr, err = render(t, one, "--set", "alerts."+alert+".enabled=false")
	if err != nil || len(prometheusRules(t, schema, out)) != 0 {
		t.Errorf("%v %s\n%s", err, stderr, out)
	}
}

func TestHelmLint(t *testing.T) {
	out, err := exec.Command(tool(t, "helm"), "lint", "--strict", newChart(t, everything())).CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
