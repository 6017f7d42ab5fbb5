package adaptor

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// feishuEmoji is the start of what a card shows as a picture, such as :DONE:.
var feishuEmoji = regexp.MustCompile(`^:[A-Za-z][A-Za-z0-9_]*:`)

// feishuReference is the start of what may be a character reference.
var feishuReference = regexp.MustCompile(`^&[#A-Za-z]`)

// feishuListNumber is the start of a line that would be an item of a numbered list, up to the
// character that makes it one.
var feishuListNumber = regexp.MustCompile(`^([0-9]+[.)])(?:\s|$)`)

// escapeFeishu makes text inert in a card's Markdown: CommonMark with some HTML tags, emoji and
// tables. What would be markup there is written as a character reference
// (https://open.feishu.cn/document/feishu-cards/card-json-v2-components/content-components/rich-text,
// section on escaping special characters).
func escapeFeishu(text string) string {
	var b strings.Builder
	lineStart, previous := true, ' '
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		rest := text[i:]
		switch {
		case lineStart && (r == ' ' || r == '\t'):
			// Spaces at the start of a line make code of it; this one does not.
			b.WriteRune('\u00a0')
		case lineStart && feishuListNumber.MatchString(rest):
			size = len(feishuListNumber.FindStringSubmatch(rest)[1])
			b.WriteString(rest[:size-1] + reference(rune(rest[size-1])))
		case lineStart && (strings.ContainsRune("#-+=", r) || strings.HasPrefix(rest, ":-")),
			strings.ContainsRune("<>*~`[]\\|", r),
			r == '_' && (!alphanumeric(previous) || !startsAlphanumeric(rest[size:])),
			r == '&' && feishuReference.MatchString(rest),
			r == ':' && feishuEmoji.MatchString(rest):
			b.WriteString(reference(r))
		default:
			b.WriteRune(r)
		}
		lineStart = r == '\n' || lineStart && (r == ' ' || r == '\t')
		previous = r
		i += size
	}
	return b.String()
}

// reference is a character reference.
func reference(r rune) string { return fmt.Sprintf("&#%d;", r) }

func startsAlphanumeric(text string) bool {
	r, _ := utf8.DecodeRuneInString(text)
	return alphanumeric(r)
}
