package simulate

import "testing"

func TestWithoutComparisons(t *testing.T) {
	for expr, want := range map[string]string{
		`m > 5`:                              `m`,
		`5 < m`:                              `m`,
		`m > bool 5`:                         `m > bool 5`,
		`a / b < 0.9 and rate(c[5m])>1`:      `a / b and rate(c[5m])`,
		`a > on (pod) group_left () (b * 2)`: `(a - on (pod) group_left () (b * 2))`,
		`up unless m > 5`:                    `up`,
		`absent(m{a="b"} > 1)`:               `m{a="b"}`,
		`absent_over_time(m[5m])`:            `present_over_time(m[5m])`,
		`sum by (a) (m > 1) > 2`:             `sum by (a) (m)`,
		`max_over_time((m > 1)[5m:1m]) > 0`:  `max_over_time((m)[5m:1m])`,
		`a > 1 or b > 2`:                     `a or b`,
		`-(m == 0)`:                          `-(m)`,
	} {
		parsed, err := Features{}.parser().ParseExpr(expr)
		if err != nil {
			t.Fatal(err)
		}
		got := withoutComparisons(parsed).String()
		if got != want {
			t.Errorf("%s\n gives %s\n  want %s", expr, got, want)
		}
		if _, err := (Features{}).parser().ParseExpr(got); err != nil {
			t.Errorf("%s gives %s, which does not parse: %v", expr, got, err)
		}
	}
}

// TestPanicFailsTheCaseOnly lets a case panic by giving it no cache of scrapes.
func TestPanicFailsTheCaseOnly(t *testing.T) {
	c := caseOf(t, "tests:\n- input_scrapes: [{file: a.prom}]\n  alert_rule_test: [{alertname: Busy}]\n")
	result := newWorker(Features{}).check(t.Context(), c, programOf(t, playedRules), TestOptions{})
	if len(result.Failures) != 1 || result.Failures[0].Kind != NotEvaluated {
		t.Errorf("failures: %+v", result.Failures)
	}
}
