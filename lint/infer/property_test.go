package infer_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/promqltest"
	"github.com/prometheus/prometheus/storage"

	"github.com/rulekit/rulekit/lint/infer"
)

var (
	firstStore = flag.Uint64("first", 0, "the first of the random stores that promises are tested on")
	stores     = flag.Uint64("stores", 30, "how many random stores promises are tested on")
)

// TestPromisesHold evaluates random expressions over random series with Prometheus's engine.
// What it returns must lie within what was inferred.
func TestPromisesHold(t *testing.T) {
	const queries = 1000
	engine := promqltest.NewTestEngineWithOpts(t, promql.EngineOpts{
		MaxSamples: 1_000_000, Timeout: time.Minute, EnableAtModifier: true, EnableNegativeOffset: true,
		Parser:                   parser.NewParser(promqltest.TestParserOpts),
		NoStepSubqueryIntervalFn: func(int64) int64 { return 60_000 },
	})
	seen := map[string]int{}
	for seed := *firstStore; seed < *firstStore+*stores; seed++ {
		g := expressions{rand.New(rand.NewPCG(seed, 2))}
		store := promqltest.LoadedStorage(t, g.load())
		for range queries {
			checkPromise(t, evaluator{engine, store}, g.vector(1+g.IntN(4)), time.Duration(3+g.IntN(8))*time.Minute, seen)
		}
		if err := store.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for _, kind := range []string{"evaluated", "with result", "never", "always", "gone", "certain", "bounded", "dead", "tautology", "clock"} {
		if seen[kind] < 50 {
			t.Errorf("only %d expressions were %q: the test proves too little", seen[kind], kind)
		}
	}
	t.Log(seen)
}

// evaluator evaluates expressions over the series of a store.
type evaluator struct {
	engine *promql.Engine
	store  storage.Queryable
}

// evaluate returns what the engine returns. It is not ok where the query fails, and for what is
// no instant vector.
func (e evaluator) evaluate(t *testing.T, text string, at time.Duration) (promql.Vector, bool) {
	t.Helper()
	query, err := e.engine.NewInstantQuery(context.Background(), e.store, nil, text, time.Unix(0, 0).Add(at))
	if err != nil {
		// Such as a regular expression that label_replace cannot take.
		return nil, false
	}
	defer query.Close()
	result := query.Exec(context.Background())
	if result.Err != nil {
		return nil, false
	}
	vector, err := result.Vector()
	return slices.Clone(vector), err == nil
}

// onlyCounters is metadata that know one counter.
func onlyCounters(metric string) (model.MetricType, string) {
	if metric == "c_total" {
		return model.MetricTypeCounter, ""
	}
	return model.MetricTypeUnknown, ""
}

// checkDead proves that a part that was called dead returns nothing.
func checkDead(t *testing.T, e evaluator, dead *infer.Result, at time.Duration, seen map[string]int) {
	t.Helper()
	vector, ok := e.evaluate(t, dead.Expr.String(), at)
	if !ok {
		return
	}
	seen["dead"]++
	if len(vector) > 0 {
		t.Errorf("%s at %s: promised that it is dead, got %v", dead.Expr, at, vector)
	}
}

// choice are aggregations that may choose other series of equal values the next time.
var choice = regexp.MustCompile(`topk|bottomk|limitk`)

// checkTautology proves that a comparison kept all numbers it was given.
func checkTautology(t *testing.T, e evaluator, promise *infer.Result, at time.Duration, kept int, seen map[string]int) {
	t.Helper()
	expr := promise.Expr
	for paren, ok := expr.(*parser.ParenExpr); ok; paren, ok = expr.(*parser.ParenExpr) {
		expr = paren.Expr
	}
	compared := expr.(*parser.BinaryExpr).LHS
	if compared.Type() == parser.ValueTypeScalar {
		compared = expr.(*parser.BinaryExpr).RHS
	}
	vector, ok := e.evaluate(t, compared.String(), at)
	if !ok || choice.MatchString(compared.String()) {
		return
	}
	seen["tautology"]++
	numbers := 0
	for _, sample := range vector {
		if sample.H == nil {
			numbers++
		}
	}
	if numbers != kept {
		t.Errorf("%s at %s: promised that it keeps everything, kept %d of %v", expr, at, kept, vector)
	}
}

func checkPromise(t *testing.T, e evaluator, text string, at time.Duration, seen map[string]int) {
	t.Helper()
	expr, err := parser.NewParser(promqltest.TestParserOpts).ParseExpr(text)
	if err != nil {
		return
	}
	analysis := infer.Analyse(expr, onlyCounters)
	promise := analysis.Root
	vector, ok := e.evaluate(t, text, at)
	if !ok {
		return
	}
	seen["evaluated"]++
	for _, dead := range analysis.Dead() {
		checkDead(t, e, dead, at, seen)
	}
	if promise.Tautology != nil {
		checkTautology(t, e, promise, at, len(vector), seen)
	}
	for _, why := range []*infer.Reason{promise.Why, promise.Tautology} {
		if why != nil && strings.Contains(why.Text, "the time of the evaluation") {
			seen["clock"]++
		}
	}
	seen[promise.Presence.String()]++
	switch {
	case promise.Presence == infer.Never && len(vector) > 0:
		t.Errorf("%s at %s: promised nothing, got %v", text, at, vector)
	case promise.Presence == infer.Always && len(vector) == 0:
		t.Errorf("%s at %s: promised a result, got none", text, at)
	}
	if len(vector) == 0 {
		return
	}
	seen["with result"]++
	if !promise.Values.Contains(-1e9) || !promise.Values.Contains(1e9) {
		seen["bounded"]++
	}
	for _, sample := range vector {
		checkSample(t, fmt.Sprintf("%s at %s", text, at), promise, sample, seen)
	}
}

func checkSample(t *testing.T, text string, promise *infer.Result, sample promql.Sample, seen map[string]int) {
	t.Helper()
	switch {
	case sample.H != nil && !promise.Histograms:
		t.Errorf("%s: promised no histograms, got %v", text, sample)
	case sample.H == nil && !promise.Values.Contains(sample.F):
		t.Errorf("%s: promised values %v (%+v), got %v", text, promise.Values, promise.Values, sample)
	}
	names := append([]string{"a", "b", "job", "missing", "new", "v", "__name__"}, promise.Labels.Names()...)
	for _, name := range names {
		label, value := promise.Labels.Get(name), sample.Metric.Get(name)
		seen[label.State.String()]++
		switch {
		case label.State == infer.Gone && value != "":
			t.Errorf("%s: promised that %s is gone, got %v", text, name, sample)
		case label.State == infer.Certain && value == "":
			t.Errorf("%s: promised that %s is there, got %v", text, name, sample)
		case label.Known && value != "" && value != label.Value:
			t.Errorf("%s: promised %s=%q, got %v", text, name, label.Value, sample)
		}
	}
}
