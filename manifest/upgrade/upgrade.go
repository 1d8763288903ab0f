// Package upgrade compares manifests with those that a cluster has, and finds
// the changes that the API server refuses, or that lose data. Package synth asks
// it before it writes over manifests that git has.
package upgrade

import (
	"fmt"
	"reflect"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"example.com/django-cdk8s/internal/labels"
	"example.com/django-cdk8s/manifest"
)

// Rule names a kind of change.
type Rule string

// The rules.
const (
	// NamespaceRemoved is a Namespace that is not made any more. A tool that
	// prunes deletes it with everything in it.
	NamespaceRemoved Rule = "namespace-removed"

	// ClaimRemoved is a PersistentVolumeClaim, or the Cluster of an operator,
	// that is not made any more, or has another name. A tool that prunes
	// deletes its data.
	ClaimRemoved Rule = "claim-removed"

	// ClaimChanged is a PersistentVolumeClaim that gets smaller, or has another
	// access mode or storage class. The API server refuses it.
	ClaimChanged Rule = "claim-changed"

	// SecretRemoved is a Secret with generated keys that is not made any more.
	// Its values exist nowhere else.
	SecretRemoved Rule = "secret-removed"

	// MajorChanged is another major version of PostgreSQL on the same claim.
	// The server does not start.
	MajorChanged Rule = "major-changed"

	// Immutable is a change of a field that the API server refuses.
	Immutable Rule = "immutable"
)

// Rules returns all rules.
func Rules() []Rule {
	return []Rule{NamespaceRemoved, ClaimRemoved, ClaimChanged, SecretRemoved, MajorChanged, Immutable}
}

// Change is a change that a cluster refuses, or that loses data.
type Change struct {
	Rule Rule

	// Object is the object before the change, as [manifest.Object.String] writes
	// it, such as "PersistentVolumeClaim shop/postgres-pvc".
	Object string

	// Field is the path of the field that changes, or "" for all of the object.
	Field string

	// Text says what happens, and the way around it.
	Text string
}

// Error returns the change in one line.
func (c Change) Error() string {
	if c.Field == "" {
		return fmt.Sprintf("%s: %s (%s)", c.Object, c.Text, c.Rule)
	}
	return fmt.Sprintf("%s: %s: %s (%s)", c.Object, c.Field, c.Text, c.Rule)
}

// Accepted is a change that is wanted all the same.
type Accepted struct {
	// Rule is the kind of the change, such as [ClaimRemoved].
	//
	// Required.
	Rule Rule

	// Object is the kind and the name of the object, as in [Change].
	//
	// Required.
	Object string

	// Reason says to readers why nothing is lost.
	//
	// Required.
	Reason string
}

// Accepts reports whether c is the change that a accepts.
func (a Accepted) Accepts(c Change) bool { return a.Rule == c.Rule && a.Object == c.Object }

// Compare returns the changes from before to after that a cluster refuses, or
// that lose data, in the order of before. Objects in a Namespace that is removed
// are not named besides it, unless after still has objects in that namespace.
func Compare(before, after []manifest.Object) []Change {
	now := map[manifest.Object]manifest.Object{}
	used := map[string]bool{}
	for _, o := range after {
		now[key(o)] = o
		used[o.Namespace] = true
	}
	var c comparison
	gone := map[string]bool{}
	for _, o := range before {
		if _, kept := now[key(o)]; !kept && o.Kind == "Namespace" {
			gone[o.Name] = !used[o.Name]
			c.add(NamespaceRemoved, o, "", "is not made any more; a tool that prunes deletes it with everything in it")
		}
	}
	for _, o := range before {
		kept, ok := now[key(o)]
		switch {
		case gone[o.Namespace]:
		case ok:
			c.changed(o, kept)
		default:
			c.removed(o)
		}
	}
	return c.changes
}

// key identifies an object.
func key(o manifest.Object) manifest.Object {
	return manifest.Object{Group: o.Group, Kind: o.Kind, Namespace: o.Namespace, Name: o.Name}
}

// comparison collects changes.
type comparison struct{ changes []Change }

func (c *comparison) add(rule Rule, o manifest.Object, field, text string) {
	c.changes = append(c.changes, Change{Rule: rule, Object: o.String(), Field: field, Text: text})
}

// dataKinds are the custom kinds that hold data.
var dataKinds = map[string]string{"Cluster": "postgresql.cnpg.io", "ObjectStore": "barmancloud.cnpg.io"}

func (c *comparison) removed(o manifest.Object) {
	const lost = "is not made any more, or has another name: a tool that prunes deletes its data, " +
		"and what has another name starts empty"
	switch content := o.Content.(type) {
	case *corev1.PersistentVolumeClaim:
		c.add(ClaimRemoved, o, "", lost)
	case *corev1.Secret:
		if content.Annotations[labels.GeneratedKeys] != "" {
			c.add(SecretRemoved, o, "", "is not made any more, or has another name: "+
				"its generated values exist nowhere else")
		}
	}
	if group := dataKinds[o.Kind]; group != "" && group == o.Group {
		c.add(ClaimRemoved, o, "", lost)
	}
}

// generated reports generated values that those of the manifest replace.
func (c *comparison) generated(o manifest.Object, before, after *corev1.Secret) {
	keys := before.Annotations[labels.GeneratedKeys]
	if keys == "" {
		return
	}
	if after.Annotations[labels.GeneratedKeys] == "" {
		c.add(SecretRemoved, o, "metadata.annotations["+labels.GeneratedKeys+"]",
			"the values are not generated any more: those of the manifest replace them")
		return
	}
	for key := range strings.SplitSeq(keys, ",") {
		_, text := after.StringData[key]
		if _, data := after.Data[key]; text || data {
			c.add(SecretRemoved, o, "stringData["+key+"]",
				"is not generated any more: the value of the manifest replaces the only copy")
		}
	}
}

func (c *comparison) changed(o, now manifest.Object) {
	switch before := o.Content.(type) {
	case *corev1.PersistentVolumeClaim:
		c.claim(o, before, now.Content.(*corev1.PersistentVolumeClaim))
	case *corev1.Secret:
		after := now.Content.(*corev1.Secret)
		c.same(o, "type", before.Type, after.Type)
		c.generated(o, before, after)
	case *corev1.Service:
		c.service(o, before, now.Content.(*corev1.Service))
	case *batchv1.Job:
		c.job(o, before, now.Content.(*batchv1.Job))
	case *rbacv1.RoleBinding:
		c.same(o, "roleRef", before.RoleRef, now.Content.(*rbacv1.RoleBinding).RoleRef)
	case *rbacv1.ClusterRoleBinding:
		c.same(o, "roleRef", before.RoleRef, now.Content.(*rbacv1.ClusterRoleBinding).RoleRef)
	default:
		c.workload(o, now)
	}
}

// claim compares two versions of a claim. Only its size may grow.
func (c *comparison) claim(o manifest.Object, before, after *corev1.PersistentVolumeClaim) {
	refused := func(field, was, is string) {
		if was != is {
			c.add(ClaimChanged, o, field, fmt.Sprintf(
				"%q becomes %q: the API server refuses it; make a claim of another name, and move the data", was, is))
		}
	}
	size, next := before.Spec.Resources.Requests.Storage(), after.Spec.Resources.Requests.Storage()
	if next.Cmp(*size) < 0 {
		refused("spec.resources.requests.storage", size.String(), next.String())
	}
	refused("spec.accessModes", join(before.Spec.AccessModes), join(after.Spec.AccessModes))
	refused("spec.storageClassName", text(before.Spec.StorageClassName), text(after.Spec.StorageClassName))
	refused("spec.volumeMode", text(before.Spec.VolumeMode), text(after.Spec.VolumeMode))
	major, other := before.Annotations[labels.PostgresMajor], after.Annotations[labels.PostgresMajor]
	if major != "" && other != "" && major != other {
		c.add(MajorChanged, o, "metadata.annotations["+labels.PostgresMajor+"]", fmt.Sprintf(
			"PostgreSQL %s does not start on the data of %s; restore a backup into a claim of another name", other, major))
	}
}

func join(modes []corev1.PersistentVolumeAccessMode) string {
	var texts []string
	for _, mode := range modes {
		texts = append(texts, string(mode))
	}
	return strings.Join(texts, ",")
}

func text[T ~string](p *T) string {
	if p == nil {
		return ""
	}
	return string(*p)
}

// service compares two versions of a Service, which keeps its address for life.
func (c *comparison) service(o manifest.Object, before, after *corev1.Service) {
	headless := func(s *corev1.Service) bool { return s.Spec.ClusterIP == corev1.ClusterIPNone }
	external := func(s *corev1.Service) bool { return s.Spec.Type == corev1.ServiceTypeExternalName }
	if headless(before) != headless(after) && !external(before) && !external(after) {
		c.immutable(o, "spec.clusterIP", before.Spec.ClusterIP, after.Spec.ClusterIP)
	}
}

// job compares two versions of a Job. Those of this library have another name
// when their content changes.
func (c *comparison) job(o manifest.Object, before, after *batchv1.Job) {
	c.same(o, "spec.selector", before.Spec.Selector, after.Spec.Selector)
	c.same(o, "spec.completions", before.Spec.Completions, after.Spec.Completions)
	c.same(o, "spec.completionMode", before.Spec.CompletionMode, after.Spec.CompletionMode)
	c.same(o, "spec.template", before.Spec.Template, after.Spec.Template)
}

// workload compares two versions of an object that selects pods.
func (c *comparison) workload(o, now manifest.Object) {
	selector := func(o manifest.Object) *metav1.LabelSelector {
		switch content := o.Content.(type) {
		case *appsv1.Deployment:
			return content.Spec.Selector
		case *appsv1.DaemonSet:
			return content.Spec.Selector
		case *appsv1.ReplicaSet:
			return content.Spec.Selector
		case *appsv1.StatefulSet:
			return content.Spec.Selector
		}
		return nil
	}
	c.same(o, "spec.selector", selector(o), selector(now))
	before, ok := o.Content.(*appsv1.StatefulSet)
	if !ok {
		return
	}
	after := now.Content.(*appsv1.StatefulSet)
	c.same(o, "spec.serviceName", before.Spec.ServiceName, after.Spec.ServiceName)
	c.same(o, "spec.podManagementPolicy", before.Spec.PodManagementPolicy, after.Spec.PodManagementPolicy)
	c.same(o, "spec.volumeClaimTemplates", before.Spec.VolumeClaimTemplates, after.Spec.VolumeClaimTemplates)
}

// same reports a field that changes, and must not.
func (c *comparison) same(o manifest.Object, field string, before, after any) {
	if !equality.Semantic.DeepEqual(before, after) {
		c.immutable(o, field, before, after)
	}
}

func (c *comparison) immutable(o manifest.Object, field string, before, after any) {
	change := "changes"
	if b, a := short(before), short(after); b != "" && a != "" {
		change = fmt.Sprintf("%s becomes %s", b, a)
	}
	c.add(Immutable, o, field, change+": the API server refuses it; give the object another name, or delete it first")
}

// short is a value as a person reads it, or "" for one that is too long.
func short(value any) string {
	switch v := value.(type) {
	case *metav1.LabelSelector:
		return fmt.Sprintf("%q", metav1.FormatLabelSelector(v))
	case string:
		return fmt.Sprintf("%q", v)
	}
	if v := reflect.ValueOf(value); v.Kind() == reflect.String {
		return fmt.Sprintf("%q", v.String())
	}
	return ""
}
