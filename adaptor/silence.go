package adaptor

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// longestSilence is the most bytes of a silence link: browsers and proxies refuse longer
// addresses, and messages have better use for the space.
const longestSilence = 2000

// silenceLink returns the address of Alertmanager's form for a new silence, filled with the
// alert's labels (its web interface reads them from filter, in matcher syntax). It reports false
// where Alertmanager's address is not known or the link would be too long to work.
func silenceLink(externalURL string, a payloadAlert) (Link, bool) {
	if externalURL == "" || len(a.Labels) == 0 {
		return Link{}, false
	}
	var matchers []string
	for _, name := range slices.Sorted(maps.Keys(a.Labels)) {
		matchers = append(matchers, fmt.Sprintf("%s=%s", name, quoteMatcher(a.Labels[name])))
	}
	filter := url.QueryEscape("{" + strings.Join(matchers, ",") + "}")
	// The interface decodes with decodeURIComponent, to which a plus is a plus.
	address := strings.TrimSuffix(externalURL, "/") + "/#/silences/new?filter=" + strings.ReplaceAll(filter, "+", "%20")
	return Link{LinkSilence, address}, len(address) <= longestSilence
}

var matcherEscapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

// quoteMatcher quotes a value as Alertmanager's matchers do.
func quoteMatcher(value string) string { return `"` + matcherEscapes.Replace(value) + `"` }

// groupSilenceLink returns the address of the form for a silence of all alerts of a notification,
// filled with the labels that they share. It reports false where they are not several alerts of
// one name, for then the silence would be too wide, and where none of them fires.
func groupSilenceLink(p payload) (Link, bool) {
	if len(p.Alerts) < 2 || !slices.ContainsFunc(p.Alerts, func(a payloadAlert) bool { return a.Status != "resolved" }) {
		return Link{}, false
	}
	shared := maps.Clone(p.Alerts[0].Labels)
	for _, a := range p.Alerts[1:] {
		maps.DeleteFunc(shared, func(name, value string) bool { return a.Labels[name] != value })
	}
	if shared["alertname"] == "" {
		return Link{}, false
	}
	link, ok := silenceLink(p.ExternalURL, payloadAlert{Labels: shared})
	link.Kind = LinkSilenceAll
	return link, ok
}
