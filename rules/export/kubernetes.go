package export

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/rulekit/rulekit/rules"
)

var _ = register(Format{
	Name:       "prometheusrule",
	Summary:    "custom resources of the Prometheus Operator, one an engine",
	Rules:      true,
	Kubernetes: true,
	write: func(o Options) ([]File, error) {
		return writeObjects(o, "apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\n", func(b *strings.Builder, file *rules.File) {
			b.WriteString("spec:\n" + indent(file.Source, 2))
		})
	},
	join: joinObjects,
})

var _ = register(Format{
	Name:       "configmap",
	Summary:    "ConfigMaps with the rule files in them, one an engine",
	Rules:      true,
	Kubernetes: true,
	write: func(o Options) ([]File, error) {
		return writeObjects(o, "apiVersion: v1\nkind: ConfigMap\n", func(b *strings.Builder, file *rules.File) {
			fmt.Fprintf(b, "data:\n  %s: |\n%s", file.Path, indent(file.Source, 4))
		})
	},
	join: joinObjects,
})

// writeObjects writes an object an engine: its head, metadata, and what body writes.
func writeObjects(o Options, head string, body func(*strings.Builder, *rules.File)) ([]File, error) {
	files, err := o.decorated()
	if err != nil {
		return nil, err
	}
	out := make([]File, len(files))
	for i, file := range files {
		var b strings.Builder
		b.WriteString(head + o.metadata(EngineOf(file)))
		body(&b, file)
		// What is loaded has to be what was exported.
		whole := rules.Parse(file.Path, []byte(b.String()), rules.Options{})
		if len(whole.Problems) > 0 || len(whole.Rules()) != len(file.Rules()) {
			return nil, fmt.Errorf("%s: it cannot be put into an object of Kubernetes: report this, please", file.Path)
		}
		out[i] = File{Path: file.Path, Content: []byte(b.String())}
	}
	return out, nil
}

// The labels of every object.
const (
	nameLabel   = "app.kubernetes.io/name"
	engineLabel = "app.kubernetes.io/component"
)

func (o Options) metadata(engine string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "metadata:\n  name: %s-%s\n", o.Name, engine)
	if o.Namespace != "" {
		fmt.Fprintf(&b, "  namespace: %s\n", scalar(o.Namespace))
	}
	b.WriteString("  labels:\n")
	labels := []Label{{nameLabel, DefaultName}, {engineLabel, engine}}
	for _, l := range o.ResourceLabels {
		labels = withLabel(labels, l)
	}
	for _, l := range labels {
		fmt.Fprintf(&b, "    %s: %s\n", scalar(l.Name), scalar(l.Value))
	}
	return b.String()
}

func withLabel(labels []Label, l Label) []Label {
	for i := range labels {
		if labels[i].Name == l.Name {
			labels[i] = l
			return labels
		}
	}
	return append(labels, l)
}

// indent moves every line that is not empty to the right.
func indent(text []byte, by int) string {
	lines := strings.Split(string(bytes.TrimRight(text, "\n")), "\n")
	return strings.Join(indented(lines, by), "\n") + "\n"
}

// joinObjects makes one stream of objects, as kubectl apply -f reads it.
func joinObjects(files []File) ([]byte, error) {
	var b bytes.Buffer
	for i, file := range files {
		if i > 0 {
			b.WriteString("---\n")
		}
		b.Write(file.Content)
	}
	return b.Bytes(), nil
}
