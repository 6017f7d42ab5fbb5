package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/rulekit/rulekit/docs"
	"github.com/rulekit/rulekit/rules"
	"github.com/rulekit/rulekit/rules/export"
	"github.com/rulekit/rulekit/rules/format"
	"github.com/rulekit/rulekit/rules/params"
	"github.com/rulekit/rulekit/rules/terminal"
	"github.com/rulekit/rulekit/simulate"
	"github.com/rulekit/rulekit/simulate/report"
)

// newRulesShow shows all that there is to know of a shipped alert.
func newRulesShow(env *environment) *cobra.Command {
	var language string
	cmd := &cobra.Command{
		Use:   "show ALERT",
		Short: "Show a shipped alert: why it is so, what it looks like when it fires, what to do",
		Long: `show explains a shipped alert: its expression and parameters, the texts that people get, the story of a
firing as Prometheus's own engine plays it, which alerts silence it, and its runbook.`,
		Example: `  rulekit rules show PostgreSQLDown
  rulekit rules show PostgreSQLDown --lang zh-CN`,
		Args: cobra.ExactArgs(1),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return shippedAlerts(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			rule, err := shippedAlert(args[0], language)
			if err != nil {
				return explainSelection(err)
			}
			s := shownAlert{rule: rule, style: env.style(env.stdout)}
			if err := s.all(cmd.Context()); err != nil {
				return err
			}
			_, err = s.out.WriteTo(env.stdout)
			return err
		},
	}
	cmd.Flags().StringVar(&language, "lang", "", "the `LANGUAGE` of summary and description, such as zh-CN (default en)")
	complete(cmd, "lang", languages)
	return cmd
}

// shippedAlert is the shipped alert of that name, its expression laid out.
func shippedAlert(name, language string) (*rules.Rule, error) {
	if strings.ContainsAny(name, `*?[\`) {
		return nil, fmt.Errorf("%q: want the name of one alert", name)
	}
	files, err := export.Selection{Alerts: []string{name}, Language: language}.Files()
	if err != nil {
		return nil, err
	}
	laidOut, err := format.Format(files[0], rules.Options{})
	if err != nil {
		return nil, err
	}
	file := rules.Parse(files[0].Path, laidOut.Source, rules.Options{})
	for _, rule := range file.Rules() {
		if rule.IsAlert() {
			return rule, nil
		}
	}
	return nil, export.ErrNothing
}

// shownAlert is an alert as it is shown.
type shownAlert struct {
	rule  *rules.Rule
	style terminal.Style
	out   bytes.Buffer
}

func (s *shownAlert) all(ctx context.Context) error {
	facts := []string{export.EngineOf(s.rule.File()), export.SeverityOf(s.rule)}
	if !s.rule.For.IsZero() {
		facts = append(facts, "for "+s.rule.For.Value)
	}
	fmt.Fprintf(&s.out, "%s  %s\n", s.style.Bold(s.rule.Name()), strings.Join(facts, ", "))
	if lines := params.Explanation(s.rule); len(lines) > 0 {
		s.out.WriteByte('\n')
		s.paragraph("", "", strings.Join(lines, " "))
	}
	s.heading("Expression")
	for line := range strings.Lines(strings.TrimRight(s.rule.Expr.Value, "\n") + "\n") {
		s.out.WriteString("    " + terminal.Safe(line))
	}
	if err := s.parameters(); err != nil {
		return err
	}
	s.heading("Annotations")
	keys := 0
	for _, a := range s.rule.Annotations {
		keys = max(keys, terminal.Cells(a.Key.Value))
	}
	for _, a := range s.rule.Annotations {
		s.paragraph("    "+terminal.Pad(a.Key.Value, keys)+"  ", strings.Repeat(" ", keys+6), a.Value.Value)
	}
	if err := s.firing(ctx); err != nil {
		return err
	}
	if err := s.inhibitions(); err != nil {
		return err
	}
	return s.runbook()
}

func (s *shownAlert) heading(text string) {
	fmt.Fprintf(&s.out, "\n%s\n\n", s.style.Bold(text))
}

// paragraph breaks a text to the width. Its first line begins with head, the others with indentation.
func (s *shownAlert) paragraph(head, indentation, text string) {
	line := head
	for _, part := range breakable(text) {
		if terminal.Cells(line+strings.TrimRight(part, " ")) > s.style.Width() && strings.TrimSpace(line) != strings.TrimSpace(head) {
			s.out.WriteString(terminal.Safe(strings.TrimRight(line, " ")) + "\n")
			line, head = indentation, ""
		}
		line += part
	}
	s.out.WriteString(terminal.Safe(strings.TrimRight(line, " ")) + "\n")
}

// breakable are the parts of a text that have to stay on one line: words with the spaces after
// them, an action of a template, and single characters of Chinese with the marks after them.
func breakable(text string) []string {
	var parts []string
	word := ""
	action := false
	flush := func() {
		if word != "" {
			parts = append(parts, word)
		}
		word = ""
	}
	for _, r := range strings.Join(strings.Fields(text), " ") {
		if unicode.Is(unicode.Han, r) && !action {
			flush()
		}
		word += string(r)
		switch {
		case strings.HasSuffix(word, "{{"):
			action = true
		case strings.HasSuffix(word, "}}"):
			action = false
		case r == ' ' && !action:
			flush()
		}
	}
	flush()
	return parts
}

// parameters is a table of the parameters, with the texts that repeat them.
func (s *shownAlert) parameters() error {
	declared, err := params.Of(s.rule)
	if err != nil || len(declared) == 0 {
		return err
	}
	s.heading("Parameters")
	names, values := 0, 0
	for _, p := range declared {
		names, values = max(names, terminal.Cells(p.Name)), max(values, terminal.Cells(p.Value()))
	}
	for _, p := range declared {
		var texts []string
		for _, t := range p.Texts {
			texts = append(texts, fmt.Sprintf("%q", t.Whole))
		}
		line := "    " + terminal.Pad(p.Name, names) + "  " + terminal.Pad(p.Value(), values) + "  " + strings.Join(texts, ", ")
		s.out.WriteString(terminal.Safe(strings.TrimRight(line, " ")) + "\n")
	}
	return nil
}

// firing is the picture of the alert's story.
func (s *shownAlert) firing(ctx context.Context) error {
	story, program, err := simulate.Builtin(s.rule.Name())
	if err != nil {
		return err
	}
	timeline, _, err := simulate.Play(ctx, simulate.PlayOptions{
		Case: story, Program: program, Alerts: []string{s.rule.Name()}, ExternalURL: simulatedPrometheus,
	})
	switch {
	case ctx.Err() != nil:
		return errors.New("interrupted")
	case err != nil:
		return err
	}
	s.out.WriteByte('\n')
	picture := report.Picture{Timeline: timeline, Title: story.Title(), AlertsOnly: true, Style: s.style}
	_, err = picture.WriteTo(&s.out)
	return err
}

// inhibitions says which alerts silence this one, and which it silences.
func (s *shownAlert) inhibitions() error {
	by, over, err := inhibitionsOf(s.rule)
	if err != nil || len(by)+len(over) == 0 {
		return err
	}
	s.heading("Inhibition")
	for _, i := range by {
		s.paragraph("    ", "    ", "is silent while "+strings.Join(i.alerts, ", ")+" fires"+i.where())
	}
	for _, i := range over {
		s.paragraph("    ", "    ", "silences "+strings.Join(i.alerts, ", ")+i.where())
	}
	return nil
}

// runbook is the alert's page.
func (s *shownAlert) runbook() error {
	page, err := docs.Runbooks.ReadFile("runbooks/" + s.rule.Name() + ".md")
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return fmt.Errorf("read the runbook of %s: %w", s.rule.Name(), err)
	}
	s.out.WriteByte('\n')
	lines := slices.DeleteFunc(strings.SplitAfter(string(page), "\n"), func(line string) bool {
		return strings.HasPrefix(line, "![") // a picture that a terminal cannot show: it is above
	})
	return showPage(&s.out, s.style, strings.Join(lines, ""))
}
