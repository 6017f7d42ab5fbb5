package receivers

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/textproto"
	"net/url"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/alertmanager/alert"
	"github.com/prometheus/alertmanager/config"
	"github.com/prometheus/alertmanager/config/receiver"
	"github.com/prometheus/alertmanager/notify"
	"github.com/prometheus/alertmanager/notify/webhook"
	"github.com/prometheus/alertmanager/template"
	"github.com/prometheus/common/model"

	"github.com/rulekit/rulekit/adaptor"
	"github.com/rulekit/rulekit/rules"
)

// Judgement is what came of a message that was sent to try a receiver.
type Judgement int

// The judgements.
const (
	// Accepted means that the messenger took the message.
	Accepted Judgement = iota
	// Refused means that it answered, but did not take the message.
	Refused
	// Failed means that there was no answer.
	Failed
)

// Trial is one message that was sent to try a receiver.
type Trial struct {
	Channel, Host string
	// Via is the receiver of the adaptor that the message was sent by, empty for Alertmanager's own
	// notifiers.
	Via string
	// Status is the HTTP status of the answer, 0 if there was none or it is not known; Answer is its
	// text, without secrets, which not all of Alertmanager's notifiers tell.
	Status int
	Answer string
	Judgement
	// Reason is why it was not accepted, with advice where there is some.
	Reason string
	Took   time.Duration
}

// TrialOptions say how to try a receiver.
type TrialOptions struct {
	// Resolved sends that the alert has ended.
	Resolved bool
	// Timeout bounds the wait for each answer.
	Timeout time.Duration
	// Transport sends the adaptor's requests; the default dials, as the adaptor does.
	Transport http.RoundTripper
}

// Try sends a sample alert, which says that it is one, to all that a receiver sends to: through
// the adaptor's own code, or through Alertmanager's own notifiers. Files must be where they say.
func Try(ctx context.Context, files Files, name string, options TrialOptions) (trials []Trial, warnings []string, err error) {
	e, err := begin(files)
	if err != nil {
		return nil, nil, err
	}
	// Where there is no file, as beside an adaptor that runs alone, begin has read what stands for it.
	if loaded, err := config.LoadFile(files.Alertmanager.Path); err == nil {
		e.config = loaded
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("%s: %s", files.Alertmanager.Path, withoutAddresses(err.Error()))
	}
	t := &trier{editing: e, name: name, options: options}
	r := e.receiver(name)
	switch {
	case r != nil:
		trials, err = t.integrations(ctx, r)
	case e.carrier(name) != nil:
		trials = []Trial{t.carry(ctx, name, nil)}
	default:
		err = e.unknown(name)
	}
	return trials, e.result.Warnings, err
}

type trier struct {
	*editing
	name    string
	options TrialOptions
}

// integrations tries all that a receiver of Alertmanager sends to.
func (t *trier) integrations(ctx context.Context, r *config.Receiver) ([]Trial, error) {
	var senders []sender
	eachSender(r, func(_ string, s sender) { senders = append(senders, s) })
	if len(senders) == 0 {
		return nil, failure("rulekit receiver add TYPE "+t.name+" --replace makes it send", "receiver %q sends to nobody", t.name)
	}
	templates, err := t.templates()
	if err != nil {
		return nil, fmt.Errorf("%s: templates: %w", t.am.Path(), err)
	}
	var trials []Trial
	for _, s := range senders {
		if w, ok := s.(*webhook.WebhookConfig); ok {
			if _, target, ok := notifyTarget(string(w.URL)); ok {
				trials = append(trials, t.carry(ctx, target, templates))
				continue
			}
		}
		trials = append(trials, t.notify(ctx, r, s, templates))
	}
	return trials, nil
}

// templates are those of Alertmanager's configuration.
func (t *trier) templates() (*template.Template, error) {
	globs := make([]string, len(t.config.Templates))
	for i, glob := range t.config.Templates {
		if globs[i] = glob; !filepath.IsAbs(glob) {
			globs[i] = filepath.Join(filepath.Dir(t.am.Path()), glob)
		}
	}
	read, err := template.FromGlobs(globs)
	if err != nil {
		return nil, err
	}
	read.ExternalURL = &url.URL{Scheme: "http", Host: "alertmanager:9093"}
	return read, nil
}

// sampleAlert is the shipped alert whose labels the sample has.
const sampleAlert = "PostgreSQLTooManyConnections"

// sample is an alert that says that it is none.
func (t *trier) sample() *alert.Alert {
	now := time.Now()
	a := &alert.Alert{UpdatedAt: now, Alert: model.Alert{
		Labels: model.LabelSet{
			model.AlertNameLabel: sampleAlert, "namespace": "test", clusterLabel: "test", "pod": "test-0",
		},
		Annotations: model.LabelSet{
			"summary":     model.LabelValue("TEST: this is not an alert, receiver " + t.name + " is being tried"),
			"description": "Sent by rulekit receiver test. There is nothing to do.",
		},
		StartsAt: now, EndsAt: now.Add(5 * time.Minute),
	}}
	if t.options.Resolved {
		a.StartsAt, a.EndsAt = now.Add(-5*time.Minute), now
	}
	file, err := rules.BuiltinFile("postgresql")
	if err != nil {
		return a
	}
	for _, rule := range file.Rules() {
		if rule.Name() != sampleAlert {
			continue
		}
		for _, label := range rule.Labels {
			a.Labels[model.LabelName(label.Key.Value)] = model.LabelValue(label.Value.Value)
		}
		if runbook, ok := rule.Annotation("runbook_url"); ok {
			a.Annotations["runbook_url"] = model.LabelValue(runbook.Value.Value)
		}
	}
	return a
}

// notification is the context of Alertmanager's notifiers.
func (t *trier) notification(ctx context.Context, a *alert.Alert) context.Context {
	ctx = notify.WithReceiverName(ctx, t.name)
	// A key of its own keeps the sample apart from real notifications, and from earlier samples.
	ctx = notify.WithGroupKey(ctx, fmt.Sprintf("rulekit-receiver-test-%d", time.Now().UnixNano()))
	ctx = notify.WithGroupLabels(ctx, model.LabelSet{model.AlertNameLabel: a.Labels[model.AlertNameLabel]})
	ctx = notify.WithNow(ctx, time.Now())
	ctx = notify.WithRepeatInterval(ctx, time.Hour)
	reason := notify.ReasonFirstNotification
	if t.options.Resolved {
		reason = notify.ReasonAllAlertsResolved
	}
	return notify.WithNotificationReason(ctx, reason)
}

// notify sends through one of Alertmanager's notifiers.
func (t *trier) notify(ctx context.Context, r *config.Receiver, s sender, templates *template.Template) Trial {
	began := time.Now()
	trial := Trial{Host: destination(s)}
	if mail, ok := s.(*config.EmailConfig); ok {
		trial.Host = mail.Smarthost.String()
	}
	through, way, err := relayed(s)
	var integrations []notify.Integration
	if err == nil {
		integrations, err = receiver.BuildReceiverIntegrations(only(r, s, through), templates, slog.New(slog.DiscardHandler), way.options()...)
	}
	if err == nil && len(integrations) != 1 {
		err = fmt.Errorf("%d notifiers in the place of one", len(integrations))
	}
	if err != nil {
		trial.Judgement, trial.Reason = Failed, withoutAddresses(err.Error())
		return trial
	}
	trial.Channel = integrations[0].Name()
	ctx, cancel := context.WithTimeout(ctx, t.options.Timeout)
	defer cancel()
	a := t.sample()
	answered := make(chan error, 1)
	go func() {
		// Not every notifier heeds its context.
		_, err := integrations[0].Notify(t.notification(ctx, a), a)
		answered <- err
	}()
	select {
	case err = <-answered:
	case <-ctx.Done():
		way, err = nil, fmt.Errorf("no answer within %s", t.options.Timeout)
	}
	trial.Took = time.Since(began)
	var secrets []string
	for _, address := range addressesOf(s) {
		secrets = append(secrets, address.Parts()...)
	}
	if way != nil && way.err != nil {
		err = way.err
	}
	trial.judge(err, secrets)
	if way != nil && way.err == nil && way.status > 0 {
		trial.Status, trial.Answer = way.status, oneLine(adaptor.Redact(string(way.answer), secrets))
	}
	return trial
}

// only is a receiver with one of its integrations, in another form.
func only(r *config.Receiver, s, form sender) config.Receiver {
	one := config.Receiver{Name: r.Name}
	keepSender(&one, r, s, form)
	return one
}

var (
	statusInError = regexp.MustCompile(`status code (\d{3})`)
	// fromSlack is in errors about an answer with HTTP 200 that is a refusal.
	fromSlack = "error response from Slack"
)

// judge reads the error of a notifier, which is all that it tells of the answer.
func (t *Trial) judge(err error, secrets []string) {
	if err == nil {
		return
	}
	text := withoutAddresses(adaptor.Redact(err.Error(), secrets))
	t.Judgement, t.Reason = Refused, text
	mail := (*textproto.Error)(nil)
	switch match := statusInError.FindStringSubmatch(text); {
	case match != nil:
		t.Status, _ = strconv.Atoi(match[1])
		_, t.Answer, _ = strings.Cut(text, match[0]+": ")
	case strings.Contains(text, fromSlack):
		t.Status = http.StatusOK
		_, t.Answer, _ = strings.Cut(text, fromSlack+": ")
	case errors.As(err, &mail):
		t.Answer = adaptor.Redact(fmt.Sprintf("%d %s", mail.Code, mail.Msg), secrets)
	default:
		t.Judgement = Failed
	}
}
