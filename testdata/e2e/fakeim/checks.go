package main

import (
	"fmt"
	"os"
	"strings"
)

func (p *proof) empty() error {
	if err := p.page.resize(1100, 900); err != nil {
		return err
	}
	if err := p.page.open(p.fakeim + "/"); err != nil {
		return err
	}
	if err := p.page.until("document.getElementById('live').textContent === 'live'"); err != nil {
		return err
	}
	for expression, want := range map[string]string{
		"document.title": "fakeim",
		"document.getElementById('empty').checkVisibility()":                               "true",
		"document.getElementById('addresses').open":                                        "true",
		"document.querySelector('#addresses pre').textContent.startsWith('receivers:\\n')": "true",
	} {
		if err := p.same(expression, want); err != nil {
			return err
		}
	}
	return p.page.picture(p.pictures, "empty")
}

// look is a message, and what the page must make of it.
type look struct {
	channel, body string
	checks        map[string]string
}

func color(selector, property string) string {
	return fmt.Sprintf("getComputedStyle(%s).%s", last(selector), property)
}

var looks = []look{
	{"feishu", `{"msg_type":"interactive","card":{"schema":"2.0","header":{"template":"red","title":{"tag":"plain_text","content":"[FIRING:1] Down"}},
		"body":{"elements":[{"tag":"markdown","content":"**bold** <at id=all></at> <font color='grey'>grey</font> [Runbook](https://runbooks.example/x?a=1&b=2)\n> quoted"},
		{"tag":"button","type":"primary","text":{"tag":"plain_text","content":"Silence"},"behaviors":[{"type":"open_url","default_url":"https://am.example/#/silences/new"}]}]}}}`,
		map[string]string{
			last(".head") + ".textContent":              "[FIRING:1] Down",
			color(".head", "backgroundColor"):           "rgb(224, 62, 58)",
			color(".head", "color"):                     "rgb(255, 255, 255)",
			last(".mention") + ".textContent":           "@all",
			color(".mention", "backgroundColor"):        "rgb(230, 238, 255)",
			color(".bold", "fontWeight"):                "650",
			color(".c-grey", "color"):                   "rgb(100, 106, 115)",
			last(".card p > a") + ".href":               "https://runbooks.example/x?a=1&b=2",
			last(".card p > a") + ".rel":                "noopener noreferrer",
			last(".card p > a") + ".target":             "_blank",
			last("blockquote") + ".textContent":         "quoted",
			color("blockquote", "borderLeftWidth"):      "3px",
			last(".button.primary") + ".href":           "https://am.example/#/silences/new",
			color(".button.primary", "backgroundColor"): "rgb(51, 112, 255)",
			last(".outcome .yes") + ".textContent":      "accepted",
		}},
	{"dingtalk", `{"msgtype":"actionCard","actionCard":{"title":"t","text":"### <font color=\"#d93026\">Down</font>\n\n---\n\n@138 look","btns":[{"title":"Runbook","actionURL":"https://r.example/"},{"title":"Bad","actionURL":"javascript:alert(1)"}]},"at":{"atMobiles":["138"]}}`,
		map[string]string{
			color("font", "color"):             "rgb(217, 48, 38)",
			last("hr") + ".tagName":            "HR",
			last(".mention") + ".textContent":  "@138",
			last("a.button") + ".href":         "https://r.example/",
			last("span.button") + ".outerHTML": `<span class="button  inert" title="no page to open">Bad</span>`,
		}},
	{"wecom", `{"msgtype":"markdown","markdown":{"content":"<font color=\"warning\">hot</font> <@tom>"}}`,
		map[string]string{color(".c-orange", "color"): "rgb(255, 136, 0)", last(".mention") + ".textContent": "@tom"}},
	{"wecom", `{"msgtype":"template_card","template_card":{"card_type":"text_notice","main_title":{"title":"Down"},"horizontal_content_list":[{"keyname":"pod","value":"pg-0"}],"jump_list":[{"type":1,"title":"Graph","url":"https://g.example"}],"card_action":{"type":1,"url":"https://am.example"}}}`,
		map[string]string{last(".h") + ".textContent": "Down", last("a.button") + ".href": "https://g.example/"}},
	{"slack", `{"blocks":[{"type":"header","text":{"type":"plain_text","text":"Down"}},{"type":"section","text":{"type":"mrkdwn","text":"*bold* <!here> <https://r.example|Runbook>"}},{"type":"actions","elements":[{"type":"button","style":"danger","text":{"type":"plain_text","text":"Silence"},"url":"https://s.example"}]}],"attachments":[{"color":"#e01e5a","text":"beside a bar"}]}`,
		map[string]string{
			last(".h1") + ".textContent":         "Down",
			last(".mention") + ".textContent":    "@here",
			last(".button.danger") + ".href":     "https://s.example/",
			color("rect", "fill"):                "rgb(224, 30, 90)",
			last(".bar") + ".textContent":        "beside a bar",
			last(".card p > a") + ".textContent": "Runbook",
		}},
	{"webhook", `{"a":"b"}`, map[string]string{last(".card pre") + ".textContent": "{\n  \"a\": \"b\"\n}\n"}},
}

func (p *proof) looks() error {
	for _, look := range looks {
		status, answer, err := p.send(look.channel, look.body)
		if err != nil || status != 200 {
			return fmt.Errorf("%s: %d %s %w", look.channel, status, answer, err)
		}
		for expression, want := range look.checks {
			if err := p.same(expression, want); err != nil {
				return fmt.Errorf("%s: %w", look.channel, err)
			}
		}
	}
	return nil
}

func (p *proof) refused() error {
	for _, test := range []struct{ channel, body, reason string }{
		{"feishu", `{"msg_type":"interactive","card":{"schema":"2.0","body":{"elements":[{"tag":"note"}]}}}`, "unsupported tag note"},
		{"wecom", `{"msgtype":"text","text":{"content":"` + strings.Repeat("x", 2049) + `"}}`, `"errcode":40058`},
		{"slack", `{"text":""}`, "no_text"},
		{"dingtalk", `not JSON`, "40035"},
	} {
		if _, _, err := p.send(test.channel, test.body); err != nil {
			return err
		}
		for expression, want := range map[string]string{
			last(".outcome .no") + ".textContent.startsWith('refused with HTTP ')":         "true",
			fmt.Sprintf("%s.textContent.includes(%q)", last(".reason"), test.reason):       "true",
			color(".card", "borderTopStyle"):                                               map[bool]string{true: "none", false: "dashed"}[test.channel == "slack"],
			"document.querySelector('article:last-of-type').classList.contains('refused')": "true",
		} {
			if err := p.same(expression, want); err != nil {
				return fmt.Errorf("%s: %w", test.channel, err)
			}
		}
	}
	return nil
}

func (p *proof) goldens() error {
	requests, err := golden()
	if err != nil {
		return err
	}
	for _, r := range requests {
		status, answer, err := p.send(r.channel, string(r.Body))
		if err != nil {
			return err
		}
		if err := p.same(last(".outcome .yes")+"?.textContent", "accepted"); err != nil {
			return fmt.Errorf("%s: %d %s: %w", r.path, status, answer, err)
		}
	}
	return p.inert()
}

// weapons are texts that would do something if they were more than text.
var weapons = []string{
	`<script>window.pwned = 1</script>`, `<img src=x onerror='window.pwned = 1'>`, `</pre></div></article><svg onload='window.pwned = 1'>`,
	`\u003ciframe srcdoc='x'\u003e`, `[x](javascript:window.pwned=1)`, `<javascript:window.pwned=1|x>`, `<font color='red' onmouseover='window.pwned=1'>x</font>`,
	`<a href='javascript:window.pwned=1'>x</a>`, `<style>body{display:none}</style>`, `<base href='https://evil.example/'>`, `<meta http-equiv=refresh content=0;url=https://evil.example>`,
}

func (p *proof) hostile() error {
	for _, weapon := range weapons {
		for channel, body := range map[string]string{
			"feishu":   `{"msg_type":"interactive","card":{"schema":"2.0","header":{"template":"red","title":{"tag":"plain_text","content":"W"}},"body":{"elements":[{"tag":"markdown","content":"W"},{"tag":"button","text":{"tag":"plain_text","content":"W"},"behaviors":[{"type":"open_url","default_url":"javascript:window.pwned=1"}]}]}}}`,
			"dingtalk": `{"msgtype":"markdown","markdown":{"title":"W","text":"# W"}}`,
			"wecom":    `{"msgtype":"markdown","markdown":{"content":"> W"}}`,
			"slack":    `{"attachments":[{"color":"W","title":"W","title_link":"javascript:window.pwned=1","text":"W"}]}`,
			"webhook":  `{"W":"W"}`,
		} {
			if _, _, err := p.send(channel, strings.ReplaceAll(body, "W", weapon)); err != nil {
				return fmt.Errorf("%s with %s: %w", channel, weapon, err)
			}
		}
		// What is refused is quoted too.
		if _, _, err := p.send("wecom", weapon); err != nil {
			return err
		}
	}
	if err := p.inert(); err != nil {
		return err
	}
	// Loaded at once, it is as when it came by and by.
	if err := p.page.open(p.fakeim + "/?channel="); err != nil {
		return err
	}
	if err := p.inert(); err != nil {
		return err
	}
	// Even if something were more than text, the page's policy would not let it run.
	if _, err := p.page.eval(`{ const s = document.createElement("script"); s.textContent = "window.inline = 1"; document.body.append(s); }`); err != nil {
		return err
	}
	if err := p.same("window.inline", "<nil>"); err != nil {
		return err
	}
	return p.page.until("violations.length === 1 && violations[0].startsWith('script-src')")
}

// inert proves that nothing on the page is more than text but what the page itself is made of.
func (p *proof) inert() error {
	for expression, want := range map[string]string{
		"window.pwned":      "<nil>",
		"document.title":    "fakeim",
		"violations.length": "0",
		"[...document.scripts].map((s) => s.getAttribute('src')).join()":                                                                        "/-/page.js",
		"document.querySelectorAll('img, iframe, object, embed, base, meta[http-equiv], style, link:not([rel=icon], [rel=stylesheet])').length": "0",
		"[...document.querySelectorAll('*')].filter((e) => [...e.attributes].some((a) => a.name.startsWith('on'))).length":                      "0",
		"[...document.querySelectorAll('article a')].filter((a) => !/^https?:/.test(a.href)).length":                                            "0",
	} {
		if err := p.same(expression, want); err != nil {
			return err
		}
	}
	return nil
}

// delivered posts to the adaptor as Alertmanager does.
func (p *proof) delivered() error {
	body, err := os.ReadFile("testdata/adaptor/webhook/firing.json")
	if err != nil {
		return err
	}
	if err := p.page.open(p.fakeim + "/"); err != nil {
		return err
	}
	for _, receiver := range []string{"feishu", "dingtalk", "wecom", "slack", "slack-bot", "webhook"} {
		status, answer, err := post(p.adaptor+"/api/v1/notify/"+receiver, string(body))
		if err != nil || status != 200 {
			return fmt.Errorf("the adaptor answers %s with %d %s %w", receiver, status, answer, err)
		}
		p.sent++
		if err := p.page.until(fmt.Sprintf("document.getElementById('m%d') !== null", p.sent)); err != nil {
			return err
		}
		if err := p.same(last(".outcome .yes")+"?.textContent", "accepted"); err != nil {
			return fmt.Errorf("%s: %w", receiver, err)
		}
		if err := p.same(last(".card")+".textContent.includes('PostgreSQLTooManyConnections')", "true"); err != nil {
			return fmt.Errorf("%s: %w", receiver, err)
		}
	}
	return nil
}

func (p *proof) sizes() error {
	for _, channel := range []string{"feishu", "dingtalk", "wecom", "slack", "webhook"} {
		if err := p.page.open(p.fakeim + "/?channel=" + channel); err != nil {
			return err
		}
		only := fmt.Sprintf("[...document.querySelectorAll('article')].every((a) => a.dataset.channel === %q)", channel)
		if err := p.same(only, "true"); err != nil {
			return err
		}
		for name, size := range map[string][2]int{"screen": {1100, 900}, "phone": {390, 844}} {
			if err := p.page.resize(size[0], size[1]); err != nil {
				return err
			}
			// What is too wide scrolls by itself, and not the page.
			if err := p.same("document.documentElement.scrollWidth <= innerWidth", "true"); err != nil {
				return fmt.Errorf("%s on a %s: %w", channel, name, err)
			}
			if err := p.page.picture(p.pictures, channel+"-"+name); err != nil {
				return err
			}
		}
	}
	return p.page.resize(1100, 900)
}

// trouble makes some as a person would, by the form.
func (p *proof) trouble() error {
	if err := p.page.open(p.fakeim + "/?channel=slack"); err != nil {
		return err
	}
	fill := `{ const f = document.getElementById("fault"); f.closest("details").open = true;
		f.elements.channel.value = "slack"; f.elements.kind.value = "throttle"; f.elements.count.value = "2"; f.requestSubmit(); }`
	if _, err := p.page.eval(fill); err != nil {
		return err
	}
	if err := p.page.until("document.getElementById('made').textContent === 'slack: throttle, 2 times'"); err != nil {
		return err
	}
	status, answer, err := post(p.fakeim+paths["slack"], `{"text":"one"}`)
	if err != nil || status != 429 {
		return fmt.Errorf("trouble was made, and the answer is %d %s %w", status, answer, err)
	}
	if err := p.page.until(last(".outcome .no") + "?.textContent === 'HTTP 429, on command'"); err != nil {
		return err
	}
	if _, err := p.page.eval("scrollTo(0, 0)"); err != nil {
		return err
	}
	if err := p.page.picture(p.pictures, "trouble"); err != nil {
		return err
	}
	if _, err := p.page.eval("document.getElementById('mend').click()"); err != nil {
		return err
	}
	if err := p.page.until("document.getElementById('made').textContent === 'all trouble is mended'"); err != nil {
		return err
	}
	if status, answer, err := post(p.fakeim+paths["slack"], `{"text":"two"}`); err != nil || status != 200 {
		return fmt.Errorf("trouble is mended, and the answer is %d %s %w", status, answer, err)
	}
	return nil
}

func (p *proof) forget() error {
	if _, err := p.page.eval("document.getElementById('clear').click()"); err != nil {
		return err
	}
	return p.page.until("document.querySelectorAll('article').length === 0 && document.getElementById('empty').checkVisibility()")
}
