package receivers

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/alertmanager/config"
	"github.com/prometheus/alertmanager/dispatch"
	"github.com/prometheus/common/model"
)

// told are the receivers that an alert is sent to, as Alertmanager itself routes it.
func told(c *config.Config, alert model.LabelSet) []string {
	var names []string
	for _, r := range dispatch.NewRoute(c.Route, nil).Match(alert) {
		if !slices.Contains(names, r.RouteOpts.Receiver) {
			names = append(names, r.RouteOpts.Receiver)
		}
	}
	return names
}

var (
	someClusters   = []string{"a", "b.c", "d"}
	someSeverities = []string{"critical", "warning", "info"}
	someAlerts     = []string{"Watchdog", "DiskFull", "Slow"}
)

// eachAlert calls a function with alerts of all kinds.
func eachAlert(visit func(model.LabelSet)) {
	for _, cluster := range append(someClusters, "") {
		for _, severity := range someSeverities {
			for _, name := range someAlerts {
				alert := model.LabelSet{"alertname": model.LabelValue(name), severityLabel: model.LabelValue(severity)}
				if cluster != "" {
					alert[clusterLabel] = model.LabelValue(cluster)
				}
				visit(alert)
			}
		}
	}
}

// randomConfiguration is a configuration of Alertmanager as people write them.
type randomConfiguration struct {
	*rand.Rand
	strings.Builder
}

func (r *randomConfiguration) one(of ...string) string { return of[r.IntN(len(of))] }

func (r *randomConfiguration) write() string {
	indent := r.one("", "  ")
	r.WriteString(r.one("# Ours.\n", "", "global:\n  smtp_smarthost: mail:25 # relay\n  smtp_from: a@b.c\n\n"))
	receivers := func() {
		r.WriteString("receivers:" + r.one("\n", " # all of them\n"))
		for _, name := range []string{"im", "ops", "nobody"} {
			r.WriteString(r.one("", indent+"# About it.\n", "\n") + indent + "- name: " + name + "\n")
			if name != "nobody" {
				r.WriteString(indent + "  webhook_configs:\n" + indent + "  - url: http://" + name + ".example/x" + r.one("", " # c") + "\n")
			}
		}
	}
	first := r.IntN(2) == 0
	if first {
		receivers()
	}
	r.WriteString(r.one("\n", "") + "route:\n  receiver: " + r.one("im", "im", "nobody") + "\n  group_by: [alertname]\n")
	r.routes(indent)
	if !first {
		receivers()
	}
	return r.String()
}

func (r *randomConfiguration) routes(indent string) {
	switch r.IntN(6) {
	case 0:
		return
	case 1:
		r.WriteString("  routes: []\n")
		return
	}
	r.WriteString("  routes:\n")
	for range 1 + r.IntN(4) {
		r.WriteString(r.one("", "  "+indent+"# Why.\n", "\n") + "  " + indent + "- receiver: " + r.one("im", "ops", "nobody") + "\n")
		pad := "  " + indent + "  "
		r.WriteString(r.one("", pad+"matchers: [severity = critical]\n", pad+"matchers:\n"+pad+"- app_kubernetes_io_instance=~\"a|d\"\n",
			pad+"matchers: [alertname = Watchdog]\n", pad+"match: {severity: info}\n", pad+"matchers: [severity != info, alertname =~ \"D.*\"]\n"))
		r.WriteString(r.one("", "", pad+"continue: true\n", pad+"group_wait: 1s\n"))
	}
}

func (r *randomConfiguration) routing() Routing {
	routing := Routing{}
	for _, list := range []struct {
		from []string
		into *[]string
	}{{someClusters, &routing.Clusters}, {someSeverities, &routing.Severities}} {
		for _, value := range list.from {
			if r.IntN(3) == 0 {
				*list.into = append(*list.into, value)
			}
		}
	}
	return routing
}

// TestRandomConfigurations adds a receiver to configurations and removes it again: whoever got an
// alert still gets it, the new one gets what it should, and nothing else changes.
func TestRandomConfigurations(t *testing.T) {
	folder := t.TempDir()
	secret := filepath.Join(folder, "url")
	if err := os.WriteFile(secret, []byte("https://open.feishu.cn/open-apis/bot/v2/hook/t"), 0o600); err != nil {
		t.Fatal(err)
	}
	same := 0
	for seed := range uint64(200) {
		r := &randomConfiguration{Rand: rand.New(rand.NewPCG(seed, 2))}
		source := r.write()
		if seed%7 == 0 {
			source = strings.ReplaceAll(source, "\n", "\r\n")
		}
		if seed%5 == 0 {
			source = strings.TrimRight(source, "\r\n")
		}
		files := Files{
			Alertmanager: File{filepath.Join(folder, "alertmanager.yml"), []byte(source)},
			Adaptor:      File{filepath.Join(folder, "adaptor.yaml"), []byte(EmptyAdaptor)},
			Getenv:       os.Getenv,
		}
		spec := Spec{Kind: "feishu", Name: "new", URL: Credential{File: secret, Value: "https://open.feishu.cn/open-apis/bot/v2/hook/t"}, Routing: r.routing()}
		added, err := Add(files, spec)
		if err != nil {
			t.Fatalf("seed %d: add: %v\n%s", seed, err, source)
		}
		checkRouting(t, spec, source, string(added.Files.Alertmanager.Source))
		again, err := Add(added.Files, spec)
		if err != nil || len(again.Changes) > 0 || !bytes.Equal(again.Files.Alertmanager.Source, added.Files.Alertmanager.Source) {
			t.Fatalf("seed %d: the same again changed %v (%v) of\n%s", seed, again, err, added.Files.Alertmanager.Source)
		}
		removed, err := Remove(added.Files, "new")
		if err != nil {
			t.Fatalf("seed %d: remove: %v\n%s", seed, err, added.Files.Alertmanager.Source)
		}
		if diff := cmp.Diff(EmptyAdaptor, string(removed.Files.Adaptor.Source)); diff != "" {
			t.Errorf("seed %d: %s", seed, diff)
		}
		if string(removed.Files.Alertmanager.Source) == source {
			same++
		}
		checkRemoved(t, source, string(removed.Files.Alertmanager.Source))
		if t.Failed() {
			t.Fatalf("seed %d:\n%s\nthen\n%s", seed, source, added.Files.Alertmanager.Source)
		}
	}
	// A list that was not there, or was empty in brackets, may be left as an empty one.
	t.Logf("%d of 200 are the same, byte for byte", same)
	if same < 160 {
		t.Errorf("only %d of 200 are the same after add and remove", same)
	}
}

func load(t *testing.T, source string) *config.Config {
	t.Helper()
	c, err := config.Load(source)
	if err != nil {
		t.Fatalf("%v\n%s", err, source)
	}
	return c
}

// checkRouting holds who is told of each alert against who was told before.
func checkRouting(t *testing.T, spec Spec, before, after string) {
	t.Helper()
	old, now := load(t, before), load(t, after)
	matchers, err := spec.Routing.matchers()
	if err != nil {
		t.Fatal(err)
	}
	eachAlert(func(alert model.LabelSet) {
		was, is := told(old, alert), told(now, alert)
		for _, name := range was {
			if !slices.Contains(is, name) && name != "nobody" {
				t.Errorf("%s got %v before", name, alert)
			}
		}
		matches := true
		for _, m := range matchers {
			matches = matches && m.Matches(string(alert[model.LabelName(m.Name)]))
		}
		reserved := slices.ContainsFunc(old.Route.Routes, func(r *config.Route) bool {
			all := matchersOf(r)
			for _, m := range all {
				if !m.Matches(string(alert[model.LabelName(m.Name)])) {
					return false
				}
			}
			byName := slices.Contains(labelNames(all), "alertname")
			asked := slices.Contains(labelNames(matchers), clusterLabel) && slices.Contains(labelNames(all), clusterLabel) ||
				slices.Contains(labelNames(matchers), severityLabel) && slices.Contains(labelNames(all), severityLabel)
			return !r.Continue && len(all) > 0 && (byName || r.Receiver == "nobody" && !asked)
		})
		if gets := slices.Contains(is, "new"); gets && !matches || !gets && matches && !reserved {
			t.Errorf("new gets %v: %v, want %v", alert, gets, matches)
		}
		for _, name := range is {
			if !slices.Contains(was, name) && name != "new" && name != old.Route.Receiver {
				t.Errorf("%s gets %v now", name, alert)
			}
		}
	})
}

// checkRemoved checks that a configuration means what it did before something was added.
func checkRemoved(t *testing.T, before, after string) {
	t.Helper()
	old, now := load(t, before), load(t, after)
	show := func(c *config.Config) string { return fmt.Sprintf("%s%v", c.String(), len(c.Route.Routes)) }
	if diff := cmp.Diff(strings.ReplaceAll(show(old), "  routes: []\n", ""), strings.ReplaceAll(show(now), "  routes: []\n", "")); diff != "" {
		t.Errorf("after add and remove: %s", diff)
	}
}
