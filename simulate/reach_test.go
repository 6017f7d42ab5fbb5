package simulate

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const reachedRules = `groups:
- name: g
  rules:
  - {record: base, expr: raw}
  - {record: middle, expr: 'sum(base)'}
  - {record: other, expr: 'vector(1)'}
  - {record: other, expr: 'base'}
  - {alert: Simple, expr: 'raw > 1'}
  - {alert: Chained, expr: 'middle > 1 unless other'}
  - {alert: OnAlert, expr: 'ALERTS{alertname="Simple"}'}
  - {alert: OnAny, expr: 'ALERTS{severity="page"} > 0'}
  - {alert: Wild, expr: '{__name__=~"ba.e"} > 0'}
  - {alert: Asks, expr: 'raw', annotations: {a: '{{ range query "middle" }}x{{ end }}'}}
  - {alert: Says, expr: 'raw', annotations: {a: 'the query took {{ $value }}s'}}
  - {alert: Fixed, expr: '{__name__="base"}'}
`

func TestReach(t *testing.T) {
	p := programOf(t, reachedRules)
	everything := []string{"Asks", "Chained", "Fixed", "OnAlert", "OnAny", "Says", "Simple", "Wild", "base", "middle", "other", "other"}
	for _, test := range []struct {
		name         string
		alerts, expr string
		want         []string
	}{
		{"nothing", "", "1", nil},
		{"an alert on input only", "Simple", "1", []string{"Simple"}},
		{"recording rules, through others", "Chained", "1", []string{"Chained", "base", "middle", "other", "other"}},
		{"another alert", "OnAlert", "1", []string{"OnAlert", "Simple"}},
		{"any alert", "OnAny", "1", everything},
		{"any metric", "Wild", "1", everything},
		{"a template that queries", "Asks", "1", everything},
		{"a template that only says so", "Says", "1", []string{"Says"}},
		{"a name in a matcher", "Fixed", "1", []string{"Fixed", "base"}},
		{"an unknown alert", "Nosuch", "1", nil},
		{"an expression", "", "middle", []string{"base", "middle"}},
		{"an expression on an alert", "", `ALERTS_FOR_STATE{alertname="Simple"}`, []string{"Simple"}},
		{"an expression on all", "", `count({job="a"})`, everything},
		{"info", "", `info(raw)`, everything},
	} {
		t.Run(test.name, func(t *testing.T) {
			wanted := reads{}
			if test.alerts != "" {
				wanted.alerts = []string{test.alerts}
			}
			expr, err := Features{ExperimentalFunctions: true}.parser().ParseExpr(test.expr)
			if err != nil {
				t.Fatal(err)
			}
			wanted.expression(expr)
			var got []string
			for r := range p.reach(wanted) {
				got = append(got, r.name)
			}
			slices.Sort(got)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("reached (-want +got):\n%s", diff)
			}
		})
	}
}
