package receivers

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"

	"github.com/prometheus/alertmanager/config"
	"github.com/prometheus/alertmanager/notify/webhook"
	"github.com/prometheus/alertmanager/pkg/labels"

	"github.com/rulekit/rulekit/adaptor"
)

// Listed is a receiver as a list shows it. It holds no secret.
type Listed struct {
	Name string `json:"name"`
	// Senders are what it sends to, and Routes which alerts lead to it.
	Senders []Sender `json:"senders"`
	Routes  []Routed `json:"routes"`
	// Places are where it is, as file:line.
	Places []string `json:"places"`
	// Problems are what is wrong with it, each with what to do.
	Problems []string `json:"problems"`
}

// Sender is one integration of a receiver.
type Sender struct {
	// Channel is the messenger, and To the host or the address of email.
	Channel string `json:"channel"`
	To      string `json:"to"`
	// Via is the receiver of the adaptor that carries the messages, empty where Alertmanager sends
	// them itself.
	Via          string `json:"via,omitempty"`
	SendResolved bool   `json:"send_resolved"`
	MaxAlerts    uint64 `json:"max_alerts,omitempty"`
}

// Routed is a route that leads to a receiver.
type Routed struct {
	// Default tells that it is that of all alerts that no other takes.
	Default    bool     `json:"default,omitempty"`
	Clusters   []string `json:"clusters"`
	Severities []string `json:"severities"`
	// Matchers are further conditions.
	Matchers []string `json:"matchers"`
	Continue bool     `json:"continue"`
	Line     int      `json:"line"`
}

// List returns the receivers of both configurations, in the order of Alertmanager's, then those
// that only the adaptor has. The warnings are about the configurations.
func List(files Files) (listed []Listed, warnings []string, err error) {
	e, err := begin(files)
	if err != nil {
		return nil, nil, err
	}
	for i := range e.config.Receivers {
		listed = append(listed, e.listed(&e.config.Receivers[i]))
	}
	for i := range e.receivers.Receivers {
		if r := &e.receivers.Receivers[i]; !e.isPostedTo(r.Name) && e.receiver(r.Name) == nil {
			l := Listed{
				Name: r.Name, Senders: []Sender{e.carried(r)}, Routes: []Routed{}, Problems: []string{},
				Places: []string{place(e.im.Path(), receiverLine(e.im, r.Name))},
			}
			if !e.isFallback(r.Name) {
				l.Problems = append(l.Problems, "Alertmanager does not post to it, and it is no fallback: it gets nothing")
			}
			listed = append(listed, l)
		}
	}
	return listed, e.result.Warnings, nil
}

func place(path string, line int) string { return fmt.Sprintf("%s:%d", path, line) }

// isPostedTo tells whether Alertmanager posts to a receiver of the adaptor.
func (e *editing) isPostedTo(name string) bool {
	for _, r := range e.config.Receivers {
		for _, w := range r.WebhookConfigs {
			if _, target, ok := notifyTarget(string(w.URL)); ok && target == name {
				return true
			}
		}
	}
	return false
}

// isFallback tells whether a receiver of the adaptor gets what another cannot deliver.
func (e *editing) isFallback(name string) bool {
	return slices.ContainsFunc(e.receivers.Receivers, func(r adaptor.Receiver) bool { return r.Fallback == name })
}

// carried is how the adaptor sends for one of its receivers.
func (e *editing) carried(r *adaptor.Receiver) Sender {
	host := r.Target.Host()
	if isStandIn(r.Target) {
		host = ""
	}
	return Sender{Channel: r.Channel.Name, To: host, Via: r.Name, SendResolved: true}
}

func (e *editing) listed(r *config.Receiver) Listed {
	l := Listed{
		Name: r.Name, Senders: []Sender{}, Routes: e.routesTo(r.Name), Problems: []string{},
		Places: []string{place(e.am.Path(), receiverLine(e.am, r.Name))},
	}
	eachSender(r, func(kind string, s sender) {
		sent := Sender{Channel: kind, To: destination(s), SendResolved: s.SendResolved()}
		if w, ok := s.(*webhook.WebhookConfig); ok {
			e.listWebhook(&l, &sent, w)
		}
		l.Senders = append(l.Senders, sent)
	})
	if len(l.Senders) == 0 {
		l.Problems = append(l.Problems, "it sends to nobody: what goes to it is dropped")
	}
	if len(l.Routes) == 0 {
		l.Problems = append(l.Problems, "no route leads to it: it gets nothing")
	}
	return l
}

// listWebhook adds what the adaptor makes of a webhook that posts to it.
func (e *editing) listWebhook(l *Listed, sent *Sender, w *webhook.WebhookConfig) {
	_, target, ok := notifyTarget(string(w.URL))
	if !ok {
		return
	}
	sent.MaxAlerts = w.MaxAlerts
	if carrier := e.carrier(target); carrier != nil {
		carried := e.carried(carrier)
		sent.Channel, sent.To, sent.Via = carried.Channel, carried.To, carried.Via
		l.Places = append(l.Places, place(e.im.Path(), receiverLine(e.im, target)))
	} else {
		sent.Channel, sent.Via = "adaptor", target
		l.Problems = append(l.Problems, fmt.Sprintf("it posts to the adaptor's receiver %s, which is not in %s: nothing arrives; rulekit receiver add TYPE %s", target, e.im.Path(), target))
	}
	if !w.SendResolved() {
		l.Problems = append(l.Problems, "nobody is told when an alert ends (send_resolved: false); rulekit receiver adopt "+l.Name)
	}
	if w.MaxAlerts > 0 {
		l.Problems = append(l.Problems, fmt.Sprintf("a message names no more than %d alerts (max_alerts); rulekit receiver adopt %s", w.MaxAlerts, l.Name))
	}
}

// destination is where an integration sends to, without what may be secret of it.
func destination(s sender) string {
	if mail, ok := s.(*config.EmailConfig); ok {
		return mail.To
	}
	for _, target := range addressesOf(s) {
		if u, err := url.Parse(string(target)); err == nil && u.Host != "" {
			return u.Host
		}
	}
	return ""
}

// addressesOf are the addresses that an integration posts to, as far as they are known.
func addressesOf(s sender) []adaptor.Secret {
	switch c := s.(type) {
	case *webhook.WebhookConfig:
		return []adaptor.Secret{cmp.Or(adaptor.Secret(c.URL), fromFile(c.URLFile))}
	case *config.SlackConfig:
		if c.APIURL != nil {
			return []adaptor.Secret{adaptor.Secret(c.APIURL.URL.String())}
		}
		return []adaptor.Secret{fromFile(c.APIURLFile)}
	}
	return nil
}

// targetsOf are the addresses that a receiver posts to.
func targetsOf(r *config.Receiver) []adaptor.Secret {
	var all []adaptor.Secret
	eachSender(r, func(_ string, s sender) { all = append(all, addressesOf(s)...) })
	return all
}

// routesTo are the routes that lead to a receiver, also those that have it from the one above.
func (e *editing) routesTo(name string) []Routed {
	found := []Routed{}
	var visit func(r *config.Route, path []any, receiver string, conditions []*labels.Matcher)
	visit = func(r *config.Route, path []any, receiver string, conditions []*labels.Matcher) {
		receiver = cmp.Or(r.Receiver, receiver)
		conditions = append(slices.Clone(conditions), matchersOf(r)...)
		if receiver == name {
			routed := routedBy(conditions)
			routed.Default, routed.Continue, routed.Line = r == e.config.Route, r.Continue, e.am.Line(path...)
			if routed.Default {
				routed.Line = e.am.Line("route", "receiver")
			}
			found = append(found, routed)
		}
		for i, child := range r.Routes {
			visit(child, append(slices.Clone(path), "routes", i), receiver, conditions)
		}
	}
	visit(e.config.Route, []any{"route"}, "", nil)
	return found
}

// routedBy sorts conditions into clusters, severities and others.
func routedBy(conditions []*labels.Matcher) Routed {
	routed := Routed{Clusters: []string{}, Severities: []string{}, Matchers: []string{}}
	for _, m := range conditions {
		values := valuesOf(m)
		switch {
		case m.Name == clusterLabel && values != nil:
			routed.Clusters = append(routed.Clusters, values...)
		case m.Name == severityLabel && values != nil:
			routed.Severities = append(routed.Severities, values...)
		default:
			routed.Matchers = append(routed.Matchers, m.String())
		}
	}
	return routed
}
