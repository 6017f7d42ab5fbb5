package adaptor

import (
	"bytes"
	"encoding/json"
	"maps"
)

// Schema returns the JSON schema (draft 2020-12) of a configuration, for editors. It knows the
// keys and the kinds of their values; what one value means for another only LoadConfig knows.
func Schema() []byte {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(schema()); err != nil {
		panic(err) // it is made of texts and maps
	}
	return b.Bytes()
}

// schemaNode is a part of a schema.
type schemaNode map[string]any

func (n schemaNode) about(description string) schemaNode {
	n = maps.Clone(n)
	n["description"] = description
	return n
}

// The kinds of values. Where a text is wanted, YAML's other scalars count as what is written, and
// null as nothing at all.
func textSchema() schemaNode {
	return schemaNode{"type": []string{"string", "number", "boolean", "null"}}
}

// nameSchema is a text that must be there.
func nameSchema() schemaNode {
	return schemaNode{"type": []string{"string", "number", "boolean"}, "minLength": 1}
}

func enumSchema(values []string) schemaNode {
	all := []any{nil, ""}
	for _, v := range values {
		all = append(all, v)
	}
	return schemaNode{"enum": all}
}

// durationPattern is Prometheus's form of durations, or nothing.
const durationPattern = `^(([0-9]+)y)?(([0-9]+)w)?(([0-9]+)d)?(([0-9]+)h)?(([0-9]+)m)?(([0-9]+)s)?(([0-9]+)ms)?$`

func durationSchema() schemaNode {
	return schemaNode{"type": []string{"string", "null"}, "pattern": durationPattern}
}

func listSchema(items schemaNode) schemaNode {
	return schemaNode{"type": []string{"array", "null"}, "items": items}
}

func textOrListSchema() schemaNode {
	return schemaNode{"anyOf": []any{textSchema(), listSchema(textSchema())}}
}

// objectSchema is a mapping that has no other keys.
func objectSchema(properties map[string]schemaNode, required ...string) schemaNode {
	node := schemaNode{"type": "object", "additionalProperties": false, "properties": properties}
	if len(required) > 0 {
		node["required"] = required
	}
	return node
}

func schema() schemaNode {
	templates := map[string]schemaNode{anyChannel: templatesSchema()}
	for _, name := range channelNames() {
		templates[name] = templatesSchema()
	}
	root := objectSchema(map[string]schemaNode{
		"receivers":      {"type": "array", "items": receiverSchema(), "description": "The names under which notifications can be posted, and where they go."},
		"locale":         textSchema().about("The language of messages, such as en or zh-CN, where the receiver names none. The default is en."),
		"locales":        listSchema(textSchema()).about("Files with more languages, each named like its language: ja.yaml."),
		"time_zone":      textSchema().about("The time zone of messages, such as Asia/Shanghai, where the receiver names none. The default is UTC."),
		"templates":      objectSchema(templates).about("Templates of messages, by channel, or for all others under default."),
		"template_files": listSchema(textSchema()).about("Files, or patterns of them, with templates that others use."),
		"dedup_window":   durationSchema().about("How long the same notification counts as posted twice, 30s to 10m. It must be shorter than every repeat_interval. The default is 2m."),
		"max_age":        durationSchema().about("How old a notification may be when it is sent, from 1m to 1w, where the receiver does not say. The default is 2h."),
		"allow_hosts":    listSchema(textSchema()).about("The hosts that addresses and proxies may be on, such as open.feishu.cn or *.example.com. The default is any."),
	}, "receivers")
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["title"] = "Configuration of rulekit adaptor"
	return root
}

func templatesSchema() schemaNode {
	return objectSchema(map[string]schemaNode{
		"title": textSchema().about("The template of the headline."),
		"alert": textSchema().about("The template of one alert, in the markup of the channel."),
	})
}

// secretSchema adds a key of a secret, and that of a file which holds it.
func secretSchema(properties map[string]schemaNode, name, what string) {
	properties[name] = textSchema().about(what + " ${NAME} is an environment variable.")
	properties[name+"_file"] = textSchema().about("A file that holds " + name + ".")
}

func receiverSchema() schemaNode {
	properties := map[string]schemaNode{
		"name":      nameSchema().about("The last part of the path that Alertmanager posts to: /api/v1/notify/NAME."),
		"type":      enumSchema(allTypes()).about("The messenger. It may be left out where the address tells."),
		"params":    paramsSchema(nil),
		"form":      textSchema().about("The form of the messages, where the messenger has several."),
		"locale":    textSchema().about("The language of its messages, such as zh-CN."),
		"time_zone": textSchema().about("The time zone of its messages, such as Asia/Shanghai."),
		"templates": templatesSchema().about("Templates of its messages, in place of the built-in ones."),
		"mentions": listSchema(objectSchema(map[string]schemaNode{
			"severity": textOrListSchema().about("The severities of the alerts it is for."),
			"matchers": textOrListSchema().about(`Matchers of the alerts it is for, as in Alertmanager: team="db".`),
			"users":    textOrListSchema().about("The messenger's names of the users to call."),
			"mobiles":  textOrListSchema().about("The mobile numbers of the users to call."),
			"all":      {"enum": []any{nil, "", "true", "false", true, false}, "description": "Call everybody."},
		})).about("Who is called for which firing alerts."),
		"fallback":       textSchema().about("The receiver that gets what this one cannot deliver."),
		"fallback_after": durationSchema().about("How long a notification may wait before the fallback gets it. The default is until it is given up."),
		"max_age":        durationSchema().about("How old a notification may be when it is sent, from 1m to 1w."),
		"rates": listSchema(objectSchema(map[string]schemaNode{
			"messages": {"type": []string{"integer", "string"}, "minimum": 1, "maximum": maxRateMessages, "pattern": "^[0-9]+$", "description": "How many messages the bot may send"},
			"per":      {"type": "string", "pattern": durationPattern, "minLength": 1, "description": "in any period of this length."},
		}, rateKeys...)).about("What the bot may send, where that is not the usual."),
	}
	secretSchema(properties, "bearer_token", "What a post must bear in its Authorization header.")
	secretSchema(properties, "proxy_url", "The proxy for requests to the messenger. The default is what the environment names.")
	node := objectSchema(properties, "name", "params")
	var byType []any
	for _, c := range Channels() {
		of := schemaNode{"params": paramsSchema(c), "form": enumSchema(c.Forms)}
		types := schemaNode{"type": schemaNode{"enum": c.Types}}
		byType = append(byType, schemaNode{
			"if":   schemaNode{"properties": types, "required": []string{"type"}},
			"then": schemaNode{"properties": of},
		})
	}
	node["allOf"] = byType
	return node
}

// paramsSchema is about the params of a channel, or of any where it is nil.
func paramsSchema(channel *Channel) schemaNode {
	properties := map[string]schemaNode{}
	for _, c := range Channels() {
		if channel != nil && c != channel {
			continue
		}
		for _, p := range c.Params {
			properties[p.Name] = textSchema().about(p.What)
			if p.Secret {
				secretSchema(properties, p.Name, p.What+".")
			}
		}
	}
	secretSchema(properties, "url", "The bot's webhook address.")
	secretSchema(properties, "secret", "The key that messages are signed with, where the bot asks for that.")
	node := objectSchema(properties).about("Where the messages go.")
	if channel == nil {
		return node
	}
	if channel.Address == "" {
		given := func(name string) schemaNode {
			filled := schemaNode{"not": schemaNode{"enum": []any{nil, ""}}}
			return schemaNode{"required": []string{name}, "properties": map[string]schemaNode{name: filled}}
		}
		node["oneOf"] = []any{given("url"), given("url_file")}
	}
	var required []string
	for _, p := range channel.Params {
		if p.Required && !p.Secret {
			required = append(required, p.Name)
		}
	}
	if len(required) > 0 {
		node["required"] = required
	}
	return node
}
