package fakeim

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

var (
	markdownLink  = regexp.MustCompile(`!?\[([^\]\n]*)\]\(([^)\s]*)\)`)
	fontTag       = regexp.MustCompile(`</?font[^>]*>`)
	boldMark      = regexp.MustCompile(`\*\*([^*\n]+)\*\*`)
	headingMark   = regexp.MustCompile(`(?m)^[ ]{0,3}#{1,6} +`)
	quoteMark     = regexp.MustCompile(`(?m)^[ ]{0,3}> ?`)
	ruleMark      = regexp.MustCompile(`(?m)^ {0,3}-{3,} *$`)
	trailingSpace = regexp.MustCompile(`(?m)[ \t]+$`)
)

// rule is how a horizontal line looks.
const rule = "────────"

// plainMarkdown writes Markdown as it looks once rendered. Mentions are the caller's affair,
// for every messenger writes them in a way of its own.
func plainMarkdown(text string) string {
	text = markdownLink.ReplaceAllStringFunc(text, func(link string) string {
		parts := markdownLink.FindStringSubmatch(link)
		return parts[1] + " (" + shortURL(parts[2]) + ")"
	})
	text = fontTag.ReplaceAllString(text, "")
	text = boldMark.ReplaceAllString(text, "$1")
	text = headingMark.ReplaceAllString(text, "")
	text = quoteMark.ReplaceAllString(text, "│ ")
	text = ruleMark.ReplaceAllString(text, rule)
	return strings.TrimSpace(trailingSpace.ReplaceAllString(text, ""))
}

// joinLines joins lines as Markdown does: a newline shows only after two spaces, or beside a
// blank line, a heading, a quote, a list or a rule.
func joinLines(text string) string {
	lines := strings.Split(text, "\n")
	var b strings.Builder
	for i, line := range lines {
		b.WriteString(line)
		if i+1 == len(lines) {
			break
		}
		if strings.HasSuffix(line, "  ") || endsParagraph(line) || endsParagraph(lines[i+1]) {
			b.WriteByte('\n')
		} else {
			b.WriteByte(' ')
		}
	}
	return b.String()
}

func endsParagraph(line string) bool {
	line = strings.TrimSpace(line)
	return line == "" || strings.HasPrefix(line, "#") || strings.HasPrefix(line, ">") ||
		strings.HasPrefix(line, "- ") || ruleMark.MatchString(line)
}

// longestURL is how much of an address is shown, in characters: people see the link's title.
const longestURL = 60

func shortURL(url string) string {
	if utf8.RuneCountInString(url) <= longestURL {
		return url
	}
	return string([]rune(url)[:longestURL-1]) + "…"
}
