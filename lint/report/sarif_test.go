package report_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/rulekit/rulekit/lint"
	"github.com/rulekit/rulekit/lint/report"
	"github.com/rulekit/rulekit/rules"
)

// noLoading keeps the schema compiler from reading anything but what it was given.
type noLoading struct{}

func (noLoading) Load(url string) (any, error) { return nil, errors.New("not loaded: " + url) }

func sarifSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	source, err := os.ReadFile("../../testdata/schemas/sarif-2.1.0.json")
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(source))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.UseLoader(noLoading{})
	compiler.AssertFormat()
	if err := compiler.AddResource("sarif.json", document); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("sarif.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func validate(t *testing.T, schema *jsonschema.Schema, sarif string) {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(sarif))
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(document); err != nil {
		t.Errorf("the schema refuses it: %v\n%s", err, sarif)
	}
}

func TestSARIFSchema(t *testing.T) {
	schema := sarifSchema(t)
	validate(t, schema, print(t, "sarif", report.Options{}, hostile()))
	validate(t, schema, print(t, "sarif", report.Options{}, &lint.Result{}))
	set, err := rules.Load(t.Context(), []string{"../../testdata/lint"}, rules.Options{})
	if err != nil {
		t.Fatal(err)
	}
	result, err := lint.Run(t.Context(), set.Files, lint.Options{Checks: lint.Checks()})
	if err != nil {
		t.Fatal(err)
	}
	if len(result.Diagnostics) < 20 {
		t.Fatalf("the examples have only %d findings", len(result.Diagnostics))
	}
	validate(t, schema, print(t, "sarif", report.Options{}, result))
	// The schema is not a validator that takes everything.
	if document, _ := jsonschema.UnmarshalJSON(strings.NewReader(`{"version": "2.1.0", "runs": [{}]}`)); schema.Validate(document) == nil {
		t.Error("the schema takes a run without a tool")
	}
}

func TestSARIFPlaces(t *testing.T) {
	// A byte order mark, a character of two UTF-16 code units, and one of three bytes.
	source := []byte("\xef\xbb\xbf😀é: x\r\n\ty")
	file := &rules.File{Path: "./a b:é/x#1%.yaml", Source: source}
	at := func(text string) rules.Span {
		start := bytes.Index(source, []byte(text))
		return rules.Span{Start: start, End: start + len(text)}
	}
	other := &rules.File{Path: "/etc/rules/y.yaml", Source: []byte("up\n")}
	result := &lint.Result{Files: 1, Diagnostics: []lint.Diagnostic{{
		Check: "never-fires", Severity: lint.Info, File: file, Span: at("x\r\n\ty"), Message: "m",
		Related: []lint.Related{{File: other, Span: rules.Span{Start: 0, End: 2}, Message: "here"}},
		Edits:   []lint.Edit{{Span: at("y"), New: "z"}},
	}}}
	var log struct {
		Runs []struct {
			Results []map[string]any
		}
	}
	if err := json.Unmarshal([]byte(print(t, "sarif", report.Options{}, result)), &log); err != nil {
		t.Fatal(err)
	}
	got := log.Runs[0].Results[0]
	type object = map[string]any
	// The first folder has a colon, which would otherwise end a scheme.
	uri := object{"uri": "./a%20b:%C3%A9/x%231%25.yaml"}
	region := func(startLine, startColumn, endLine, endColumn float64) object {
		return object{"startLine": startLine, "startColumn": startColumn, "endLine": endLine, "endColumn": endColumn}
	}
	want := object{
		"ruleId": "never-fires", "ruleIndex": 0., "level": "note", "message": object{"text": "m"},
		"locations": []any{object{"physicalLocation": object{"artifactLocation": uri, "region": region(1, 6, 2, 3)}}},
		"relatedLocations": []any{object{
			"id": 1., "message": object{"text": "here"},
			"physicalLocation": object{"artifactLocation": object{"uri": "file:///etc/rules/y.yaml"}, "region": region(1, 1, 1, 3)},
		}},
		"partialFingerprints": object{"rulekit/v1": result.Diagnostics[0].Fingerprint()},
		"fixes": []any{object{
			"description": object{"text": "m"},
			"artifactChanges": []any{object{
				"artifactLocation": uri,
				"replacements":     []any{object{"deletedRegion": region(2, 2, 2, 3), "insertedContent": object{"text": "z"}}},
			}},
		}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
