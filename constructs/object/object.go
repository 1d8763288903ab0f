// Package object holds the Kubernetes objects that constructs make, as their Go
// types. It is the way to what no prop offers:
//
//	web.Deployment().Change(func(d *appsv1.Deployment) {
//		d.Spec.Template.Spec.SchedulerName = "batch"
//	})
//
// A change is kept whatever cdk8s-plus knows of the type, also under plain
// app.Synth(), and is checked like the rest of the manifest.
package object

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/aws/constructs-go/constructs/v10"
	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"example.com/django-cdk8s/internal/construct"
	"example.com/django-cdk8s/internal/labels"
	"example.com/django-cdk8s/internal/rule"
)

// Kubernetes is a pointer to a Kubernetes type, such as *appsv1.Deployment: one
// of the API groups apps/v1, autoscaling/v2, batch/v1, coordination.k8s.io/v1,
// networking.k8s.io/v1, policy/v1, rbac.authorization.k8s.io/v1,
// scheduling.k8s.io/v1, storage.k8s.io/v1, and the core group, or a custom
// resource that is a [Custom]. Objects of other groups are a cdk8s.ApiObject.
type Kubernetes interface {
	runtime.Object
	metav1.Object
}

// Custom is a custom resource in a namespace, as a Go type that knows its kind.
type Custom interface {
	Kubernetes

	// ResourceKind returns the kind. It must not depend on the object, which may
	// be nil.
	ResourceKind() schema.GroupVersionKind
}

// Object is a Kubernetes object of type T, such as *appsv1.Deployment, that a
// construct makes. It is a cdk8s.ApiObject, too: JSON patches and metadata that
// are added to it are kept.
type Object[T Kubernetes] struct {
	cdk8s.ApiObject

	node    *construct.Node
	path    string
	name    string
	build   func() T
	changes []func(T)
	patches []cdk8s.JsonPatch
	hashed  bool
	// metadata is that of cdk8s, once somebody has asked for it, and built the
	// labels and annotations that it got from build.
	metadata cdk8s.ApiObjectMetadataDefinition
	built    map[string]map[string]string
}

// New adds an object called id to scope: a chart, or a construct in one. build
// returns the object as its Go type, with name and without a namespace, which
// follows from the chart; it is called when the manifest is rendered.
func New[T Kubernetes](scope constructs.Construct, id, name string, build func() T) *Object[T] {
	return add(scope, id, name, build, false)
}

// NewHashed is [New] for an object whose content is immutable, such as a Job.
// Its name in the manifest is name and eight hexadecimal digits that follow
// from everything else in it.
func NewHashed[T Kubernetes](scope constructs.Construct, id, name string, build func() T) *Object[T] {
	return add(scope, id, name, build, true)
}

func add[T Kubernetes](scope constructs.Construct, id, name string, build func() T, hashed bool) *Object[T] {
	node := construct.In(scope, id)
	o := &Object[T]{node: node, path: node.Path() + "/" + id, name: name, build: build, hashed: hashed}
	kind := kindOf[T]()
	apiVersion, kindName := kind.ToAPIVersionAndKind()
	cdk8s.NewApiObject_Override(o, node.Construct(), &id, &cdk8s.ApiObjectProps{
		ApiVersion: &apiVersion, Kind: &kindName, Metadata: &cdk8s.ApiObjectMetadata{Name: &name},
	})
	return o
}

var scheme = newScheme()

func newScheme() *runtime.Scheme {
	s := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		corev1.AddToScheme, appsv1.AddToScheme, batchv1.AddToScheme, rbacv1.AddToScheme, networkingv1.AddToScheme,
		autoscalingv2.AddToScheme, policyv1.AddToScheme, coordinationv1.AddToScheme, schedulingv1.AddToScheme,
		storagev1.AddToScheme,
	} {
		utilruntime.Must(add(s))
	}
	return s
}

// clusterScoped are the kinds of the groups above that are in no namespace.
var clusterScoped = []string{
	"ClusterRole", "ClusterRoleBinding", "CSIDriver", "CSINode", "IngressClass", "Namespace", "Node", "PersistentVolume",
	"PriorityClass", "StorageClass", "VolumeAttachment",
}

// kindOf returns the kind of T. It panics for a type of another API group.
func kindOf[T Kubernetes]() schema.GroupVersionKind {
	var none T
	if custom, ok := any(none).(Custom); ok {
		return custom.ResourceKind()
	}
	kinds, _, err := scheme.ObjectKinds(reflect.New(reflect.TypeFor[T]().Elem()).Interface().(T))
	if err != nil {
		panic(fmt.Sprintf("object: %v is of no API group that this package knows; use cdk8s.NewApiObject",
			reflect.TypeFor[T]()))
	}
	return kinds[0]
}

// Change calls f with the object before it is rendered. f may set any field but
// the object's name, namespace and selectors, and the label app of its pods:
// these are reported at synthesis.
func (o *Object[T]) Change(f func(T)) { o.changes = append(o.changes, f) }

// Content returns a copy of the object as it is now, with its namespace. What
// JSON patches and added metadata make of it shows in the manifest only; so does
// the hash in the name of one that [NewHashed] made.
func (o *Object[T]) Content() T {
	content, _ := o.changed()
	return content.DeepCopyObject().(T)
}

// changed returns the object with its changes, and their problems.
func (o *Object[T]) changed() (T, []*construct.Problem) {
	content := o.build()
	if len(o.changes) > 0 {
		// Objects share what their props share.
		content = content.DeepCopyObject().(T)
	}
	before := fixedOf(content)
	for _, change := range o.changes {
		change(content)
	}
	problems := before.compare(o.path, fixedOf(content))
	content.GetObjectKind().SetGroupVersionKind(kindOf[T]())
	if content.GetNamespace() == "" && !slices.Contains(clusterScoped, content.GetObjectKind().GroupVersionKind().Kind) {
		content.SetNamespace(o.node.Namespace())
	}
	return content, problems
}

// Changes calls f with every object of type T below scope, such as a chart, when
// it is rendered; see [Object.Change].
func Changes[T Kubernetes](scope constructs.Construct, f func(T)) {
	for _, c := range *scope.Node().FindAll(constructs.ConstructOrder_PREORDER) {
		if o, ok := c.(*Object[T]); ok {
			o.Change(f)
		}
	}
}

// AddJsonPatch applies operations of RFC 6902 to the rendered object. Unlike
// those of cdk8s's own types, no value is lost.
func (o *Object[T]) AddJsonPatch(operations ...cdk8s.JsonPatch) { //nolint:revive // jsii overrides by this very name.
	o.patches = append(o.patches, operations...)
}

// Metadata returns the metadata of the object, to which labels, annotations and
// the like can be added.
func (o *Object[T]) Metadata() cdk8s.ApiObjectMetadataDefinition {
	if o.metadata == nil {
		o.metadata = o.ApiObject.Metadata()
		content := o.build()
		o.built = map[string]map[string]string{
			"labels": maps.Clone(content.GetLabels()), "annotations": maps.Clone(content.GetAnnotations()),
		}
		for key, value := range o.built["labels"] {
			o.metadata.AddLabel(&key, &value)
		}
		for key, value := range o.built["annotations"] {
			o.metadata.AddAnnotation(&key, &value)
		}
	}
	return o.metadata
}

// ToJson renders the object; cdk8s calls it by this name.
func (o *Object[T]) ToJson() any { //nolint:revive,staticcheck // jsii overrides by this very name.
	doc, problems := o.Render()
	for _, p := range problems {
		panic(p.Error())
	}
	return doc
}

// NameOf returns the name of o, without the hash of one that [NewHashed] made.
// It does not ask the kernel, as o.Name does.
func NameOf[T Kubernetes](o *Object[T]) string { return o.name }

// Path returns the object's path in the tree of constructs.
func (o *Object[T]) Path() string { return o.path }

// ChartNamespace returns the namespace of the chart that holds the object, or "".
// Unlike [Object.Content] it does not build the object.
func (o *Object[T]) ChartNamespace() string { return o.node.Namespace() }

// ChartPath returns the path of the chart that holds the object.
func (o *Object[T]) ChartPath() string { return o.node.Chart().Path() }

// Render returns the object as JSON values, and the problems of what changed it.
func (o *Object[T]) Render() (map[string]any, []*construct.Problem) {
	content, problems := o.changed()
	if common := o.node.Chart().Labels; len(common) > 0 {
		common = maps.Clone(common)
		maps.Copy(common, content.GetLabels())
		content.SetLabels(common)
	}
	doc, err := runtime.DefaultUnstructuredConverter.ToUnstructured(content)
	if err != nil {
		panic("object: " + o.path + ": " + err.Error())
	}
	prune(doc)
	delete(doc, "status")
	if spec, ok := doc["spec"].(map[string]any); ok && len(spec) == 0 {
		delete(doc, "spec")
	}
	if o.metadata != nil {
		o.addMetadata(doc["metadata"].(map[string]any))
	}
	if len(o.patches) > 0 {
		doc = cdk8s.JsonPatch_Apply(doc, o.patches...).(map[string]any)
	}
	if o.hashed {
		o.addHash(doc)
	}
	keepFromFlux(doc)
	if !writable(doc) {
		for _, err := range unwritable(doc) {
			problems = append(problems, &construct.Problem{Path: o.path, Err: err})
		}
	}
	return doc, problems
}

// writable reports whether YAML carries every text in value.
func writable(value any) bool {
	switch value := value.(type) {
	case string:
		var e rule.Errors
		e.YAML("", value)
		return len(e.Err()) == 0
	case map[string]any:
		for _, one := range value {
			if !writable(one) {
				return false
			}
		}
	case []any:
		for _, one := range value {
			if !writable(one) {
				return false
			}
		}
	}
	return true
}

// unwritable reports each text in doc that YAML would change, where it stands
// first. Props are checked before; this is what fields of Kubernetes' own types
// hold, and changes.
func unwritable(doc map[string]any) field.ErrorList {
	var e rule.Errors
	seen := map[string]bool{}
	var check func(at string, value any)
	check = func(at string, value any) {
		switch value := value.(type) {
		case string:
			if !seen[value] {
				e.YAML(at, value)
			}
			seen[value] = true
		case map[string]any:
			for _, key := range rule.Keys(value) {
				check(strings.TrimPrefix(at+"."+key, "."), value[key])
			}
		case []any:
			for i, one := range value {
				check(rule.Item(at, i), one)
			}
		}
	}
	check("", doc)
	return e.Err()
}

// addMetadata adds what was added to the metadata of cdk8s.
func (o *Object[T]) addMetadata(to map[string]any) {
	for key, value := range o.metadata.ToJson().(map[string]any) {
		switch key {
		case "name", "namespace":
		case "labels", "annotations":
			all, _ := to[key].(map[string]any)
			if all == nil {
				all = map[string]any{}
			}
			for name, text := range value.(map[string]any) {
				if built, ok := o.built[key][name]; !ok || text != built {
					all[name] = text
				}
			}
			if len(all) > 0 {
				to[key] = all
			}
		default:
			to[key] = value
		}
	}
}

// addHash names the object by its content, wherever it is applied.
func (o *Object[T]) addHash(doc map[string]any) {
	metadata := doc["metadata"].(map[string]any)
	unnamed := maps.Clone(metadata)
	delete(unnamed, "namespace")
	doc["metadata"] = unnamed
	text, err := json.Marshal(doc)
	if err != nil {
		panic("object: " + o.path + ": " + err.Error())
	}
	sum := sha256.Sum256(text)
	metadata["name"] = fmt.Sprintf("%v-%s", metadata["name"], hex.EncodeToString(sum[:4]))
	doc["metadata"] = metadata
}

// keepFromFlux keeps a variable substitution of Flux from the shell variables
// of doc.
func keepFromFlux(doc map[string]any) {
	if !hasVariable(doc) {
		return
	}
	metadata := doc["metadata"].(map[string]any)
	annotations, _ := metadata["annotations"].(map[string]any)
	annotations = maps.Clone(annotations)
	if annotations == nil {
		annotations = map[string]any{}
	}
	if _, given := annotations[labels.FluxSubstitute]; !given {
		annotations[labels.FluxSubstitute] = "disabled"
	}
	metadata["annotations"] = annotations
}

// hasVariable reports whether a text in value holds "${".
func hasVariable(value any) bool {
	switch value := value.(type) {
	case string:
		return strings.Contains(value, "${")
	case map[string]any:
		for _, one := range value {
			if hasVariable(one) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(value, hasVariable)
	}
	return false
}

// prune removes what Go's types write although nothing was set.
func prune(value any) {
	switch value := value.(type) {
	case map[string]any:
		for key, one := range value {
			empty, isMap := one.(map[string]any)
			if one == nil || isMap && len(empty) == 0 && slices.Contains([]string{"resources", "strategy"}, key) {
				delete(value, key)
				continue
			}
			prune(one)
		}
	case []any:
		for _, one := range value {
			prune(one)
		}
	}
}

// fixed is what other objects know an object by, field by field.
type fixed map[string]string

func fixedOf(content Kubernetes) fixed {
	f := fixed{"metadata.name": content.GetName(), "metadata.namespace": content.GetNamespace()}
	pods := func(field string, template corev1.PodTemplateSpec) {
		f[field+".metadata.labels[app]"] = template.Labels["app"]
	}
	switch c := content.(type) {
	case *appsv1.Deployment:
		f["spec.selector"] = metav1.FormatLabelSelector(c.Spec.Selector)
		pods("spec.template", c.Spec.Template)
	case *appsv1.StatefulSet:
		f["spec.selector"] = metav1.FormatLabelSelector(c.Spec.Selector)
		pods("spec.template", c.Spec.Template)
	case *appsv1.DaemonSet:
		f["spec.selector"] = metav1.FormatLabelSelector(c.Spec.Selector)
		pods("spec.template", c.Spec.Template)
	case *appsv1.ReplicaSet:
		f["spec.selector"] = metav1.FormatLabelSelector(c.Spec.Selector)
		pods("spec.template", c.Spec.Template)
	case *batchv1.Job:
		pods("spec.template", c.Spec.Template)
	case *batchv1.CronJob:
		pods("spec.jobTemplate.spec.template", c.Spec.JobTemplate.Spec.Template)
	case *corev1.Service:
		f["spec.selector"] = metav1.FormatLabelSelector(&metav1.LabelSelector{MatchLabels: c.Spec.Selector})
	case *policyv1.PodDisruptionBudget:
		f["spec.selector"] = metav1.FormatLabelSelector(c.Spec.Selector)
	case *networkingv1.NetworkPolicy:
		f["spec.podSelector"] = metav1.FormatLabelSelector(&c.Spec.PodSelector)
	}
	return f
}

func (f fixed) compare(path string, now fixed) []*construct.Problem {
	var problems []*construct.Problem
	for _, name := range slices.Sorted(maps.Keys(f)) {
		if f[name] != now[name] {
			problems = append(problems, &construct.Problem{Path: path, Err: &field.Error{
				Type: field.ErrorTypeForbidden, Field: name, BadValue: now[name],
				Detail: fmt.Sprintf("must stay %q: other objects refer to it; set it in the props, not in Change", f[name]),
			}})
		}
	}
	return problems
}
