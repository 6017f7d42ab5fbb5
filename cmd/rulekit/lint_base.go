package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rulekit/rulekit/lint"
	"github.com/rulekit/rulekit/rules"
)

// gitTimeout bounds what git does for one run.
const gitTimeout = time.Minute

// gitBase is what rule files were at an earlier revision.
type gitBase struct {
	// changed are the paths of files that are not as they were then.
	changed map[string]bool
	// before are all files that have changed or are gone, as they were: rules may have moved.
	before []*rules.File
	// elsewhere are those of them that are not linted, as they are now.
	elsewhere []*rules.File
}

// newGitBase compares files with a revision of the repository they are in. The error says what
// to do: there is no repository, or the revision is not known in it.
func newGitBase(ctx context.Context, revision string, files []*rules.File, reading rules.Options) (*gitBase, error) {
	ctx, cancel := context.WithTimeout(ctx, gitTimeout)
	defer cancel()
	g := &git{ctx: ctx, folder: "."}
	if len(files) > 0 {
		g.folder = filepath.Dir(files[0].Path)
	}
	top, err := g.run(nil, "rev-parse", "--show-toplevel")
	if err != nil {
		return nil, withHint(err, "--base works inside a git repository")
	}
	g.folder = strings.TrimRight(string(top), "\r\n")
	commit, err := g.commit(revision)
	if err != nil {
		return nil, err
	}
	tree, err := g.tree(commit)
	if err != nil {
		return nil, err
	}
	base := &gitBase{changed: map[string]bool{}}
	wanted, err := g.touched(commit)
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		path := g.path(file.Path)
		delete(wanted, path)
		if there := tree[path]; there == "" || there != blobName(file, len(there)) {
			base.changed[file.Path] = true
			wanted[path] = true
		}
	}
	var blobs []string
	for _, path := range slices.Sorted(maps.Keys(wanted)) {
		if blob := tree[path]; blob != "" {
			blobs = append(blobs, blob)
		}
		if !wanted[path] {
			base.elsewhere = append(base.elsewhere, g.now(path, reading)...)
		}
	}
	base.before, err = g.blobs(blobs, reading)
	return base, err
}

// filter takes out of a result what has to do with nothing that changed, and returns how many
// findings these are.
func (b *gitBase) filter(files []*rules.File, result *lint.Result) int {
	changed := slices.DeleteFunc(slices.Clone(files), func(f *rules.File) bool { return !b.changed[f.Path] })
	// What is still elsewhere has not moved to the files that are linted.
	return lint.NewChanges(b.before, append(slices.Clone(b.elsewhere), changed...)).Filter(result)
}

// git runs git in a folder.
type git struct {
	ctx    context.Context
	folder string
}

// run runs git and returns what it prints. The error is what git says, in one line.
func (g *git) run(stdin io.Reader, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(g.ctx, "git", append([]string{"-C", g.folder}, args...)...)
	var stderr bytes.Buffer
	cmd.Stdin, cmd.Stderr = stdin, &stderr
	cmd.Env = append(gitEnv(os.Environ()), "LC_ALL=C", "GIT_OPTIONAL_LOCKS=0", "GIT_TERMINAL_PROMPT=0")
	out, err := cmd.Output()
	said, _, _ := strings.Cut(strings.TrimSpace(stderr.String()), "\n")
	switch {
	case err == nil:
		return out, nil
	case errors.Is(err, exec.ErrNotFound):
		return nil, errors.New("git is not installed")
	case errors.Is(g.ctx.Err(), context.DeadlineExceeded):
		return nil, fmt.Errorf("git %s took longer than %s", args[0], gitTimeout)
	case g.ctx.Err() != nil:
		return nil, errors.New("interrupted")
	case said == "":
		return nil, fmt.Errorf("git %s: %w", args[0], err)
	}
	return nil, fmt.Errorf("git %s: %s", args[0], strings.TrimPrefix(said, "fatal: "))
}

// gitEnv leaves out what git sets for its hooks, which holds for the folder that git started them
// in and no other. Where a work tree is named too, somebody wants it so.
func gitEnv(env []string) []string {
	named := slices.ContainsFunc(env, func(v string) bool { return strings.HasPrefix(v, "GIT_WORK_TREE=") })
	return slices.DeleteFunc(env, func(v string) bool {
		return !named && (strings.HasPrefix(v, "GIT_DIR=") || strings.HasPrefix(v, "GIT_INDEX_FILE="))
	})
}

// commit is the name of the commit that a revision stands for.
func (g *git) commit(revision string) (string, error) {
	out, err := g.run(nil, "rev-parse", "--verify", "--quiet", "--end-of-options", revision+"^{commit}")
	if err == nil {
		return strings.TrimSpace(string(out)), nil
	}
	if g.ctx.Err() != nil {
		return "", err
	}
	hint := "git fetch may bring it"
	if shallow, err := g.run(nil, "rev-parse", "--is-shallow-repository"); err == nil && strings.TrimSpace(string(shallow)) == "true" {
		hint = "the clone is shallow: git fetch --unshallow brings the rest (fetch-depth: 0 for actions/checkout)"
	}
	return "", withHint(errors.New("there is no such revision in the repository"), hint)
}

// gitTree are the names of the contents of a commit's files, by path.
type gitTree map[string]string

func (g *git) tree(commit string) (gitTree, error) {
	out, err := g.run(nil, "ls-tree", "-r", "-z", "--full-tree", commit)
	if err != nil {
		return nil, err
	}
	tree := gitTree{}
	for entry := range strings.SplitSeq(string(out), "\x00") {
		meta, name, _ := strings.Cut(entry, "\t")
		if fields := strings.Fields(meta); len(fields) == 3 && fields[1] == "blob" {
			tree[name] = fields[2]
		}
	}
	return tree, nil
}

// touched are the YAML files of a commit that are not as they were then, or are no more. The values
// are false.
func (g *git) touched(commit string) (map[string]bool, error) {
	out, err := g.run(nil, "diff", "--name-only", "--no-renames", "--no-ext-diff", "--ignore-submodules", "-z", commit, "--")
	if err != nil {
		return nil, err
	}
	touched := map[string]bool{}
	for name := range strings.SplitSeq(string(out), "\x00") {
		if extension := strings.ToLower(path.Ext(name)); extension == ".yaml" || extension == ".yml" {
			touched[name] = false
		}
	}
	return touched, nil
}

// now is a file of the work tree as it is, if it can be read.
func (g *git) now(path string, reading rules.Options) []*rules.File {
	name := filepath.Join(g.folder, filepath.FromSlash(path))
	info, err := os.Lstat(name)
	if err != nil || !info.Mode().IsRegular() || info.Size() > rules.MaxFileSize {
		return nil
	}
	source, err := os.ReadFile(name)
	if err != nil {
		return nil
	}
	return []*rules.File{rules.Parse(path, source, reading)}
}

// path is a path as git names it, or "" for a file outside the repository.
func (g *git) path(name string) string {
	absolute, err := filepath.Abs(name)
	if err != nil {
		return ""
	}
	if real, err := filepath.EvalSymlinks(absolute); err == nil {
		absolute = real
	}
	relative, err := filepath.Rel(g.folder, absolute)
	if err != nil {
		return ""
	}
	return filepath.ToSlash(relative)
}

// blobName is the name that git has for the content of a file, of so many hexadecimal digits.
func blobName(file *rules.File, digits int) string {
	source := file.Source
	if len(file.Documents) == 0 {
		// The source of a server's configuration is not kept as it is.
		var err error
		if source, err = os.ReadFile(file.Path); err != nil {
			return ""
		}
	}
	var h hash.Hash = sha1.New()
	if digits == sha256.Size*2 {
		h = sha256.New()
	}
	fmt.Fprintf(h, "blob %d\x00", len(source))
	h.Write(source)
	return hex.EncodeToString(h.Sum(nil))
}

// blobs reads contents, and the rules in them.
func (g *git) blobs(names []string, reading rules.Options) ([]*rules.File, error) {
	if len(names) == 0 {
		return nil, nil
	}
	out, err := g.run(strings.NewReader(strings.Join(names, "\n")+"\n"), "cat-file", "--batch")
	if err != nil {
		return nil, err
	}
	var files []*rules.File
	r := bufio.NewReader(bytes.NewReader(out))
	for range names {
		header, err := r.ReadString('\n')
		fields := strings.Fields(header)
		if err != nil || len(fields) != 3 {
			return nil, fmt.Errorf("git cat-file: unexpected answer %q", strings.TrimSpace(header))
		}
		size, err := strconv.Atoi(fields[2])
		if err != nil || size < 0 || size > len(out) {
			return nil, fmt.Errorf("git cat-file: unexpected answer %q", strings.TrimSpace(header))
		}
		content := make([]byte, size+1)
		if _, err := io.ReadFull(r, content); err != nil {
			return nil, fmt.Errorf("git cat-file: %w", err)
		}
		if size <= rules.MaxFileSize {
			files = append(files, rules.Parse(fields[0], content[:size], reading))
		}
	}
	return files, nil
}
