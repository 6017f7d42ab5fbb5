package fakeim

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"
)

func page(channel, body string) string {
	r := Received{At: time.Unix(0, 0).UTC(), Channel: channel, URL: "http://im.example/x?<y>", Body: body, Status: 200, OK: true}
	return string(newEntry(7, r).HTML)
}

// TestHTML checks how the parts of messages are written.
func TestHTML(t *testing.T) {
	feishu := func(elements string) string {
		return `{"msg_type":"interactive","card":{"schema":"2.0","header":{"template":"red","title":{"tag":"plain_text","content":"Head <b>"},"subtitle":{"tag":"plain_text","content":"sub"},"text_tag_list":[{"tag":"text_tag","text":{"tag":"plain_text","content":"hot"},"color":"red-500"}]},"body":{"elements":[` + elements + `]}}}`
	}
	markdown := func(text string) string {
		return encode(t, object{"msgtype": "markdown", "markdown": object{"title": "t", "text": text}, "at": object{"atMobiles": []string{"138"}}})
	}
	slack := func(text string) string { return encode(t, object{"text": text}) }
	tests := []struct{ name, channel, body, want string }{
		{"head", "feishu", feishu(`{"tag":"hr"}`), `<div class="head bg-red"><p>Head &lt;b&gt;</p><p><span class="c-red">hot</span> sub</p></div><hr>`},
		{"mention and colours", "feishu", feishu(`{"tag":"markdown","content":"<at id=all></at> <font color='grey'>&#60;i&#62;</font> <text_tag color='blue'>T</text_tag>"}`),
			`<span class="mention">@all</span> <span class="c-grey">&lt;i&gt;</span> <span class="bold c-blue">T</span>`},
		{"emphasis", "feishu", feishu("{\"tag\":\"markdown\",\"content\":\"*i* ~~s~~ `c` **b**\"}"),
			`<span class="italic">i</span> <span class="strike">s</span> <span class="code">c</span> <span class="bold">b</span>`},
		{"lists and tables", "feishu", feishu(`{"tag":"markdown","content":"# h\n- a\n- b\n\n> q\n> r\n|  | y |\n|---|---|\n| 1 |  |"}`),
			`<p class="h h1">h</p><ul><li>a</li><li>b</li></ul><blockquote>q<br>r</blockquote><table><tr><td></td><td>y</td></tr><tr><td>1</td><td></td></tr></table>`},
		{"small print", "feishu", feishu(`{"tag":"div","text":{"tag":"plain_text","content":"**s**","text_size":"notation","text_color":"grey"}}`), `<div class="small"><p><span class="c-grey">**s**</span></p></div>`},
		{"button", "feishu", feishu(`{"tag":"button","type":"primary_filled","text":{"tag":"plain_text","content":"Go"},"behaviors":[{"type":"open_url","default_url":"https://r.example/?a=1&b=2"}]}`),
			`<div class="buttons"><a class="button primary" href="https://r.example/?a=1&amp;b=2" title="https://r.example/?a=1&amp;b=2" target="_blank" rel="noopener noreferrer">Go</a></div>`},
		{"hostile button", "feishu", feishu(`{"tag":"button","text":{"tag":"plain_text","content":"Go"},"behaviors":[{"type":"open_url","default_url":"javascript:alert(1)"}]}`),
			`<span class="button  inert" title="no page to open">Go</span>`},
		{"columns and panel", "feishu", feishu(`{"tag":"column_set","columns":[{"tag":"column","elements":[{"tag":"markdown","content":"a"}]},{"tag":"column","width":"auto","elements":[{"tag":"markdown","content":"b"}]}]},{"tag":"collapsible_panel","header":{"title":{"tag":"plain_text","content":"more"}},"elements":[{"tag":"markdown","content":"c","text_size":"notation"}]}`),
			`<div class="columns"><div><p>a</p></div><div class="narrow"><p>b</p></div></div><details class="fold" open><summary><p>more</p></summary><div class="small"><p>c</p></div></details>`},
		{"too deep", "feishu", feishu(strings.Repeat(`{"tag":"interactive_container","elements":[`, 20) + `{"tag":"hr"}` + strings.Repeat(`]}`, 20)), `(too deep)`},
		{"colour as number", "dingtalk", markdown(`<font color="#D93026">hot</font> <font color="url(x)">plain</font>`), `<p><font class="" color="#d93026">hot</font> plain</p>`},
		{"listed mention", "dingtalk", markdown("@138 @139"), `<p><span class="mention">@138</span> @139</p>`},
		{"link", "dingtalk", markdown("[**a** <b>](http://e.example/<x>)"), `<a class="bold" href="http://e.example/%3Cx%3E" title="http://e.example/%3Cx%3E" target="_blank" rel="noopener noreferrer">a</a><a class="" href="http://e.example/%3Cx%3E" title="http://e.example/%3Cx%3E" target="_blank" rel="noopener noreferrer"> &lt;b&gt;</a>`},
		{"hostile link", "dingtalk", markdown("[a](javascript:alert(1)) [b](data:text/html,x) [c](//e.example) [d](HTTP://e.example)"),
			`<p>a) b c <a class="" href="http://e.example"`},
		{"code and buttons", "dingtalk", `{"msgtype":"actionCard","actionCard":{"title":"t","text":"x","btns":[{"title":"A","actionURL":"https://a.example"},{"title":"B","actionURL":"ftp://b.example"}]}}`,
			`href="https://a.example" title="https://a.example" target="_blank" rel="noopener noreferrer">A</a><span class="button  inert"`},
		{"colours", "wecom", `{"msgtype":"markdown","markdown":{"content":"<font color=\"warning\">w</font> <font color=\"comment\">c</font> <@tom>"}}`,
			`<span class="c-orange">w</span> <span class="c-grey">c</span> <span class="mention">@tom</span>`},
		{"fence", "wecom", "{\"msgtype\":\"markdown_v2\",\"markdown_v2\":{\"content\":\"a\\n```\\n<b>\\n  c\\n```\"}}", "<p>a</p><pre class=\"block\">&lt;b&gt;\n  c\n</pre>"},
		{"mrkdwn", "slack", slack("*b* _i_ ~s~ `c` <!here> <https://a.example/?x=1&amp;y=2|l> &lt;&gt; snake_case_name a*b*"),
			`<span class="bold">b</span> <span class="italic">i</span> <span class="strike">s</span> <span class="code">c</span> <span class="mention">@here</span> <a class="" href="https://a.example/?x=1&amp;y=2" title="https://a.example/?x=1&amp;y=2" target="_blank" rel="noopener noreferrer">l</a> &lt;&gt; snake_case_name a*b*`},
		{"quote and fence", "slack", slack("> q\n```\nx\n```\n```y```"), "<blockquote>q</blockquote><pre class=\"block\">x\n</pre><p>```y```</p>"},
		{"bar", "slack", `{"attachments":[{"color":"danger","text":"x"},{"color":"red\" onload=x","text":"y"}]}`, `<rect width="4" height="100%" fill="#a30200"/></svg><div><p>x</p></div></div><div class="bar"><svg class="stripe" width="4" aria-hidden="true"><rect width="4" height="100%" fill="#dddddd"/>`},
		{"fields", "slack", `{"blocks":[{"type":"section","fields":[{"type":"mrkdwn","text":"*a*\n1"},{"type":"plain_text","text":"*b*"}]}]}`,
			`<div class="fields"><div><p><span class="bold">a</span><br>1</p></div><div><p>*b*</p></div></div>`},
		{"JSON", "webhook", `{"a":"</pre><script>"}`, "<pre class=\"block\">{\n  &#34;a&#34;: &#34;&lt;/pre&gt;&lt;script&gt;&#34;\n}\n</pre>"},
		{"deep JSON", "webhook", strings.Repeat("[", 5000) + strings.Repeat("]", 5000), "[[[[["},
		{"no message", "wecom", `<script>alert(1)</script>`, `<div class="card raw"><p class="aside">This is not a message: not a WeCom message: invalid character &#39;&lt;&#39; looking for beginning of value</p><pre>&lt;script&gt;alert(1)&lt;/script&gt;</pre></div>`},
		{"not UTF-8", "webhook", "\xff<", `<pre>�&lt;</pre>`},
	}
	for _, test := range tests {
		t.Run(test.channel+"/"+test.name, func(t *testing.T) {
			got := page(test.channel, test.body)
			if !strings.Contains(got, test.want) {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
			checkMarkup(t, got)
		})
	}
}

// TestOutcomes checks what is said of a request that was not accepted.
func TestOutcomes(t *testing.T) {
	for _, test := range []struct {
		r    Received
		want string
	}{
		{Received{Status: 200, Answer: `{"code":19024,"msg":"<b>"}`}, `<span class="no">refused with HTTP 200</span> <code class="reason">{&#34;code&#34;:19024,&#34;msg&#34;:&#34;&lt;b&gt;&#34;}</code>`},
		{Received{Status: 503, Injected: true}, `<span class="no">HTTP 503, on command</span>`},
		{Received{Injected: true}, `<span class="no">connection closed, on command</span>`},
		{Received{Status: 200, OK: true, Note: "a reply <in> a thread"}, `<p class="aside">a reply &lt;in&gt; a thread</p>`},
	} {
		test.r.Channel, test.r.Body = "feishu", simple["feishu"]
		got := string(newEntry(1, test.r).HTML)
		if !strings.Contains(got, test.want) || strings.Contains(got, "refused\"") == test.r.OK {
			t.Errorf("got %s, want %s", got, test.want)
		}
	}
}

// TestLongMessages: what the page shows of a message is bounded, and says so.
func TestLongMessages(t *testing.T) {
	got := page("webhook", strings.Repeat("x\n", 100_000))
	if len(got) > 60_000 || !strings.Contains(got, "and more that this page does not show") {
		t.Errorf("%d bytes are shown", len(got))
	}
}

// elements are what the page writes entries with, and attributes those they may have.
var (
	elements   = strings.Fields("article div p b a time span font br hr ul li blockquote pre table tbody tr td details summary svg rect code html head body")
	attributes = strings.Fields("class id data-channel aria-hidden href datetime title target rel color width height fill open")
)

// checkMarkup proves that nothing in an entry is markup but what the page itself writes.
func checkMarkup(t *testing.T, source string) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(source))
	if err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	for node := range root.Descendants() {
		if node.Type != html.ElementNode {
			continue
		}
		count[node.Data]++
		if !slices.Contains(elements, node.Data) {
			t.Errorf("there is an element <%s>", node.Data)
		}
		for _, a := range node.Attr {
			if !slices.Contains(attributes, a.Key) {
				t.Errorf("<%s> has an attribute %s", node.Data, a.Key)
			}
			if a.Key == "href" && !strings.HasPrefix(a.Val, "http://") && !strings.HasPrefix(a.Val, "https://") && a.Val != "#m7" {
				t.Errorf("there is a link to %s", a.Val)
			}
		}
	}
	if count["article"] != 1 || count["b"] != 1 || count["time"] != 1 || count["code"] > 1 || count["rect"] != count["svg"] {
		t.Errorf("elements: %v", count)
	}
}

// FuzzPage: any body is shown, on every channel, without a panic and without markup of its own.
func FuzzPage(f *testing.F) {
	addBodies(f)
	for _, text := range []string{`<script>alert(1)</script>`, `<img src=x onerror=alert(1)>`, `</pre></div><a href="javascript:x">`, "`<b>`", `[<b>](http://x.example"onclick=y)`, `<font color="#123456" onload=x>`} {
		for channel, body := range map[string]object{
			"feishu":   {"msg_type": "text", "content": object{"text": text}},
			"dingtalk": {"msgtype": "markdown", "markdown": object{"title": text, "text": text}},
			"wecom":    {"msgtype": "markdown", "markdown": object{"content": text}},
			"slack":    {"attachments": []any{object{"color": text, "title": text, "title_link": text, "text": text}}},
			"webhook":  {"text": text},
		} {
			source, err := json.Marshal(body)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(channel, string(source))
		}
	}
	f.Fuzz(func(t *testing.T, channel, body string) {
		if protocols[channel] == nil || len(body) > 1<<16 {
			return
		}
		checkMarkup(t, page(channel, body))
	})
}

// FuzzShow: any body is either shown or refused, on every channel, without a panic.
func FuzzShow(f *testing.F) {
	addBodies(f)
	f.Add("slack", `{"text":"<<a|b>|<!x|>>*a**b*"}`)
	f.Add("feishu", `{"msg_type":"text","content":{"text":"<at id=\"<at id=x></at>"}}`)
	f.Add("dingtalk", `{"msgtype":"markdown","markdown":{"title":"t","text":"[a](b)[![c](d)](e) **\n---\n>>"}}`)
	f.Add("wecom", `{"msgtype":"markdown","markdown":{"content":"<@<@a>><font>"}}`)
	f.Fuzz(func(t *testing.T, channel, body string) {
		text, err := Show(channel, body)
		if err != nil && (text != "" || strings.Contains(err.Error(), "\n")) {
			t.Errorf("got %q with error %v", text, err)
		}
	})
}

// addBodies adds the bodies that the adaptor writes.
func addBodies(f *testing.F) {
	found := 0
	err := filepath.WalkDir("../../testdata/adaptor", func(path string, _ os.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".json" {
			return err
		}
		file, err := os.Open(path)
		if err != nil {
			return err
		}
		defer file.Close()
		channel := filepath.Base(filepath.Dir(path))
		// A message in several parts is several requests.
		for decoder := json.NewDecoder(file); decoder.More(); {
			var request struct{ Body json.RawMessage }
			if err := decoder.Decode(&request); err != nil {
				return err
			}
			if len(request.Body) > 0 && protocols[channel] != nil {
				found++
				f.Add(channel, string(request.Body))
			}
		}
		return nil
	})
	if err != nil || found == 0 {
		f.Fatalf("found %d bodies: %v", found, err)
	}
}
