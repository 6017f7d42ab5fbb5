package export_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/rulekit/rulekit/rules/export"
	"github.com/rulekit/rulekit/rules/params"
)

// yamlWords are texts that YAML takes for something else, unless they are quoted.
var yamlWords = []string{"null", "true", "on", "y", "no"}

// TestYAMLWords uses such words as names and values.
func TestYAMLWords(t *testing.T) {
	for _, word := range yamlWords {
		label := []export.Label{{Name: word, Value: word}}
		o := export.Options{Selection: export.Selection{Engines: []string{"redis"}}, Namespace: word, Labels: label, ResourceLabels: label}
		if err := o.Check(); err != nil {
			t.Fatal(err)
		}
		object := write(t, "prometheusrule", o)[0].Content
		chart := newChart(t, o)
		rendered, stderr, err := render(t, chart)
		if err != nil {
			t.Fatal(err, stderr)
		}
		overridden, stderr, err := render(t, newChart(t, export.Options{Selection: o.Selection}),
			"--set-string", "namespace="+word+",labels."+word+"="+word+",ruleLabels."+word+"="+word)
		if err != nil {
			t.Fatal(err, stderr)
		}
		for name, source := range map[string][]byte{"prometheusrule": object, "helm": rendered, "helm values": overridden} {
			var got struct {
				Metadata struct {
					Namespace yaml.Node
					Labels    map[string]any
				}
				Spec struct {
					Groups []struct{ Rules []struct{ Labels yaml.Node } }
				}
			}
			if err := yaml.Unmarshal(source, &got); err != nil {
				t.Fatal(err)
			}
			if n := got.Metadata.Namespace; n.Value != word || n.Style&yaml.DoubleQuotedStyle == 0 {
				t.Errorf("%s: namespace: got %q, not in quotes", name, n.Value)
			}
			if got.Metadata.Labels[word] != word {
				t.Errorf("%s: labels: got %v, want %s", name, got.Metadata.Labels, word)
			}
			quoted := false
			for _, n := range got.Spec.Groups[0].Rules[0].Labels.Content {
				quoted = quoted || n.Value == word && n.Style&yaml.DoubleQuotedStyle != 0
			}
			if !quoted {
				t.Errorf("%s: the alert's label %s is missing, or not in quotes", name, word)
			}
		}
	}
}

func TestOptionsThatAreRefused(t *testing.T) {
	long := strings.Repeat("a", 64)
	resource := func(name, value string) export.Options {
		return export.Options{ResourceLabels: []export.Label{{Name: name, Value: value}}}
	}
	for _, test := range []struct {
		o    export.Options
		want string
	}{
		{resource(long, "x"), "Kubernetes knows no such key"},
		{resource(strings.Repeat("a.", 127)+"aa/x", "x"), "Kubernetes knows no such key"},
		{resource("a..b/x", "x"), "Kubernetes knows no such key"},
		{resource("/x", "x"), "Kubernetes knows no such key"},
		{resource("x", long), "63 at most"},
		{export.Options{Namespace: long}, "63 at most"},
		{export.Options{Labels: []export.Label{{Name: "team", Value: "\xff"}}}, "want UTF-8"},
		{export.Options{RunbookURL: "wiki"}, "want an address such as https://"},
		{export.Options{RunbookURL: "javascript:alert(1)"}, "want an address such as https://"},
		{export.Options{RunbookURL: "https://"}, "want an address such as https://"},
		{export.Options{RunbookURL: "https://wiki/\xff"}, "want an address such as https://"},
		{export.Options{RunbookURL: "https://wiki/?page="}, "want {alert} in it where the name of the alert goes"},
		{export.Options{RunbookURL: "https://wiki/{Alert}"}, "want {alert} for the name of the alert"},
	} {
		if err := test.o.Check(); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%+v: got %v, want %s", test.o, err, test.want)
		}
	}
	for _, address := range []string{"https://wiki/?page={alert}", "http://wiki/db/", "https://wiki/{{ $labels.pod }}/{alert}"} {
		if err := (export.Options{RunbookURL: address}).Check(); err != nil {
			t.Error(err)
		}
	}
}

// TestHelmTakesAnySetting makes charts of settings with which parameters cannot be told apart by
// their literals, or that the schema has to take.
func TestHelmTakesAnySetting(t *testing.T) {
	o := export.Options{Selection: export.Selection{Engines: []string{"postgresql"}, Settings: []params.Setting{
		{Alert: "PostgreSQLHighRollbackRate", Name: "floor", Value: "0.1"},
		{Alert: "PostgreSQLTooManyConnections", Name: "threshold", Value: "150%"},
		{Alert: "PostgreSQLDown", Name: "for", Value: "0"},
		{Alert: "PostgreSQLReplicationSlotWALRetained", Name: "threshold", Value: "10737418241"},
	}}}
	out, stderr, err := render(t, newChart(t, o))
	if err != nil {
		t.Fatal(err, stderr)
	}
	sameRules(t, crd(t), o, out)
}

func TestHelmRefuses(t *testing.T) {
	chart := newChart(t, export.Options{})
	for _, test := range []struct{ set, want string }{
		{"alerts.PostgreSQLDwn.enabled=false", "PostgreSQLDwn"},
		{"alerts.PostgreSQLTooManyConnections.treshold=0.9", "treshold"},
		{"alerts.PostgreSQLTooManyConnections.threshold=high", "/threshold"},
		{"alerts.PostgreSQLTooManyConnections.for=soon", "/for"},
		{"alerts.PostgreSQLTooManyConnections.for=null", "alerts.PostgreSQLTooManyConnections.for has no value"},
		{"engines.oracle=true", "oracle"},
		{"interval=often", "/interval"},
		{"interval=0s", "interval is 0: want a duration such as 1m"},
		{"alerts.PostgreSQLTooManyConnections.threshold=90", "/threshold': maximum: got 90, want 1"},
		{"alerts.PostgreSQLDeadLocks.threshold=-1", "/threshold': minimum: got -1, want 0"},
		{"alerts.PostgreSQLDeadLocks.threshold=1e300", "/threshold"},
		{"alerts.PostgreSQLDeadLocks.window=0s", "alerts.PostgreSQLDeadLocks.window is 0: want a duration such as 5m"},
		{"namespace=My_Space", "/namespace"},
		{"labels.release=a b", "/labels/release"},
		{"labels.-x=a", "'-x' does not match"},
		{"ruleLabels.a-b=x", "'a-b' does not match"},
		{"ruleLabels.alertname=x", "invalid propertyName 'alertname'"},
		{"runbookUrl=x", "/runbookUrl"},
		{"fullnameOverride=A_B", "/fullnameOverride"},
		{"rules=x", "rules"},
	} {
		_, stderr, err := render(t, chart, "--set", test.set)
		if err == nil || !strings.Contains(stderr, test.want) {
			t.Errorf("%s: error %v does not tell of %q:\n%s", test.set, err, test.want, stderr)
		}
	}
}

// TestFolderInTheWay writes to places that are no folders, and over links.
func TestFolderInTheWay(t *testing.T) {
	dir := t.TempDir()
	file, link, folder := filepath.Join(dir, "file"), filepath.Join(dir, "link"), filepath.Join(dir, "folder")
	for _, err := range []error{
		os.WriteFile(file, []byte("theirs"), 0o600), os.Symlink("nowhere", link),
		os.Mkdir(folder, 0o700), os.Symlink("../nowhere", filepath.Join(folder, "x")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	files := []export.File{{Path: "x", Content: []byte("ours")}}
	for path, want := range map[string]string{
		file: "is a file: want a folder", filepath.Join(file, "x"): "not a directory", link: "is a link to nothing: want a folder",
		folder: "is there already, and not from an export",
	} {
		if _, err := export.WriteFolder(path, files, false); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", path, err, want)
		}
	}
	if _, err := export.WriteFolder(folder, files, true); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "nowhere")); err == nil {
		t.Error("it was written through the link")
	}
}
