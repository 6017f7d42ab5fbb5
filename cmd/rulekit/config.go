package main

import (
	"fmt"
	"io"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"

	"github.com/rulekit/rulekit/lint"
	"github.com/rulekit/rulekit/rules/terminal"
)

// newConfig shows what rulekit lint would work with.
func newConfig(env *environment) *cobra.Command {
	var flags configFlags
	cmd := &cobra.Command{
		Use:   "config [PATH...]",
		Short: "Show the configuration of lint, and where each value comes from",
		Long: `config prints what "rulekit lint" with the same flags would work with, as it could stand in
.rulekit.yaml. Behind each value is where it comes from: the configuration, a flag, or the default.`,
		Example: `  rulekit config
  rulekit config --fail-on warning rules/
  rulekit config --no-config > .rulekit.yaml`,
		GroupID: groupHelp,
		RunE: func(cmd *cobra.Command, args []string) error {
			settled, err := flags.settle(cmd.Flags(), args)
			if err != nil {
				return err
			}
			return showConfig(env.stdout, env.style(env.stdout), settled, &flags)
		},
	}
	checks, knowledge, config := flags.groups()
	groupFlags(cmd,
		flagGroup{"What is reported", checks}, flagGroup{"What lint knows", knowledge}, flagGroup{"Configuration", config},
	)
	completeChecks(cmd)
	return cmd
}

// configLine is one line of a configuration and where it comes from.
type configLine struct{ text, origin string }

const defaultOrigin = "default"

func showConfig(w io.Writer, style terminal.Style, e *effective, flags *configFlags) error {
	lines, err := configLines(e, flags)
	if err != nil {
		return err
	}
	width := 0
	for _, line := range lines {
		if line.origin != "" {
			width = max(width, min(terminal.Cells(line.text), 60))
		}
	}
	var b strings.Builder
	for _, line := range lines {
		if line.origin == "" {
			b.WriteString(terminal.Safe(line.text) + "\n")
			continue
		}
		b.WriteString(terminal.Pad(terminal.Safe(line.text), width) + "  " + style.Dim("# "+terminal.Safe(line.origin)) + "\n")
	}
	_, err = io.WriteString(w, b.String())
	return err
}

// fromFile is the configuration with paths as they stand in its file: from the file's folder.
func (e *effective) fromFile() (*lint.Config, error) {
	config := *e.Config
	folder, err := filepath.Abs(filepath.Dir(e.Path))
	if err != nil {
		return nil, fmt.Errorf("find the folder of %s: %w", e.Path, err)
	}
	for _, paths := range []*[]string{&config.Paths, &config.Metrics, &config.Prometheus, &config.Alertmanager} {
		*paths = slices.Clone(*paths)
		for i, path := range *paths {
			(*paths)[i] = fromFolder(folder, path)
		}
	}
	config.Baseline = fromFolder(folder, config.Baseline)
	return &config, nil
}

// fromFolder is a path of the current folder as seen from another.
func fromFolder(folder, path string) string {
	absolute, err := filepath.Abs(path)
	if err != nil || filepath.IsAbs(path) || path == "" || path == "-" {
		return path
	}
	relative, err := filepath.Rel(folder, absolute)
	if err != nil {
		return path
	}
	return filepath.ToSlash(relative)
}

func configLines(e *effective, flags *configFlags) ([]configLine, error) {
	var lines []configLine
	config, err := e.fromFile()
	if err != nil {
		return nil, err
	}
	values := reflect.ValueOf(config).Elem()
	for _, field := range reflect.VisibleFields(values.Type()) {
		key := field.Tag.Get("yaml")
		if !field.IsExported() || key == "-" {
			continue
		}
		value := values.FieldByIndex(field.Index).Interface()
		switch typed := value.(type) {
		case lint.Settings:
			lines = append(lines, configLine{text: "checks:"})
			for _, check := range lint.Checks() {
				line, err := checkLine(e, flags, check)
				if err != nil {
					return nil, err
				}
				lines = append(lines, line)
			}
			continue
		case []lint.Override:
			overrides, err := overrideLines(e, typed)
			if err != nil {
				return nil, err
			}
			lines = append(lines, overrides...)
			continue
		case lint.PathPatterns:
			value = typed.Text
		case lint.Severity:
			value = typed.String()
		case fmt.Stringer:
			value = typed.String()
		}
		if e.origin(key) == defaultOrigin && values.FieldByIndex(field.Index).IsZero() {
			// A key without a value is as good as none, so that what is printed means the same.
			lines = append(lines, configLine{key + ":", "not set"})
			continue
		}
		text, err := inline(value)
		if err != nil {
			return nil, err
		}
		lines = append(lines, configLine{key + ": " + text, e.origin(key)})
	}
	return lines, nil
}

func (e *effective) origin(key string) string {
	if origin := e.origins[key]; origin != "" {
		return origin
	}
	if line := e.Line(key); line > 0 {
		return fmt.Sprintf("%s:%d", e.Path, line)
	}
	return defaultOrigin
}

// checkLine says whether a check runs, how severe it is, and with which options.
func checkLine(e *effective, flags *configFlags, check *lint.Check) (configLine, error) {
	origin := e.origin("checks." + check.Name)
	switch {
	case slices.Contains(flags.disable, check.Name):
		origin = "--disable"
	case len(flags.enable) > 0:
		origin = "--enable"
	}
	setting := e.Checks[check.Name]
	// A check may run for some files only: then it is off here, and on in overrides.
	on := slices.Contains(e.checks, check) && (setting.Enabled == nil || *setting.Enabled) &&
		(setting.Enabled != nil || !check.Off || len(flags.enable) > 0)
	text, err := settingText(check, setting, on)
	return configLine{fmt.Sprintf("  %s: %s", check.Name, text), origin}, err
}

// settingText is a setting as it stands in a configuration.
func settingText(check *lint.Check, setting lint.Setting, on bool) (string, error) {
	severity := check.Severity
	if setting.Severity != nil {
		severity = *setting.Severity
	}
	options := setting.Options
	if options == nil {
		options = check.Options
	}
	switch {
	case !on && setting.Options == nil:
		return "off", nil
	case options == nil && setting.Severity == nil:
		// Some findings of a check may have a severity of their own: on leaves it to them.
		return "on", nil
	case options == nil:
		return severity.String(), nil
	}
	text, err := inline(options)
	if err != nil {
		return "", err
	}
	text = strings.TrimPrefix(strings.TrimPrefix(text, "{"), "}")
	switch {
	case !on:
		text = "enabled: false, " + text
	case setting.Severity != nil:
		text = "severity: " + severity.String() + ", " + text
	}
	return "{" + text, nil
}

func overrideLines(e *effective, overrides []lint.Override) ([]configLine, error) {
	if len(overrides) == 0 {
		return []configLine{{"overrides:", "not set"}}, nil
	}
	lines := []configLine{{"overrides:", e.origin("overrides")}}
	for _, override := range overrides {
		paths, err := inline(override.Paths.Text)
		if err != nil {
			return nil, err
		}
		lines = append(lines, configLine{text: "  - paths: " + paths}, configLine{text: "    checks:"})
		for _, check := range lint.Checks() {
			setting, ok := override.Checks[check.Name]
			if !ok {
				continue
			}
			text, err := settingText(check, setting, setting.Enabled == nil || *setting.Enabled)
			if err != nil {
				return nil, err
			}
			lines = append(lines, configLine{text: "      " + check.Name + ": " + text})
		}
	}
	return lines, nil
}

// inline is a value as YAML on one line.
func inline(value any) (string, error) {
	var node yaml.Node
	if err := node.Encode(value); err != nil {
		return "", fmt.Errorf("show the configuration: %w", err)
	}
	flow(&node)
	text, err := yaml.Marshal(&node)
	if err != nil {
		return "", fmt.Errorf("show the configuration: %w", err)
	}
	return strings.TrimSpace(strings.ReplaceAll(string(text), "\n", " ")), nil
}

// flow makes a node and all below it be written on one line.
func flow(n *yaml.Node) {
	n.Style = yaml.FlowStyle
	for _, child := range n.Content {
		flow(child)
	}
}
