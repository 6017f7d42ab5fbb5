package report_test

import (
	"testing"

	"github.com/rulekit/rulekit/lint"
	"github.com/rulekit/rulekit/lint/report"
	"github.com/rulekit/rulekit/rules"
)

func TestGitHub(t *testing.T) {
	file := &rules.File{Path: "./a,b:c%.yaml", Source: []byte("one\ntwo\n")}
	result := &lint.Result{Diagnostics: []lint.Diagnostic{
		{Check: "x", Severity: lint.Error, File: file, Span: rules.Span{Start: 1, End: 3}, Message: "50%: a, b\r\nc", Hint: "d"},
		{Check: "y", Severity: lint.Info, File: file, Span: rules.Span{Start: 1, End: 5}, Message: "two lines"},
	}}
	want := `::error file=a%2Cb%3Ac%25.yaml,line=1,col=2,endLine=1,endColumn=4,title=rulekit x::50%25: a, b\x0d%0Ac; d
::notice file=a%2Cb%3Ac%25.yaml,line=1,endLine=2,title=rulekit y::two lines
`
	if got := print(t, "github", report.Options{}, result); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}
