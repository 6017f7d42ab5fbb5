package export

import (
	"embed"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"

	"github.com/rulekit/rulekit/rules"
	"github.com/rulekit/rulekit/rules/params"
)

var _ = register(Format{
	Name:       "helm",
	Summary:    "a Helm chart of PrometheusRules, whose values are the parameters of the alerts",
	Rules:      true,
	Kubernetes: true,
	write:      writeHelm,
})

// ChartVersion is the version of the chart. It rises when the chart changes in any way.
const ChartVersion = "0.1.0"

// templates are the files of the chart that are the same whatever is exported.
//
//go:embed all:chart
var templates embed.FS

// chartAlert is an alert of the chart and its parameters.
type chartAlert struct {
	rule   *rules.Rule
	params []params.Param
}

// chart is what a chart is made of.
type chart struct {
	Options
	files []*rules.File
	// alerts are those of each file.
	alerts map[*rules.File][]chartAlert
}

// writeHelm writes a chart. Its templates fill in the parameters, so that the rules stand in it
// as data, with a placeholder in the place of each parameter.
func writeHelm(o Options) ([]File, error) {
	if _, err := o.Files(); err != nil {
		return nil, err
	}
	// What the settings make of parameters goes into values.yaml: two that are set to the same
	// could not be told apart in the rules.
	settings := o.Settings
	o.Settings = slices.DeleteFunc(slices.Clone(settings), func(s params.Setting) bool { return s.Name != params.Enabled })
	files, err := o.Files()
	if err != nil {
		return nil, err
	}
	o.Settings = settings
	c := chart{Options: o, files: files, alerts: map[*rules.File][]chartAlert{}}
	out := []File{{Path: "Chart.yaml", Content: []byte(c.about())}}
	for _, file := range files {
		source, err := c.template(file)
		if err != nil {
			return nil, err
		}
		out = append(out, File{Path: "files/" + EngineOf(file) + ".rules", Content: source})
	}
	schema, err := c.schema()
	if err != nil {
		return nil, err
	}
	out = append(out,
		File{Path: "files/units.yaml", Content: []byte(units())},
		File{Path: "values.yaml", Content: []byte(c.values())},
		File{Path: "values.schema.json", Content: schema},
		File{Path: "README.md", Content: []byte(c.readme())},
	)
	err = fs.WalkDir(templates, "chart", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := templates.ReadFile(path)
		out = append(out, File{Path: strings.TrimPrefix(path, "chart/"), Content: content})
		return err
	})
	return out, err
}

func (c *chart) about() string {
	return fmt.Sprintf(`apiVersion: v2
name: %s
description: Alerting rules for databases and what they run on, as PrometheusRules
type: application
version: %s
home: https://github.com/rulekit/rulekit
sources:
  - https://github.com/rulekit/rulekit
keywords: [prometheus, alerts, %s]
`, scalar(c.Name), ChartVersion, strings.Join(c.engines(), ", "))
}

func (c *chart) engines() []string {
	var names []string
	for _, file := range c.files {
		names = append(names, EngineOf(file))
	}
	return names
}

// inRules is what would be taken for a placeholder.
var inRules = regexp.MustCompile(`\$\([a-z]`)

// template is a rule file with placeholders in the place of parameters.
func (c *chart) template(file *rules.File) ([]byte, error) {
	if at := inRules.FindIndex(file.Source); at != nil {
		return nil, fmt.Errorf("%s:%d: $(...) cannot stand in a chart", file.Path, file.Position(at[0]).Line)
	}
	var edits []rules.Edit
	for _, rule := range file.Rules() {
		if !rule.IsAlert() {
			continue
		}
		declared, err := params.Of(rule)
		if err != nil {
			return nil, err
		}
		for i, p := range declared {
			more, err := placeholders(p)
			if err != nil {
				return nil, err
			}
			edits = append(edits, more...)
			if declared[i], err = p.With(c.Settings); err != nil {
				return nil, err
			}
		}
		c.alerts[file] = append(c.alerts[file], chartAlert{rule, declared})
		edits = append(edits, withoutDeclarations(rule)...)
	}
	source, err := rules.Apply(file.Source, edits)
	if err != nil {
		return nil, fmt.Errorf("%s: two parameters stand in the same place: %w", file.Path, err)
	}
	return source, nil
}

// placeholders put $(NAME) in the place of a parameter's literal, and $(NAME:TEXT) in the place of
// a number and its unit in an annotation.
func placeholders(p params.Param) ([]rules.Edit, error) {
	places, err := p.Places()
	if err != nil {
		return nil, err
	}
	var edits []rules.Edit
	for _, place := range places {
		text := "$(" + p.Name + ")"
		switch {
		case place.Text == "" && p.Kind == params.String:
			text = `"` + text + `"`
		case place.Text != "" && p.Kind != params.String:
			if strings.ContainsAny(place.Text, "()") {
				return nil, fmt.Errorf("%s: the text %q of parameter %s cannot stand in a chart", p.Rule.Name(), place.Text, p.Name)
			}
			text = "$(" + p.Name + ":" + place.Text + ")"
		}
		edits = append(edits, rules.Edit{Span: place.Span, New: text})
	}
	return edits, nil
}

// withoutDeclarations takes the declarations of parameters out of the comment above a rule: in a
// chart they are values.
func withoutDeclarations(rule *rules.Rule) []rules.Edit {
	source := rule.File().Source
	var edits []rules.Edit
	for _, c := range rule.CommentsAbove() {
		if !params.IsDeclaration(c) {
			continue
		}
		span := c.Span
		for span.Start > 0 && source[span.Start-1] != '\n' {
			span.Start--
		}
		for span.End < len(source) && source[span.End-1] != '\n' {
			span.End++
		}
		edits = append(edits, rules.Edit{Span: span})
	}
	return edits
}
