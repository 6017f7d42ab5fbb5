package lint

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/rulekit/rulekit/rules"
)

// MaxWiringSize is the largest configuration of a server that is read, in bytes.
const MaxWiringSize = 1 << 20

// Wiring is how rules are deployed: the configurations of the servers that load them and that
// their alerts are sent to. Its zero value is empty: nothing is known.
type Wiring struct {
	prometheus   []*prometheusConfig
	alertmanager []*alertmanagerConfig
}

// LoadWiring reads the configurations of Prometheus and Alertmanager. The paths are those a user
// named: one that cannot be read, or is neither, is an error, and all errors are told. The
// candidates are files that may be one: those that are not, or are broken, are passed over.
func LoadWiring(paths, candidates []string) (*Wiring, error) {
	w := &Wiring{}
	seen := map[string]bool{}
	var errs []error
	for _, path := range paths {
		if seen[filepath.Clean(path)] {
			continue
		}
		seen[filepath.Clean(path)] = true
		source, err := readLimited(path, MaxWiringSize)
		if err != nil {
			errs = append(errs, fmt.Errorf("read %s: %w", path, err))
			continue
		}
		errs = append(errs, w.Add(path, source))
	}
	for _, path := range candidates {
		if seen[filepath.Clean(path)] {
			continue
		}
		seen[filepath.Clean(path)] = true
		if source, err := readLimited(path, MaxWiringSize); err == nil && mayBeWiring(source) {
			_ = w.Add(path, source)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return w, nil
}

// mayBeWiring tells, without parsing, whether it is worth while to look at a file.
func mayBeWiring(source []byte) bool {
	has := func(word string) bool { return bytes.Contains(source, []byte(word)) }
	return has("rule_files") || has("scrape_configs") || has("scrape_interval") || has("route") && has("receivers")
}

// Add adds the configuration of a Prometheus or an Alertmanager, whichever the source is. The
// path is its name in findings, and where relative patterns of rule files start.
func (w *Wiring) Add(path string, source []byte) error {
	c, err := newConfiguration(path, source)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	switch {
	case isPrometheus(c.root):
		read, err := readPrometheus(c)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		w.prometheus = append(w.prometheus, read)
	case isAlertmanager(c.root):
		read, err := readAlertmanager(c)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		w.alertmanager = append(w.alertmanager, read)
	default:
		return fmt.Errorf("%s: neither a configuration of Prometheus (rule_files, scrape_configs) nor of Alertmanager (route, receivers)", path)
	}
	return nil
}

// Files are the configurations, as the files that findings about them are in. What may be
// secret is blanked in their source.
func (w *Wiring) Files() []*rules.File {
	var all []*rules.File
	for _, c := range w.prometheus {
		all = append(all, c.file)
	}
	for _, c := range w.alertmanager {
		all = append(all, c.file)
	}
	return all
}

// EvaluationInterval is how often rules are evaluated whose group does not say, or 0 where
// that is not known.
func (w *Wiring) EvaluationInterval() time.Duration {
	var all []time.Duration
	for _, c := range w.prometheus {
		all = append(all, c.evaluationInterval)
	}
	return theOnly(all)
}

// ScrapeInterval is how often targets are scraped, or 0 where that is not known or differs.
func (w *Wiring) ScrapeInterval() time.Duration {
	var all []time.Duration
	for _, c := range w.prometheus {
		if len(c.jobs) == 0 {
			all = append(all, c.scrapeInterval)
		}
		for _, job := range c.jobs {
			all = append(all, job.interval)
		}
	}
	return theOnly(all)
}

// theOnly is the value that all have, or 0.
func theOnly(all []time.Duration) time.Duration {
	if len(all) == 0 || slices.ContainsFunc(all, func(d time.Duration) bool { return d != all[0] }) {
		return 0
	}
	return all[0]
}

// TargetLabels are the labels that relabelling and static targets set in some scrape
// configuration, sorted.
func (w *Wiring) TargetLabels() []string {
	var all []string
	for _, c := range w.prometheus {
		for _, job := range c.jobs {
			all = append(all, job.targetLabels...)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}
