package params

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"go.yaml.in/yaml/v3"
)

// values reads a values file.
type values struct {
	file string
	all  []Setting
	errs []error
}

func (v *values) fail(n *yaml.Node, format string, args ...any) {
	v.errs = append(v.errs, fmt.Errorf("%s:%d: %s", v.file, n.Line, fmt.Sprintf(format, args...)))
}

// ParseValues reads settings from YAML: {ALERT: {NAME: VALUE}}. The error names the file and
// the line.
func ParseValues(file string, source []byte) ([]Setting, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(source))
	var root, second yaml.Node
	switch err := decoder.Decode(&root); {
	case errors.Is(err, io.EOF):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	switch err := decoder.Decode(&second); {
	case err == nil:
		return nil, fmt.Errorf("%s:%d: want one YAML document: take the --- out", file, second.Line)
	case !errors.Is(err, io.EOF):
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	v := values{file: file}
	alerts := root.Content[0]
	if alerts.Kind != yaml.MappingNode {
		return nil, fmt.Errorf("%s:%d: want alerts with their parameters: {PostgreSQLTooManyConnections: {threshold: 0.9}}", file, alerts.Line)
	}
	v.mapping(alerts, v.alert)
	return v.all, joined(v.errs)
}

// mapping calls each with the keys and values of a mapping. A key that is there twice is an
// error: one of the two would count for nothing.
func (v *values) mapping(n *yaml.Node, each func(key, value *yaml.Node)) {
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if value.Kind == yaml.AliasNode {
			value = value.Alias
		}
		switch {
		case key.Kind != yaml.ScalarNode || key.Tag == "!!merge":
			v.fail(key, "want names before the colons")
		case seen[key.Value]:
			v.fail(key, "%s is there twice: take one out", key.Value)
		default:
			seen[key.Value] = true
			each(key, value)
		}
	}
}

func (v *values) alert(alert, n *yaml.Node) {
	if n.Kind != yaml.MappingNode {
		v.fail(n, "%s: want parameters and their values: {threshold: 0.9, for: 5m}", alert.Value)
		return
	}
	v.mapping(n, func(name, value *yaml.Node) {
		switch {
		case alert.Value == "alerts" && value.Kind == yaml.MappingNode:
			v.fail(name, "%s stands under alerts, as in the Helm chart: want it at the top here", name.Value)
			return
		case value.Kind != yaml.ScalarNode || value.Value == "" || value.Tag == "!!null":
			v.fail(value, "%s.%s: want a value", alert.Value, name.Value)
			return
		}
		s := Setting{Alert: alert.Value, Name: name.Value, Value: value.Value, Origin: fmt.Sprintf("%s:%d", v.file, name.Line)}
		if err := s.check(); err != nil {
			v.errs = append(v.errs, err)
			return
		}
		v.all = append(v.all, s)
	})
}
