package simulate

import (
	"io"
	"net/http"
	"strings"
)

// standIn is the host for a name that nobody has: it accepts every message as the service
// behind that integration does, so that Alertmanager's notifier is content.
func standIn(a *attempt) Host {
	integration := ""
	if a != nil {
		integration = a.integration
	}
	return Host{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		kind, body := standInAnswer(integration, r)
		w.Header().Set("Content-Type", kind)
		io.WriteString(w, body)
	})}
}

// standInAnswer is what a service says to a message it accepts: the least that Alertmanager's
// notifiers (github.com/prometheus/alertmanager/notify/...) want to read.
func standInAnswer(integration string, r *http.Request) (kind, body string) {
	const json = "application/json"
	switch integration {
	case "jira":
		if isQuestion(integration, r) {
			return json, `{"issues":[]}`
		}
		return json, `{"id":"1","key":"SIM-1"}`
	case "rocketchat":
		return json, `{"success":true}`
	case "sns":
		return "text/xml", `<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult>` +
			`<MessageId>simulated</MessageId></PublishResult></PublishResponse>`
	case "telegram":
		return json, `{"ok":true,"result":{"message_id":1,"date":0,"chat":{"id":1,"type":"group"}}}`
	case "wechat":
		return json, `{"errcode":0,"errmsg":"ok","access_token":"simulated"}`
	}
	// Slack's incoming webhooks answer exactly this; to the others the status is enough.
	return "text/plain", "ok"
}

// isQuestion tells requests by which a notifier only asks for something from its messages.
func isQuestion(integration string, r *http.Request) bool {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return true
	}
	path := r.URL.Path
	return integration == "jira" && (strings.HasSuffix(path, "/search") || strings.HasSuffix(path, "/search/jql"))
}
