// Package oracle asks a real API server whether the library is right. It draws
// many random props, valid and invalid, and checks both ways: what the library
// accepts, the API server accepts; what the library rejects, it rejects with
// the path of a construct and without a panic.
package oracle

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/constructs-go/constructs/v10"
	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"pgregory.net/rapid"

	"example.com/django-cdk8s/constructs/namespace"
	"example.com/django-cdk8s/e2e/cluster"
	"example.com/django-cdk8s/internal/rule"
	"example.com/django-cdk8s/synth"
)

// Check draws props as often as ORACLE_DRAWS says and compares. It holds lock
// while it uses the kernel of jsii.
func Check(t *testing.T, kube *cluster.Cluster, lock sync.Locker) {
	o := &oracle{
		kube: kube, namespaces: makeNamespaces(t, kube), lock: lock, dir: t.TempDir(), fields: fields{},
	}
	draws := cmp.Or(os.Getenv("ORACLE_DRAWS"), "2000")
	set(t, "rapid.checks", draws)
	set(t, "rapid.nofailfile", "true")
	seed := flag.Lookup("rapid.seed").Value.String()
	if seed == "0" {
		seed = strconv.FormatUint(rand.Uint64(), 10)
		set(t, "rapid.seed", seed)
	}
	t.Logf("%s draws, -rapid.seed=%s", draws, seed)
	begin := time.Now()
	rapid.Check(t, o.check)
	t.Logf("%d accepted by both, with %d objects and pods; %d rejected by the library; %.0f ms a draw",
		o.accepted, o.objects, o.rejected, float64(time.Since(begin).Milliseconds())/float64(o.accepted+o.rejected))
	if o.accepted < o.rejected/4 || o.rejected < o.accepted/4 {
		t.Error("the draws lean too far to one side to prove much about the other")
	}
	if n := len(o.refused); n > o.tame/20+1 {
		t.Errorf("of %d draws that break no rule, the library rejected %d, such as %v", o.tame, n, o.refused[0])
	}
	if missing := o.fields.missing(); len(missing) > 0 && o.accepted > 500 {
		t.Errorf("none of what was accepted sets %s", strings.Join(missing, ", "))
	}
}

func set(t *testing.T, name, value string) {
	t.Helper()
	if err := flag.Set(name, value); err != nil {
		t.Fatal(err)
	}
}

// makeNamespaces makes a namespace under each Pod Security Standard, and removes
// them when the test ends. Nothing is ever in them.
func makeNamespaces(t *testing.T, kube *cluster.Cluster) map[namespace.Level]string {
	t.Helper()
	all := map[namespace.Level]string{}
	namespaces := kube.Client.CoreV1().Namespaces()
	for _, level := range []namespace.Level{namespace.Restricted, namespace.Baseline, namespace.Privileged} {
		all[level] = fmt.Sprintf("e2e-oracle-%s-%06x", level, rand.IntN(1<<24))
		_, err := namespaces.Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
			Name: all[level], Labels: map[string]string{"pod-security.kubernetes.io/enforce": string(level)},
		}}, metav1.CreateOptions{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := namespaces.Delete(context.Background(), all[level], metav1.DeleteOptions{}); err != nil {
				t.Error(err)
			}
		})
	}
	return all
}

type oracle struct {
	kube                        *cluster.Cluster
	namespaces                  map[namespace.Level]string
	lock                        sync.Locker
	dir                         string
	accepted, rejected, objects int
	// tame is how many draws were to break no rule, and refused which of them
	// the library rejected all the same.
	tame    int
	refused []error
	// fields are those that were set in what both accept.
	fields fields
}

// problem is how every error of the library reads: the path of a construct,
// the field, the value, the rule.
var problem = regexp.MustCompile(`(?s)^.+?: .+: .*: .+`)

func (o *oracle) check(t *rapid.T) {
	s := draw(t)
	if !s.wild {
		o.tame++
	}
	result, paths, err := o.render(s)
	if err != nil {
		o.rejected++
		if !s.wild {
			o.refused = append(o.refused, err)
		}
		for _, one := range rule.Split(err) {
			if !problem.MatchString(one.Error()) || !startsWithPath(one, paths) {
				t.Errorf("rejected without the path of a construct, field, value and rule: %v", one)
			}
		}
		return
	}
	o.accepted++
	o.fields.add(reflect.ValueOf(s))
	for _, name := range slices.Sorted(maps.Keys(result.Files)) {
		content := result.Files[name]
		objects, err := cluster.Parse(content)
		if err != nil {
			t.Fatalf("the library accepts what is no YAML: %v\n%s", err, content)
		}
		if err := s.changed(objects); err != nil {
			t.Fatalf("the library changes what it was given: %v\n%s", err, content)
		}
		if err := o.ask(o.namespaces[s.level()], objects); err != nil {
			t.Fatalf("the library accepts what the API server rejects: %v\n%s", err, content)
		}
	}
}

// render returns what the library makes of s, and the paths of its constructs.
func (o *oracle) render(s system) (result synth.Result, paths []string, err error) {
	o.lock.Lock()
	defer o.lock.Unlock()
	result, err = synth.Render(o.dir, synth.Environment{Build: func(app cdk8s.App) {
		s.build(app)
		paths = pathsOf(app)
	}})
	return result, paths, err
}

func pathsOf(app cdk8s.App) []string {
	var paths []string
	for _, c := range *app.Node().FindAll(constructs.ConstructOrder_PREORDER) {
		paths = append(paths, *c.Node().Path())
	}
	return paths
}

func startsWithPath(err error, paths []string) bool {
	return slices.ContainsFunc(paths, func(path string) bool {
		return path != "" && strings.HasPrefix(err.Error(), path+": ")
	})
}

// ask asks the API server about every object of a manifest, and about the pods
// that its workloads would make.
func (o *oracle) ask(namespace string, objects []*cluster.Object) error {
	for _, object := range objects {
		p, err := podOf(object)
		if err != nil {
			return err
		}
		if p != nil {
			objects = append(objects, p)
		}
	}
	o.objects += len(objects)
	errs := make([]error, len(objects))
	var all sync.WaitGroup
	for i, object := range objects {
		if object.GetKind() != "Namespace" {
			object.SetNamespace(namespace)
		}
		all.Go(func() {
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			if err := o.kube.DryCreate(ctx, object); err != nil && !apierrors.IsAlreadyExists(err) {
				errs[i] = fmt.Errorf("%s: %w", object.GetKind(), err)
			}
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

// podOf returns the pod that a workload makes, without what would have to exist:
// it has the default ServiceAccount, priority and runtime.
func podOf(object *cluster.Object) (*cluster.Object, error) {
	template, err := templateOf(object)
	if template == nil || err != nil {
		return nil, err
	}
	template.Name = "pod-of-" + strings.ToLower(object.GetKind())
	spec := &template.Spec
	spec.ServiceAccountName, spec.PriorityClassName, spec.RuntimeClassName = "", "", nil
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(&corev1.Pod{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"}, ObjectMeta: template.ObjectMeta, Spec: *spec,
	})
	delete(content, "status")
	return &cluster.Object{Object: content}, err
}
