package simulate

import (
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// The series that Prometheus writes for every alert.
const (
	alertsMetric      = "ALERTS"
	alertsStateMetric = "ALERTS_FOR_STATE"
)

// reads is what an expression needs others to have computed.
type reads struct {
	// metrics are names of metrics, alerts names of alerts.
	metrics, alerts []string
	// everything is set where the names cannot be told.
	everything bool
}

// expression adds what an expression reads.
func (r *reads) expression(e parser.Expr) {
	for _, s := range selectors(e) {
		switch name := metricName(s); name {
		case "":
			r.everything = true
		case alertsMetric, alertsStateMetric:
			// A recording rule may have that name, too.
			r.metrics = append(r.metrics, name)
			if alert := fixedLabel(s, labels.AlertName); alert != "" {
				r.alerts = append(r.alerts, alert)
			} else {
				r.everything = true
			}
		default:
			r.metrics = append(r.metrics, name)
		}
	}
	// info() reads series that no selector names (target_info, unless told otherwise).
	parser.Inspect(e, func(node parser.Node, _ []parser.Node) error {
		if call, ok := node.(*parser.Call); ok && call.Func.Name == "info" {
			r.everything = true
		}
		return nil
	})
}

// fixedLabel returns the one value a selector allows a label, or "".
func fixedLabel(s *parser.VectorSelector, name string) string {
	for _, m := range s.LabelMatchers {
		if m.Name == name && m.Type == labels.MatchEqual {
			return m.Value
		}
	}
	return ""
}

// reach returns the rules whose result the wanted alerts and metrics can depend on, through
// any number of recording rules. All rules of one name are reached together, since they may
// refuse each other's samples.
func (p *Program) reach(wanted reads) map[*programRule]bool {
	reached := map[*programRule]bool{}
	for len(wanted.alerts)+len(wanted.metrics) > 0 && !wanted.everything {
		var next reads
		visit := func(named []*programRule) {
			for _, r := range named {
				if !reached[r] {
					reached[r] = true
					next.alerts = append(next.alerts, r.reads.alerts...)
					next.metrics = append(next.metrics, r.reads.metrics...)
					next.everything = next.everything || r.reads.everything
				}
			}
		}
		for _, name := range wanted.alerts {
			visit(p.alerts[name])
		}
		for _, name := range wanted.metrics {
			visit(p.records[name])
		}
		wanted = next
	}
	if wanted.everything {
		for _, g := range p.groups {
			for _, r := range g.rules {
				reached[r] = true
			}
		}
	}
	return reached
}
