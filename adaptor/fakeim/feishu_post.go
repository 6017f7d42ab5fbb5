package fakeim

import (
	"encoding/json"
	"slices"
)

// viewFeishuPost reads a rich text in the first language it has, or nil if it has none.
func viewFeishuPost(source json.RawMessage) *view {
	var content struct {
		Post map[string]struct {
			Title   string `json:"title"`
			Content [][]struct {
				Tag    string `json:"tag"`
				Text   string `json:"text"`
				Href   string `json:"href"`
				UserID string `json:"user_id"`
			} `json:"content"`
		} `json:"post"`
	}
	if json.Unmarshal(source, &content) != nil || len(content.Post) == 0 {
		return nil
	}
	languages := make([]string, 0, len(content.Post))
	for language := range content.Post {
		languages = append(languages, language)
	}
	post := content.Post[slices.Min(languages)]
	v := &view{Title: post.Title}
	if post.Title != "" {
		v.Blocks = append(v.Blocks, block{Kind: textBlock, Lines: []line{{Spans: []span{{Text: post.Title, Bold: true}}}}})
	}
	text := block{Kind: textBlock}
	for _, paragraph := range post.Content {
		var l line
		for _, part := range paragraph {
			switch part.Tag {
			case "at":
				l.Spans = append(l.Spans, span{Text: "@" + part.UserID, Mention: true})
			default:
				l.Spans = append(l.Spans, span{Text: part.Text, URL: part.Href})
			}
		}
		text.Lines = append(text.Lines, l)
	}
	v.Blocks = append(v.Blocks, text)
	return v
}
