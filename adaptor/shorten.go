package adaptor

import (
	"slices"
	"unicode/utf8"
)

// maxShortenings bounds the attempts to make one message fit. Each takes at least an eighth off
// the longest text, and a message has at most some dozens of texts.
const maxShortenings = 400

// mostFields is how many labels of an alert stay before its other texts are shortened to next to
// nothing.
const mostFields = 16

// shortText is what a text is not shortened below, in bytes.
const shortText = 8

// shortening is a message of its own whose texts can be cut.
type shortening struct {
	*Message
	// size is that of the message before the last cut.
	size int
}

// shortenable returns a copy of the message that can be shortened.
func (m Message) shortenable() *shortening {
	m.Alerts, m.Links = slices.Clone(m.Alerts), slices.Clone(m.Links)
	m.Shortened = true
	for i := range m.Alerts {
		a := &m.Alerts[i]
		a.Where, a.Links = slices.Clone(a.Where), slices.Clone(a.Links)
	}
	return &shortening{Message: &m}
}

// longest is the longest text of the message, to be cut in place.
func (s *shortening) longest() *string {
	longest := &s.Title
	consider := func(texts ...*string) {
		for _, text := range texts {
			if len(*text) > len(*longest) {
				longest = text
			}
		}
	}
	consider(&s.Name, &s.Severity, &s.Reason, &s.FallbackFor, &s.Receiver, &s.GroupKey)
	for i := range s.Alerts {
		a := &s.Alerts[i]
		consider(&a.Text, &a.Name, &a.Severity, &a.Title, &a.Description, &a.Value)
		for j := range a.Where {
			consider(&a.Where[j].Name, &a.Where[j].Value)
		}
	}
	return longest
}

// shorten makes a message of the given size smaller, which has so many bytes too many, and reports
// false where nothing is left to cut. The longest text loses the share of the message that is too
// much: in markup a text can be many times as long, so that as many bytes could be all of it.
// Templates' texts and links go as a whole: half of either is worth nothing. Of very many labels
// half go.
func (s *shortening) shorten(size, tooMany int) bool {
	longest := s.longest()
	if dropLink(&s.Links, len(*longest)) {
		return true
	}
	for i := range s.Alerts {
		a := &s.Alerts[i]
		if dropLink(&a.Links, len(*longest)) {
			return true
		}
		if longest == &a.Text {
			a.Text = ""
			return true
		}
		if len(a.Where) > mostFields && fieldBytes(a.Where) > len(*longest) {
			a.Where = a.Where[:max(mostFields, len(a.Where)/2)]
			return true
		}
	}
	if len(*longest) <= shortText {
		return s.drop()
	}
	cut := len(*longest) / 8
	if s.size == 0 || size < s.size {
		// The last cut was of something that the message shows.
		cut = min(cut, tooMany)
	}
	s.size = size
	cut = max(cut, int(float64(len(*longest))*float64(tooMany)/float64(size)))
	*longest = cutBytes(*longest, max(shortText, len(*longest)-cut-len("…")))
	return true
}

// fieldBytes is the length of all names and values.
func fieldBytes(fields []Field) int {
	bytes := 0
	for _, f := range fields {
		bytes += len(f.Name) + len(f.Value)
	}
	return bytes
}

// dropLink leaves out the first link of at least so many bytes.
func dropLink(links *[]Link, bytes int) bool {
	for i, link := range *links {
		if len(link.URL) >= max(1, bytes) {
			*links = slices.Delete(*links, i, i+1)
			return true
		}
	}
	return false
}

// drop leaves out the links or the last label of the message, when all texts are as short as can
// be.
func (s *shortening) drop() bool {
	if len(s.Links) > 0 {
		s.Links = nil
		return true
	}
	for i := range s.Alerts {
		a := &s.Alerts[i]
		switch {
		case len(a.Where) > 0:
			a.Where = a.Where[:len(a.Where)-1]
			return true
		case a.Description != "" || a.Value != "":
			a.Description, a.Value = "", ""
			return true
		}
	}
	return false
}

// bounded returns the message with no name and no text of an alert longer than so many bytes: one that is
// longer than any message is cut when that is shortened, and would be read over and over until
// then.
func (m Message) bounded(bytes int) Message {
	cut := func(text string) string {
		if len(text) <= bytes {
			return text
		}
		return cutBytes(text, bytes)
	}
	m.Name, m.Severity = cut(m.Name), cut(m.Severity)
	alerts := slices.Clone(m.Alerts)
	for i, a := range alerts {
		a.Name, a.Severity, a.Title, a.Description, a.Value = cut(a.Name), cut(a.Severity), cut(a.Title), cut(a.Description), cut(a.Value)
		if slices.ContainsFunc(a.Where, func(f Field) bool { return max(len(f.Name), len(f.Value)) > bytes }) {
			a.Where = slices.Clone(a.Where)
			for j, f := range a.Where {
				a.Where[j] = Field{cut(f.Name), cut(f.Value)}
			}
		}
		alerts[i] = a
	}
	m.Alerts = alerts
	return m
}

// cutBytes cuts a text to a number of bytes at a character's border, and marks the cut.
func cutBytes(text string, bytes int) string {
	for bytes > 0 && !utf8.RuneStart(text[bytes]) {
		bytes--
	}
	return text[:bytes] + "…"
}

// clip cuts a text to a number of characters, the last of which becomes … when it is cut.
func clip(text string, characters int) string {
	if len(text) <= characters || utf8.RuneCountInString(text) <= characters {
		return text
	}
	seen := 0
	for i := range text {
		if seen++; seen == characters {
			return text[:i] + "…"
		}
	}
	return text
}
