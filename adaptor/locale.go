package adaptor

import (
	"cmp"
	"embed"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"go.yaml.in/yaml/v3"
)

// Locale holds the words of messages in one language. Its file has the keys of the yaml tags;
// %s and %d in them stand for what is put in, in the order of locales/en.yaml.
type Locale struct {
	// Name is a BCP 47 language tag, such as zh-CN; it is the name of the file.
	Name string `yaml:"-"`

	Firing           string   `yaml:"firing"`
	Resolved         string   `yaml:"resolved"`
	ResolvedAlert    string   `yaml:"resolved_alert"`
	FiredAndResolved string   `yaml:"fired_and_resolved"`
	Since            string   `yaml:"since"`
	Period           string   `yaml:"period"`
	Duration         Duration `yaml:"duration"`
	Value            string   `yaml:"value"`
	NoName           string   `yaml:"no_name"`
	AndMore          string   `yaml:"and_more"`
	ListSeparator    string   `yaml:"list_separator"`
	Runbook          string   `yaml:"runbook"`
	Dashboard        string   `yaml:"dashboard"`
	Graph            string   `yaml:"graph"`
	Silence          string   `yaml:"silence"`
	SilenceAll       string   `yaml:"silence_all"`
	Alertmanager     string   `yaml:"alertmanager"`
	Digest           string   `yaml:"digest"`
	Truncated        Plural   `yaml:"truncated"`
	Shortened        string   `yaml:"shortened"`
	Unsure           string   `yaml:"unsure"`
	Late             string   `yaml:"late"`
	Fallback         string   `yaml:"fallback"`
}

// Plural is a phrase with a number in it. One is for 1, in languages that have a form for it.
type Plural struct {
	One   string `yaml:"one"`
	Other string `yaml:"other"`
}

// of puts a number into the phrase.
func (p Plural) of(n uint64) string {
	if n == 1 && p.One != "" {
		return p.One
	}
	return fmt.Sprintf(p.Other, n)
}

// Duration are the parts that a length of time is written in, each with its number.
type Duration struct {
	Days    string `yaml:"days"`
	Hours   string `yaml:"hours"`
	Minutes string `yaml:"minutes"`
	Seconds string `yaml:"seconds"`
}

// of writes a length of time in its two largest units, such as 1d2h.
func (d Duration) of(length time.Duration) string {
	units := []struct {
		phrase string
		length time.Duration
	}{{d.Days, 24 * time.Hour}, {d.Hours, time.Hour}, {d.Minutes, time.Minute}, {d.Seconds, time.Second}}
	rest := length.Round(time.Second)
	for i, unit := range units {
		if rest < unit.length && i < len(units)-1 {
			continue
		}
		text := fmt.Sprintf(unit.phrase, rest/unit.length)
		if i == len(units)-1 {
			return text
		}
		if next := units[i+1]; rest%unit.length >= next.length {
			text += fmt.Sprintf(next.phrase, rest%unit.length/next.length)
		}
		return text
	}
	return ""
}

//go:embed locales
var localeFiles embed.FS

// english is the locale of messages whose receiver names none, and gives the words that another
// locale lacks.
var english = builtInLocale("en", &Locale{})

// builtInLocales are all that need no file, in the order of their names.
var builtInLocales = []*Locale{english, builtInLocale("zh-CN", english)}

func builtInLocale(name string, base *Locale) *Locale {
	path := "locales/" + name + ".yaml"
	source, err := localeFiles.ReadFile(path)
	if err != nil {
		panic(err)
	}
	locale, err := parseLocale(path, source, base)
	if err != nil {
		panic(err)
	}
	return locale
}

// LocaleByName returns the locale that the key locale names: one of those read from files, or
// a built-in one. The error suggests another name; it has no place.
func LocaleByName(name string, read []*Locale) (*Locale, error) {
	var names []string
	for _, locale := range slices.Concat(read, builtInLocales) {
		if locale.Name == name {
			return locale, nil
		}
		names = append(names, locale.Name)
	}
	names = slices.Compact(slices.Sorted(slices.Values(names)))
	return nil, fmt.Errorf("there is no locale %q%s: want %s, or give a file of its words in locales", name, meantLocale(name, names), strings.Join(names, ", "))
}

// meantLocale suggests the name that differs in case or separator, or in the region only.
func meantLocale(name string, names []string) string {
	language, _, _ := strings.Cut(strings.ReplaceAll(name, "_", "-"), "-")
	for _, known := range names {
		if prefix, _, _ := strings.Cut(known, "-"); strings.EqualFold(prefix, language) {
			return fmt.Sprintf(" (did you mean %q?)", known)
		}
	}
	return didYouMean(name, names)
}

// Bounds of a locale's file and of each phrase in it, in bytes.
const (
	longestLocale = 64 << 10
	longestPhrase = 500
)

// localeName is the form of BCP 47 language tags (RFC 5646, section 2.1).
var localeName = regexp.MustCompile(`^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$`)

// ReadLocale reads a file of the key locales: the words of a language, under the keys of
// locales/en.yaml. The file's name is the language's, such as ja.yaml or pt-BR.yaml. Words that
// it lacks are English. The error lists all that is wrong, each with its place.
func ReadLocale(path string) (*Locale, error) {
	source, err := readFile(path)
	if err != nil {
		return nil, err
	}
	return parseLocale(path, source, english)
}

// parseLocale reads a locale whose missing words are those of base. Where base has none, all
// must be there.
func parseLocale(path string, source []byte, base *Locale) (*Locale, error) {
	locale := *base
	locale.Name = strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
	if !localeName.MatchString(locale.Name) {
		return nil, fmt.Errorf("%s: the file's name is no language: want the BCP 47 name, such as ja.yaml or pt-BR.yaml", path)
	}
	if len(source) > longestLocale {
		return nil, fmt.Errorf("%s: the file is larger than %d KiB", path, longestLocale>>10)
	}
	var document yaml.Node
	if err := yaml.Unmarshal(source, &document); err != nil {
		return nil, fmt.Errorf("%s: %s", path, strings.TrimPrefix(err.Error(), "yaml: "))
	}
	r := localeReader{path: path, seen: map[string]bool{}}
	if len(document.Content) == 0 {
		return nil, fmt.Errorf("%s: the file is empty: it needs the keys of the English locale", path)
	}
	r.mapping("", document.Content[0], reflect.ValueOf(&locale).Elem(), reflect.ValueOf(base).Elem())
	return &locale, errors.Join(r.problems...)
}

// localeReader fills a Locale from YAML and collects what is wrong.
type localeReader struct {
	path     string
	seen     map[string]bool
	problems []error
}

func (r *localeReader) problem(node *yaml.Node, format string, args ...any) {
	r.problems = append(r.problems, fmt.Errorf("%s:%d: %s", r.path, node.Line, fmt.Sprintf(format, args...)))
}

// mapping reads the keys below a prefix into the fields of a structure. The verbs of a phrase
// must be those of the same phrase of the model.
func (r *localeReader) mapping(prefix string, node *yaml.Node, into, model reflect.Value) {
	if node.Kind != yaml.MappingNode {
		r.problem(node, "%s must be a mapping of phrases, not %s", cmp.Or(strings.TrimSuffix(prefix, "."), "the file"), kindName(node))
		return
	}
	keys := localeKeys(into.Type())
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		name := prefix + key.Value
		field := slices.Index(keys, key.Value)
		switch {
		case key.Value == "" || field < 0:
			r.problem(key, "unknown key %q%s: the keys are those of the English locale: %s", name, didYouMean(key.Value, keys), strings.Join(slices.DeleteFunc(keys, func(k string) bool { return k == "" }), ", "))
		case r.seen[name]:
			r.problem(key, "the key %q is set twice", name)
		case into.Field(field).Kind() == reflect.Struct:
			r.seen[name] = true
			r.mapping(name+".", value, into.Field(field), model.Field(field))
			if p, ok := into.Field(field).Addr().Interface().(*Plural); ok && r.seen[name+".other"] && !r.seen[name+".one"] {
				// The language has no form for 1: the English one is not in its place.
				p.One = ""
			}
		default:
			r.seen[name] = true
			r.phrase(name, value, into.Field(field), model.Field(field).String())
		}
	}
}

// localeKeys are the keys of a structure's fields, with an empty one for the name.
func localeKeys(structure reflect.Type) []string {
	var keys []string
	for i := range structure.NumField() {
		keys = append(keys, strings.TrimPrefix(structure.Field(i).Tag.Get("yaml"), "-"))
	}
	return keys
}

func (r *localeReader) phrase(name string, node *yaml.Node, into reflect.Value, model string) {
	if node.Kind != yaml.ScalarNode || node.ShortTag() == "!!null" {
		r.problem(node, "%s must be text, not %s", name, kindName(node))
		return
	}
	text := node.Value
	if len(text) > longestPhrase || strings.ContainsFunc(text, unicode.IsControl) {
		r.problem(node, "%s must be one line of at most %d bytes", name, longestPhrase)
		return
	}
	verbs, err := phraseVerbs(text)
	if err != nil {
		r.problem(node, "%s: %s", name, err)
		return
	}
	if wanted, _ := phraseVerbs(model); model != "" && verbs != wanted {
		r.problem(node, "%s has %s, but what is put in is %s, as in the English %q", name, cmp.Or(verbs, "no verb"), cmp.Or(wanted, "nothing"), model)
		return
	}
	into.SetString(text)
}

var phraseVerb = regexp.MustCompile(`%(?:\[([1-9])\])?([a-zA-Z%]?)`)

// phraseVerbs lists what a phrase puts in, in the order of the arguments, such as "%s %d".
// Another order in the phrase is written %[2]d … %[1]s.
func phraseVerbs(phrase string) (string, error) {
	var verbs []string
	for _, found := range phraseVerb.FindAllStringSubmatch(phrase, -1) {
		switch {
		case found[0] == "%%":
			continue
		case found[2] != "s" && found[2] != "d":
			return "", fmt.Errorf("%q is neither %%s nor %%d; a percent sign is written %%%%", found[0])
		}
		n, err := strconv.Atoi(cmp.Or(found[1], strconv.Itoa(len(verbs)+1)))
		if err != nil || n > len(verbs)+9 {
			return "", fmt.Errorf("%q has no such argument", found[0])
		}
		for len(verbs) < n {
			verbs = append(verbs, "")
		}
		if verbs[n-1] != "" {
			return "", fmt.Errorf("%q is put in twice", found[0])
		}
		verbs[n-1] = "%" + found[2]
	}
	return strings.Join(verbs, " "), nil
}
