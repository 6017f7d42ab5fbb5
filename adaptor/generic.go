package adaptor

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"
)

func init() {
	register(&Channel{
		Name:  "webhook",
		Types: []string{"webhook"},
		Forms: []string{"json"},
		Params: []Param{
			{Name: genericTemplateParam, Secret: true, What: "a Go template that makes the JSON body"},
			{Name: genericAuthorization, Secret: true, What: "the value of the header Authorization, such as Bearer …"},
			{Name: genericSuccess, What: "a regular expression that the body of an answer must match to be a yes"},
		},
		MaxBytes: genericBytes,
		Check:    checkGeneric,
		Markup:   func(string) markup { return weComMarkup(weComText) },
		Encode:   encodeGeneric,
		Verdict:  judgeGeneric,
	})
}

// genericBytes is the most bytes of a body. Web servers take a mebibyte if nobody says otherwise;
// one that takes less answers 413, and gets smaller parts.
const genericBytes = 1_000_000

// The parameters.
const (
	// genericTemplateParam makes the body; without it the body is that of genericMessage.
	genericTemplateParam = "template"
	// genericAuthorization is for servers that know who posts.
	genericAuthorization = "authorization"
	// genericSuccess is for servers that report errors with HTTP 200.
	genericSuccess = "success"
)

// checkGeneric tries the template and what else can be wrong.
func checkGeneric(target Target) error {
	if _, err := regexp.Compile(string(target.Params[genericSuccess])); err != nil {
		return fmt.Errorf("params.success is not a regular expression: %w", err)
	}
	if strings.ContainsFunc(string(target.Params[genericAuthorization]), func(c rune) bool { return c < ' ' || c > '~' }) {
		return errors.New("params.authorization has a line break, or what is not ASCII: a header cannot carry it (it is not shown)")
	}
	if source := target.Params[genericTemplateParam]; source != "" {
		return tryGenericTemplate(string(source))
	}
	return nil
}

func encodeGeneric(target Target, m Message, _ time.Time) (Request, error) {
	request := Request{URL: string(target.URL)}
	if authorization := target.Params[genericAuthorization]; authorization != "" {
		request.Header = http.Header{"Authorization": {string(authorization)}}
	}
	if success := target.Params[genericSuccess]; success != "" {
		request.Judge = func(r Response) Verdict { return judgeGenericBy(string(success), r) }
	}
	var err error
	if source := target.Params[genericTemplateParam]; source != "" {
		request.Body, err = executeGenericTemplate(string(source), newGenericMessage(m))
	} else {
		request.Body, err = encodeJSON(newGenericMessage(m))
	}
	request.Size = len(request.Body)
	tooLong := errors.Is(err, errTooLong) || errors.Is(err, errTextTooLong)
	if tooMuch := (&boundError{}); tooLong || errors.As(err, &tooMuch) && len(m.Alerts) > 1 {
		// Fewer alerts, and shorter texts, are written sooner and take less space.
		request.Size, err = genericBytes+1, nil
	}
	return request, err
}

// judgeGeneric takes every 2xx for a yes.
func judgeGeneric(r Response) Verdict {
	if verdict, bad := refused(r); bad {
		return verdict
	}
	return Verdict{Outcome: Done}
}

// judgeGenericBy asks the body too.
func judgeGenericBy(success string, r Response) Verdict {
	verdict := judgeGeneric(r)
	if verdict.Outcome != Done {
		return verdict
	}
	pattern, err := regexp.Compile(success)
	if err == nil && pattern.Match(r.Body) {
		return verdict
	}
	return Verdict{Outcome: Retry, Attempts: doubtfulAttempts, Reason: "the answer does not match params.success: " + describe(r)}
}
