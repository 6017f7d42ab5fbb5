package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/rulekit/rulekit/lint"
	"github.com/rulekit/rulekit/lint/report"
)

// lintOutput is one place to print to.
type lintOutput struct {
	printer report.Printer
	stdout  io.Writer
	path    string // of a file; empty for stdout
}

func lintOutputs(env *environment, flags lintFlags) ([]lintOutput, error) {
	var outputs []lintOutput
	onStdout := ""
	for _, spec := range flags.outputs {
		format, path, toFile := strings.Cut(spec, "=")
		if toFile && path == "" {
			return nil, fmt.Errorf("--output %q: no file is named after =", spec)
		}
		if !toFile && onStdout != "" {
			return nil, fmt.Errorf("--output %s and --output %s both go to the standard output: add =FILE to one", onStdout, format)
		}
		if !toFile {
			onStdout = format
		}
		options := report.Options{Short: flags.short, Statistics: flags.statistics}
		if !toFile {
			options.Style = env.style(env.stdout)
		}
		printer, err := newPrinter(format, options)
		if err != nil {
			return nil, err
		}
		outputs = append(outputs, lintOutput{printer: printer, stdout: env.stdout, path: path})
	}
	if env.getenv("GITHUB_ACTIONS") == "true" && (onStdout == "text" || onStdout == "short") {
		// There annotations are what people look at.
		printer, err := newPrinter("github", report.Options{})
		if err != nil {
			return nil, err
		}
		outputs = append(outputs, lintOutput{printer: printer, stdout: env.stdout})
	}
	return outputs, nil
}

func newPrinter(format string, options report.Options) (report.Printer, error) {
	printer, err := report.New(format, options)
	if unknown := (*report.UnknownFormatError)(nil); errors.As(err, &unknown) && unknown.Nearest != "" {
		return nil, withHint(fmt.Errorf("--output: %w", err), fmt.Sprintf("did you mean %s?", unknown.Nearest))
	}
	if err != nil {
		return nil, fmt.Errorf("--output: %w", err)
	}
	return printer, nil
}

func (o lintOutput) write(result *lint.Result) (err error) {
	if o.path == "" {
		return o.printer.Print(o.stdout, result)
	}
	file, err := os.Create(o.path)
	if err != nil {
		return fmt.Errorf("--output: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	return o.printer.Print(file, result)
}

// listed is an enumeration of words: a, b or c.
func listed(words []string) string {
	last := len(words) - 1
	if last < 1 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:last], ", ") + " or " + words[last]
}
