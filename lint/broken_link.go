package lint

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/common/model"
	"golang.org/x/sync/errgroup"

	"github.com/rulekit/rulekit/rules"
)

func init() {
	register(Check{
		Name:    "broken-link",
		Summary: "A link in an annotation leads nowhere.",
		Why: `The runbook is opened when somebody has just been woken. Then it is too late to learn that it was moved.
This check asks for each link in the annotations, once (HEAD, and GET where a server does not answer
that), and reports those that cannot be reached, and those that are answered with 404, 410 or a
failure of the server. Links with templates in them are not asked for, and a page that wants a login
is taken to be there.

It needs the network, so it is off unless it is asked for:

` + "```yaml" + `
checks:
  broken-link: {timeout: 10s, hosts: "wiki\\.example\\.com"}
` + "```" + `

hosts is a regular expression for the whole name of the host, with its port if there is one; empty for
all.`,
		Severity: Warning,
		Scope:    AllFiles,
		Off:      true,
		Options:  brokenLink{Timeout: model.Duration(10 * time.Second)},
		Run:      runBrokenLink,
	})
}

// brokenLink are the options of broken-link.
type brokenLink struct {
	Timeout model.Duration `yaml:"timeout"`
	Hosts   string         `yaml:"hosts"`
}

// Validate tells of a pattern that is none, and of a timeout that is no limit.
func (o brokenLink) Validate() error {
	if o.Timeout <= 0 {
		return errors.New("timeout: want a duration above 0")
	}
	return validatePatterns(map[string]string{"hosts": o.Hosts})
}

// The most links that one run asks for, and how many at once.
const (
	maxLinks    = 1000
	linksAtOnce = 8
)

// link is a URL and the places it is at.
type link struct {
	url    string
	rule   *rules.Rule
	places []Related
	wrong  string
}

func runBrokenLink(p *Pass) {
	o := optionsOf[brokenLink](p)
	links := p.links(o)
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Duration(o.Timeout))
	defer cancel()
	client := &http.Client{Timeout: time.Duration(o.Timeout)}
	group := errgroup.Group{}
	group.SetLimit(linksAtOnce)
	for _, l := range links {
		group.Go(func() error {
			l.wrong = ask(ctx, client, l.url)
			return nil
		})
	}
	_ = group.Wait()
	for _, l := range links {
		if l.wrong == "" {
			continue
		}
		p.Report(Diagnostic{
			Rule: l.rule, Span: l.places[0].Span,
			Message: fmt.Sprintf("link leads nowhere: %s", l.wrong), Hint: "mend the link, or the page",
			Related: someRelated(l.places[1:]),
		})
	}
}

// webAddress finds the links in a text. What closes a sentence or a Markdown link is no part.
var webAddress = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`https?://[^\s<>"'\x60)\]}]+`) })

func (p *Pass) links(o brokenLink) []*link {
	var all []*link
	byURL := map[string]*link{}
	for rule := range p.Alerts() {
		for _, pair := range rule.Annotations {
			text := pair.Value.Value
			for _, at := range webAddress().FindAllStringIndex(text, -1) {
				url := strings.TrimRight(text[at[0]:at[1]], ".,;:!?")
				if strings.Contains(url, "{{") || o.Hosts != "" && !p.pattern(o.Hosts).MatchString(hostOf(url)) {
					continue
				}
				l := byURL[url]
				if l == nil {
					if len(all) == maxLinks {
						return all
					}
					l = &link{url: url, rule: rule}
					byURL[url] = l
					all = append(all, l)
				}
				l.places = append(l.places, Related{
					File: rule.File(), Span: pair.Value.Locate(at[0], at[0]+len(url)), Message: "also here",
				})
			}
		}
	}
	return all
}

func hostOf(url string) string {
	_, rest, _ := strings.Cut(url, "://")
	host, _, _ := strings.Cut(rest, "/")
	return host
}

// ask tells what is wrong with a link, or "".
func ask(ctx context.Context, client *http.Client, url string) string {
	for _, method := range []string{http.MethodHead, http.MethodGet} {
		request, err := http.NewRequestWithContext(ctx, method, url, http.NoBody)
		if err != nil {
			return "it is not a valid address"
		}
		request.Header.Set("User-Agent", "rulekit")
		response, err := client.Do(request)
		if err != nil {
			return "the server cannot be reached"
		}
		response.Body.Close()
		isBroken := response.StatusCode == http.StatusNotFound || response.StatusCode == http.StatusGone || response.StatusCode >= 500
		if !isBroken {
			return ""
		}
		// Some servers know no HEAD, and say so in many ways.
		if method == http.MethodGet {
			return "the server answers " + response.Status
		}
	}
	return ""
}
