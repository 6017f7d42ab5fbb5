package simulate

import (
	"context"
	"regexp"
	"runtime"
	"slices"
	"sync"
	"time"
)

// TestOptions say which unit tests to run and how. The zero value runs all of them as promtool
// does without flags.
type TestOptions struct {
	// Run, if not empty, selects the cases whose name matches one of the expressions.
	Run []*regexp.Regexp
	// AllRules evaluates every rule, also those that no tested alert or expression can reach.
	AllRules bool
	// Features are PromQL features that are off by default.
	Features Features

	scrapes *scrapeCache
}

// Test runs the cases of test files, as many at a time as there are processors. What is wrong
// with a file or a case is part of the report.
func Test(ctx context.Context, paths []string, o TestOptions) *Report {
	began := time.Now()
	o.scrapes = newScrapeCache()
	t := &tester{TestOptions: o, programs: map[string]*loading{}}
	t.more = sync.NewCond(&t.mu)
	for _, path := range paths {
		t.files = append(t.files, &testFile{result: &FileResult{Path: path}})
	}
	var workers sync.WaitGroup
	for range max(1, runtime.GOMAXPROCS(0)) {
		workers.Go(func() { t.work(ctx) })
	}
	workers.Wait()
	report := &Report{}
	for _, f := range t.files {
		report.Files = append(report.Files, f.result)
	}
	report.countRules()
	report.Elapsed = time.Since(began)
	return report
}

// countRules counts each rule once, however many cases evaluated it.
func (r *Report) countRules() {
	programs, reached := map[*Program]bool{}, map[*programRule]bool{}
	for _, f := range r.Files {
		for _, c := range f.Cases {
			if c.program != nil && !programs[c.program] {
				programs[c.program] = true
				r.Rules += c.program.total
			}
			for rule := range c.reached {
				reached[rule] = true
			}
		}
	}
	r.Evaluated = len(reached)
}

// tester hands out work: first the reading of a file, then each of its cases.
type tester struct {
	TestOptions
	mu    sync.Mutex
	files []*testFile
	next  int
	// queue holds the cases of files that were read; opening counts the files that are being
	// read and may have more. more is signalled when either changes.
	queue   []*testCase
	opening int
	more    *sync.Cond

	programsMu sync.Mutex
	programs   map[string]*loading
}

type testFile struct {
	result  *FileResult
	program *Program
	err     error
}

type testCase struct {
	file  *testFile
	place int
	c     *Case
}

func (t *tester) work(ctx context.Context) {
	w := newWorker(t.Features)
	for {
		c, f := t.take()
		switch {
		case c != nil:
			c.file.result.Cases[c.place] = t.runCase(ctx, w, c)
		case f != nil:
			t.open(f)
		default:
			return
		}
	}
}

// take returns the next piece of work: a case or, if none is waiting, a file to read. It returns
// nothing when all is done.
func (t *tester) take() (*testCase, *testFile) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for {
		switch {
		case len(t.queue) > 0:
			c := t.queue[0]
			t.queue = t.queue[1:]
			return c, nil
		case t.next < len(t.files):
			t.next++
			t.opening++
			return nil, t.files[t.next-1]
		case t.opening == 0:
			return nil, nil
		}
		t.more.Wait()
	}
}

// open reads a file and queues its cases.
func (t *tester) open(f *testFile) {
	cases := t.read(f)
	t.mu.Lock()
	defer t.mu.Unlock()
	f.result.Cases = make([]*CaseResult, len(cases))
	t.queue = append(t.queue, cases...)
	t.opening--
	t.more.Broadcast()
}

// read reads a file and its rules and returns the cases to run.
func (t *tester) read(f *testFile) []*testCase {
	suite, err := LoadSuite(f.result.Path)
	if err != nil {
		f.result.Err = err
		return nil
	}
	f.result.Suite = suite
	if paths, err := t.ruleFiles(f); err != nil {
		f.err = err
	} else {
		f.program, f.err = t.load(paths)
	}
	if len(suite.Cases) == 0 {
		f.result.Warnings = append(f.result.Warnings, Complaint{Message: "the file has no tests"})
	}
	var cases []*testCase
	for _, c := range suite.Cases {
		if t.selected(c) {
			cases = append(cases, &testCase{file: f, place: len(cases), c: c})
		}
	}
	return cases
}

func (t *tester) selected(c *Case) bool {
	if len(t.Run) == 0 {
		return true
	}
	return slices.ContainsFunc(t.Run, func(r *regexp.Regexp) bool { return r.MatchString(c.Name) })
}

func (t *tester) runCase(ctx context.Context, w *worker, c *testCase) *CaseResult {
	if c.file.err != nil {
		failure := Failure{Kind: NotEvaluated, Span: c.c.Span, Message: c.file.err.Error()}
		return &CaseResult{Case: c.c, Failures: []Failure{failure}}
	}
	return w.check(ctx, c.c, c.file.program, t.TestOptions)
}
