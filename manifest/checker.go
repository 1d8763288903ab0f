package manifest

import (
	"fmt"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"

	"example.com/django-cdk8s/manifest/pods"
)

// checker holds the objects of one [Check], with an index for each way in which
// rules look them up.
type checker struct {
	objects  []Object
	options  Options
	rule     string
	problems []Problem

	workloads   []*workload
	services    []*service
	budgets     []*budget
	autoscalers []*autoscaler

	pods           pods.Index
	byName         map[identity][]Object
	workloadByName map[identity][]*workload
	service        map[types.NamespacedName]*service
	scalers        map[identity][]*autoscaler
	claimed        map[types.NamespacedName][]claimUse
	externals      map[[2]string][]External
	plain          map[[2]string][]External

	// namespaces are the Namespaces of these manifests, populated all those that
	// hold an object, and strange those that are neither made here nor declared
	// external.
	namespaces map[string]*corev1.Namespace
	populated  map[string]bool
	strange    map[string]bool

	// servicesIn are the Services of a namespace, and operated the custom
	// resources in it whose objects an operator makes.
	servicesIn map[string][]*service
	operated   map[string][]Object

	// duplicates are the sources of objects that unique has reported. What else
	// is wrong with them follows from that. The same holds for colliding, the
	// workloads whose pods the selector of another one matches.
	duplicates map[string]bool
	colliding  map[*workload]bool

	// reported are the problems that addOnce has added, by its id, with the
	// sources of the objects that they name.
	reported map[string]report
	held     map[identity]*holding
}

// identity is how one object refers to another.
type identity struct{ kind, namespace, name string }

type report struct {
	problem int
	sources map[string]bool
}

// workload is an object that makes pods, or a pod.
type workload struct {
	Object
	pods.Pods

	// selector is what the workload knows its pods by, and selectorErr what is
	// wrong with it; both nil where Kubernetes sets it.
	selector    labels.Selector
	selectorErr error

	claims []corev1.PersistentVolumeClaim
	// replicas is the number of pods that the manifest asks for; nil where it
	// says nothing.
	replicas *int32
}

func workloadOf(o Object) (*workload, bool) {
	p, ok := pods.Of(o.Content)
	if !ok {
		return nil, false
	}
	w := &workload{Object: o, Pods: p}
	switch content := o.Content.(type) {
	case *appsv1.Deployment:
		w.replicas = content.Spec.Replicas
		w.selector, w.selectorErr = ownSelector(content.Spec.Selector)
	case *appsv1.ReplicaSet:
		w.replicas = content.Spec.Replicas
		w.selector, w.selectorErr = ownSelector(content.Spec.Selector)
	case *appsv1.DaemonSet:
		w.selector, w.selectorErr = ownSelector(content.Spec.Selector)
	case *appsv1.StatefulSet:
		w.replicas, w.claims = content.Spec.Replicas, content.Spec.VolumeClaimTemplates
		w.selector, w.selectorErr = ownSelector(content.Spec.Selector)
	}
	return w, true
}

// ownSelector parses the selector of a workload, which must have one.
func ownSelector(s *metav1.LabelSelector) (labels.Selector, error) {
	if s == nil {
		s = &metav1.LabelSelector{}
	}
	return metav1.LabelSelectorAsSelector(s)
}

func (w *workload) containerNames() []string {
	var names []string
	w.EachContainer(func(_ string, container *corev1.Container, _ bool) { names = append(names, container.Name) })
	return names
}

// scalable reports whether w has a number of replicas.
func (w *workload) scalable() bool {
	return w.Kind == "Deployment" || w.Kind == "ReplicaSet" || w.Kind == "StatefulSet"
}

// isJob reports whether w makes pods that come to an end.
func (w *workload) isJob() bool { return w.Kind == "Job" || w.Kind == "CronJob" }

// service is a Service of these manifests; its selector is nil when it has none.
type service struct {
	Object
	*corev1.Service
	selector labels.Selector
}

// String is that of [Object], not that of the Service.
func (s *service) String() string { return s.Object.String() }

// budget is a PodDisruptionBudget.
type budget struct {
	Object
	spec     policyv1.PodDisruptionBudgetSpec
	selector labels.Selector
	err      error
}

func newChecker(objects []Object, options Options) *checker {
	c := &checker{
		objects:        objects,
		options:        options,
		byName:         map[identity][]Object{},
		workloadByName: map[identity][]*workload{},
		service:        map[types.NamespacedName]*service{},
		scalers:        map[identity][]*autoscaler{},
		claimed:        map[types.NamespacedName][]claimUse{},
		externals:      byObject(options.External),
		plain:          byObject(options.Plain),
		namespaces:     map[string]*corev1.Namespace{},
		populated:      map[string]bool{},
		strange:        map[string]bool{},
		servicesIn:     map[string][]*service{},
		operated:       map[string][]Object{},
		duplicates:     map[string]bool{},
		colliding:      map[*workload]bool{},
		reported:       map[string]report{},
		held:           map[identity]*holding{},
	}
	for _, o := range objects {
		c.index(o)
	}
	for _, o := range objects {
		if o.Namespace != "" && len(c.namespaces) > 0 && !c.knows(o.Namespace) {
			c.strange[o.Namespace] = true
		}
	}
	return c
}

func byObject(externals []External) map[[2]string][]External {
	by := map[[2]string][]External{}
	for _, e := range externals {
		id := [2]string{e.Kind, e.Name}
		by[id] = append(by[id], e)
	}
	return by
}

func (c *checker) index(o Object) {
	c.populated[o.Namespace] = true
	// A custom kind that is called like a built-in one, such as the Service of
	// Knative, is another.
	if o.Content != nil || !builtIn[o.Kind] {
		id := identity{o.Kind, o.Namespace, o.Name}
		c.byName[id] = append(c.byName[id], o)
	}
	if o.Content == nil && o.custom == nil {
		c.operated[o.Namespace] = append(c.operated[o.Namespace], o)
	}
	if e, ok := o.custom.(*externalSecret); ok {
		if id, made := e.secret(o.Namespace, o.Name); made {
			c.byName[id] = append(c.byName[id], o)
		}
	}
	switch content := o.Content.(type) {
	case *corev1.Namespace:
		c.namespaces[o.Name], c.populated[o.Name] = content, true
	case *corev1.Service:
		c.indexService(&service{Object: o, Service: content})
	case *policyv1.PodDisruptionBudget:
		selector, err := metav1.LabelSelectorAsSelector(content.Spec.Selector)
		c.budgets = append(c.budgets, &budget{o, content.Spec, selector, err})
	}
	if a, ok := autoscalerOf(o); ok {
		c.autoscalers = append(c.autoscalers, a)
		c.scalers[a.scaled()] = append(c.scalers[a.scaled()], a)
	}
	if w, ok := workloadOf(o); ok {
		c.workloads = append(c.workloads, w)
		id := identity{o.Kind, o.Namespace, o.Name}
		c.workloadByName[id] = append(c.workloadByName[id], w)
		c.pods.Add(o.Namespace, w.Labels())
		c.indexClaims(w)
	}
}

func (c *checker) indexService(s *service) {
	if len(s.Spec.Selector) > 0 {
		s.selector = labels.SelectorFromSet(s.Spec.Selector)
	}
	c.services = append(c.services, s)
	c.servicesIn[s.Namespace] = append(c.servicesIn[s.Namespace], s)
	if id := (types.NamespacedName{Namespace: s.Namespace, Name: s.Name}); c.service[id] == nil {
		c.service[id] = s
	}
}

// alwaysThere are the namespaces of every cluster; see
// https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/#initial-namespaces.
var alwaysThere = []string{"default", "kube-node-lease", "kube-public", "kube-system"}

// knows reports whether a namespace is made here, declared external, or one of
// every cluster.
func (c *checker) knows(namespace string) bool {
	return c.namespaces[namespace] != nil || len(c.externals[[2]string{"Namespace", namespace}]) > 0 ||
		slices.Contains(alwaysThere, namespace)
}

// selected returns the workloads in namespace whose pods selector matches.
func (c *checker) selected(namespace string, selector labels.Selector) []*workload {
	var found []*workload
	for _, i := range c.pods.Select(namespace, selector) {
		found = append(found, c.workloads[i])
	}
	return found
}

func (c *checker) add(o Object, field, value, format string, args ...any) {
	c.problems = append(c.problems, Problem{
		Object: o, Rule: c.rule, Field: field, Value: value, Text: fmt.Sprintf(format, args...),
	})
}

// addOnce reports what is wrong by the first object that it is found in, and
// names the others there: id says what it is.
func (c *checker) addOnce(id string, o Object, field, value, format string, args ...any) {
	r, known := c.reported[id]
	if !known {
		c.reported[id] = report{len(c.problems), map[string]bool{o.Source: true}}
		c.add(o, field, value, format, args...)
		return
	}
	if !r.sources[o.Source] {
		r.sources[o.Source] = true
		c.problems[r.problem].Text += fmt.Sprintf("; %s refers to it, too", o)
	}
}

// list returns objects as people write them, each once.
func list[T fmt.Stringer](objects []T) string {
	var names []string
	for _, o := range objects {
		if name := o.String(); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}
