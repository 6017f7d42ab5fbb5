package adaptor

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// slackLength is how many characters Slack counts in a text. Nobody says what it takes for a
// character; UTF-16 has the most of what may be meant.
func slackLength(text string) int {
	length := 0
	for _, r := range text {
		length += max(1, utf16.RuneLen(r))
	}
	return length
}

// mrkdwnToken is the beginning of a text that must not be cut: an escaped character, a link or a
// mention, or one character.
func mrkdwnToken(text string) string {
	switch text[0] {
	case '&':
		for _, escaped := range []string{"&amp;", "&lt;", "&gt;"} {
			if strings.HasPrefix(text, escaped) {
				return escaped
			}
		}
	case '<':
		if end := strings.IndexAny(text[1:], "<>\n"); end >= 0 && text[1+end] == '>' {
			return text[:end+2]
		}
	}
	_, size := utf8.DecodeRuneInString(text)
	return text[:size]
}

// splitMrkdwn cuts a text of mrkdwn into texts of at most so many characters, at the ends of
// lines where there are any, and never within a link or an escaped character. A link that is
// longer than that is left out.
func splitMrkdwn(text string, most int) []string {
	var parts []string
	var part strings.Builder
	length, lineEnd := 0, 0
	end := func(at int) {
		whole := part.String()
		if trimmed := strings.Trim(whole[:at], "\n"); strings.TrimSpace(trimmed) != "" {
			parts = append(parts, trimmed)
		}
		part.Reset()
		part.WriteString(whole[at:])
		length, lineEnd = slackLength(whole[at:]), 0
	}
	for text != "" {
		token := mrkdwnToken(text)
		text = text[len(token):]
		size := slackLength(token)
		if size > most {
			continue
		}
		if length+size > most && lineEnd > 0 {
			end(lineEnd)
		}
		if length+size > most {
			end(part.Len())
		}
		part.WriteString(token)
		length += size
		if token == "\n" {
			lineEnd = part.Len()
		}
	}
	end(part.Len())
	return parts
}

// slackName is an ID of a user or of a group of users
// (https://docs.slack.dev/messaging/formatting-message-text).
var slackName = regexp.MustCompile(`^[UWS][A-Z0-9]{2,20}$`)

// checkSlackMention refuses whom slackMentions cannot call.
func checkSlackMention(who Mention) error {
	switch {
	case who.Mobile != "":
		return fmt.Errorf("a number such as %s cannot be called by Slack: give the member ID (U…) under users", who.Mobile)
	case who.User != "" && !slices.Contains(slackEverybody, who.User) && !slackName.MatchString(who.User):
		return fmt.Errorf("%q cannot be called by Slack: give a member ID (U…), the ID of a group (S…), %s", who.User, strings.Join(slackEverybody, ", "))
	}
	return nil
}

// slackEverybody are the words that call all members of the channel, or those who are there.
var slackEverybody = []string{"channel", "everyone", "here"}

// slackMentions calls people: users and groups by their IDs, and everybody in the channel, or of
// them who are there, by the words channel, everyone and here. Slack knows no mobile numbers.
func slackMentions(people []Mention) string {
	var called []string
	for _, p := range people[:min(len(people), maxMentions)] {
		switch {
		case p.All:
			called = append(called, "<!channel>")
		case slices.Contains(slackEverybody, p.User):
			called = append(called, "<!"+p.User+">")
		case slackName.MatchString(p.User) && p.User[0] == 'S':
			called = append(called, "<!subteam^"+p.User+">")
		case slackName.MatchString(p.User):
			called = append(called, "<@"+p.User+">")
		case p.User != "":
			called = append(called, slackEscapes.Replace("@"+clip(oneLine(p.User), 64)))
		}
	}
	return strings.Join(called, " ")
}
