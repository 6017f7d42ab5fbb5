// Package translation puts the annotations of shipped alerts into other languages. A file of
// translations has for each alert its summary and description, and the texts in them that
// repeat a parameter:
//
//	PostgreSQLTooManyConnections:
//	  summary: "PostgreSQL 连接数过多 (> 80%)"
//	  description: "..."
//	  params:
//	    threshold: ["80%"]
package translation

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/rulekit/rulekit/rules"
	"github.com/rulekit/rulekit/rules/params"
)

// English is the language that rules are written in.
const English = "en"

// Languages are the languages that shipped alerts can be had in, English first.
func Languages() []string {
	all := []string{English}
	folders, err := fs.ReadDir(rules.Translations(), ".")
	if err != nil {
		return all
	}
	for _, f := range folders {
		all = append(all, f.Name())
	}
	return all
}

// Alert is the translation of one alert.
type Alert struct {
	Summary     string              `yaml:"summary"`
	Description string              `yaml:"description"`
	Params      map[string][]string `yaml:"params"`
}

// Read returns the translations of an engine's alerts, by their names.
func Read(engine, language string) (map[string]Alert, error) {
	if !slices.Contains(Languages(), language) || language == English {
		return nil, fmt.Errorf("no language is called %q: there are %s", language, strings.Join(Languages(), " and "))
	}
	name := path.Join(language, engine+".yaml")
	source, err := fs.ReadFile(rules.Translations(), name)
	if err != nil {
		return nil, fmt.Errorf("read translations: %w", err)
	}
	var alerts map[string]Alert
	decoder := yaml.NewDecoder(bytes.NewReader(source))
	decoder.KnownFields(true)
	if err := decoder.Decode(&alerts); err != nil {
		return nil, fmt.Errorf("read translations %s: %w", name, err)
	}
	return alerts, nil
}

// Translate returns a shipped rule file with its annotations, and the declarations of the
// parameters that they repeat, in another language. The file's name, without its ending, is
// the engine's. An alert without a translation is an error.
func Translate(file *rules.File, language string) (*rules.File, error) {
	if language == English {
		return file, nil
	}
	engine := strings.TrimSuffix(path.Base(file.Path), ".yaml")
	alerts, err := Read(engine, language)
	if err != nil {
		return nil, err
	}
	var edits []rules.Edit
	var errs []error
	for _, rule := range file.Rules() {
		if !rule.IsAlert() {
			continue
		}
		translated, ok := alerts[rule.Name()]
		if !ok {
			errs = append(errs, fmt.Errorf("%s: there is no translation of %s", language, rule.Name()))
			continue
		}
		more, err := translated.edits(rule)
		errs, edits = append(errs, err), append(edits, more...)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	source, err := rules.Apply(file.Source, edits)
	if err != nil {
		return nil, fmt.Errorf("translate %s: %w", file.Path, err)
	}
	return rules.Parse(file.Path, source, rules.Options{}), nil
}

// edits put the translation in the place of the English texts.
func (a Alert) edits(rule *rules.Rule) ([]rules.Edit, error) {
	var edits []rules.Edit
	for _, text := range []struct{ key, value string }{{"summary", a.Summary}, {"description", a.Description}} {
		annotation, ok := rule.Annotation(text.key)
		if !ok || text.value == "" {
			return nil, fmt.Errorf("%s: its %s, or the translation of it, is missing", rule.Name(), text.key)
		}
		edits = append(edits, replace(rule.File().Source, annotation.Value, text.value))
	}
	declared, err := params.Of(rule)
	if err != nil {
		return nil, err
	}
	for _, p := range declared {
		if edit, ok := p.Redeclare(a.Params[p.Name]); ok {
			edits = append(edits, edit)
		}
	}
	return edits, nil
}

var blockHeader = regexp.MustCompile(`[|>][-+0-9]*[ \t]*(#.*)?$`)

// replace puts one line of text in the place of a scalar. A block scalar stays one: its lines
// are replaced, its header is not.
func replace(source []byte, scalar rules.Scalar, text string) rules.Edit {
	start := scalar.Span.Start
	lineStart := bytes.LastIndexByte(source[:start], '\n') + 1
	before := bytes.TrimRight(source[:lineStart], "\r\n")
	header := before[bytes.LastIndexByte(before, '\n')+1:]
	if len(bytes.TrimSpace(source[lineStart:start])) > 0 || !blockHeader.Match(header) {
		return rules.Edit{Span: scalar.Span, New: strconv.Quote(text)}
	}
	rest := source[lineStart:]
	indentation := rest[:len(rest)-len(bytes.TrimLeft(rest, " "))]
	edit := rules.Edit{Span: rules.Span{Start: lineStart, End: scalar.Span.End}, New: string(indentation) + text}
	if scalar.Span.End > 0 && source[scalar.Span.End-1] == '\n' {
		edit.New += "\n"
	}
	return edit
}
