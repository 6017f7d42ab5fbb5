package adaptor

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"text/template"

	"go.yaml.in/yaml/v3"
)

// TemplateText is the source of one template and where it is from.
type TemplateText struct {
	Text string
	// Path is the file, and Line the line in it where the text begins.
	Path string
	Line int
	// inline tells that the text is part of a YAML file: its columns are not those of the file.
	inline bool
}

// templateTextAt returns the template in a scalar of a configuration file.
func templateTextAt(path string, node *yaml.Node) TemplateText {
	line := node.Line
	if node.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		line++
	}
	return TemplateText{Text: node.Value, Path: path, Line: line, inline: true}
}

// TemplatePieces are the templates that a receiver, or a channel, or the key default of
// templates has. An empty text is not given.
type TemplatePieces struct {
	// Title makes the headline (key title), and Alert the text of one alert (key alert).
	Title, Alert TemplateText
}

// or returns the pieces, with those of another in place of what is not given.
func (p TemplatePieces) or(other TemplatePieces) TemplatePieces {
	if p.Title.Text == "" {
		p.Title = other.Title
	}
	if p.Alert.Text == "" {
		p.Alert = other.Alert
	}
	return p
}

// Bounds of the templates of one configuration.
const (
	longestTemplate   = 64 << 10
	mostTemplateFiles = 100
)

// TemplateFiles are the templates that the files of the key template_files define, for use by
// all others.
type TemplateFiles struct {
	paths   []string
	sources templateSources
	// broken tells that some could not be read, so that what they define is not known.
	broken bool
}

// Paths are the files that were read, to be watched for changes.
func (f *TemplateFiles) Paths() []string { return f.paths }

// ReadTemplateFiles reads the files that match the patterns of the key template_files, relative
// to a folder. Each error in them has a line of its own, which begins with the place. What could be
// read is returned beside an error, so that mistakes of those who use it can be found too.
func ReadTemplateFiles(dir string, patterns []string) (*TemplateFiles, error) {
	files := &TemplateFiles{}
	var problems []error
	for _, pattern := range patterns {
		if !filepath.IsAbs(pattern) {
			pattern = filepath.Join(dir, pattern)
		}
		paths, err := filepath.Glob(pattern)
		switch {
		case err != nil:
			problems = append(problems, fmt.Errorf("%s: the pattern is not well-formed: %w", pattern, err))
		case len(paths) == 0:
			problems = append(problems, fmt.Errorf("%s: no file matches: templates of template_files must be there", pattern))
		}
		for _, path := range paths {
			if !slices.Contains(files.paths, path) {
				files.paths = append(files.paths, path)
			}
		}
	}
	if len(files.paths) > mostTemplateFiles {
		return &TemplateFiles{broken: true}, fmt.Errorf("%s: template_files match %d files, more than %d", dir, len(files.paths), mostTemplateFiles)
	}
	for _, path := range files.paths {
		source, err := readFile(path)
		if err == nil {
			_, err = files.sources.add(TemplateText{Text: string(source), Path: path, Line: 1})
		}
		if err != nil {
			problems = append(problems, err)
		}
	}
	if len(problems) == 0 {
		problems = append(problems, files.sources.checkCalls(0))
	}
	err := errors.Join(problems...)
	files.broken = err != nil
	return files, err
}

// Templates make the texts of a receiver's messages. They are safe for concurrent use.
type Templates struct {
	sources templateSources
	// set has every template; title and alert are the names of two of them, or empty.
	set          *template.Template
	title, alert string
}

// ParseTemplates returns the templates of a receiver, or nil where it has none. It tries them with
// a sample: a field that there is none of, and what takes too long, are errors. What else fails
// may do so for some alerts only: then the built-in text is sent. Each error has a line of its
// own, which begins with the place.
func ParseTemplates(files *TemplateFiles, pieces TemplatePieces) (*Templates, error) {
	t, err := parseTemplates(files, pieces)
	if t == nil || err != nil {
		return nil, err
	}
	for _, resolved := range []bool{false, true} {
		p, err := decode(SamplePayload(resolved))
		if err != nil {
			return nil, err
		}
		m := newMessage(p, Style{})
		field, bound := (*fieldError)(nil), (*boundError)(nil)
		if err := t.apply(&m, p, plainMarkup); errors.As(err, &field) || errors.As(err, &bound) {
			return nil, err
		}
	}
	return t, nil
}

func parseTemplates(files *TemplateFiles, pieces TemplatePieces) (*Templates, error) {
	if pieces.Title.Text == "" && pieces.Alert.Text == "" {
		return nil, nil
	}
	if files == nil {
		files = &TemplateFiles{}
	}
	t := &Templates{sources: files.sources.clone()}
	var problems []error
	for _, piece := range []struct {
		text TemplateText
		name *string
	}{{pieces.Title, &t.title}, {pieces.Alert, &t.alert}} {
		if piece.text.Text == "" {
			continue
		}
		name, err := t.sources.add(piece.text)
		problems = append(problems, err)
		*piece.name = name
	}
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	if !files.broken {
		if err := t.sources.checkCalls(len(files.sources.texts)); err != nil {
			return nil, err
		}
	}
	t.set = template.New("")
	for name, tree := range t.sources.trees {
		// The only error is that of a set that was executed already.
		template.Must(t.set.AddParseTree(name, tree))
	}
	return t, nil
}

// plainMarkup writes nothing but text.
var plainMarkup = markup{
	text:    func(s string) string { return s },
	bold:    func(s string) string { return s },
	dim:     func(s string) string { return s },
	link:    func(title, _ string) string { return title },
	newline: "\n",
}

// apply sets the message's title and the texts of its alerts. Those that a template fails to
// make, or leaves empty, are as they were; the error tells of each failure, in lines that begin
// with the place.
func (t *Templates) apply(m *Message, p payload, k markup) error {
	group := newGroupData(m, p, k)
	run := newTemplateRun(t, m, p)
	var failures templateFailures
	if t.title != "" {
		// Channels write the title in their own way, so that it has no markup.
		title, err := run.execute(t.title, group, plainMarkup)
		failures.add(err)
		if err == nil {
			m.Title = oneLine(title)
		}
	}
	if t.alert != "" {
		for i := range m.Alerts {
			text, err := run.execute(t.alert, group.Alerts[i], k)
			failures.add(err)
			if err == nil {
				m.Alerts[i].Text = text
			}
		}
	}
	return failures.err()
}

// write lets the receiver's templates, if it has any, write the texts of a message that was made of
// p. The error tells of each that failed; the built-in texts are in their place.
func (r *Receiver) write(m *Message, p payload) error {
	if r.Templates == nil {
		return nil
	}
	return r.Templates.apply(m, p, r.Channel.Markup(r.Target.Form))
}

// templateFailures collects what went wrong in one message.
type templateFailures struct {
	distinct []error
	more     int
}

// mostFailures is how many different failures of one message are told.
const mostFailures = 3

func (f *templateFailures) add(err error) {
	if err == nil {
		return
	}
	for _, known := range f.distinct {
		if known.Error() == err.Error() {
			return
		}
	}
	if len(f.distinct) == mostFailures {
		f.more++
		return
	}
	f.distinct = append(f.distinct, err)
}

func (f *templateFailures) err() error {
	all := f.distinct
	if f.more > 0 {
		all = append(all, fmt.Errorf("and %d more failures", f.more))
	}
	return errors.Join(all...)
}

// tidyTemplate drops spaces at the ends of lines, empty lines at both ends, and all but one
// empty line in a row, for templates leave many; and ends lines as the markup does.
func tidyTemplate(text, newline string) string {
	var lines []string
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, " \t\r\n")
		if line != "" || (len(lines) > 0 && lines[len(lines)-1] != "") {
			lines = append(lines, line)
		}
	}
	return strings.Trim(strings.Join(lines, newline), " \n")
}
