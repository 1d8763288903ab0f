// Package namespace holds the construct that sets an application apart from
// the cluster's other workloads.
package namespace

import (
	"cmp"
	"maps"

	"github.com/aws/constructs-go/constructs/v10"
	"github.com/cdk8s-team/cdk8s-plus-go/cdk8splus28/v2/k8s"

	"example.com/django-cdk8s/internal/bind"
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
	Restricted Level = "restricted"
	Baseline   Level = "baseline"
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

	// Warn is the standard whose violations are shown to whoever applies.
	//
	// Default: [Restricted].
	Warn Level

	// Labels are further labels of the namespace.
	//
	// Default: none.
	Labels map[string]string
}

// Validate reports every invalid field.
func (p Props) Validate() error {
	var e rule.Errors
	if p.Name != "" {
		e.Label("Name", p.Name)
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

func (p Props) withDefaults(scope constructs.Construct) Props {
	p.Name = cmp.Or(p.Name, bind.Namespace(scope), DefaultName)
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

	name string
}

// New adds a [Namespace] called id to scope. Invalid props fail synthesis with
// the construct's path.
func New(scope constructs.Construct, id string, props Props) *Namespace {
	n := &Namespace{}
	bind.Init(n, scope, id)
	bind.Validate(n, props.Validate)

	props = props.withDefaults(n)
	n.name = props.Name
	newNamespace(n, props)
	return n
}

// Name returns the namespace's name.
func (n *Namespace) Name() string { return n.name }

// clusterScoped is a Namespace object without metadata.namespace, which cdk8s
// gives to every object of a chart that has one. The API server drops the
// field, so that each later apply would find a difference.
type clusterScoped struct {
	k8s.KubeNamespace

	labels      map[string]string
	annotations map[string]string
}

// ToJson renders the object; it overrides the method of cdk8s.ApiObject.
func (c *clusterScoped) ToJson() any { //nolint:revive,staticcheck // jsii overrides by this very name.
	return map[string]any{
		"apiVersion": "v1",
		"kind":       "Namespace",
		"metadata": map[string]any{
			"name":        *c.Name(),
			"labels":      c.labels,
			"annotations": c.annotations,
		},
	}
}

func newNamespace(n *Namespace, props Props) {
	l := map[string]string{
		labels.PodSecurityEnforce: string(props.Enforce),
		labels.PodSecurityAudit:   string(props.Audit),
		labels.PodSecurityWarn:    string(props.Warn),
		labels.PartOf:             props.Name,
		labels.ManagedBy:          labels.Manager,
	}
	maps.Copy(l, props.Labels)
	object := &clusterScoped{
		labels: l,
		// A namespace takes everything in it along when it is deleted.
		annotations: map[string]string{labels.SyncOptions: labels.KeepData},
	}
	k8s.NewKubeNamespace_Override(object, n, new("Namespace"), &k8s.KubeNamespaceProps{
		Metadata: &k8s.ObjectMeta{Name: &props.Name},
	})
}
