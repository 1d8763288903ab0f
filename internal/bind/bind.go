// Package bind is the one place where plain Go becomes the pointers that jsii
// expects, and where errors become validations of a construct.
package bind

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"
	kplus "github.com/cdk8s-team/cdk8s-plus-go/cdk8splus28/v2"
	"github.com/cdk8s-team/cdk8s-plus-go/cdk8splus28/v2/k8s"

	"example.com/django-cdk8s/internal/labels"
	"example.com/django-cdk8s/internal/rule"
)

// Optional converts a string; an empty one becomes nil and is left out of the
// manifest.
func Optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// Map converts a map of strings; an empty one becomes nil and is left out of
// the manifest.
func Map(m map[string]string) *map[string]*string {
	if len(m) == 0 {
		return nil
	}
	out := make(map[string]*string, len(m))
	for k, v := range m {
		out[k] = &v
	}
	return &out
}

// Strings converts a list of strings; an empty one becomes nil.
func Strings(s []string) *[]*string {
	if len(s) == 0 {
		return nil
	}
	return jsii.Strings(s...)
}

// List converts values; an empty list becomes nil.
func List[T any](items ...T) *[]*T {
	if len(items) == 0 {
		return nil
	}
	out := make([]*T, len(items))
	for i := range items {
		out[i] = &items[i]
	}
	return &out
}

// Quantities converts amounts by resource name, such as cpu: 500m.
func Quantities(m map[string]string) *map[string]k8s.Quantity {
	out := make(map[string]k8s.Quantity, len(m))
	for k, v := range m {
		out[k] = k8s.Quantity_FromString(&v)
	}
	return &out
}

// Init makes c a construct called id below scope. An id that is empty or
// taken, and a scope outside any chart, fail synthesis, not the program.
func Init(c, scope constructs.Construct, id string) {
	free, err := FreeID(scope, id)
	if !inChart(scope) {
		scope = newStandIn(scope, free)
	}
	constructs.NewConstruct_Override(c, scope, &free)
	Validate(c, func() error { return err })
}

func inChart(scope constructs.Construct) bool {
	for _, s := range *scope.Node().Scopes() {
		if *cdk8s.Chart_IsChart(s) {
			return true
		}
	}
	return false
}

// newStandIn returns a chart for a construct that has none, and reports it.
func newStandIn(scope constructs.Construct, id string) constructs.Construct {
	chart := cdk8s.NewChart(scope, &id, nil)
	Validate(chart, func() error {
		var e rule.Errors
		e.Add("scope", cmp.Or(*scope.Node().Path(), "App"), "must be a chart, or a construct in one")
		return e.Err()
	})
	return chart
}

// FreeID returns id, or, when it is empty or taken below scope, another that
// is free and the error to report.
func FreeID(scope constructs.Construct, id string) (string, error) {
	var e rule.Errors
	free := id
	if id == "" {
		e.Add("id", id, "must not be empty")
		free = "unnamed"
	} else if scope.Node().TryFindChild(&id) != nil {
		e.Add("id", id, "is used twice in this scope; every construct needs an id of its own")
	}
	for n := 2; scope.Node().TryFindChild(&free) != nil; n++ {
		free = fmt.Sprintf("%s-%d", id, n)
	}
	return free, e.Err()
}

// Validate makes synthesis fail, naming c's path, with every problem that
// check returns.
func Validate(c constructs.Construct, check func() error) {
	c.Node().AddValidation(&validation{check})
}

type validation struct{ check func() error }

// Validate implements constructs.IValidation.
func (v *validation) Validate() *[]*string {
	problems := []string{}
	for _, err := range rule.Split(v.check()) {
		problems = append(problems, err.Error())
	}
	return jsii.Strings(problems...)
}

// Namespace returns the namespace of the chart that holds scope, or "" when
// the chart leaves it to whoever applies the manifests.
func Namespace(scope constructs.Construct) string {
	if ns := cdk8s.Chart_Of(scope).Namespace(); ns != nil {
		return *ns
	}
	return ""
}

// PartOf names the application that scope belongs to: the chart's namespace,
// or its id, as far as a label can hold it, where it has none.
func PartOf(scope constructs.Construct) string {
	if ns := Namespace(scope); ns != "" {
		return ns
	}
	id := notOfLabels.ReplaceAllString(*cdk8s.Chart_Of(scope).Node().Id(), "-")
	return strings.Trim(id[:min(len(id), 63)], "-_.")
}

// notOfLabels matches what the value of a label cannot hold; see
// https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set.
var notOfLabels = regexp.MustCompile(`[^A-Za-z0-9_.-]+`)

// ServiceHost returns the DNS name of the Service called name, seen from
// anywhere in the cluster, or from the same namespace when scope's chart does
// not say which it is.
func ServiceHost(scope constructs.Construct, name string) string {
	if ns := Namespace(scope); ns != "" {
		return strings.Join([]string{name, ns, "svc", "cluster.local"}, ".")
	}
	return name
}

// Port is a port that has the same number at a Service and at its pods.
type Port struct {
	Name   string
	Number int
}

// NewService adds a Service called name for the pods of the workload of that
// name.
func NewService(scope constructs.Construct, name string, part labels.Part, ports ...Port) kplus.Service {
	var servicePorts []kplus.ServicePort
	for _, port := range ports {
		servicePorts = append(servicePorts, kplus.ServicePort{
			Name: &port.Name, Port: jsii.Number(port.Number), TargetPort: jsii.Number(port.Number),
		})
	}
	service := kplus.NewService(scope, jsii.String("Service"), &kplus.ServiceProps{
		Metadata: &cdk8s.ApiObjectMetadata{Name: &name, Labels: Map(labels.Object(name, part, PartOf(scope)))},
		Ports:    List(servicePorts...),
	})
	for key, value := range labels.Selector(name) {
		service.SelectLabel(&key, &value)
	}
	return service
}

// Digest returns eight hexadecimal digits that change whenever the object that
// build makes changes. It names objects whose content is immutable, such as
// Jobs. The object is built once more, in a chart that is thrown away.
func Digest(build func(scope constructs.Construct) cdk8s.ApiObject) string {
	draft := cdk8s.NewChart(cdk8s.NewApp(nil), jsii.String("draft"), nil)
	content, err := json.Marshal(build(draft).ToJson())
	if err != nil {
		panic("bind: a manifest is not JSON: " + err.Error())
	}
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:4])
}
