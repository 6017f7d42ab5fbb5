package adaptor

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/prometheus/alertmanager/matcher/parse"
	"github.com/prometheus/alertmanager/pkg/labels"
)

// MentionRule says who is called for which firing alerts. It is an entry of a receiver's
// mentions, with the keys severity, matchers, users, mobiles and all.
type MentionRule struct {
	// Severities are those of the alerts it is for, in any case; empty is any.
	Severities []string
	// Matchers must all match the alert's labels; empty is any.
	Matchers labels.Matchers
	// Users are the messenger's names of the users to call, Mobiles their mobile numbers, and
	// All calls everybody.
	Users, Mobiles []string
	All            bool
}

// maxMentions bounds the people that one message calls: a longer list is a mistake, or belongs
// into a group of its own.
const maxMentions = 50

// longestMention is the most bytes of a user's name or a number.
const longestMention = 64

// ParseMatcher reads an entry of matchers in Alertmanager's syntax, such as team="db" or
// env=~"prod.*". The error says what is wrong, without a place.
func ParseMatcher(text string) (*labels.Matcher, error) {
	matcher, err := parse.Matcher(text)
	if err == nil {
		return matcher, nil
	}
	// The syntax of older versions is accepted where the new one is not, as Alertmanager does.
	if classic, failure := labels.ParseMatcher(text); failure == nil {
		return classic, nil
	}
	return nil, fmt.Errorf("%q is no matcher: %w; write it as in Alertmanager, such as team=\"db\" or env=~\"prod.*\"", text, err)
}

// check says what is wrong with a rule for receivers of a channel, or of any where it is nil,
// without a place.
func (r MentionRule) check(channel *Channel) error {
	people := slices.Concat(r.Users, r.Mobiles)
	if len(people) == 0 && !r.All {
		return errors.New("a mention calls nobody: give users, mobiles or all: true")
	}
	if len(people) > maxMentions {
		return fmt.Errorf("a mention calls %d people, more than %d: use all: true, or a group of their own", len(people), maxMentions)
	}
	for _, name := range people {
		if name == "" || len(name) > longestMention || strings.ContainsFunc(name, unfitForMention) {
			return fmt.Errorf("%q is not the name or number of a user: want at most %d characters without spaces, quotes or angle brackets", clip(name, longestMention), longestMention)
		}
	}
	for _, number := range r.Mobiles {
		if strings.Trim(number, "0123456789+-") != "" || !strings.ContainsAny(number, "0123456789") {
			return fmt.Errorf("%q is no mobile number: want digits, with + and - where needed", number)
		}
	}
	if channel == nil || channel.Mention == nil {
		return nil
	}
	for _, who := range r.people() {
		if err := channel.Mention(who); err != nil {
			return err
		}
	}
	return nil
}

// unfitForMention finds what would end a mention early in the markup of some messenger.
func unfitForMention(r rune) bool {
	return r <= ' ' || r == 0x7f || strings.ContainsRune(`<>"'|&()[]`, r)
}

// calls tells whether the rule is for an alert.
func (r MentionRule) calls(a payloadAlert) bool {
	if a.Status == "resolved" {
		return false
	}
	if len(r.Severities) > 0 && !slices.ContainsFunc(r.Severities, func(s string) bool { return strings.EqualFold(s, a.Labels["severity"]) }) {
		return false
	}
	for _, m := range r.Matchers {
		if !m.Matches(a.Labels[m.Name]) {
			return false
		}
	}
	return true
}

// mentions returns who is to be called for the firing alerts of a notification, each once, in
// the order of the rules.
func mentions(rules []MentionRule, p payload) []Mention {
	var called []Mention
	for _, rule := range rules {
		if !slices.ContainsFunc(p.Alerts, rule.calls) {
			continue
		}
		called = append(called, rule.people()...)
	}
	return distinctMentions(called)
}

// people returns whom the rule calls.
func (r MentionRule) people() []Mention {
	var people []Mention
	if r.All {
		people = append(people, Mention{All: true})
	}
	for _, user := range r.Users {
		people = append(people, Mention{User: user})
	}
	for _, mobile := range r.Mobiles {
		people = append(people, Mention{Mobile: mobile})
	}
	return people
}

// distinctMentions keeps the first of each mention, up to as many as a message may have.
func distinctMentions(called []Mention) []Mention {
	var distinct []Mention
	for _, m := range called {
		if !slices.Contains(distinct, m) && len(distinct) < maxMentions {
			distinct = append(distinct, m)
		}
	}
	return distinct
}
