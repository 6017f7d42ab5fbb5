package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rulekit/rulekit/rules"
	"github.com/rulekit/rulekit/rules/export"
	"github.com/rulekit/rulekit/rules/params"
	"github.com/rulekit/rulekit/rules/terminal"
)

// newRulesList lists the shipped alerts.
func newRulesList(env *environment) *cobra.Command {
	var selection export.Selection
	var output string
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the shipped alerts, with their parameters",
		Example: `  rulekit rules list
  rulekit rules list --engine redis --severity critical
  rulekit rules list -o json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkSelection(cmd.Flags()); err != nil {
				return err
			}
			if output != "table" && output != "json" {
				return fmt.Errorf("--output %q: want table or json", output)
			}
			files, err := selection.Files()
			if err != nil {
				return explainSelection(err)
			}
			alerts, err := listedAlerts(files)
			if err != nil {
				return err
			}
			if output == "json" {
				return listJSON(env.stdout, alerts)
			}
			return listTable(env.stdout, env.style(env.stdout), alerts)
		},
	}
	cmd.Flags().AddFlagSet(selectionFlags(&selection))
	cmd.Flags().StringVar(&selection.Language, "lang", "", "the `LANGUAGE` of summaries, such as zh-CN (default en)")
	cmd.Flags().StringVarP(&output, "output", "o", "table", "`FORMAT`: table or json")
	completeSelection(cmd)
	complete(cmd, "lang", languages)
	return cmd
}

// listedAlert is an alert as the list shows it.
type listedAlert struct {
	Alert      string            `json:"alert"`
	Engine     string            `json:"engine"`
	Severity   string            `json:"severity"`
	For        string            `json:"for,omitempty"`
	Expr       string            `json:"expr"`
	Parameters []listedParameter `json:"parameters"`
	Summary    string            `json:"summary"`
}

type listedParameter struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	Kind  string `json:"kind"`
}

func listedAlerts(files []*rules.File) ([]listedAlert, error) {
	var all []listedAlert
	for _, file := range files {
		for _, rule := range file.Rules() {
			if !rule.IsAlert() {
				continue
			}
			declared, err := params.Of(rule)
			if err != nil {
				return nil, err
			}
			summary, _ := rule.Annotation("summary")
			alert := listedAlert{
				Alert: rule.Name(), Engine: export.EngineOf(file), Severity: export.SeverityOf(rule), For: rule.For.Value,
				Expr: rule.Expr.Value, Summary: summary.Value.Value, Parameters: []listedParameter{},
			}
			for _, p := range declared {
				alert.Parameters = append(alert.Parameters, listedParameter{p.Name, p.Value(), p.Kind.String()})
			}
			all = append(all, alert)
		}
	}
	return all, nil
}

func listJSON(w io.Writer, alerts []listedAlert) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(struct {
		Version int           `json:"version"`
		Alerts  []listedAlert `json:"alerts"`
	}{1, alerts})
}

const (
	// The column of parameters has a share of a wide terminal, and these cells at least. A summary
	// has minSummaryCells even if lines must break.
	parameterShare    = 4
	minParameterCells = 24
	minSummaryCells   = 24
)

// action is what a template fills in, for which the table has no room.
var action = regexp.MustCompile(`\{\{.*?\}\}`)

// row is the alert's row in a table of some width, whose last cell takes what room there is.
func (a listedAlert) row(width int) []string {
	return []string{
		a.Alert, a.Severity, cmp.Or(a.For, "-"),
		terminal.Clip(cmp.Or(a.settings(), "-"), max(minParameterCells, width/parameterShare)),
		action.ReplaceAllString(a.Summary, "…"),
	}
}

// listTable writes a table with a heading for each engine.
func listTable(w io.Writer, style terminal.Style, alerts []listedAlert) error {
	head := []string{"alert", "severity", "for", "parameters", "summary"}
	last := len(head) - 1
	widths := make([]int, last)
	for i := range widths {
		widths[i] = terminal.Cells(head[i])
		for _, a := range alerts {
			widths[i] = max(widths[i], terminal.Cells(a.row(style.Width())[i]))
		}
	}
	room := style.Width()
	for _, width := range widths {
		room -= width + 2
	}
	line := func(row []string) string {
		var b strings.Builder
		for i, width := range widths {
			b.WriteString(terminal.Pad(row[i], width) + "  ")
		}
		b.WriteString(terminal.Clip(row[last], max(room, minSummaryCells)))
		return terminal.Safe(b.String())
	}
	var b strings.Builder
	b.WriteString(style.Dim(line(head)) + "\n")
	engine := ""
	for _, a := range alerts {
		if a.Engine != engine {
			engine = a.Engine
			b.WriteString("\n" + style.Bold(engine) + "\n")
		}
		b.WriteString(line(a.row(style.Width())) + "\n")
	}
	b.WriteString("\n" + totals(alerts) + "\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// settings are the parameters but for, which has a column of its own.
func (a listedAlert) settings() string {
	var all []string
	for _, p := range a.Parameters {
		if p.Name != params.For {
			all = append(all, p.Name+"="+p.Value)
		}
	}
	return strings.Join(all, " ")
}

// totals counts alerts by their severity.
func totals(alerts []listedAlert) string {
	engines, severities := map[string]bool{}, map[string]int{}
	for _, a := range alerts {
		engines[a.Engine] = true
		severities[a.Severity]++
	}
	var parts []string
	for _, severity := range export.Severities {
		if n := severities[severity]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, severity))
		}
	}
	return fmt.Sprintf("%s of %s: %s", count(len(alerts), "alert"), count(len(engines), "engine"), strings.Join(parts, ", "))
}
