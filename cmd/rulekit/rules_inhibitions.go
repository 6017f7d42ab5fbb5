package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/prometheus/alertmanager/config"
	amcommoncfg "github.com/prometheus/alertmanager/config/common"
	"github.com/prometheus/alertmanager/pkg/labels"

	"github.com/rulekit/rulekit/rules"
	"github.com/rulekit/rulekit/rules/export"
)

// inhibition is what one inhibit_rule means for an alert: the alerts at its other end.
type inhibition struct {
	alerts []string
	// equal are the labels in which both have to agree.
	equal []string
}

func (i inhibition) where() string {
	if len(i.equal) == 0 {
		return ""
	}
	return " with the same " + strings.Join(i.equal, ", ")
}

// inhibitionsOf finds, in the shipped Alertmanager configuration, which alerts silence this one
// and which it silences. Matchers of labels that only a firing has are taken to hold.
func inhibitionsOf(rule *rules.Rule) (by, over []inhibition, err error) {
	shipped, err := config.Load(string(rules.BuiltinAlertmanager()))
	if err != nil {
		return nil, nil, fmt.Errorf("read the shipped Alertmanager configuration: %w", err)
	}
	files, err := export.Selection{}.Files()
	if err != nil {
		return nil, nil, err
	}
	others := func(matchers amcommoncfg.Matchers) []string {
		var names []string
		for _, file := range files {
			for _, other := range file.Rules() {
				if other.IsAlert() && other.Name() != rule.Name() && mayMatch(matchers, other) {
					names = append(names, other.Name())
				}
			}
		}
		return names
	}
	add := func(all []inhibition, alerts, equal []string) []inhibition {
		if len(alerts) == 0 {
			return all
		}
		return append(all, inhibition{alerts, equal})
	}
	for _, i := range shipped.InhibitRules {
		if mayMatch(i.TargetMatchers, rule) {
			by = add(by, others(i.SourceMatchers), i.Equal)
		}
		if mayMatch(i.SourceMatchers, rule) {
			over = add(over, others(i.TargetMatchers), i.Equal)
		}
	}
	return by, over, nil
}

func mayMatch(matchers amcommoncfg.Matchers, rule *rules.Rule) bool {
	return !slices.ContainsFunc(matchers, func(m *labels.Matcher) bool {
		if m.Name == "alertname" {
			return !m.Matches(rule.Name())
		}
		own, ok := rule.Label(m.Name)
		return ok && !m.Matches(own.Value.Value)
	})
}
