package rules

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
)

// Set is what was read from the files and folders that a command was given.
type Set struct {
	// Files are the files that hold rules or were named, in the order they were asked for.
	Files []*File
	// LeftOut are the paths of YAML files that were met in a folder and hold no rules.
	LeftOut []string
}

// Load reads rule files: files, folders with all that is below them, patterns with *, ?, []
// and ** (any number of folders), and - for Options.Stdin. A file that is met twice is read
// once. What is wrong inside a file becomes its problems; the error tells, a line each, of
// paths that do not exist, cannot be read, are no text or too large, and of folders and
// patterns that hold no rule file. It joins all of them and then comes with no Set.
func Load(ctx context.Context, paths []string, o Options) (*Set, error) {
	if o.Dialect != "" && !slices.Contains(Dialects, o.Dialect) {
		return nil, fmt.Errorf("unknown dialect %q: it is one of %s", o.Dialect, strings.Join(Dialects, ", "))
	}
	l := loader{options: o, seen: map[string]*candidate{}, skipped: map[string]bool{}}
	for _, p := range paths {
		l.find(p)
	}
	if err := errors.Join(l.errs...); err != nil {
		return nil, err
	}
	if err := l.read(ctx); err != nil {
		return nil, err
	}
	return l.set()
}

// candidate is a file that is to be read.
type candidate struct {
	path string
	// named tells that the file was asked for by its own name; asked are the folders and
	// patterns that led to it.
	named bool
	asked []string
	file  *File
}

type loader struct {
	options Options
	files   []*candidate
	asked   []string // folders and patterns, in order
	seen    map[string]*candidate
	// skipped are the folders and patterns that led to something that was skipped.
	skipped map[string]bool
	errs    []error
}

func (l *loader) fail(format string, args ...any) {
	l.errs = append(l.errs, fmt.Errorf(format, args...))
}

// find adds the files that one argument names.
func (l *loader) find(p string) {
	if p == "-" {
		l.add(p, "")
		return
	}
	info, err := os.Stat(p)
	switch {
	case err == nil && info.IsDir():
		l.walk(p, p)
	case err == nil:
		l.add(p, "")
	case errors.Is(err, fs.ErrNotExist) && strings.ContainsAny(p, "*?["):
		l.glob(p)
	case errors.Is(err, fs.ErrNotExist):
		l.fail("%s: %w", p, errNoFile)
	default:
		l.fail("read %s: %w", p, WithoutPath(err))
	}
}

var errNoFile = noFile{}

// noFile is fs.ErrNotExist in words for a person.
type noFile struct{}

func (noFile) Error() string        { return "no such file or folder" }
func (noFile) Is(target error) bool { return target == fs.ErrNotExist }

// WithoutPath is an error of the file system without the path, which our messages have already.
func WithoutPath(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// add notes a file; asked is the folder or pattern that led to it, or "" if it was named.
func (l *loader) add(p, asked string) {
	key := filepath.Clean(p)
	if l.skip(p, asked) {
		return
	}
	c := l.seen[key]
	if c == nil {
		c = &candidate{path: p}
		l.seen[key] = c
		l.files = append(l.files, c)
	}
	if asked == "" {
		c.named = true
		return
	}
	c.asked = append(c.asked, asked)
}

// skip tells whether a file or folder is not to be read.
func (l *loader) skip(p, asked string) bool {
	if p == "-" {
		p = l.stdinName()
	}
	if l.options.Skip == nil || !l.options.Skip(p) {
		return false
	}
	l.skipped[asked] = true
	return true
}

func (l *loader) stdinName() string { return cmp.Or(l.options.StdinName, "<stdin>") }

// walk adds the YAML files below a folder, in lexical order, hidden ones left out.
func (l *loader) walk(folder, asked string) {
	l.ask(asked)
	err := fs.WalkDir(os.DirFS(folder), ".", func(p string, entry fs.DirEntry, err error) error {
		full := filepath.Join(folder, filepath.FromSlash(p))
		switch {
		case err != nil:
			l.fail("read %s: %w", full, WithoutPath(err))
			return nil
		case p != "." && strings.HasPrefix(entry.Name(), ".") && entry.IsDir(), entry.IsDir() && l.skip(full, asked):
			return fs.SkipDir
		case strings.HasPrefix(entry.Name(), ".") || !isYAML(p) || !isRegular(full, entry):
			return nil
		}
		l.add(full, asked)
		return nil
	})
	if err != nil {
		l.fail("read %s: %w", folder, WithoutPath(err))
	}
}

func (l *loader) ask(asked string) {
	if !slices.Contains(l.asked, asked) {
		l.asked = append(l.asked, asked)
	}
}

func isYAML(p string) bool {
	extension := strings.ToLower(path.Ext(p))
	return extension == ".yaml" || extension == ".yml"
}

// isRegular tells whether an entry is a file or a link to one.
func isRegular(full string, entry fs.DirEntry) bool {
	if entry.Type()&fs.ModeSymlink == 0 {
		return entry.Type().IsRegular()
	}
	info, err := os.Stat(full)
	return err == nil && info.Mode().IsRegular()
}

// read reads and parses the files, several at a time.
func (l *loader) read(ctx context.Context) error {
	errs := make([]error, len(l.files))
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(runtime.GOMAXPROCS(0))
	for i, c := range l.files {
		work.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			errs[i] = l.parse(c)
			return nil
		})
	}
	if err := work.Wait(); err != nil {
		return err
	}
	return errors.Join(errs...)
}

func (l *loader) parse(c *candidate) error {
	name, src, err := l.content(c.path)
	switch {
	case err != nil:
		return fmt.Errorf("read %s: %w", name, WithoutPath(err))
	case len(src) > MaxFileSize:
		return fmt.Errorf("%s: the file is larger than the %d MiB that are read", name, MaxFileSize>>20)
	case isBinary(src) && c.named:
		return fmt.Errorf("%s: the file is binary, not YAML", name)
	}
	c.file = Parse(name, src, l.options)
	return nil
}

// isBinary tells whether a file is no text. UTF-16 has zero bytes too, but is text.
func isBinary(src []byte) bool {
	return bytes.IndexByte(src, 0) >= 0 && !bytes.HasPrefix(src, []byte("\xff\xfe")) && !bytes.HasPrefix(src, []byte("\xfe\xff"))
}

// content reads a file, and never more than a byte beyond the limit.
func (l *loader) content(p string) (name string, src []byte, err error) {
	if p == "-" {
		name = l.stdinName()
		if l.options.Stdin == nil {
			return name, nil, errors.New("there is no standard input")
		}
		src, err = io.ReadAll(io.LimitReader(l.options.Stdin, MaxFileSize+1))
		return name, src, err
	}
	file, err := os.Open(p)
	if err != nil {
		return p, nil, err
	}
	defer file.Close()
	src, err = io.ReadAll(io.LimitReader(file, MaxFileSize+1))
	return p, src, err
}

// set puts the files together that are to be kept.
func (l *loader) set() (*Set, error) {
	set := &Set{}
	kept := maps.Clone(l.skipped)
	for _, c := range l.files {
		f := c.file
		if !c.named && len(f.Groups) == 0 && (f.empty || !f.broken) {
			set.LeftOut = append(set.LeftOut, c.path)
			continue
		}
		for _, asked := range c.asked {
			kept[asked] = true
		}
		set.Files = append(set.Files, f)
	}
	for _, asked := range l.asked {
		if !kept[asked] {
			l.fail("no rule files in %s", asked)
		}
	}
	if err := errors.Join(l.errs...); err != nil {
		return nil, err
	}
	return set, nil
}
