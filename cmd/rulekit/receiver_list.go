package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rulekit/rulekit/adaptor/receivers"
	"github.com/rulekit/rulekit/rules/terminal"
)

// newReceiverList lists the receivers.
func newReceiverList(env *environment) *cobra.Command {
	files := &receiverFiles{env: env}
	var output string
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the receivers: what they send to, and which alerts they get",
		Long: `list shows the receivers of both configurations, also those that were written by hand: the
messenger, where it is, and for each route to it the alerts that it brings. What is wrong is told
below the table.`,
		Example: `  rulekit receiver list
  rulekit receiver list -o json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !slices.Contains(receiverFormats, output) {
				return fmt.Errorf("--output %q: want %s", output, strings.Join(receiverFormats, ", "))
			}
			sources, err := files.read()
			if err != nil {
				return err
			}
			listed, warnings, err := receivers.List(started(sources))
			if err != nil {
				return explainReceiver(err)
			}
			if output == "json" {
				err = receiversJSON(env.stdout, listed)
			} else {
				err = receiversTable(env.stdout, env.style(env.stdout), listed, output == "wide")
			}
			files.warn(warnings)
			return err
		},
	}
	cmd.Flags().AddFlagSet(files.flags())
	cmd.Flags().StringVarP(&output, "output", "o", "table", "`FORMAT`: table, wide (which says where receivers are) or json")
	complete(cmd, "output", func() []string { return receiverFormats })
	return cmd
}

// receiverFormats are the forms of the list.
var receiverFormats = []string{"table", "wide", "json"}

func receiversJSON(w io.Writer, listed []receivers.Listed) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(struct {
		Version   int                `json:"version"`
		Receivers []receivers.Listed `json:"receivers"`
	}{1, listed})
}

// receiversTable writes a table with a row for each messenger and each route of a receiver; a wide
// one says where they are.
func receiversTable(w io.Writer, style terminal.Style, listed []receivers.Listed, wide bool) error {
	rows := [][]string{{"receiver", "channel", "to", "resolved", "clusters", "severities", "place", "other conditions"}}
	for _, l := range listed {
		rows = append(rows, receiverRows(l)...)
	}
	if !wide {
		for i, row := range rows {
			rows[i] = slices.Delete(row, 6, 7)
		}
	}
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], terminal.Cells(cell))
		}
	}
	var b strings.Builder
	for k, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			line.WriteString(terminal.Pad(cell, widths[i]) + "  ")
		}
		text := terminal.Safe(strings.TrimRight(line.String(), " "))
		if k == 0 {
			text = style.Dim(text)
		}
		b.WriteString(text + "\n")
	}
	separator := "\n"
	for _, l := range listed {
		for _, problem := range l.Problems {
			b.WriteString(separator + terminal.Safe(fmt.Sprintf("%s: %s: %s", l.Places[0], l.Name, problem)) + "\n")
			separator = ""
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// receiverRows are the rows of a receiver. Its messengers are in the first ones, beside its routes.
func receiverRows(l receivers.Listed) [][]string {
	rows := make([][]string, max(len(l.Senders), len(l.Routes), 1))
	for i := range rows {
		row := make([]string, 8)
		if i == 0 {
			row[0], row[6] = l.Name, strings.Join(l.Places, " ")
			row[1], row[2], row[3], row[4], row[5] = "-", "-", "-", "-", "-"
		}
		if i < len(l.Senders) {
			s := l.Senders[i]
			row[1], row[2], row[3] = s.Channel, cmp.Or(s.To, "-"), "no"
			if s.SendResolved {
				row[3] = "yes"
			}
		}
		if i < len(l.Routes) {
			r := l.Routes[i]
			row[4] = cmp.Or(strings.Join(r.Clusters, " "), "all")
			row[5] = cmp.Or(strings.Join(r.Severities, " "), "all")
			row[7] = strings.Join(r.Matchers, ", ")
			if r.Default {
				row[7] = "what no route takes"
			}
		}
		rows[i] = row
	}
	return rows
}
