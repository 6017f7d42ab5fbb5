package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/rulekit/rulekit/lint/infer"
	"github.com/rulekit/rulekit/rules"
)

func init() {
	register(Check{
		Name:    "join-namespace",
		Summary: "A match on (pod) or the like without the namespace.",
		Why: "The names of pods, services and so on are unique in a namespace only. `a - on (pod) b`" + ` works until somebody
installs the same thing in a second namespace: then both have a pod ` + "`bakery-0`" + `, the match finds two series where
there has to be one, and Prometheus ends the evaluation with an error. From then on the alert is dead, for both,
and only a metric of Prometheus itself says so.

Match on both: ` + "`on (namespace, pod)`" + `.`,
		Severity: Warning,
		Run:      joinNamespace,
	})
}

// ofNamespace are labels that name something that is unique within a Kubernetes namespace.
var ofNamespace = []string{
	"pod", "service", "deployment", "statefulset", "daemonset", "replicaset", "persistentvolumeclaim",
	"configmap", "secret", "ingress", "job_name", "cronjob", "horizontalpodautoscaler", "endpoint_slice",
}

func joinNamespace(p *Pass) {
	p.eachPart(func(rule *rules.Rule, part *part, found *findings) {
		e, ok := part.Expr.(*parser.BinaryExpr)
		if !ok || e.VectorMatching == nil || !e.VectorMatching.On || e.Op.IsSetOperator() {
			return
		}
		object := namespacedObject(e.VectorMatching.MatchingLabels)
		if object == "" || !severalNamespaces(p, rule, e) {
			return
		}
		found.add(Diagnostic{
			Rule: rule, Span: clauseOf(rule, e, infer.Matching), Label: "the same name in two namespaces is an error here",
			Message: fmt.Sprintf("matches by %s without the namespace", object),
			Hint:    fmt.Sprintf("write on (namespace, %s)", strings.Join(e.VectorMatching.MatchingLabels, ", ")),
		})
	})
}

// namespacedObject returns the label that names something in a namespace, unless another label
// says in which, or is unique by itself.
func namespacedObject(names []string) string {
	for _, name := range names {
		if strings.Contains(name, "namespace") || slices.Contains([]string{"instance", "uid", "node", "pod_ip", "id", "container_id"}, name) {
			return ""
		}
	}
	for _, name := range names {
		if slices.Contains(ofNamespace, name) {
			return name
		}
	}
	return ""
}

// severalNamespaces tells whether the side of the match that has to be one series may have a
// namespace, and series of more than one.
func severalNamespaces(p *Pass, rule *rules.Rule, e *parser.BinaryExpr) bool {
	sides := []parser.Expr{e.LHS, e.RHS}
	switch e.VectorMatching.Card {
	case parser.CardManyToOne:
		sides = sides[1:]
	case parser.CardOneToMany:
		sides = sides[:1]
	}
	for _, side := range sides {
		namespace := p.Infer(rule).Of(side).Labels.Get("namespace")
		if namespace.State == infer.Gone || namespace.Known || selectsNamespace(side) {
			return false
		}
	}
	return true
}

// selectsNamespace tells whether a selector asks for one namespace.
func selectsNamespace(expr parser.Expr) bool {
	found := false
	parser.Inspect(expr, func(node parser.Node, _ []parser.Node) error {
		if vs, ok := node.(*parser.VectorSelector); ok {
			for _, m := range vs.LabelMatchers {
				found = found || strings.Contains(m.Name, "namespace") && m.Type == labels.MatchEqual && m.Value != ""
			}
		}
		return nil
	})
	return found
}
