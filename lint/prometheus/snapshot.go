package prometheus

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/common/model"
	"golang.org/x/sync/errgroup"

	"github.com/rulekit/rulekit/lint"
)

// Snapshot is what a server knew when it was asked. It is a lint.Catalogue that claims all
// metrics.
type Snapshot struct {
	// ScrapeInterval is how often the server scrapes, or 0 if jobs differ in that or it does not
	// tell. EvaluationInterval is how often it evaluates groups that do not say.
	ScrapeInterval, EvaluationInterval time.Duration

	names   []string // of all metrics, sorted
	metrics map[string]lint.Metric
}

// Metric returns what the server knows of the metric. Labels and values are only known of the
// metrics that were fetched.
func (s *Snapshot) Metric(name string) (lint.Metric, bool) {
	if metric, ok := s.metrics[name]; ok {
		return metric, true
	}
	_, ok := slices.BinarySearch(s.names, name)
	return lint.Metric{Type: model.MetricTypeUnknown, Source: lint.Live}, ok
}

// Claims returns lint.Live: a server knows all metrics.
func (s *Snapshot) Claims(string) lint.Source { return lint.Live }

// Nearest returns the metric that was probably meant, or "".
func (s *Snapshot) Nearest(name string) string { return lint.NearestMetric(name, s.names) }

// atOnce is how many questions a server is asked at the same time.
const atOnce = 4

// Fetch asks the server what it knows of the metrics, as lint.MetricsUsed gives them: which
// exist, of what type they are, and their labels, with the values of those that are named. The
// error says what was asked and what was wrong with the answer.
func Fetch(ctx context.Context, o Options, uses map[string][]string) (*Snapshot, error) {
	address, err := o.address()
	if err != nil {
		return nil, err
	}
	with, err := o.httpClient()
	if err != nil {
		return nil, err
	}
	defer with.CloseIdleConnections()
	// The server's clock may be a little ahead.
	end := time.Now().Add(time.Minute)
	f := &fetch{
		client: &client{http: with, address: address, timeout: o.timeout()},
		window: url.Values{
			"start": {strconv.FormatInt(end.Add(-o.window()-time.Minute).Unix(), 10)},
			"end":   {strconv.FormatInt(end.Unix(), 10)},
		},
		snapshot: &Snapshot{metrics: map[string]lint.Metric{}},
		declared: map[string][]declaration{},
	}
	// The first question tells whether there is a server that answers at all.
	if err := f.names(ctx); err != nil {
		return nil, err
	}
	if len(f.snapshot.names) == 0 {
		return nil, fmt.Errorf("%s has no metrics of the last %s: it has only just started, or is not the right server", withoutQuery(address), o.window())
	}
	if err := errors.Join(f.metadata(ctx), f.intervals(ctx)); err != nil {
		return nil, err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for name, matched := range uses {
		if _, exists := slices.BinarySearch(f.snapshot.names, name); exists {
			group.Go(func() error { return f.metric(ctx, name, matched) })
		}
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return f.snapshot, nil
}

// fetch fills a snapshot.
type fetch struct {
	*client
	window   url.Values
	declared map[string][]declaration

	mu       sync.Mutex
	snapshot *Snapshot
}

// declaration is what a target says of a metric family.
type declaration struct {
	Type model.MetricType `json:"type"`
	Help string           `json:"help"`
	Unit string           `json:"unit"`
}

// query is the window with more parameters.
func (f *fetch) query(more ...string) url.Values {
	query := url.Values{}
	for name, values := range f.window {
		query[name] = values
	}
	for i := 0; i < len(more); i += 2 {
		query.Set(more[i], more[i+1])
	}
	return query
}

func (f *fetch) names(ctx context.Context) error {
	if err := f.get(ctx, "label/__name__/values", f.query(), &f.snapshot.names); err != nil {
		return err
	}
	slices.Sort(f.snapshot.names)
	return nil
}

func (f *fetch) metadata(ctx context.Context) error {
	return unlessMissing(f.get(ctx, "metadata", url.Values{"limit_per_metric": {"5"}}, &f.declared))
}

// intervals are read from the server's configuration, if it shows it.
func (f *fetch) intervals(ctx context.Context) error {
	answer := struct {
		YAML string `json:"yaml"`
	}{}
	if err := f.get(ctx, "status/config", nil, &answer); err != nil || answer.YAML == "" {
		return unlessMissing(err)
	}
	wiring := &lint.Wiring{}
	if err := wiring.Add("status/config", []byte(answer.YAML)); err == nil {
		f.snapshot.ScrapeInterval, f.snapshot.EvaluationInterval = wiring.ScrapeInterval(), wiring.EvaluationInterval()
	}
	return nil
}

// unlessMissing is the error, unless it is that the server does not offer that: servers that
// speak Prometheus's API do not all have all of it.
func unlessMissing(err error) error {
	refused := (*statusError)(nil)
	if errors.As(err, &refused) && (refused.code == http.StatusNotFound || refused.code == http.StatusNotImplemented) {
		return nil
	}
	return err
}

// metric asks for the labels of a metric, and for the values of those that rules match.
func (f *fetch) metric(ctx context.Context, name string, matched []string) error {
	selector := fmt.Sprintf("{%s=%s}", model.MetricNameLabel, strconv.Quote(name))
	metric := f.declaration(name)
	if err := f.get(ctx, "labels", f.query("match[]", selector), &metric.Labels); err != nil {
		return err
	}
	slices.Sort(metric.Labels)
	metric.LabelsKnown = len(metric.Labels) > 0
	metric.Values = map[string][]string{}
	for _, label := range matched {
		if !slices.Contains(metric.Labels, label) || !model.LegacyValidation.IsValidLabelName(label) {
			continue
		}
		var values []string
		query := f.query("match[]", selector, "limit", strconv.Itoa(lint.MaxValues+1))
		err := f.get(ctx, "label/"+label+"/values", query, &values)
		switch {
		case errors.Is(err, errTooLarge) || len(values) > lint.MaxValues:
			continue
		case err != nil:
			return err
		}
		slices.Sort(values)
		metric.Values[label] = values
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.snapshot.metrics[name] = metric
	return nil
}

// declaration is what the targets say of a metric. It has no type if they disagree.
func (f *fetch) declaration(name string) lint.Metric {
	metric := lint.Metric{Type: model.MetricTypeUnknown, Source: lint.Live}
	declared := f.declared[name]
	for _, suffix := range []string{"_bucket", "_sum", "_count", "_total"} {
		if family, has := strings.CutSuffix(name, suffix); has && len(declared) == 0 && ofFamily(suffix, f.declared[family]) {
			declared = f.declared[family]
		}
	}
	for i, d := range declared {
		if i == 0 {
			metric.Type, metric.Help, metric.Unit = lint.BelievedType(name, d.Type), d.Help, d.Unit
		} else if d.Type != declared[0].Type {
			metric.Type = model.MetricTypeUnknown
		}
	}
	return metric
}

// ofFamily tells whether a family of that declaration has series with the suffix.
func ofFamily(suffix string, declared []declaration) bool {
	if len(declared) == 0 {
		return false
	}
	switch declared[0].Type {
	case model.MetricTypeHistogram:
		return suffix != "_total"
	case model.MetricTypeSummary:
		return suffix == "_sum" || suffix == "_count"
	case model.MetricTypeCounter:
		return suffix == "_total"
	}
	return false
}
