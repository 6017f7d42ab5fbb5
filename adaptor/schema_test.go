package adaptor

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"
)

// schemaFile is the schema for editors.
const schemaFile = "../docs/adaptor.schema.json"

// TestSchemaFile keeps the file as the code has it.
func TestSchemaFile(t *testing.T) {
	if *update {
		if err := os.WriteFile(schemaFile, Schema(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	file, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(Schema()), string(file)); diff != "" {
		t.Errorf("%s is out of date, run make update (-want +got):\n%s", schemaFile, diff)
	}
}

func compiledSchema(t testing.TB) *jsonschema.Schema {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema()))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("schema.json", document); err != nil {
		t.Fatal(err)
	}
	compiled, err := compiler.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}

// bySchema says what the schema finds wrong with a configuration.
func bySchema(schema *jsonschema.Schema, source []byte) error {
	var value any
	if err := yaml.Unmarshal(source, &value); err != nil {
		return err
	}
	encoded, err := json.Marshal(value)
	if err != nil {
		return err
	}
	if value, err = jsonschema.UnmarshalJSON(bytes.NewReader(encoded)); err != nil {
		return err
	}
	return schema.Validate(value)
}

// mutations calls try with the document after each change of one of its nodes: a key that does
// not exist, a key that is gone, and values of other kinds. The path says what was changed.
func mutations(document *yaml.Node, try func(what string)) {
	var walk func(node *yaml.Node, path string)
	walk = func(node *yaml.Node, path string) {
		before := *node
		for kind, other := range map[string]yaml.Node{
			"a mapping":       {Kind: yaml.MappingNode, Content: []*yaml.Node{{Kind: yaml.ScalarNode, Value: "a"}, {Kind: yaml.ScalarNode, Value: "b"}}},
			"a list":          {Kind: yaml.SequenceNode, Content: []*yaml.Node{{Kind: yaml.ScalarNode, Value: "a"}}},
			"a list of lists": {Kind: yaml.SequenceNode, Content: []*yaml.Node{{Kind: yaml.SequenceNode}}},
			"nothing":         {Kind: yaml.ScalarNode, Tag: "!!null", Value: "null"},
			"a number":        {Kind: yaml.ScalarNode, Value: "7"},
			"true":            {Kind: yaml.ScalarNode, Value: "true"},
		} {
			*node = other
			try(fmt.Sprintf("%s is %s", path, kind))
		}
		*node = before
		for i := 0; node.Kind == yaml.MappingNode && i+1 < len(node.Content); i += 2 {
			key := node.Content[i]
			name := key.Value
			key.Value = name + "x"
			try(fmt.Sprintf("%s.%s is misspelt", path, name))
			key.Value = name
			all := node.Content
			node.Content = slices.Concat(all[:i], all[i+2:])
			try(fmt.Sprintf("%s.%s is gone", path, name))
			node.Content = all
			walk(node.Content[i+1], path+"."+name)
		}
		for i, element := range node.Content {
			if node.Kind == yaml.SequenceNode {
				walk(element, fmt.Sprintf("%s[%d]", path, i))
			}
		}
	}
	walk(document.Content[0], "")
}

// structural finds the mistakes that a schema must know of.
var structural = regexp.MustCompile(`unknown key|must be a mapping|must be text|must be a list|must be a single|no params: |no params.url: |neither true nor false|not a whole number|unknown type|has no name|no receivers`)

// onlyReader are the structural mistakes of receivers that have no type, and are told by their
// address, which no schema reads.
var onlyReader = regexp.MustCompile(`\.type is (gone|nothing)|: (dingtalk|feishu|slack|webhook|wecom) has `)

// TestSchemaAgrees changes a configuration with every key in every way: what the schema refuses,
// the reader refuses; what the schema accepts and the reader refuses is of the kinds that no
// schema can know. No refusal tells a secret.
func TestSchemaAgrees(t *testing.T) {
	schema := compiledSchema(t)
	path := writeConfig(t, wholeConfig, wholeConfigFiles(t))
	if err := bySchema(schema, []byte(wholeConfig)); err != nil {
		t.Fatalf("the schema refuses the configuration: %v", err)
	}
	var document yaml.Node
	if err := yaml.Unmarshal([]byte(wholeConfig), &document); err != nil {
		t.Fatal(err)
	}
	tried := 0
	mutations(&document, func(what string) {
		tried++
		source, err := yaml.Marshal(&document)
		if err != nil {
			t.Fatal(err)
		}
		_, readerErr := ParseConfig(path, source, wholeEnvironment)
		if readerErr != nil && strings.Contains(readerErr.Error(), planted) {
			t.Errorf("%s: the error tells a secret: %v", what, readerErr)
		}
		schemaErr := bySchema(schema, source)
		if schemaErr != nil && readerErr == nil {
			t.Errorf("%s: the reader accepts it, and the schema says %v", what, schemaErr)
		}
		if schemaErr == nil && readerErr != nil && structural.MatchString(readerErr.Error()) && !onlyReader.MatchString(what+readerErr.Error()) {
			t.Errorf("%s: the schema accepts it, and the reader says %v", what, readerErr)
		}
	})
	if tried < 500 {
		t.Errorf("only %d changes were tried", tried)
	}
}
