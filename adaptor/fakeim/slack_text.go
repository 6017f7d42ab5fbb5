package fakeim

import "strings"

// mrkdwn reads Slack's markup into lines
// (https://docs.slack.dev/messaging/formatting-message-text).
func mrkdwn(text string) []line {
	var lines []line
	code := false
	for part := range strings.SplitSeq(text, "\n") {
		shape := plainLine
		if strings.HasPrefix(part, "```") && strings.Count(part, "```") == 1 {
			code = !code
			part = part[3:]
			if part == "" {
				continue
			}
		}
		switch {
		case code:
			part, code = strings.TrimSuffix(part, "```"), !strings.HasSuffix(part, "```")
			lines = append(lines, line{Shape: codeLine, Spans: []span{{Text: slackEntities.Replace(part)}}})
			continue
		case strings.HasPrefix(part, ">"):
			shape, part = quoteLine, strings.TrimPrefix(part[1:], " ")
		}
		lines = append(lines, line{Shape: shape, Spans: mrkdwnSpans(part, span{})})
	}
	return lines
}

// mrkdwnSpans reads a line that looks as the given style, where its markup says nothing else.
func mrkdwnSpans(text string, style span) []span {
	var spans []span
	start := 0
	flush := func(end int) {
		if start < end {
			s := style
			s.Text = slackEmoji(text[start:end])
			spans = append(spans, s)
		}
	}
	for at := 0; at < len(text); {
		var made []span
		length := 0
		switch text[at] {
		case '<':
			made, length = slackLink(text[at:], style)
		case '*', '_', '~', '`':
			// Emphasis begins where a word does.
			if at == 0 || strings.ContainsRune(" \t(", rune(text[at-1])) {
				made, length = slackEmphasis(text[at:], style)
			}
		}
		if length == 0 {
			at++
			continue
		}
		flush(at)
		spans = append(spans, made...)
		at += length
		start = at
	}
	flush(len(text))
	return spans
}

// slackLink reads a link or a mention at the beginning of a text, and returns how long it is.
func slackLink(text string, style span) (spans []span, length int) {
	parts := slackReference.FindStringSubmatch(text)
	if parts == nil {
		return nil, 0
	}
	target, label := parts[1], parts[2]
	switch {
	case strings.HasPrefix(target, "!"), strings.HasPrefix(target, "@"):
		style.Text, style.Mention = "@"+target[1:], true
	case strings.HasPrefix(target, "#"):
		style.Text, style.Mention = target, true
	case label == "":
		style.URL = slackEntities.Replace(target)
		style.Text = shortURL(style.URL)
		return []span{style}, len(parts[0])
	default:
		style.URL = slackEntities.Replace(target)
		return mrkdwnSpans(label, style), len(parts[0])
	}
	return []span{style}, len(parts[0])
}

func slackEmphasis(text string, style span) (spans []span, length int) {
	if parts := slackBold.FindStringSubmatch(text); parts != nil {
		style.Bold = true
		return mrkdwnSpans(parts[1], style), len(parts[0])
	}
	if parts := slackCode.FindStringSubmatch(text); parts != nil {
		style.Code, style.mark, style.Text = true, "`", slackEntities.Replace(parts[1])
		return []span{style}, len(parts[0])
	}
	if parts := slackItalic.FindStringSubmatch(text); parts != nil {
		style.Italic, style.mark = true, "_"
		return mrkdwnSpans(parts[1], style), len(parts[1]) + 2
	}
	if parts := slackStrike.FindStringSubmatch(text); parts != nil {
		style.Strike, style.mark = true, "~"
		return mrkdwnSpans(parts[1], style), len(parts[1]) + 2
	}
	return nil, 0
}
