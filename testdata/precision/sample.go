// Sample draws findings for a person to judge:
//
//	rulekit lint -o json rules... | go run ./testdata/precision -seed 20261124 -n 60
//
// It prints, as tab separated values, the findings of severity error and warning that the seed
// draws: verdict, fingerprint, severity, check, path:line, rule and message. The same findings
// and the same seed give the same sample, in whatever order the findings come. The verdicts are
// those of verdicts.tsv, which has a line for each finding that was judged.
package main

import (
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
)

const verdictFile = "testdata/precision/verdicts.tsv"

type finding struct {
	Fingerprint string `json:"fingerprint"`
	Check       string `json:"check"`
	Severity    string `json:"severity"`
	Path        string `json:"path"`
	Line        int    `json:"line"`
	Rule        string `json:"rule"`
	Message     string `json:"message"`
}

func main() {
	log.SetFlags(0)
	seed := flag.Uint64("seed", 1, "what draws the sample")
	n := flag.Int("n", 60, "how many findings to draw")
	flag.Parse()
	var report struct {
		Diagnostics []finding `json:"diagnostics"`
	}
	if err := json.NewDecoder(os.Stdin).Decode(&report); err != nil {
		log.Fatalf("read the report: %v", err)
	}
	all := slices.DeleteFunc(report.Diagnostics, func(f finding) bool { return f.Severity == "info" })
	slices.SortFunc(all, func(a, b finding) int {
		return cmp.Or(strings.Compare(a.Fingerprint, b.Fingerprint), strings.Compare(a.Path, b.Path), cmp.Compare(a.Line, b.Line))
	})
	rand.New(rand.NewPCG(*seed, 0)).Shuffle(len(all), func(i, k int) { all[i], all[k] = all[k], all[i] })
	sample := all[:min(*n, len(all))]
	slices.SortFunc(sample, func(a, b finding) int {
		return cmp.Or(strings.Compare(a.Check, b.Check), strings.Compare(a.Path, b.Path), cmp.Compare(a.Line, b.Line))
	})
	verdicts, err := readVerdicts()
	if err != nil {
		log.Fatalf("read the verdicts: %v", err)
	}
	score := map[string]int{}
	for _, f := range sample {
		verdict := cmp.Or(verdicts[f.Fingerprint], "not judged")
		score[verdict]++
		fmt.Printf("%s\t%s\t%s\t%s\t%s:%d\t%s\t%s\n", verdict, f.Fingerprint, f.Severity, f.Check, f.Path, f.Line, f.Rule, f.Message)
	}
	fmt.Fprintf(os.Stderr, "%d of %d findings, seed %d: %v\n", len(sample), len(all), *seed, score)
}

// readVerdicts are the verdicts by fingerprint.
func readVerdicts() (map[string]string, error) {
	source, err := os.ReadFile(verdictFile)
	if err != nil {
		return nil, err
	}
	verdicts := map[string]string{}
	for line := range strings.Lines(string(source)) {
		if fields := strings.SplitN(line, "\t", 3); len(fields) == 3 {
			verdicts[fields[0]] = fields[1]
		}
	}
	return verdicts, nil
}
