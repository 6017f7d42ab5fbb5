package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rulekit/rulekit/rules"
	"github.com/rulekit/rulekit/simulate"
	ruletests "github.com/rulekit/rulekit/testdata/rules"
)

const overviewHead = `# The built-in rules

Every alert has a unit test that sees it fire and others that see it silent just below its threshold and
in what resembles its trouble, and is silent on every recorded scrape of a healthy server. What servers in
trouble served fires exactly the alerts that it should. This page is made of the rules and their unit tests by ` + "`make update`" + `.

| engine | alerts | exporter versions proven | unit tests | fire on a recording | fire live | |
|---|---|---|---|---|---|---|
`

const overviewFoot = `
*Fire live*: ` + "`make e2e`" + ` breaks a real server, and the alert goes from pending to firing through Prometheus,
Alertmanager and the adaptor to a messenger, with the right text, and resolves, while no other alert fires.
*Fire on a recording*: the unit tests play what real exporters served. MongoDB's metrics were recorded by running the
exporter over a server's recorded document, Kafka's from a fake broker. [The recordings](../../testdata/exporters/README.md)
says of each how it was made.

- [Exporting the rules](../rules-export.md): as files, PrometheusRules, ConfigMaps or a Helm chart, with your thresholds
- [From KubeBlocks' old rules to these](kubeblocks.md): which alert became which, and what was wrong with it
- [Runbooks](../runbooks/README.md)
`

// wantedLive is an alert that the end-to-end test waits for, as its list of steps is written.
var wantedLive = regexp.MustCompile(`\{alert: "(\w+)"[^}]*\}`)

// liveProven are the alerts that make e2e sees fire and resolve on real servers, with a message
// for each. It fails if it does not see one of its list.
func liveProven(t *testing.T) []string {
	t.Helper()
	steps, err := os.ReadFile("../../testdata/e2e/live/steps.go")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, m := range wantedLive.FindAllStringSubmatch(string(steps), -1) {
		if !strings.Contains(m[0], "inhibited: true") {
			names = append(names, m[1])
		}
	}
	slices.Sort(names)
	if names = slices.Compact(names); len(names) == 0 {
		t.Fatal("the end-to-end test waits for no alert")
	}
	return names
}

// rulesOverview is the page that says how much is proven for each engine, and by what.
func rulesOverview(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	b.WriteString(overviewHead)
	live := liveProven(t)
	var sum proofs
	for _, engine := range rules.Engines() {
		p := proofsOf(t, engine, live)
		fmt.Fprintf(&b, "| [%s](%s.md) | %d | %s | %d | %d | %d | %s |\n",
			titleOf(engine), engine, p.alerts, strings.Join(exporters(p.scrapes), ", "), p.cases, len(p.recorded), p.live, p.remark(engine))
		sum.alerts, sum.cases, sum.live = sum.alerts+p.alerts, sum.cases+p.cases, sum.live+p.live
		sum.recorded = append(sum.recorded, p.recorded...)
	}
	fmt.Fprintf(&b, "| all | %d | | %d | %d | %d | |\n", sum.alerts, sum.cases, len(sum.recorded), sum.live)
	b.WriteString("\nThose that fire live: " + strings.Join(live, ", ") + ".\n")
	b.WriteString(overviewFoot)
	return b.String()
}

// proofs count what an engine's alerts are proven by.
type proofs struct {
	alerts, cases, live int
	// recorded are the alerts that fire on some recorded scrape; scrapes are all that are played.
	recorded, scrapes []string
}

func (p proofs) remark(engine string) string {
	switch {
	case engine == "mongodb" || engine == "kafka":
		return "recorded, not live-proven"
	case len(p.scrapes) == 0:
		return "unit tests only"
	case p.live == 0:
		return "recorded"
	}
	return "recorded and live-proven"
}

var alertLabel = regexp.MustCompile(`alertname="(\w+)"`)

// proofsOf reads the unit tests of an engine.
func proofsOf(t *testing.T, engine string, live []string) (p proofs) {
	t.Helper()
	known := map[string]bool{}
	for _, rule := range shippedFile(t, engine).Rules() {
		if rule.IsAlert() {
			known[rule.Name()] = true
			p.alerts++
			if slices.Contains(live, rule.Name()) {
				p.live++
			}
		}
	}
	files, err := fs.Glob(ruletests.Files, engine+"/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		source, err := fs.ReadFile(ruletests.Files, name)
		if err != nil {
			t.Fatal(err)
		}
		suite, err := simulate.ParseSuite(name, source)
		if err != nil {
			t.Fatal(err)
		}
		p.cases += len(suite.Cases)
		for _, c := range suite.Cases {
			for _, in := range c.Scrapes {
				p.scrapes = append(p.scrapes, filepath.Base(in.File.Value))
			}
			if len(c.Scrapes) > 0 {
				p.recorded = append(p.recorded, fired(c)...)
			}
		}
	}
	slices.Sort(p.recorded)
	p.recorded = slices.DeleteFunc(slices.Compact(p.recorded), func(alert string) bool { return !known[alert] })
	return p
}

// fired are the alerts that a case expects to fire.
func fired(c *simulate.Case) []string {
	var alerts []string
	for _, test := range c.AlertTests {
		if len(test.Expected) > 0 {
			alerts = append(alerts, test.Alert.Value)
		}
	}
	for _, test := range c.ExprTests {
		for _, sample := range test.Expected {
			for _, m := range alertLabel.FindAllStringSubmatch(sample.Labels.Value, -1) {
				alerts = append(alerts, m[1])
			}
		}
	}
	return alerts
}

var exporterVersion = regexp.MustCompile(`([a-z]+_exporter|prometheus|alertmanager|rulekit_adaptor)(?:-(\d+\.\d+\.\d+))?`)

// exporters are the programs, with their versions, that served the scrapes.
func exporters(scrapes []string) []string {
	versions := map[string][]string{}
	var names []string
	for _, s := range scrapes {
		m := exporterVersion.FindStringSubmatch(s)
		if m == nil {
			continue
		}
		if _, known := versions[m[1]]; !known {
			names = append(names, m[1])
		}
		if m[2] != "" && !slices.Contains(versions[m[1]], m[2]) {
			versions[m[1]] = append(versions[m[1]], m[2])
		} else if versions[m[1]] == nil {
			versions[m[1]] = []string{}
		}
	}
	slices.Sort(names)
	for i, name := range names {
		slices.SortFunc(versions[name], func(a, b string) int { return len(a) - len(b) + strings.Compare(a, b) })
		names[i] = strings.TrimSpace(name + " " + strings.Join(versions[name], ", "))
	}
	return names
}

var tableRow = regexp.MustCompile(`(?m)^\| \w+ \| ([^|]+) \| `)

// TestOldNames fails where the table of KubeBlocks' old alerts names a new one that there is not.
func TestOldNames(t *testing.T) {
	page, err := os.ReadFile("../../docs/rules/kubeblocks.md")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, engine := range rules.Engines() {
		for _, rule := range shippedFile(t, engine).Rules() {
			known[rule.Name()] = true
		}
	}
	rows := tableRow.FindAllStringSubmatch(string(page), -1)
	for _, row := range rows {
		for name := range strings.SplitSeq(row[1], ", ") {
			if name, _, _ = strings.Cut(name, " "); !known[name] && row[1] != "(dropped)" {
				t.Errorf("%s: there is no alert %s", row[0], name)
			}
		}
	}
	if len(rows) != 50 {
		t.Errorf("the table has %d of the 50 old alerts", len(rows))
	}
}
