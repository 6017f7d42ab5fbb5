package adaptor

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/template"
	"text/template/parse"
)

// templateSources are texts of templates and what they define.
type templateSources struct {
	texts []TemplateText
	// trees are the templates by name. One that has a name of sourceName is a whole text.
	trees map[string]*parse.Tree
}

func (s *templateSources) clone() templateSources {
	return templateSources{slices.Clone(s.texts), maps.Clone(s.trees)}
}

// sourceName is what text/template calls a text in its errors, which are taken apart again: it
// has no colon in it.
func sourceName(index int) string { return "#" + strconv.Itoa(index) }

// add parses a text, adds the templates that it defines, and returns the name of the one that is
// the whole text. The error begins with the place.
func (s *templateSources) add(text TemplateText) (string, error) {
	name := sourceName(len(s.texts))
	s.texts = append(s.texts, text)
	if len(text.Text) > longestTemplate {
		return "", fmt.Errorf("%s:%d: the template is larger than %d KiB", text.Path, text.Line, longestTemplate>>10)
	}
	parsed, err := template.New(name).Funcs(templateFunctions).Parse(text.Text)
	if err != nil {
		return "", s.locate(err)
	}
	if s.trees == nil {
		s.trees = map[string]*parse.Tree{}
	}
	for _, defined := range parsed.Templates() {
		if defined.Tree == nil {
			continue
		}
		if first := s.trees[defined.Name()]; first != nil {
			return "", fmt.Errorf("%s: the template %q is defined already, at %s", s.place(defined.Tree, defined.Tree.Root), defined.Name(), s.place(first, first.Root))
		}
		s.trees[defined.Name()] = boundTree(defined.Tree)
	}
	if s.trees[name] == nil {
		s.trees[name] = boundTree(&parse.Tree{Name: name, ParseName: name, Root: &parse.ListNode{NodeType: parse.NodeList}})
	}
	return name, nil
}

// place is where a node of a tree is.
func (s *templateSources) place(tree *parse.Tree, node parse.Node) string {
	place, _ := tree.ErrorContext(node)
	name, position, _ := strings.Cut(place, ":")
	line, column, _ := strings.Cut(position, ":")
	return s.position(name, line, column)
}

// position turns a place in a text into one in its file.
func (s *templateSources) position(name, line, column string) string {
	index, _ := strconv.Atoi(strings.TrimPrefix(name, "#"))
	text := s.texts[index]
	offset, _ := strconv.Atoi(line)
	place := fmt.Sprintf("%s:%d", text.Path, text.Line+offset-1)
	if n, err := strconv.Atoi(column); err == nil && !text.inline {
		place += fmt.Sprintf(":%d", n+1)
	}
	return place
}

// checkCalls finds calls of templates that are not defined, in the texts from the given one on.
func (s *templateSources) checkCalls(from int) error {
	var problems []error
	for _, name := range slices.Sorted(maps.Keys(s.trees)) {
		tree := s.trees[name]
		if index, err := strconv.Atoi(strings.TrimPrefix(tree.ParseName, "#")); err != nil || index < from {
			continue
		}
		walkTemplate(tree.Root, func(node parse.Node) {
			call, ok := node.(*parse.TemplateNode)
			if !ok || s.trees[call.Name] != nil {
				return
			}
			problems = append(problems, fmt.Errorf("%s: there is no template %q%s: define it in a file of template_files", s.place(tree, call), call.Name, didYouMean(call.Name, s.defined())))
		})
	}
	return errors.Join(problems...)
}

// defined are the names of the templates that can be called.
func (s *templateSources) defined() []string {
	var names []string
	for name := range s.trees {
		if !strings.HasPrefix(name, "#") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

var (
	// templateError is how text/template begins its errors: with the text, the line, for errors of
	// execution the column, and what was executed.
	templateError   = regexp.MustCompile(`(?s)^template: (#\d+):(\d+)(?::(\d+))?: (?:executing "(?:[^"\\]|\\.)*" at (<.*?>): )?(.*)$`)
	unknownFunction = regexp.MustCompile(`^function "(.*)" not defined$`)
	callFailed      = regexp.MustCompile(`^error calling \w+: `)
	unknownField    = regexp.MustCompile(`^can't evaluate field (\w+) in type \*?adaptor\.(\w+)$`)
)

// fieldError is a use of a field that the data of templates never has.
type fieldError struct{ message string }

func (e *fieldError) Error() string { return e.message }

// locate rewrites an error of text/template: it begins with the place in the user's file, and
// says what to do.
func (s *templateSources) locate(err error) error {
	found := templateError.FindStringSubmatch(err.Error())
	if found == nil {
		return err
	}
	place, context, message := s.position(found[1], found[2], found[3]), strings.Trim(found[4], "<>"), found[5]
	if bound := (*boundError)(nil); errors.As(err, &bound) {
		return fmt.Errorf("%s: %w", place, bound)
	}
	if name := unknownFunction.FindStringSubmatch(message); name != nil {
		names := templateFunctionNames()
		return fmt.Errorf("%s: there is no function %q%s: there are %s, and those of Go's templates", place, name[1], didYouMean(name[1], names), strings.Join(names, ", "))
	}
	if field := unknownField.FindStringSubmatch(message); field != nil {
		return fmt.Errorf("%s: %w", place, noField(field[1], field[2]))
	}
	if message == "unexpected EOF" {
		message = "the template ends too early: an {{ end }} is missing"
	}
	if context != "" {
		message = context + ": " + callFailed.ReplaceAllString(message, "")
	}
	return fmt.Errorf("%s: %s", place, oneLine(message))
}

// noField says what a type of data has instead of a field.
func noField(field, typeName string) *fieldError {
	of, names := "the group has no ."+field, dataNames(&groupData{})
	switch typeName {
	case "alertData":
		of, names = "an alert has no ."+field, dataNames(&alertData{})
		if slices.Contains(dataNames(&groupData{}), field) {
			return &fieldError{of + ", its group has: write .Group." + field}
		}
	case "genericMessage":
		of, names = "the message has no ."+field, dataNames(genericMessage{})
	case "genericAlert":
		of, names = "an alert has no ."+field, dataNames(genericAlert{})
	case "genericMention":
		of, names = "a mention has no ."+field, dataNames(genericMention{})
	}
	return &fieldError{of + didYouMean(field, names) + ": it has " + strings.Join(names, ", ")}
}
