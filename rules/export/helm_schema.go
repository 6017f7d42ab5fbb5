package export

import (
	"encoding/json"
	"regexp"

	"github.com/rulekit/rulekit/rules/params"
)

type object = map[string]any

const (
	// Helm hands on a fraction after --set as a string.
	numberPattern   = `^[0-9]{1,18}(\.[0-9]+)?([eE](-?0?[0-9]|\+?0?[0-9]))?$`
	durationPattern = `^(([0-9]+)y)?(([0-9]+)w)?(([0-9]+)d)?(([0-9]+)h)?(([0-9]+)m)?(([0-9]+)s)?(([0-9]+)ms)?$`
	overridePattern = `^([a-z0-9]([-a-z0-9.]*[a-z0-9])?)?$`
)

// schema is values.schema.json: with it, Helm refuses a name that there is not.
func (c *chart) schema() ([]byte, error) {
	engines, alerts := object{}, object{}
	for _, file := range c.files {
		engines[EngineOf(file)] = object{"type": "boolean"}
		for _, alert := range c.alerts[file] {
			values := object{params.Enabled: object{"type": "boolean"}}
			for _, p := range alert.params {
				values[p.Name] = schemaOf(p)
			}
			alerts[alert.rule.Name()] = closed(values)
		}
	}
	whole := closed(object{
		"engines": closed(engines), "alerts": closed(alerts),
		"labels": labelsSchema(
			object{"pattern": resourceKey.String(), "maxLength": maxPrefix + 1 + maxName},
			object{"pattern": resourceValue.String(), "maxLength": maxName},
		),
		"ruleLabels": labelsSchema(object{"pattern": ruleLabel.String(), "not": object{"enum": reservedLabels}}, object{}),
		"namespace":  textSchema(object{"pattern": orEmpty(objectName), "maxLength": maxName}),
		"interval":   textSchema(object{"pattern": durationPattern}),
		"runbookUrl": textSchema(object{"pattern": orEmpty(webAddress)}),
		// The names of Helm may have dots.
		"nameOverride": textSchema(object{"pattern": overridePattern}), "fullnameOverride": textSchema(object{"pattern": overridePattern}),
		// A chart that this one is part of may hand these down.
		"global": object{"type": "object"}, "enabled": object{"type": "boolean"},
	})
	whole["definitions"] = definitions()
	whole["$schema"] = "http://json-schema.org/draft-07/schema#"
	out, err := json.MarshalIndent(whole, "", "  ")
	return append(out, '\n'), err
}

func closed(properties object) object {
	return object{"type": "object", "properties": properties, "additionalProperties": false}
}

// textSchema is a string with further keywords.
func textSchema(keywords object) object {
	keywords["type"] = "string"
	return keywords
}

func labelsSchema(names, values object) object {
	return object{"type": "object", "propertyNames": names, "additionalProperties": textSchema(values)}
}

// orEmpty is a pattern that takes the empty string, too.
func orEmpty(pattern *regexp.Regexp) string { return "^$|" + pattern.String() }

// ratio is the definition of a number that texts write as a percentage: 90 for 90% is refused.
const ratio = "ratio"

// definitions are the schemas of the kinds of parameters.
func definitions() object {
	number := func(most float64) object {
		return object{"type": []string{"number", "string"}, "minimum": 0, "maximum": most, "pattern": numberPattern}
	}
	return object{
		ratio:                    number(1),
		params.Number.String():   number(params.MaxNumber),
		params.Duration.String(): textSchema(object{"minLength": 2, "pattern": durationPattern}),
		params.String.String():   textSchema(object{"minLength": 1}),
	}
}

func schemaOf(p params.Param) object {
	definition := p.Kind.String()
	if p.IsRatio() {
		definition = ratio
	}
	return object{"$ref": "#/definitions/" + definition}
}
