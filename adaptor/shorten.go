package adaptor

import (
	"slices"
	"unicode/utf8"
)

// maxShortenings bounds the attempts to make one message fit. Each takes at least an eighth off
// the longest text, and a message has at most some dozens of texts.
const maxShortenings = 400

// mostFields is the most labels a shortened alert shows.
const mostFields = 16

// shortText is what a text is not shortened below, in bytes.
const shortText = 8

// shortening is a message of its own whose texts can be cut.
type shortening struct {
	*Message
	// texts are those of the message, to be cut in place.
	texts []*string
}

// shortenable returns a copy of the message that can be shortened.
func (m Message) shortenable() *shortening {
	m.Alerts, m.Links = slices.Clone(m.Alerts), slices.Clone(m.Links)
	m.Shortened = true
	s := &shortening{Message: &m, texts: []*string{&m.Title, &m.Name, &m.Severity, &m.Reason, &m.FallbackFor, &m.Receiver, &m.GroupKey}}
	for i := range m.Alerts {
		a := &m.Alerts[i]
		a.Where = slices.Clone(a.Where[:min(len(a.Where), mostFields)])
		a.Links = slices.Clone(a.Links)
		s.texts = append(s.texts, &a.Text, &a.Name, &a.Severity, &a.Title, &a.Description, &a.Value)
		for j := range a.Where {
			s.texts = append(s.texts, &a.Where[j].Name, &a.Where[j].Value)
		}
	}
	return s
}

// shorten cuts the longest text by the given number of bytes at least, or by an eighth where
// that is more, and reports false where nothing is left to cut. Templates' texts and links go as
// a whole: half of either is worth nothing.
func (s *shortening) shorten(bytes int) bool {
	longest := s.texts[0]
	for _, text := range s.texts {
		if len(*text) > len(*longest) {
			longest = text
		}
	}
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
	}
	if len(*longest) <= shortText {
		return s.drop()
	}
	*longest = cutBytes(*longest, max(shortText, len(*longest)-max(bytes, len(*longest)/8)-len("…")))
	return true
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

// bounded returns the message with no text of an alert longer than so many bytes: one that is
// longer than any message is cut when that is shortened, and would be read over and over until
// then.
func (m Message) bounded(bytes int) Message {
	cut := func(text string) string {
		if len(text) <= bytes {
			return text
		}
		return cutBytes(text, bytes)
	}
	alerts := slices.Clone(m.Alerts)
	for i, a := range alerts {
		a.Title, a.Description, a.Value = cut(a.Title), cut(a.Description), cut(a.Value)
		if slices.ContainsFunc(a.Where, func(f Field) bool { return len(f.Value) > bytes }) {
			a.Where = slices.Clone(a.Where)
			for j, f := range a.Where {
				a.Where[j].Value = cut(f.Value)
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
