package fakeim

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// cardError is what Feishu finds wrong with a card: a code of its own, that comes inside the
// code of the answer.
type cardError struct {
	code    int
	message string
}

func (e *cardError) Error() string { return fmt.Sprintf("%d: %s", e.code, e.message) }

// Limits of a card: the tagged parts in it, and its tables, of whatever kind
// (https://open.feishu.cn/document/uAjLw4CM/ukzMukzMukzM/feishu-cards/card-json-v2-structure;
// that a card of 200 parts is taken and one of 201 refused, people have measured).
const (
	feishuParts  = 200
	feishuTables = 5
	// feishuColumnDepth is how deep columns may be in columns.
	feishuColumnDepth = 5
)

var feishuTemplates = []string{"", "default", "blue", "wathet", "turquoise", "green", "yellow", "orange", "red", "carmine", "violet", "purple", "indigo", "grey"}

// feishuTags are the elements of a card by its schema
// (https://open.feishu.cn/document/uAjLw4CM/ukzMukzMukzM/feishu-cards/card-json-v2-components/component-json-v2-overview).
var feishuTags = map[string][]string{
	"": {"div", "markdown", "hr", "img", "img_combination", "note", "action", "column_set", "table", "chart", "form",
		"collapsible_panel", "interactive_container", "person", "person_list"},
	"2.0": {"div", "markdown", "hr", "img", "img_combination", "table", "chart", "person", "person_list", "audio",
		"column_set", "form", "interactive_container", "collapsible_panel", "button", "input", "overflow", "checker",
		"select_static", "multi_select_static", "select_person", "multi_select_person", "select_img",
		"date_picker", "picker_time", "picker_datetime"},
}

// feishuEnded are elements of schema 1.0 that ended with 2.0
// (https://open.feishu.cn/document/uAjLw4CM/ukzMukzMukzM/feishu-cards/card-json-v2-breaking-changes-release-notes).
var feishuEnded = []string{"note", "action"}

// feishuProperties are those of the parts of a 2.0 card that messages are made of: any other is
// an error there, while 1.0 passes over it (same source). Parts that are not listed may have
// any.
var feishuProperties = map[string]string{
	"card":     "schema config card_link header body",
	"header":   "title subtitle template icon ud_icon text_tag_list i18n_text_tag_list padding",
	"body":     "direction padding vertical_spacing horizontal_spacing vertical_align horizontal_align elements",
	"hr":       "tag element_id margin",
	"markdown": "tag element_id margin content i18n_content text_size text_align icon",
	"button": "tag element_id margin type size width text icon hover_tips disabled disabled_tips confirm behaviors " +
		"name required form_action_type action_type url multi_url value complex_interaction",
	"column_set": "tag element_id margin flex_mode horizontal_spacing horizontal_align background_style columns action",
	"column": "tag element_id margin width weight direction padding background_style vertical_align horizontal_align " +
		"vertical_spacing horizontal_spacing elements action",
	"collapsible_panel": "tag element_id margin expanded direction padding background_color border header elements " +
		"vertical_spacing horizontal_spacing vertical_align horizontal_align",
}

// checkFeishuCard returns a *cardError for a card that Feishu refuses.
func checkFeishuCard(source json.RawMessage) error {
	var card map[string]any
	if json.Unmarshal(source, &card) != nil || json.Unmarshal(source, &feishuCard{}) != nil {
		return &cardError{200621, "parse card json err, please check whether the card json is correct"}
	}
	schema, _ := card["schema"].(string)
	if feishuTags[schema] == nil {
		return &cardError{200621, fmt.Sprintf("parse card json err, please check whether the card json is correct, unknown schema %q", schema)}
	}
	c := &cardCheck{schema: schema}
	holder, path := card, "ROOT"
	if schema != "" {
		c.properties("card", card, path)
		holder, _ = card["body"].(map[string]any)
		path = "ROOT -> body"
		c.properties("body", holder, path)
	}
	if header, _ := card["header"].(map[string]any); header != nil {
		c.header(header)
	}
	elements, _ := holder["elements"].([]any)
	c.elements(elements, path, nil)
	if c.count(card); c.parts > feishuParts {
		c.refuse(11310, "element exceeds the limit")
	}
	if c.tables > feishuTables {
		c.refuse(11310, "card table number over limit; ErrorValue: table")
	}
	if c.problem != nil {
		return c.problem
	}
	return nil
}

// cardCheck looks for the first mistake in a card.
type cardCheck struct {
	schema        string
	parts, tables int
	problem       *cardError
}

func (c *cardCheck) refuse(code int, format string, args ...any) {
	if c.problem == nil {
		c.problem = &cardError{code, fmt.Sprintf(format, args...)}
	}
}

func (c *cardCheck) properties(part string, have map[string]any, path string) {
	known := strings.Fields(feishuProperties[part])
	if c.schema == "" || len(known) == 0 {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(have)) {
		if !slices.Contains(known, name) {
			c.refuse(200621, "parse card json err, please check whether the card json is correct, unknown property, property: %s, path: %s", name, path)
		}
	}
}

func (c *cardCheck) header(header map[string]any) {
	c.properties("header", header, "ROOT -> header")
	template, _ := header["template"].(string)
	title, _ := header["title"].(map[string]any)
	content, _ := title["content"].(string)
	switch {
	case !slices.Contains(feishuTemplates, template):
		c.refuse(200621, "unknown template %q, path: ROOT -> header -> template", template)
	case content == "" || (title["tag"] != "plain_text" && title["tag"] != "lark_md"):
		c.refuse(200621, "a header needs a title, path: ROOT -> header -> title")
	}
}

// elements checks a list of elements, and what is in them. The tags they are within are given.
func (c *cardCheck) elements(list []any, path string, within []string) {
	for i, entry := range list {
		element, _ := entry.(map[string]any)
		tag, _ := element["tag"].(string)
		here := fmt.Sprintf("%s -> elements -> [%d](tag: %s)", path, i, tag)
		switch {
		case c.schema != "" && slices.Contains(feishuEnded, tag):
			c.refuse(200861, "cards of schema V2 no longer support this capability; unsupported tag %s, path: %s", tag, here)
		case !slices.Contains(feishuTags[c.schema], tag) && !slices.Contains(within, "note"):
			c.refuse(11310, "unsupported type of block; ErrorValue: %s", tag)
		case tag == "table" && slices.ContainsFunc(within, func(outer string) bool { return outer != "interactive_container" }):
			c.refuse(200621, "type of element is not supported tag: table, path: %s", here)
		}
		c.properties(tag, element, here)
		inner := append(slices.Clip(within), tag)
		if len(inner) > 100 {
			c.refuse(200621, "elements are nested too deep, path: %s", here)
			return
		}
		if children, ok := element["elements"].([]any); ok {
			c.elements(children, here, inner)
		}
		if tag == "column_set" {
			c.columns(element, here, inner)
		}
	}
}

func (c *cardCheck) columns(element map[string]any, path string, within []string) {
	depth := 0
	for _, tag := range within {
		if tag == "column_set" {
			depth++
		}
	}
	if depth > feishuColumnDepth {
		c.refuse(200621, "columns are nested too deep, path: %s", path)
	}
	columns, _ := element["columns"].([]any)
	for i, entry := range columns {
		column, _ := entry.(map[string]any)
		here := fmt.Sprintf("%s -> columns -> [%d](tag: column)", path, i)
		c.properties("column", column, here)
		children, _ := column["elements"].([]any)
		c.elements(children, here, within)
	}
}

// tableStart is the line below the head of a Markdown table.
var tableStart = regexp.MustCompile(`(?m)^\s*\|?\s*:?-{3,}:?\s*\|[ :|\-]*$`)

// count counts the tagged parts and the tables of a card, wherever they are.
func (c *cardCheck) count(node any) {
	switch node := node.(type) {
	case map[string]any:
		if tag, tagged := node["tag"].(string); tagged {
			c.parts++
			switch content, _ := node["content"].(string); tag {
			case "table":
				c.tables++
			case "markdown":
				c.tables += len(tableStart.FindAllStringIndex(content, -1))
			}
		}
		for _, child := range node {
			c.count(child)
		}
	case []any:
		for _, child := range node {
			c.count(child)
		}
	}
}
