package adaptor

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"
)

// Config is the adaptor's configuration.
type Config struct {
	Receivers []Receiver
	// Locales are those that were read from files, whether or not a receiver has one.
	Locales []*Locale
	// DedupWindow is how long the same notification counts as posted twice; 0 is
	// DefaultDedupWindow.
	DedupWindow time.Duration
	// AllowHosts are the hosts that receivers may have addresses and proxies on, as names or
	// *.suffixes; empty allows any.
	AllowHosts []string
	// MaxAge is how old a notification may be when it is sent, where its receiver does not say;
	// 0 is the server's default.
	MaxAge time.Duration
}

// Receiver is a name under which notifications can be posted, and where they go.
type Receiver struct {
	Name    string
	Channel *Channel
	Target  Target
	Style   Style
	// Templates make the texts, nil for the built-in ones.
	Templates *Templates
	// Mentions say who is called for which alerts.
	Mentions []MentionRule
	// Token is what a post must bear in its Authorization header; empty asks for none.
	Token Secret
	// Fallback is the receiver that gets what this one cannot deliver; empty leaves it to the
	// dead letters. FallbackAfter is how long a notification may wait before that; 0 is until
	// it is given up.
	Fallback      string
	FallbackAfter time.Duration
	// MaxAge is how old a notification may be when it is sent; 0 is the server's default.
	MaxAge time.Duration
	// Rates replace those of the channel, where a bot may send more or less than usual.
	Rates []Rate
	// Proxy is the address of the proxy for this receiver's requests; empty leaves it to the
	// environment. It may hold a password.
	Proxy Secret
}

// Bounds of a configuration.
const (
	// maxConfig is the largest configuration or secret file that is read, in bytes.
	maxConfig = 1 << 20
	// minDedupWindow is the shortest dedup_window: for as long the store itself refuses what is
	// put again, whatever is configured.
	minDedupWindow = raceWindow
	// maxDedupWindow is the longest dedup_window: a repeat_interval must be longer, or repeats
	// are taken for duplicates, and KubeBlocks' was ten minutes.
	maxDedupWindow = 10 * time.Minute
	// maxMaxAge is the longest max_age: a week, as long as a queue must remember threads.
	maxMaxAge = 7 * 24 * time.Hour
	// maxRateMessages and maxRatePeriod bound the rates of a receiver.
	maxRateMessages = 1000
	maxRatePeriod   = 24 * time.Hour
	// longestName is the most bytes of a receiver's name.
	longestName = 200
)

// dedupWindow is the window of a configuration, or the default where it has none.
func dedupWindow(configured time.Duration) time.Duration {
	if configured == 0 {
		return DefaultDedupWindow
	}
	return configured
}

// Source is a configuration file, and what else it takes to read it. Environment variables in
// its addresses and secrets come from Getenv; files it names are relative to its folder.
type Source struct {
	Path   string
	Getenv func(string) string
	// WithoutSecrets checks a configuration where its secrets are not at hand: what it has from
	// a file of secrets or from the environment is Unknown. It cannot be used then.
	WithoutSecrets bool
}

// Unknown is a secret of a configuration that was read without its secrets.
const Unknown Secret = "unknown\x00"

// ConfigError is all that is wrong with a configuration.
type ConfigError struct {
	// Problems are lines that begin with the place, as in adaptor.yaml:3: ..., in order of
	// their lines. None quotes an address or a secret.
	Problems []string
}

func (e *ConfigError) Error() string { return strings.Join(e.Problems, "\n") }

// LoadConfig reads a configuration file. The error is a *ConfigError, or tells why the file
// cannot be read.
func LoadConfig(path string, getenv func(string) string) (*Config, error) {
	return Source{Path: path, Getenv: getenv}.Load()
}

// Load reads the configuration. The error is a *ConfigError, or tells why the file cannot be
// read.
func (s Source) Load() (*Config, error) {
	config, _, err := s.load()
	return config, err
}

// ParseConfig is LoadConfig for a configuration that was read already; the path is for errors
// and relative files.
func ParseConfig(path string, source []byte, getenv func(string) string) (*Config, error) {
	config, _, err := Source{Path: path, Getenv: getenv}.parse(source)
	return config, err
}

// load reads the configuration. It returns the files it is made of, also those that are missing
// or wrong.
func (s Source) load() (config *Config, files []string, err error) {
	source, err := readFile(s.Path)
	if err != nil {
		return nil, []string{s.Path}, err
	}
	return s.parse(source)
}

func (s Source) parse(source []byte) (*Config, []string, error) {
	r := &configReader{Source: s, files: []string{s.Path}}
	config := r.read(source)
	if err := r.err(); err != nil {
		return nil, r.files, err
	}
	return config, r.files, nil
}

// readFile reads a file of at most maxConfig bytes. Its errors begin with the path.
func readFile(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fileError(path, err)
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, maxConfig+1))
	if err != nil {
		return nil, fileError(path, err)
	}
	if len(content) > maxConfig {
		return nil, fmt.Errorf("%s: the file is larger than the %d KiB that are read", path, maxConfig>>10)
	}
	return content, nil
}

// fileError says what is wrong with a file, without the name of the system call.
func fileError(path string, err error) error {
	if cause := (*fs.PathError)(nil); errors.As(err, &cause) {
		err = cause.Err
	}
	return fmt.Errorf("%s: %w", path, err)
}

// configReader walks the YAML of a configuration and collects what is wrong with it.
type configReader struct {
	Source
	// files are those that the configuration is made of.
	files    []string
	problems []configProblem
	// defaults are what receivers have that say nothing else.
	defaults receiverDefaults
	// config is what was read so far, and places where its receivers are.
	config *Config
	places []receiverPlace
}

// configProblem is something wrong at a line; the line is 0 for the whole file.
type configProblem struct {
	line int
	text string
}

// problem records what is wrong at a line; the line is 0 for the whole file.
func (r *configReader) problem(line int, format string, args ...any) {
	place := r.Path
	if line > 0 {
		place = fmt.Sprintf("%s:%d", r.Path, line)
	}
	r.placedProblem(line, fmt.Errorf("%s: %s", place, fmt.Sprintf(format, args...)))
}

// placedProblem records an error that has its place already, of something that is named at a
// line.
func (r *configReader) placedProblem(line int, err error) {
	r.problems = append(r.problems, configProblem{line, err.Error()})
}

// err returns all problems in order of their lines, or nil.
func (r *configReader) err() error {
	if len(r.problems) == 0 {
		return nil
	}
	slices.SortStableFunc(r.problems, func(a, b configProblem) int { return a.line - b.line })
	all := &ConfigError{}
	for _, p := range r.problems {
		all.Problems = append(all.Problems, strings.Split(p.text, "\n")...)
	}
	return all
}
