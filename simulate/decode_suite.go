package simulate

import (
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/rulekit/rulekit/rules"
)

func (d *decoder) suite(n *yaml.Node, s *Suite) {
	d.mapping(n, "the test file", keys{
		"rule_files": func(n *yaml.Node) {
			d.list(n, "rule_files", func(n *yaml.Node) { s.RuleFiles = append(s.RuleFiles, d.scalar(n, "rule_files")) })
		},
		"evaluation_interval": func(n *yaml.Node) {
			if interval := d.duration(n, "evaluation_interval"); interval > 0 {
				s.EvaluationInterval = interval
			}
		},
		"group_eval_order": func(n *yaml.Node) {
			d.list(n, "group_eval_order", func(n *yaml.Node) { d.groupName(n, s) })
		},
		notATest: func(n *yaml.Node) {
			d.fail(n, "this is a rule file, it has groups: give the file with its tests, which names it in rule_files")
		},
		"fuzzy_compare": func(n *yaml.Node) { s.FuzzyCompare = d.boolean(n, "fuzzy_compare") },
		"tests": func(n *yaml.Node) {
			d.list(n, "tests", func(n *yaml.Node) {
				c := &Case{Suite: s, Span: d.span(n), Index: len(s.Cases)}
				d.testCase(n, c)
				s.Cases = append(s.Cases, c)
			})
		},
	})
	for _, c := range s.Cases {
		if c.Interval == 0 {
			c.Interval = s.EvaluationInterval
		}
	}
}

func (d *decoder) groupName(n *yaml.Node, s *Suite) {
	name := d.scalar(n, "group_eval_order")
	for _, other := range s.GroupOrder {
		if other.Value == name.Value {
			d.fail(n, "group name repeated in evaluation order: %s", name.Value)
		}
	}
	s.GroupOrder = append(s.GroupOrder, name)
}

func (d *decoder) testCase(n *yaml.Node, c *Case) {
	d.mapping(n, "a test", keys{
		"name":         func(n *yaml.Node) { c.Name = d.text(n, "name") },
		"interval":     func(n *yaml.Node) { c.Interval = d.duration(n, "interval") },
		"external_url": func(n *yaml.Node) { c.ExternalURL = d.text(n, "external_url") },
		"external_labels": func(n *yaml.Node) {
			c.ExternalLabels = d.labels(n, "external_labels")
		},
		"start_timestamp": func(n *yaml.Node) {
			c.Start, c.HasStart = d.instant(n, "start_timestamp"), true
		},
		"input_series": func(n *yaml.Node) {
			d.list(n, "input_series", func(n *yaml.Node) { c.Series = append(c.Series, d.inputSeries(n)) })
		},
		"input_scrapes": func(n *yaml.Node) {
			d.list(n, "input_scrapes", func(n *yaml.Node) { c.Scrapes = append(c.Scrapes, d.inputScrape(n)) })
		},
		"alert_rule_test": func(n *yaml.Node) {
			d.list(n, "alert_rule_test", func(n *yaml.Node) { c.AlertTests = append(c.AlertTests, d.alertTest(n)) })
		},
		"promql_expr_test": func(n *yaml.Node) {
			d.list(n, "promql_expr_test", func(n *yaml.Node) { c.ExprTests = append(c.ExprTests, d.exprTest(n)) })
		},
	})
}

func (d *decoder) inputSeries(n *yaml.Node) InputSeries {
	in := InputSeries{Span: d.span(n)}
	d.mapping(n, "an item of input_series", keys{
		"series": func(n *yaml.Node) { in.Series = d.scalar(n, "series") },
		"values": func(n *yaml.Node) { in.Values = d.scalar(n, "values") },
	})
	return in
}

func (d *decoder) inputScrape(n *yaml.Node) InputScrape {
	in := InputScrape{Span: d.span(n)}
	d.mapping(n, "an item of input_scrapes", keys{
		"file":   func(n *yaml.Node) { in.File = d.scalar(n, "file") },
		"from":   func(n *yaml.Node) { in.From = d.duration(n, "from") },
		"to":     func(n *yaml.Node) { in.To = d.duration(n, "to") },
		"labels": func(n *yaml.Node) { in.Labels = d.labels(n, "labels") },
		"growth": func(n *yaml.Node) {
			d.pairs(n, "growth", func(key, value *yaml.Node) {
				in.Growth = append(in.Growth, Growth{d.scalar(key, "growth"), d.number(d.resolve(value), "growth of "+key.Value)})
			})
		},
		"recorded_at": func(n *yaml.Node) { in.RecordedAt = d.instant(n, "recorded_at") },
	})
	switch {
	case in.File.Value == "":
		d.fail(n, "an item of input_scrapes needs file, the recorded scrape")
	case in.To != 0 && in.To <= in.From:
		d.fail(n, "input_scrapes: to (%s) must be later than from (%s)", in.To, in.From)
	}
	return in
}

func (d *decoder) alertTest(n *yaml.Node) AlertTest {
	t := AlertTest{Span: d.span(n)}
	d.mapping(n, "an item of alert_rule_test", keys{
		"eval_time": func(n *yaml.Node) { t.EvalTime = d.duration(n, "eval_time") },
		"alertname": func(n *yaml.Node) { t.Alert = d.scalar(n, "alertname") },
		"exp_alerts": func(n *yaml.Node) {
			d.list(n, "exp_alerts", func(n *yaml.Node) {
				a := ExpectedAlert{Span: d.span(n)}
				d.mapping(n, "an item of exp_alerts", keys{
					"exp_labels":      func(n *yaml.Node) { a.Labels = d.texts(n, "exp_labels") },
					"exp_annotations": func(n *yaml.Node) { a.Annotations = d.texts(n, "exp_annotations") },
				})
				t.Expected = append(t.Expected, a)
			})
		},
	})
	return t
}

func (d *decoder) exprTest(n *yaml.Node) ExprTest {
	t := ExprTest{Span: d.span(n)}
	d.mapping(n, "an item of promql_expr_test", keys{
		"expr":      func(n *yaml.Node) { t.Expr = d.scalar(n, "expr") },
		"eval_time": func(n *yaml.Node) { t.EvalTime = d.duration(n, "eval_time") },
		"exp_samples": func(n *yaml.Node) {
			d.list(n, "exp_samples", func(n *yaml.Node) {
				s := ExpectedSample{Span: d.span(n)}
				d.mapping(n, "an item of exp_samples", keys{
					"labels":    func(n *yaml.Node) { s.Labels = d.scalar(n, "labels") },
					"value":     func(n *yaml.Node) { s.Value = d.number(n, "value") },
					"histogram": func(n *yaml.Node) { s.Histogram = d.scalar(n, "histogram") },
				})
				t.Expected = append(t.Expected, s)
			})
		},
	})
	return t
}

// order is the place of each group that group_eval_order names.
func (s *Suite) order() map[string]int {
	places := map[string]int{}
	for i, name := range s.GroupOrder {
		places[name.Value] = i
	}
	return places
}

// start is when the case begins: at the start of 1970 unless the file says otherwise.
func (c *Case) start() time.Time {
	if c.HasStart {
		return c.Start
	}
	return time.Unix(0, 0).UTC()
}

// nameSpan is the place to show for a scalar: its own, or else that of what holds it.
func nameSpan(s rules.Scalar, holder rules.Span) rules.Span {
	if s.Span.IsZero() {
		return holder
	}
	return s.Span
}
