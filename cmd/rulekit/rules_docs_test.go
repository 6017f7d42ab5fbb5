package main

import (
	"bytes"
	stdcmp "cmp"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rulekit/rulekit/rules"
	"github.com/rulekit/rulekit/rules/params"
	"github.com/rulekit/rulekit/simulate"
	"github.com/rulekit/rulekit/simulate/report"
)

// engineTitles are what the pages of engines are called whose name is not their title.
var engineTitles = map[string]string{
	"postgresql": "PostgreSQL", "mysql": "MySQL and MariaDB", "redis": "Redis", "mongodb": "MongoDB", "kafka": "Kafka",
	"container": "Containers and volumes", "node": "Nodes", "monitoring": "Prometheus, Alertmanager and the adaptor",
}

func titleOf(engine string) string { return stdcmp.Or(engineTitles[engine], engine) }

// TestRulesDocs keeps the pages about the shipped rules, which are made of the rules and their
// unit tests: docs/rules/ and the list in docs/runbooks/README.md.
func TestRulesDocs(t *testing.T) {
	pages := map[string]string{}
	runbooks := "# Runbooks\n\nOne page for each shipped alert, under its name. The annotation `runbook_url` of an alert links to\n" +
		"its page, and `rulekit rules show ALERT` prints it. This list is made by `make update`.\n"
	for _, engine := range rules.Engines() {
		file := shippedFile(t, engine)
		pages["rules/"+engine+".md"] = enginePage(t, engine, file)
		runbooks += "\n## " + titleOf(engine) + "\n\n"
		for _, rule := range file.Rules() {
			if rule.IsAlert() {
				pages["rules/pictures/"+rule.Name()+".svg"] = picture(t, rule.Name())
				runbooks += fmt.Sprintf("- [%s](%[1]s.md)\n", rule.Name())
			}
		}
	}
	pages["rules/README.md"] = rulesOverview(t)
	pages["runbooks/README.md"] = runbooks
	for name, page := range pages {
		keep(t, filepath.Join("../../docs", name), page)
	}
	old, err := filepath.Glob("../../docs/rules/pictures/*.svg")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range old {
		if _, wanted := pages["rules/pictures/"+filepath.Base(path)]; !wanted {
			t.Errorf("%s is a picture of no alert: delete it", path)
		}
	}
}

// keep compares a generated page with the file, or writes it with -update.
func keep(t *testing.T, path, page string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	have, err := os.ReadFile(path)
	if err != nil {
		t.Errorf("%v: run make update", err)
		return
	}
	if diff := cmp.Diff(page, string(have)); diff != "" {
		t.Errorf("%s is out of date, run make update (-want +got):\n%s", path, diff)
	}
}

func shippedFile(t *testing.T, engine string) *rules.File {
	t.Helper()
	file, err := rules.BuiltinFile(engine)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func enginePage(t *testing.T, engine string, file *rules.File) string {
	t.Helper()
	var b, sections strings.Builder
	fmt.Fprintf(&b, "# %s\n\nThis page is made of [`rules/%s.yaml`](../../rules/%[2]s.yaml) and its unit tests by `make update`.\n", titleOf(engine), engine)
	b.WriteString("\n")
	for line := range strings.Lines(string(file.Source)) {
		text, comment := strings.CutPrefix(line, "#")
		if !comment {
			break
		}
		b.WriteString(strings.TrimSpace(text) + "\n")
	}
	b.WriteString("\n| alert | severity | for | parameters |\n|---|---|---|---|\n")
	for _, rule := range file.Rules() {
		if !rule.IsAlert() {
			continue
		}
		declared, err := params.Of(rule)
		if err != nil {
			t.Fatal(err)
		}
		severity, _ := rule.Label("severity")
		fmt.Fprintf(&b, "| [%s](#%s) | %s | %s | %s |\n", rule.Name(), strings.ToLower(rule.Name()), severity.Value.Value, rule.For.Value, short(declared))
		alertSection(&sections, rule, declared)
	}
	return b.String() + sections.String()
}

// short lists the parameters of an alert but for, which has a column of its own.
func short(declared []params.Param) string {
	var all []string
	for _, p := range declared {
		if p.Name != params.For {
			all = append(all, fmt.Sprintf("`%s` %s", p.Name, cell(p.Literal)))
		}
	}
	return strings.Join(all, ", ")
}

// cell is a text for a cell of a table.
func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }

func alertSection(b *strings.Builder, rule *rules.Rule, declared []params.Param) {
	summary, _ := rule.Annotation("summary")
	description, _ := rule.Annotation("description")
	fmt.Fprintf(b, "\n## %s\n\n%s\n", rule.Name(), strings.Join(params.Explanation(rule), "\n"))
	fmt.Fprintf(b, "\n```\n%s\n```\n\n", strings.TrimRight(rule.Expr.Value, "\n"))
	fmt.Fprintf(b, "> **%s**\n>\n> %s\n", summary.Value.Value, description.Value.Value)
	if len(declared) > 0 {
		b.WriteString("\n| parameter | default | in the text |\n|---|---|---|\n")
		for _, p := range declared {
			var texts []string
			for _, t := range p.Texts {
				texts = append(texts, cell(t.Whole))
			}
			fmt.Fprintf(b, "| `%s` | `%s` | %s |\n", p.Name, cell(p.Literal), strings.Join(texts, "; "))
		}
	}
	fmt.Fprintf(b, "\n![%s: when it is pending and firing](pictures/%[1]s.svg)\n\n[Runbook](../runbooks/%[1]s.md)\n", rule.Name())
}

// picture draws the story of an alert.
func picture(t *testing.T, alert string) string {
	t.Helper()
	c, program, err := simulate.Builtin(alert)
	if err != nil {
		t.Fatal(err)
	}
	timeline, _, err := simulate.Play(t.Context(), simulate.PlayOptions{Case: c, Program: program, Alerts: []string{alert}})
	if err != nil {
		t.Fatalf("%s: %v", alert, err)
	}
	var b bytes.Buffer
	if _, err := (report.Drawing{Timeline: timeline, Title: c.Name}).WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
