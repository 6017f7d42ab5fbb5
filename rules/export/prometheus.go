package export

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/rulekit/rulekit/rules"
)

var _ = register(Format{
	Name:    "prometheus",
	Summary: "rule files of Prometheus, for rule_files of prometheus.yml",
	Rules:   true,
	write:   writePrometheus,
	join:    joinPrometheus,
})

// writePrometheus writes a file an engine, with all comments.
func writePrometheus(o Options) ([]File, error) {
	files, err := o.decorated()
	if err != nil {
		return nil, err
	}
	out := make([]File, len(files))
	for i, file := range files {
		out[i] = File{Path: file.Path, Content: file.Source}
	}
	return out, nil
}

// joinPrometheus puts the groups of all files under one key: Prometheus would read only the first
// of several YAML documents.
func joinPrometheus(files []File) ([]byte, error) {
	groups := []byte("groups:\n")
	var joined bytes.Buffer
	wanted := 0
	for i, file := range files {
		wanted += len(rules.Parse(file.Path, file.Content, rules.Options{}).Rules())
		head, rest, found := bytes.Cut(file.Content, groups)
		switch {
		case !found || len(head) > 0 && head[len(head)-1] != '\n':
			return nil, fmt.Errorf("%s: its groups cannot be joined with others: export to a folder", file.Path)
		case i == 0:
			joined.Write(file.Content)
		default:
			joined.WriteByte('\n')
			joined.Write(head)
			joined.Write(rest)
		}
	}
	whole := rules.Parse("the joined rules", joined.Bytes(), rules.Options{})
	if len(whole.Problems) > 0 || len(whole.Rules()) != wanted {
		return nil, errors.New("the groups of these engines cannot be joined: export to a folder")
	}
	return joined.Bytes(), nil
}
