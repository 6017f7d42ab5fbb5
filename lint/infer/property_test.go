package infer_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/promqltest"
	"github.com/prometheus/prometheus/storage"

	"github.com/rulekit/rulekit/lint/infer"
)

// TestPromisesHold evaluates random expressions over random series with Prometheus's engine.
// What it returns must lie within what was inferred.
func TestPromisesHold(t *testing.T) {
	const stores, queries = 30, 1000
	engine := promqltest.NewTestEngineWithOpts(t, promql.EngineOpts{
		MaxSamples: 1_000_000, Timeout: time.Minute, EnableAtModifier: true, EnableNegativeOffset: true,
		Parser:                   parser.NewParser(promqltest.TestParserOpts),
		NoStepSubqueryIntervalFn: func(int64) int64 { return 60_000 },
	})
	seen := map[string]int{}
	for seed := range uint64(stores) {
		g := expressions{rand.New(rand.NewPCG(seed, 2))}
		store := promqltest.LoadedStorage(t, g.load())
		for range queries {
			checkPromise(t, engine, store, g.vector(1+g.IntN(4)), time.Duration(3+g.IntN(8))*time.Minute, seen)
		}
		if err := store.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for _, kind := range []string{"evaluated", "with result", "never", "always", "gone", "certain", "bounded"} {
		if seen[kind] < 50 {
			t.Errorf("only %d expressions were %q: the test proves too little", seen[kind], kind)
		}
	}
	t.Log(seen)
}

func checkPromise(t *testing.T, engine *promql.Engine, store storage.Queryable, text string, at time.Duration, seen map[string]int) {
	t.Helper()
	expr, err := parser.NewParser(promqltest.TestParserOpts).ParseExpr(text)
	if err != nil {
		return
	}
	promise := infer.Analyse(expr).Root
	query, err := engine.NewInstantQuery(context.Background(), store, nil, text, time.Unix(0, 0).Add(at))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	defer query.Close()
	result := query.Exec(context.Background())
	if result.Err != nil {
		return
	}
	vector, err := result.Vector()
	if err != nil {
		return
	}
	seen["evaluated"]++
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
