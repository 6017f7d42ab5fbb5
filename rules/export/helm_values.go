package export

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/rulekit/rulekit/rules/params"
)

// scalar is a text as a scalar of YAML on one line.
func scalar(text string) string {
	out, err := yaml.Marshal(text)
	if err != nil || strings.Count(string(out), "\n") > 1 {
		quoted, _ := json.Marshal(text)
		return string(quoted)
	}
	return strings.TrimSpace(string(out))
}

// mapping is labels as a mapping of YAML in braces.
func mapping(labels []Label) string {
	pairs := make([]string, len(labels))
	for i, l := range labels {
		pairs[i] = scalar(l.Name) + ": " + scalar(l.Value)
	}
	return "{" + strings.Join(pairs, ", ") + "}"
}

// units are the units of texts, as the chart's templates read them.
func units() string {
	var b strings.Builder
	b.WriteString("# The units of texts, the largest of a family first: one, several, and how many of the smallest.\n")
	for _, family := range params.Units() {
		for i, u := range family {
			bullet := "  - "
			if i == 0 {
				bullet = "- - "
			}
			fmt.Fprintf(&b, "%s[%s, %s, %s]\n", bullet, u.Singular, u.Plural, number(u.Size))
		}
	}
	return b.String()
}

func number(v float64) string {
	text, _ := json.Marshal(v)
	return string(text)
}

// values is values.yaml: what the chart can be told.
func (c *chart) values() string {
	var b strings.Builder
	section := func(comment, text string) {
		for line := range strings.SplitSeq(comment, "\n") {
			b.WriteString("# " + line + "\n")
		}
		b.WriteString(text + "\n\n")
	}
	section("The engines whose alerts are wanted.", "engines:\n  "+strings.Join(c.engines(), ": true\n  ")+": true")
	section("Labels of the PrometheusRules. The ruleSelector of your Prometheus may ask for one, such as\n"+
		"release: kube-prometheus-stack.", "labels: "+mapping(c.ResourceLabels))
	section("The namespace of the PrometheusRules; empty is that of the release.", "namespace: "+scalar(c.Namespace))
	section("Labels that every alert gets, such as team: dba.", "ruleLabels: "+mapping(c.Labels))
	interval := ""
	if c.Interval != 0 {
		interval = c.Interval.String()
	}
	section("How often rules are evaluated; empty leaves it to Prometheus.", "interval: "+scalar(interval))
	section("Where your copy of the runbooks is: the folder of the pages, or an address with {alert} in it.",
		"runbookUrl: "+scalar(c.RunbookURL))
	section("Other names for the PrometheusRules, as in any chart.", "nameOverride: \"\"\nfullnameOverride: \"\"")
	b.WriteString("# The alerts and their parameters. A parameter stands in the expression, and in the texts that\n" +
		"# repeat it; they change together. enabled: false switches an alert off.\nalerts:\n")
	for i, file := range c.files {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "  # %s\n", EngineOf(file))
		for _, alert := range c.alerts[file] {
			fmt.Fprintf(&b, "  %s: {enabled: true", alert.rule.Name())
			for _, p := range alert.params {
				fmt.Fprintf(&b, ", %s: %s", p.Name, valueOf(p))
			}
			b.WriteString("}\n")
		}
	}
	return b.String()
}

// valueOf is the value of a parameter in values.yaml.
func valueOf(p params.Param) string {
	if p.Kind == params.Number {
		return p.Canonical()
	}
	return scalar(p.Value())
}

// readme is the chart's README.md.
func (c *chart) readme() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\nAlerting rules of [rulekit](https://github.com/rulekit/rulekit) as PrometheusRules, one an engine. The chart is made\nby `rulekit rules export --format helm`; to change what is in it, export it again.\n\n", c.Name)
	b.WriteString("    helm upgrade --install " + c.Name + " . --namespace monitoring --set labels.release=kube-prometheus-stack\n\n")
	b.WriteString("The Prometheus Operator has to be there, and the `ruleSelector` of its Prometheus has to choose the rules: give\nthem the labels that it asks for.\n\n")
	b.WriteString("| engine | alerts |\n|---|---|\n")
	for _, file := range c.files {
		fmt.Fprintf(&b, "| `%s` | %d |\n", EngineOf(file), len(c.alerts[file]))
	}
	b.WriteString(`
## Values

| value | meaning |
|---|---|
| ` + "`engines`" + ` | which engines' alerts are wanted |
| ` + "`alerts.NAME.enabled`" + ` | false switches an alert off |
| ` + "`alerts.NAME.PARAMETER`" + ` | a threshold, window or ` + "`for`" + ` of an alert; texts that repeat it change with it |
| ` + "`labels`" + ` | labels of the PrometheusRules, for ` + "`ruleSelector`" + ` |
| ` + "`ruleLabels`" + ` | labels that every alert gets |
| ` + "`namespace`" + ` | where the PrometheusRules are put; empty is the release's namespace |
| ` + "`interval`" + ` | how often rules are evaluated |
| ` + "`runbookUrl`" + ` | where your copy of the runbooks is |

` + "`values.yaml`" + ` has every alert and parameter; a name that is not in it is refused. Your own values need only what
differs:

` + c.example() + `
`)
	return b.String()
}

// example is a piece of a values file about the first alert that has a number.
func (c *chart) example() string {
	var off string
	for _, file := range c.files {
		for _, alert := range c.alerts[file] {
			for _, p := range alert.params {
				value, err := strconv.ParseFloat(p.Canonical(), 64)
				if p.Kind == params.Number && err == nil && off != "" {
					return fmt.Sprintf("```yaml\nalerts:\n  %s: {enabled: false}\n  %s: {%s: %s}\n```", off, alert.rule.Name(), p.Name, number(2*value))
				}
			}
			if off == "" {
				off = alert.rule.Name()
			}
		}
	}
	return fmt.Sprintf("```yaml\nalerts:\n  %s: {enabled: false}\n```", off)
}
