package export_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"github.com/rulekit/rulekit/rules"
	"github.com/rulekit/rulekit/rules/export"
	"github.com/rulekit/rulekit/rules/params"
)

var update = flag.Bool("update", false, "rewrite the chart in deploy/helm")

// tool returns the path of a program that make builds.
func tool(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("..", "..", "bin", name))
	if err == nil {
		_, err = os.Stat(path)
	}
	if err != nil {
		t.Fatalf("no %s to test with (%v). Build it with:\n  make bin/%s", name, err, name)
	}
	return path
}

func write(t *testing.T, format string, o export.Options) []export.File {
	t.Helper()
	f, err := export.Lookup(format)
	if err != nil {
		t.Fatal(err)
	}
	files, err := f.Write(o)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func join(t *testing.T, format string, files []export.File) []byte {
	t.Helper()
	f, err := export.Lookup(format)
	if err != nil {
		t.Fatal(err)
	}
	text, err := f.Join(files)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// everything is every option that changes rules.
func everything() export.Options {
	return export.Options{
		Selection:      export.Selection{Settings: []params.Setting{{Alert: "*", Name: "for", Value: "20m"}}},
		Interval:       45_000_000_000,
		RunbookURL:     "https://wiki.example.com/{alert}",
		Labels:         []export.Label{{Name: "team", Value: "dba"}, {Name: "severity", Value: `page "now": {}`}},
		Namespace:      "monitoring",
		Name:           "db",
		ResourceLabels: []export.Label{{Name: "release", Value: "true"}, {Name: "app.kubernetes.io/name", Value: "x"}},
	}
}

// meaning is what Prometheus makes of a rule.
type meaning struct {
	Group, Interval, Name, Expr, For string
	Labels, Annotations              map[string]string
}

func meanings(t *testing.T, path string, source []byte) []meaning {
	t.Helper()
	file := rules.Parse(path, source, rules.Options{})
	for _, p := range file.Problems {
		t.Fatalf("%s:%d: %s", path, file.Position(p.Span.Start).Line, p.Message)
	}
	var all []meaning
	for _, rule := range file.Rules() {
		m := meaning{
			Group: rule.Group.Name.Value, Interval: rule.Group.Interval.Value, Name: rule.Name(), Expr: rule.AST.String(), For: rule.For.Value,
			Labels: map[string]string{}, Annotations: map[string]string{},
		}
		for _, l := range rule.EffectiveLabels() {
			m.Labels[l.Key.Value] = l.Value.Value
		}
		for _, a := range rule.Annotations {
			m.Annotations[a.Key.Value] = a.Value.Value
		}
		all = append(all, m)
	}
	return all
}

// TestFormatsAgree compares what each format holds with the rules it is made of.
func TestFormatsAgree(t *testing.T) {
	for name, o := range map[string]export.Options{"as shipped": {}, "everything": everything()} {
		t.Run(name, func(t *testing.T) {
			plain := write(t, "prometheus", o)
			for _, format := range []string{"prometheusrule", "configmap"} {
				for i, other := range write(t, format, o) {
					file := plain[i]
					want := meanings(t, file.Path, file.Content)
					if diff := cmp.Diff(want, meanings(t, format+" "+other.Path, other.Content)); diff != "" {
						t.Errorf("%s in %s (-plain +%s):\n%s", file.Path, format, format, diff)
					}
				}
			}
			joined := meanings(t, "joined", join(t, "prometheus", plain))
			var all []meaning
			for _, file := range plain {
				all = append(all, meanings(t, file.Path, file.Content)...)
			}
			if diff := cmp.Diff(all, joined); diff != "" {
				t.Errorf("joined (-files +joined):\n%s", diff)
			}
		})
	}
}

// TestShippedBytes checks that a file is exported as it is, with its comments.
func TestShippedBytes(t *testing.T) {
	for _, file := range write(t, "prometheus", export.Options{}) {
		want, err := rules.BuiltinFile(strings.TrimSuffix(file.Path, ".yaml"))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want.Source), string(file.Content)); diff != "" {
			t.Errorf("%s (-shipped +exported):\n%s", file.Path, diff)
		}
	}
}

func TestOptionsReachEveryRule(t *testing.T) {
	for _, file := range write(t, "prometheus", everything()) {
		for _, m := range meanings(t, file.Path, file.Content) {
			if m.Interval != "45s" || m.Labels["team"] != "dba" || m.Labels["severity"] != `page "now": {}` || m.For != "" && m.For != "20m" {
				t.Errorf("%s: %+v", m.Name, m)
			}
			if url := m.Annotations["runbook_url"]; url != "" && url != "https://wiki.example.com/"+m.Name {
				t.Errorf("%s links to %s", m.Name, url)
			}
		}
	}
	for _, file := range write(t, "prometheusrule", everything()) {
		var object struct {
			Metadata struct {
				Name, Namespace string
				Labels          map[string]string
			}
		}
		if err := yaml.Unmarshal(file.Content, &object); err != nil {
			t.Fatal(err)
		}
		engine := strings.TrimSuffix(file.Path, ".yaml")
		want := map[string]string{"app.kubernetes.io/name": "x", "app.kubernetes.io/component": engine, "release": "true"}
		if diff := cmp.Diff(want, object.Metadata.Labels); diff != "" || object.Metadata.Name != "db-"+engine || object.Metadata.Namespace != "monitoring" {
			t.Errorf("%s: %+v\n%s", file.Path, object.Metadata, diff)
		}
	}
}

// TestPromtoolTakesThem has Prometheus's own tool check exported files.
func TestPromtoolTakesThem(t *testing.T) {
	promtool := tool(t, "promtool")
	for name, o := range map[string]export.Options{"as-shipped": {}, "everything": everything()} {
		folder := t.TempDir()
		files := write(t, "prometheus", o)
		joined := export.File{Path: "joined.yaml", Content: join(t, "prometheus", files)}
		if _, err := export.WriteFolder(folder, append(files, joined), false); err != nil {
			t.Fatal(err)
		}
		args := []string{"check", "rules", "--lint-fatal"}
		for _, file := range append(files, joined) {
			args = append(args, filepath.Join(folder, file.Path))
		}
		if out, err := exec.Command(promtool, args...).CombinedOutput(); err != nil {
			t.Errorf("%s: promtool refuses it: %v\n%s", name, err, out)
		}
	}
}

// crd is the schema of a PrometheusRule, in which every key has to be known: the API server would
// drop the others without a word.
func crd(t *testing.T) *jsonschema.Schema {
	t.Helper()
	source, err := os.ReadFile("../../testdata/schemas/prometheusrule.json")
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(source))
	if err != nil {
		t.Fatal(err)
	}
	closeObjects(document)
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("prometheusrule.json", document); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("prometheusrule.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func closeObjects(schema any) {
	s, ok := schema.(map[string]any)
	if !ok {
		return
	}
	if properties, ok := s["properties"].(map[string]any); ok {
		s["additionalProperties"] = false
		for _, p := range properties {
			closeObjects(p)
		}
	}
	closeObjects(s["items"])
}

// prometheusRules are the objects of a stream that the schema takes, by their names.
func prometheusRules(t *testing.T, schema *jsonschema.Schema, stream []byte) map[string]map[string]any {
	t.Helper()
	all := map[string]map[string]any{}
	decoder := yaml.NewDecoder(bytes.NewReader(stream))
	for {
		var object map[string]any
		err := decoder.Decode(&object)
		if err != nil {
			if err.Error() != "EOF" {
				t.Fatalf("%v in:\n%s", err, stream)
			}
			return all
		}
		if object == nil {
			continue
		}
		inJSON, err := json.Marshal(object)
		if err != nil {
			t.Fatal(err)
		}
		plain, err := jsonschema.UnmarshalJSON(bytes.NewReader(inJSON))
		if err != nil {
			t.Fatal(err)
		}
		name := object["metadata"].(map[string]any)["name"].(string)
		if err := schema.Validate(plain); err != nil || object["kind"] != "PrometheusRule" {
			t.Errorf("%s is no PrometheusRule: %v", name, err)
		}
		all[name] = object
	}
}

func TestPrometheusRuleSchema(t *testing.T) {
	schema := crd(t)
	for name, o := range map[string]export.Options{"as shipped": {}, "everything": everything()} {
		files := write(t, "prometheusrule", o)
		if got := prometheusRules(t, schema, join(t, "prometheusrule", files)); len(got) != len(files) {
			t.Errorf("%s: %d objects of %d files", name, len(got), len(files))
		}
	}
	if err := schema.Validate(map[string]any{"spec": map[string]any{"groups": []any{map[string]any{"name": "x", "intervall": "1m"}}}}); err == nil {
		t.Error("the schema takes a key that it does not know")
	}
}

func TestFormats(t *testing.T) {
	if want := []string{"alertmanager", "configmap", "helm", "prometheus", "prometheusrule"}; !slices.Equal(export.Names(), want) {
		t.Errorf("formats %v, want %v", export.Names(), want)
	}
	for _, f := range export.Formats() {
		if f.Summary == "" || f.Kubernetes && !f.Rules {
			t.Errorf("%s: %+v", f.Name, f)
		}
	}
	_, err := export.Lookup("promethius")
	unknown := (*export.UnknownError)(nil)
	if !errors.As(err, &unknown) || unknown.Hint() != "did you mean prometheus?" {
		t.Errorf("unknown format: %v", err)
	}
}
