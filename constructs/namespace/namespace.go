// Package namespace holds the construct that sets an application apart from
// the cluster's other workloads.
package namespace

import (
	"cmp"
	"maps"
	"strings"

	"github.com/aws/constructs-go/constructs/v10"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"example.com/django-cdk8s/constructs/object"
	"example.com/django-cdk8s/internal/clone"
	"example.com/django-cdk8s/internal/construct"
	"example.com/django-cdk8s/internal/labels"
	"example.com/django-cdk8s/internal/rule"
)

// DefaultName is the namespace of the reference system.
const DefaultName = "django-app"

// Level is a Pod Security Standard; see
// https://kubernetes.io/docs/concepts/security/pod-security-standards/.
type Level string

// The Pod Security Standards, from the strictest.
const (
	// Restricted asks for hardened pods: no root, capabilities dropped, a seccomp
	// profile.
	Restricted Level = "restricted"

	// Baseline refuses what is known to reach the node, such as its network or
	// its directories.
	Baseline Level = "baseline"

	// Privileged refuses nothing.
	Privileged Level = "privileged"
)

// Props configures [New]. The zero value of every field means its default.
type Props struct {
	// Name is the namespace's name.
	//
	// Default: the namespace of the chart, or [DefaultName] where it has none.
	Name string

	// Enforce is the standard that a pod must meet to be admitted. Every pod
	// of this library meets [Restricted].
	//
	// Default: [Restricted].
	Enforce Level

	// Audit is the standard whose violations go to the audit log.
	//
	// Default: [Restricted].
	Audit Level

	// Warn is the standard whose violations kubectl shows when it applies.
	//
	// Default: [Restricted].
	Warn Level

	// Labels are further labels of the namespace.
	//
	// Default: none.
	Labels map[string]string
}

// Validate reports every invalid field.
func (p Props) Validate() field.ErrorList {
	var e rule.Errors
	if p.Name != "" {
		e.DNSLabel("Name", p.Name)
	}
	if strings.HasPrefix(p.Name, "kube-") {
		e.Add("Name", p.Name, "must not start with kube-, which is for namespaces of Kubernetes itself")
	}
	level(&e, "Enforce", p.Enforce)
	level(&e, "Audit", p.Audit)
	level(&e, "Warn", p.Warn)
	e.Labels("Labels", p.Labels)
	for _, key := range []string{labels.PodSecurityEnforce, labels.PodSecurityAudit, labels.PodSecurityWarn} {
		if _, ok := p.Labels[key]; ok {
			e.Add(rule.Item("Labels", key), p.Labels[key], "is set by Enforce, Audit and Warn")
		}
	}
	return e.Err()
}

func level(e *rule.Errors, field string, l Level) {
	if l != "" {
		e.OneOf(field, string(l), string(Restricted), string(Baseline), string(Privileged))
	}
}

func (p Props) withDefaults(chart string) Props {
	p.Name = cmp.Or(p.Name, chart, DefaultName)
	p.Enforce = cmp.Or(p.Enforce, Restricted)
	p.Audit = cmp.Or(p.Audit, Restricted)
	p.Warn = cmp.Or(p.Warn, Restricted)
	return p
}

// Namespace is a Kubernetes Namespace under Pod Security admission. Other
// constructs live in the namespace of their chart, cdk8s.ChartProps.Namespace,
// which is also the default name here.
type Namespace struct {
	constructs.Construct

	name   string
	object *object.Object[*corev1.Namespace]
}

// New adds a [Namespace] called id to scope. Invalid props fail synthesis with
// the construct's path.
func New(scope constructs.Construct, id string, props Props) *Namespace {
	props = clone.Of(props)
	n := &Namespace{}
	node := construct.Init(n, scope, id)
	node.Report(props.Validate())

	props = props.withDefaults(node.Namespace())
	n.name = props.Name
	n.object = newNamespace(n, props)
	return n
}

// Name returns the namespace's name.
func (n *Namespace) Name() string { return n.name }

// Object returns the Namespace object.
func (n *Namespace) Object() *object.Object[*corev1.Namespace] { return n.object }

func newNamespace(n *Namespace, props Props) *object.Object[*corev1.Namespace] {
	return object.New(n, "Namespace", props.Name, func() *corev1.Namespace {
		l := map[string]string{
			labels.PodSecurityEnforce: string(props.Enforce),
			labels.PodSecurityAudit:   string(props.Audit),
			labels.PodSecurityWarn:    string(props.Warn),
			labels.PartOf:             props.Name,
			labels.ManagedBy:          labels.Manager,
		}
		maps.Copy(l, props.Labels)
		return &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
			Name: props.Name, Labels: l,
			// Deleting a namespace deletes everything in it.
			Annotations: labels.KeepData(),
		}}
	})
}
