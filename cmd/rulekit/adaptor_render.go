package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	// Machines and containers without zone files know the time zones of receivers too.
	_ "time/tzdata"

	"github.com/spf13/cobra"

	"github.com/rulekit/rulekit/adaptor"
	"github.com/rulekit/rulekit/adaptor/fakeim"
	"github.com/rulekit/rulekit/rules"
	"github.com/rulekit/rulekit/rules/terminal"
)

type adaptorRenderFlags struct {
	config, receiver, payload string
	locale                    string
	resolved                  bool
	output                    string
}

// newAdaptorRender shows a receiver's messages without sending them.
func newAdaptorRender(env *environment) *cobra.Command {
	flags := adaptorRenderFlags{}
	cmd := &cobra.Command{
		Use:   "render",
		Short: "Show the messages that a receiver would send",
		Long: `render shows a notification as the messenger would show it, in all its parts, and how much of the
messenger's limit each part takes. Nothing is sent, and secrets do not matter: variables of the environment
that are not set are made up. Without --payload it takes a sample of two alerts.

Ends with exit code 1 when a template fails: then the built-in text is in its place.`,
		Example: `  rulekit adaptor render --receiver dba
  rulekit adaptor render --receiver dba --resolved --locale zh-CN
  rulekit adaptor render --receiver dba --payload webhook.json -o json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return renderMessages(env, flags)
		},
	}
	f := cmd.Flags()
	configFlag(cmd, &flags.config)
	f.StringVar(&flags.receiver, "receiver", "", "`NAME` of the receiver (default the only one)")
	f.StringVar(&flags.payload, "payload", "", "`FILE` with the body of Alertmanager's webhook, - for stdin (default a sample)")
	f.BoolVar(&flags.resolved, "resolved", false, "take the sample in which the alerts are resolved")
	f.StringVar(&flags.locale, "locale", "", "`LANGUAGE` in place of the receiver's, such as zh-CN")
	f.StringVarP(&flags.output, "output", "o", "text", "`FORM` of the output: text, or json with the requests")
	complete(cmd, "output", func() []string { return []string{"text", "json"} })
	return cmd
}

func renderMessages(env *environment, flags adaptorRenderFlags) error {
	if flags.output != "text" && flags.output != "json" {
		return fmt.Errorf("-o %q: want text or json", flags.output)
	}
	if flags.resolved && flags.payload != "" {
		return fmt.Errorf("--resolved is for the sample, and not for --payload")
	}
	config, err := adaptor.LoadConfig(flags.config, func(name string) string {
		if value := env.getenv(name); value != "" {
			return value
		}
		return "not-set-" + name
	})
	if err != nil {
		return err
	}
	receiver, err := receiverNamed(config, flags)
	if err != nil {
		return err
	}
	if flags.locale != "" {
		if receiver.Style.Locale, err = adaptor.LocaleByName(flags.locale, config.Locales); err != nil {
			return fmt.Errorf("--locale: %w", err)
		}
	}
	body := adaptor.SamplePayload(flags.resolved)
	if flags.payload != "" {
		if body, err = readPayload(env, flags.payload); err != nil {
			return err
		}
	}
	preview, err := receiver.Preview(body)
	if err != nil && flags.payload != "" {
		return fmt.Errorf("%s: %w", flags.payload, err)
	} else if err != nil {
		return err
	}
	show := showPreview
	if flags.output == "json" {
		show = showPreviewJSON
	}
	if err := show(env, preview); err != nil {
		return err
	}
	if preview.TemplateErrors == nil {
		return nil
	}
	fmt.Fprintln(env.stderr, terminal.Safe(preview.TemplateErrors.Error()))
	fmt.Fprintf(env.stderr, "%s the built-in text is sent where a template fails\n", env.style(env.stderr).Dim("hint:"))
	return errFindings
}

// receiverNamed is the receiver of a name; the only one needs none.
func receiverNamed(config *adaptor.Config, flags adaptorRenderFlags) (*adaptor.Receiver, error) {
	name, names := flags.receiver, []string{}
	for i, r := range config.Receivers {
		if r.Name == name || (name == "" && len(config.Receivers) == 1) {
			return &config.Receivers[i], nil
		}
		names = append(names, r.Name)
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("%s: the configuration has no receivers", flags.config)
	}
	if name == "" {
		return nil, withHint(fmt.Errorf("which receiver? there are %s", strings.Join(names, ", ")), "name one with --receiver")
	}
	err := fmt.Errorf("there is no receiver %q", name)
	if near := rules.Nearest(name, names); near != "" {
		return nil, withHint(err, fmt.Sprintf("did you mean %s?", near))
	}
	return nil, withHint(err, "there are "+strings.Join(names, ", "))
}

// readPayload reads a webhook body from a file or stdin.
func readPayload(env *environment, path string) ([]byte, error) {
	from := env.stdin
	if path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return nil, fmt.Errorf("read the payload: %w", err)
		}
		defer file.Close()
		from = file
	}
	body, err := io.ReadAll(io.LimitReader(from, adaptor.MaxBody+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read %s: %w", path, err)
	case len(body) > adaptor.MaxBody:
		return nil, fmt.Errorf("%s: larger than %d MiB, which is the most that the adaptor accepts", path, adaptor.MaxBody>>20)
	}
	return body, nil
}

// showPreview writes the messages as the messenger would show them.
func showPreview(env *environment, p adaptor.Preview) error {
	style := env.style(env.stdout)
	var b strings.Builder
	for i, part := range p.Parts {
		if i > 0 {
			b.WriteByte('\n')
		}
		head := []string{p.Receiver.Name, p.Receiver.Channel.Name}
		if len(p.Parts) > 1 {
			head = append(head, fmt.Sprintf("part %d/%d", i+1, len(p.Parts)))
		}
		facts := count(part.Alerts, "alert")
		if part.Size > 0 { // a card of WeCom has other limits
			facts += fmt.Sprintf(", %d of %d bytes", part.Size, p.Receiver.Channel.MaxBytes)
		}
		if part.Shortened {
			facts += ", shortened to fit"
		}
		fmt.Fprintf(&b, "%s  %s\n\n", style.Bold(terminal.Safe(strings.Join(head, "  "))), style.Dim(facts))
		text, err := shownBody(p.Receiver.Channel.Name, string(part.Body))
		if err != nil {
			return err
		}
		for line := range strings.Lines(strings.TrimRight(text, "\n") + "\n") {
			b.WriteString(strings.TrimRight("    "+terminal.Safe(line), " \n") + "\n")
		}
	}
	_, err := io.WriteString(env.stdout, b.String())
	return err
}

// shownBody is a request's body as a person would see the message. A messenger that nobody
// imitates gets what it gets.
func shownBody(channel, body string) (string, error) {
	if !slices.Contains(fakeim.Channels(), channel) {
		return body, nil
	}
	text, err := fakeim.Show(channel, body)
	if err != nil {
		return "", fmt.Errorf("show the message of %s: %w", channel, err)
	}
	return text, nil
}

// previewJSON is the output of render -o json.
type previewJSON struct {
	Version        int               `json:"version"`
	Receiver       string            `json:"receiver"`
	Channel        string            `json:"channel"`
	LimitBytes     int               `json:"limit_bytes"`
	TemplateErrors []string          `json:"template_errors"`
	Parts          []previewPartJSON `json:"parts"`
}

type previewPartJSON struct {
	Alerts    int             `json:"alerts"`
	Bytes     int             `json:"bytes"`
	Shortened bool            `json:"shortened"`
	Body      json.RawMessage `json:"body"`
}

func showPreviewJSON(env *environment, p adaptor.Preview) error {
	shown := previewJSON{
		Version: 1, Receiver: p.Receiver.Name, Channel: p.Receiver.Channel.Name,
		LimitBytes: p.Receiver.Channel.MaxBytes, TemplateErrors: []string{},
	}
	if p.TemplateErrors != nil {
		shown.TemplateErrors = strings.Split(p.TemplateErrors.Error(), "\n")
	}
	for _, part := range p.Parts {
		shown.Parts = append(shown.Parts, previewPartJSON{part.Alerts, part.Size, part.Shortened, part.Body})
	}
	encoder := json.NewEncoder(env.stdout)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(shown)
}
