package fakeim

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// object is JSON in tests.
type object = map[string]any

func encode(t *testing.T, value any) string {
	t.Helper()
	source, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(source)
}

// repeated is a list of n equal values.
func repeated(n int, value any) []any { return slices.Repeat([]any{value}, n) }

// with is a copy of an object in which some values are others; nil takes one away.
func with(o object, pairs ...any) object {
	o = maps.Clone(o)
	for i := 0; i < len(pairs); i += 2 {
		o[pairs[i].(string)] = pairs[i+1]
		if pairs[i+1] == nil {
			delete(o, pairs[i].(string))
		}
	}
	return o
}

// limitTest is a body that is just within a limit, and one that is just over it.
type limitTest struct {
	name       string
	fine, over any
	refusal    string
}

func (test limitTest) run(t *testing.T, channel, address string, header ...string) {
	t.Run(channel+"/"+test.name, func(t *testing.T) {
		im := newTestIM(t, channel)
		if test.fine != nil && !im.post(address, encode(t, test.fine), header...) {
			t.Errorf("refused, though it is within the limit: %s", im.Received()[0].Answer)
		}
		if test.fine != nil && channel != "webhook" && im.Received()[0].Text == "" {
			t.Error("it is accepted, and not shown")
		}
		if test.over == nil {
			return
		}
		_, answer := send(im, address, encode(t, test.over), header...)
		if im.Received()[len(im.Received())-1].OK || !strings.Contains(answer, test.refusal) {
			t.Errorf("got %s, want %s", answer, test.refusal)
		}
	})
}

func TestFeishuLimits(t *testing.T) {
	text := object{"tag": "markdown", "content": "x"}
	card := func(elements ...any) object {
		return object{"msg_type": "interactive", "card": object{"schema": "2.0", "config": object{"update_multi": true}, "body": object{"elements": elements}}}
	}
	old := func(elements ...any) object {
		return object{"msg_type": "interactive", "card": object{"elements": elements}}
	}
	columns := func(depth int) object {
		inner := text
		for range depth {
			inner = object{"tag": "column_set", "columns": []any{object{"tag": "column", "elements": []any{inner}}}}
		}
		return inner
	}
	table := "| a | b |\n|---|---|\n| 1 | 2 |\n\n"
	const overhead = len(`{"content":{"text":""},"msg_type":"text"}`)
	button := object{"tag": "button", "text": object{"tag": "plain_text", "content": "Runbook"}, "type": "primary", "behaviors": []any{object{"type": "open_url", "default_url": "https://r.example"}}}
	tests := []limitTest{
		{"bytes", object{"msg_type": "text", "content": object{"text": strings.Repeat("x", 20_480-overhead)}},
			object{"msg_type": "text", "content": object{"text": strings.Repeat("x", 20_481-overhead)}}, `"code":19036`},
		{"parts", card(repeated(200, text)...), card(repeated(201, text)...), `"code":11246,"data":{},"msg":"ErrCode: 11310; ErrMsg: element exceeds the limit`},
		// A button and its text are two parts.
		{"parts in parts", card(append(repeated(198, text), button)...), card(append(repeated(199, text), button)...), `element exceeds the limit`},
		{"tables", card(object{"tag": "markdown", "content": strings.Repeat(table, 5)}), card(object{"tag": "markdown", "content": strings.Repeat(table, 5)}, object{"tag": "table"}), `ErrCode: 11310; ErrMsg: card table number over limit`},
		{"depth of columns", card(columns(5)), card(columns(6)), `columns are nested too deep`},
		{"note", old(object{"tag": "note", "elements": []any{object{"tag": "plain_text", "content": "n"}}}), card(object{"tag": "note"}), `ErrCode: 200861; ErrMsg: cards of schema V2 no longer support this capability; unsupported tag note`},
		{"action", old(object{"tag": "action", "actions": []any{button}}), card(object{"tag": "action"}), `unsupported tag action`},
		{"button", card(button), old(button), `ErrCode: 11310; ErrMsg: unsupported type of block; ErrorValue: button`},
		{"panel", card(object{"tag": "collapsible_panel", "header": object{"title": object{"tag": "plain_text", "content": "t"}}, "elements": []any{text}}), card(object{"tag": "song"}), `ErrorValue: song`},
		{"table in columns", card(object{"tag": "table", "columns": []any{object{"name": "a", "display_name": "A"}}, "rows": []any{object{"a": "1"}}}),
			card(object{"tag": "column_set", "columns": []any{object{"tag": "column", "elements": []any{object{"tag": "table"}}}}}), `type of element is not supported tag: table`},
		{"property", card(with(text, "text_size", "notation")), card(with(text, "size", "big")), `ErrCode: 200621; ErrMsg: parse card json err, please check whether the card json is correct, unknown property, property: size, path: ROOT -> body -> elements -> [0](tag: markdown)`},
		{"property of a column", card(columns(1)), card(object{"tag": "column_set", "columns": []any{object{"tag": "column", "corner_radius": "8px"}}}), `unknown property, property: corner_radius`},
		{"elements outside of the body", old(text), object{"msg_type": "interactive", "card": object{"schema": "2.0", "elements": []any{text}}}, `unknown property, property: elements, path: ROOT`},
		{"1.0 passes over properties", old(with(text, "size", "big")), object{"msg_type": "interactive"}, `"code":19002,"data":{},"msg":"params error, unknown card value"`},
		{"type", object{"msg_type": "post", "content": object{"post": object{"en_us": object{"title": "t", "content": []any{[]any{object{"tag": "text", "text": "x"}, object{"tag": "at", "user_id": "all"}}}}}}},
			object{"content": object{"text": "x"}}, `"code":19002,"data":{},"msg":"params error, msg_type need"`},
	}
	for _, name := range []string{"blue", "wathet", "turquoise", "green", "yellow", "orange", "red", "carmine", "violet", "purple", "indigo", "grey"} {
		header := object{"template": name, "title": object{"tag": "plain_text", "content": "t"}}
		fine, over := card(text), card(text)
		fine["card"].(object)["header"] = header
		over["card"].(object)["header"] = with(header, "title", object{"tag": "plain_text"})
		tests = append(tests, limitTest{"template " + name, fine, over, "a header needs a title"})
	}
	for _, test := range tests {
		test.run(t, "feishu", feishuURL)
	}
}

func TestDingTalkLimits(t *testing.T) {
	const overhead = len(`{"msgtype":"text","text":{"content":""}}`)
	text := func(n int) object {
		return object{"msgtype": "text", "text": object{"content": strings.Repeat("x", n)}}
	}
	card := object{"title": "t", "text": "x"}
	action := func(card object) object { return object{"msgtype": "actionCard", "actionCard": card} }
	button := object{"title": "Go", "actionURL": "https://a.example"}
	link := object{"title": "t", "text": "x", "messageUrl": "https://a.example"}
	feed := func(links ...any) object { return object{"msgtype": "feedCard", "feedCard": object{"links": links}} }
	for _, test := range []limitTest{
		{"bytes", text(20_000 - overhead), text(20_001 - overhead), `"errcode":460101,"errmsg":"message too long, exceed 20000 bytes"`},
		{"single button", action(with(card, "singleTitle", "Go", "singleURL", "https://a.example")), action(with(card, "singleTitle", "Go")), `"errcode":40035`},
		{"buttons", action(with(card, "btnOrientation", "1", "btns", []any{button, button})), action(with(card, "btns", []any{button, with(button, "actionURL", nil)})), `actionCard.btns.actionURL`},
		{"no button", nil, action(card), `actionCard.singleTitle`},
		{"no title", nil, action(with(card, "title", nil, "btns", []any{button})), `actionCard.title`},
		{"link", object{"msgtype": "link", "link": link}, object{"msgtype": "link", "link": with(link, "messageUrl", nil)}, `link.messageUrl`},
		{"feed", feed(object{"title": "t", "messageURL": "https://a.example", "picURL": "https://p.example"}), feed(), `feedCard.links`},
		{"a link of a feed", nil, feed(object{"title": "t"}), `feedCard.links.messageURL`},
		{"type", nil, object{"msgtype": "card"}, `"errcode":400105`},
		{"no type", nil, object{}, `"errcode":40035,"errmsg":"缺少参数 msgtype"`},
	} {
		test.run(t, "dingtalk", dingTalkURL)
	}
}

func TestWeComLimits(t *testing.T) {
	text := func(kind string, n int) object {
		return object{"msgtype": kind, kind: object{"content": strings.Repeat("x", n)}}
	}
	card := func(card object) object { return object{"msgtype": "template_card", "template_card": card} }
	notice := object{"card_type": "text_notice", "main_title": object{"title": "t"}, "card_action": object{"type": 1, "url": "https://a.example"}}
	row := object{"keyname": "pod", "value": "pg-0"}
	jump := object{"type": 1, "title": "Graph", "url": "https://g.example"}
	picture := with(notice, "card_type", "news_notice", "card_image", object{"url": "https://p.example"})
	article := object{"title": "t", "url": "https://a.example"}
	news := func(n int, article object) object {
		return object{"msgtype": "news", "news": object{"articles": repeated(n, article)}}
	}
	for _, test := range []limitTest{
		{"text", text("text", 2048), text("text", 2049), `"errcode":40058,"errmsg":"text.content exceed max length 2048`},
		{"markdown", text("markdown", 4096), text("markdown", 4097), `markdown.content exceed max length 4096`},
		{"markdown_v2", text("markdown_v2", 4096), text("markdown_v2", 4097), `markdown_v2.content exceed max length 4096`},
		{"card", card(notice), card(with(notice, "card_action", nil)), `"errcode":40058,"errmsg":"template_card.card_action missing`},
		{"action", card(with(notice, "card_action", object{"type": 2, "appid": "a"})), card(with(notice, "card_action", object{"type": 0})), `card_action.type`},
		{"address of the action", nil, card(with(notice, "card_action", object{"type": 1})), `card_action.url missing`},
		{"titles", card(with(notice, "main_title", nil, "sub_title_text", "x")), card(with(notice, "main_title", nil)), `main_title.title and sub_title_text both missing`},
		{"rows", card(with(notice, "horizontal_content_list", repeated(6, row))), card(with(notice, "horizontal_content_list", repeated(7, row))), `horizontal_content_list size exceed 6`},
		{"name of a row", nil, card(with(notice, "horizontal_content_list", []any{with(row, "keyname", nil)})), `horizontal_content_list.keyname missing`},
		{"link of a row", card(with(notice, "horizontal_content_list", []any{with(row, "type", 1, "url", "https://a.example")})), card(with(notice, "horizontal_content_list", []any{with(row, "type", 1)})), `horizontal_content_list.url missing`},
		{"jumps", card(with(notice, "jump_list", repeated(3, jump))), card(with(notice, "jump_list", repeated(4, jump))), `jump_list size exceed 3`},
		{"title of a jump", nil, card(with(notice, "jump_list", []any{with(jump, "title", nil)})), `jump_list.title missing`},
		{"quote", card(with(notice, "quote_area", object{"type": 1, "url": "https://a.example", "title": "q", "quote_text": "x"})), card(with(notice, "quote_area", object{"type": 1, "title": "q"})), `quote_area.url missing`},
		{"long titles", card(with(notice, "main_title", object{"title": strings.Repeat("长", 100)})), nil, ""},
		{"picture", card(picture), card(with(picture, "card_image", nil)), `card_image and image_text_area both missing`},
		{"vertical", card(with(picture, "vertical_content_list", repeated(4, object{"title": "t", "desc": "d"}))), card(with(picture, "vertical_content_list", repeated(5, object{"title": "t"}))), `vertical_content_list size exceed 4`},
		{"kind of card", nil, card(with(notice, "card_type", "vote_interaction")), `card_type 'vote_interaction' invalid`},
		{"no card", nil, object{"msgtype": "template_card"}, `template_card missing`},
		{"articles", news(8, article), news(9, article), `news.articles size must be between 1 and 8`},
		{"no articles", nil, news(0, article), `news.articles size`},
		{"title of an article", nil, news(1, with(article, "title", nil)), `"errcode":41016,"errmsg":"missing title`},
		{"address of an article", nil, news(1, with(article, "url", nil)), `news.articles.url missing`},
	} {
		test.run(t, "wecom", weComURL)
	}
	im := newTestIM(t, "wecom")
	if _, answer := send(im, weComURL, "{\"msgtype\":\"text\",\"text\":{\"content\":\"\xff\"}}"); !strings.Contains(answer, `"errcode":40033,"errmsg":"invalid charset`) {
		t.Errorf("text that is not UTF-8: %s", answer)
	}
	if !im.post(weComURL, `{"msgtype":"text","text":{"content":"\u003cfont\u003e"}}`) {
		t.Error("escaped characters are refused")
	}
}

func TestSlackLimits(t *testing.T) {
	long := func(n int) string { return strings.Repeat("é", n) }
	plain := func(text string) object { return object{"type": "plain_text", "text": text} }
	mrkdwn := func(text string) object { return object{"type": "mrkdwn", "text": text} }
	section := object{"type": "section", "text": mrkdwn("x")}
	blocks := func(list ...any) object { return object{"text": "t", "blocks": list} }
	attached := func(list ...any) object { return object{"attachments": []any{object{"blocks": list}}} }
	button := object{"type": "button", "text": plain("Go"), "url": "https://a.example"}
	actions := func(list ...any) object { return blocks(object{"type": "actions", "elements": list}) }
	context := func(list ...any) object { return blocks(object{"type": "context", "elements": list}) }
	fields := func(n, length int) object {
		return blocks(object{"type": "section", "fields": repeated(n, mrkdwn(long(length)))})
	}
	for _, test := range []limitTest{
		{"blocks", blocks(repeated(50, section)...), blocks(repeated(51, section)...), "invalid_blocks"},
		{"blocks of an attachment", attached(repeated(50, section)...), attached(repeated(51, section)...), "invalid_attachments"},
		{"blocks of all attachments", object{"attachments": repeated(2, object{"blocks": repeated(25, section)})}, object{"attachments": repeated(2, object{"blocks": repeated(26, section)})}, "invalid_attachments"},
		{"attachments", object{"attachments": repeated(100, object{"text": "x"})}, object{"attachments": repeated(101, object{"text": "x"})}, "too_many_attachments"},
		{"header", blocks(object{"type": "header", "text": plain(long(150))}), blocks(object{"type": "header", "text": plain(long(151))}), "invalid_blocks"},
		{"markup in a header", nil, blocks(object{"type": "header", "text": mrkdwn("x")}), "invalid_blocks"},
		{"section", blocks(object{"type": "section", "text": mrkdwn(long(3000))}), blocks(object{"type": "section", "text": mrkdwn(long(3001))}), "invalid_blocks"},
		{"empty section", nil, blocks(object{"type": "section", "text": mrkdwn("")}), "invalid_blocks"},
		{"fields", fields(10, 2000), fields(11, 1), "invalid_blocks"},
		{"field", fields(1, 2000), fields(1, 2001), "invalid_blocks"},
		{"accessory", blocks(with(section, "accessory", button)), blocks(with(section, "accessory", with(button, "text", plain("")))), "invalid_blocks"},
		{"block_id", blocks(with(section, "block_id", long(255))), blocks(with(section, "block_id", long(256))), "invalid_blocks"},
		{"context", context(repeated(10, mrkdwn("x"))...), context(repeated(11, mrkdwn("x"))...), "invalid_blocks"},
		{"button in a context", nil, context(button), "invalid_blocks"},
		{"buttons", actions(repeated(25, button)...), actions(repeated(26, button)...), "invalid_blocks"},
		{"text of a button", actions(with(button, "text", plain(long(75)))), actions(with(button, "text", plain(long(76)))), "invalid_blocks"},
		{"address of a button", actions(with(button, "url", "https://a.example/"+strings.Repeat("x", 2982))), actions(with(button, "url", "https://a.example/"+strings.Repeat("x", 2983))), "invalid_blocks"},
		{"value of a button", actions(with(button, "value", long(2000))), actions(with(button, "value", long(2001))), "invalid_blocks"},
		{"style of a button", actions(with(button, "style", "danger")), actions(with(button, "style", "red")), "invalid_blocks"},
		{"action_id", actions(with(button, "action_id", long(255))), actions(with(button, "action_id", long(256))), "invalid_blocks"},
		{"image", blocks(object{"type": "image", "image_url": "https://a.example", "alt_text": "a"}), blocks(object{"type": "image", "image_url": "https://a.example"}), "invalid_blocks"},
		{"markdown", blocks(repeated(2, object{"type": "markdown", "text": long(6000)})...), blocks(repeated(2, object{"type": "markdown", "text": long(6001)})...), "invalid_blocks"},
		{"kind of block", blocks(object{"type": "divider"}, section), blocks(object{"type": "song"}), "invalid_blocks"},
		{"text that is cut", object{"text": long(50_000)}, object{"text": ""}, "no_text"},
	} {
		test.run(t, "slack", slackHook)
	}
	im := newTestIM(t, "slack")
	im.post(slackHook, encode(t, object{"text": long(50_000)}))
	if text := im.Received()[0].Text; text != long(40_000)+"…" {
		t.Errorf("a long text is shown in %d bytes", len(text))
	}
	if !im.post(slackHook, "payload="+strings.ReplaceAll(`{"text":"a%26b"}`, " ", "+"), "Content-Type", "application/x-www-form-urlencoded") || im.Received()[1].Text != "a&b" {
		t.Errorf("a form is %+v", im.Received()[1])
	}
	// The Web API bounds the text of all blocks together.
	many := func(length int) object {
		return object{"channel": "C1", "blocks": repeated(10, object{"type": "section", "text": mrkdwn(long(length))})}
	}
	limitTest{"text of all blocks", many(1200), many(1210), `{"ok":false,"error":"msg_blocks_too_long"}`}.run(t, "slack", slackPost, "Authorization", "Bearer xoxb")
	limitTest{"by webhook it does not", with(many(1210), "channel", nil), nil, ""}.run(t, "slack", slackHook)
}

// TestExamples: every bot that is offered takes a message, at a path that no other messenger has.
func TestExamples(t *testing.T) {
	taken := map[string]string{}
	for _, channel := range Channels() {
		p := protocols[channel]
		if p.title == "" || p.style == "" || len(p.refusals) == 0 || len(p.hosts) == 0 {
			t.Errorf("%s is not complete", channel)
		}
		if !newTestIM(t, channel).post("https://"+p.hosts[0]+p.examples[0].path, simple[channel]) {
			t.Errorf("%s refuses its example", channel)
		}
		for _, path := range p.paths {
			for other, owner := range taken {
				if strings.HasPrefix(other, path) || strings.HasPrefix(path, other) {
					t.Errorf("%s and %s share %s", owner, channel, fmt.Sprint(path, other))
				}
			}
			taken[path] = channel
		}
	}
}
