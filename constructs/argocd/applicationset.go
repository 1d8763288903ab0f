package argocd

import (
	"cmp"
	"path"
	"slices"

	"github.com/aws/constructs-go/constructs/v10"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"example.com/django-cdk8s/constructs/gitops"
	"example.com/django-cdk8s/constructs/network"
	"example.com/django-cdk8s/constructs/object"
	"example.com/django-cdk8s/internal/clone"
	"example.com/django-cdk8s/internal/construct"
	"example.com/django-cdk8s/internal/kube"
	"example.com/django-cdk8s/internal/labels"
	"example.com/django-cdk8s/internal/repository"
	"example.com/django-cdk8s/internal/rule"
)

// ApplicationSetProps configures [NewApplicationSet]. Name, Environments and
// Application are required.
type ApplicationSetProps struct {
	// Name is the name of the ApplicationSet.
	//
	// Required.
	Name string

	// Environments are the places that the Applications are for.
	//
	// Required.
	Environments []Environment

	// Application is what the Applications have in common. The Application of an
	// environment is called NAME-ENVIRONMENT, after Application.Name, which is that
	// of the set by default. Application.Path is the directory that holds those of
	// the environments, such as dist, and Application.Destination what an
	// environment does not say itself.
	//
	// With Application.Cascade, an environment that is taken from the list loses
	// its objects; without it, they go on running.
	//
	// Required: its Repository, and its Path unless every environment has one.
	Application ApplicationProps
}

// Environment is one place that an ApplicationSet makes an Application for.
type Environment struct {
	// Name is the name of the environment, such as production.
	//
	// Required.
	Name string

	// Path is the directory of its manifests, from the root of the repository.
	//
	// Default: the directory Name in that of the set's Application.
	Path string

	// Destination is where its objects go.
	//
	// Default: each field is that of the set's Application.
	Destination Destination
}

// Validate reports every invalid field. It starts no Node.js.
func (p ApplicationSetProps) Validate() field.ErrorList {
	_, problems := p.resolve()
	return problems
}

// resolve fills in the defaults and reports every invalid field.
func (p ApplicationSetProps) resolve() (ApplicationSetProps, field.ErrorList) {
	var e, common rule.Errors
	e.RequiredLabel("Name", p.Name, "the name of the ApplicationSet")
	a := &p.Application
	given := a.Destination
	if a.Name != "" {
		common.Label("Name", a.Name)
	}
	a.Name = cmp.Or(a.Name, p.Name)
	*a = a.common(&common)
	based := a.Path == "" || repository.Dir(&common, "Path", a.Path)
	e.Join("Application", common.Err())
	if len(p.Environments) == 0 {
		e.Add("Environments", "", "is required: the places that the Applications are for")
	}
	var names, paths []string
	for i := range p.Environments {
		one, at := &p.Environments[i], rule.Item("Environments", i)
		e.RequiredLabel(at+".Name", one.Name, "the name of the environment, such as production")
		if n := len(a.Name) + len("-") + len(one.Name); n > 63 && len(a.Name) <= 63 && len(one.Name) <= 63 {
			e.TooLong(at+".Name", one.Name, 63-len("-")-len(a.Name), ": the Application is called "+a.Name+"-"+one.Name, false)
		}
		switch {
		case one.Path != "" || a.Path == "":
			repository.Dir(&e, at+".Path", one.Path)
		case based:
			one.Path = path.Join(a.Path, one.Name)
		}
		one.Destination.resolve(&e, at+".Destination")
		// What it does not say itself, is checked above.
		one.Destination = one.Destination.or(given).resolve(new(rule.Errors), "")
		names, paths = append(names, one.Name), append(paths, one.Path)
	}
	e.Unique("Environments.Name", slices.DeleteFunc(names, empty))
	e.Unique("Environments.Path", slices.DeleteFunc(paths, empty))
	return p, e.Err()
}

func empty(s string) bool { return s == "" }

// or returns d with what it does not say itself from other.
func (d Destination) or(other Destination) Destination {
	if d.Server == "" && d.Cluster == "" {
		d.Server, d.Cluster = other.Server, other.Cluster
	}
	d.Namespace = cmp.Or(d.Namespace, other.Namespace)
	return d
}

// ApplicationSet makes an Application for each of several environments.
type ApplicationSet struct {
	constructs.Construct

	node   *construct.Node
	props  ApplicationSetProps
	object *object.Object[*gitops.ApplicationSet]
}

var _ network.Referrer = (*ApplicationSet)(nil)

// NewApplicationSet adds an [ApplicationSet] called id to scope. Invalid props
// fail synthesis with the construct's path.
func NewApplicationSet(scope constructs.Construct, id string, props ApplicationSetProps) *ApplicationSet {
	props = clone.Of(props)
	s := &ApplicationSet{}
	s.node = construct.Init(s, scope, id)
	resolved, problems := props.resolve()
	s.node.Report(problems)

	s.props = resolved
	s.object = object.New(s, "ApplicationSet", s.Name(), s.set)
	return s
}

// Name returns the name of the ApplicationSet.
func (s *ApplicationSet) Name() string { return s.props.Name }

// Object returns the ApplicationSet object.
func (s *ApplicationSet) Object() *object.Object[*gitops.ApplicationSet] { return s.object }

// ExternalReferences lists objects that the construct references and does not
// create.
func (s *ApplicationSet) ExternalReferences() []network.Object { return kube.GivenNamespace(s.node) }

// The parameters of an element, and how the template asks for one.
const (
	nameParameter      = "name"
	pathParameter      = "path"
	serverParameter    = "server"
	clusterParameter   = "cluster"
	namespaceParameter = "namespace"
)

func parameter(name string) string { return "{{ ." + name + " }}" }

func (s *ApplicationSet) set() *gitops.ApplicationSet {
	// Every element has the same parameters, and the template asks for no other.
	has := func(value func(d Destination) string) bool {
		return slices.ContainsFunc(s.props.Environments, func(e Environment) bool { return value(e.Destination) != "" })
	}
	var elements []map[string]string
	for _, e := range s.props.Environments {
		elements = append(elements, map[string]string{nameParameter: e.Name, pathParameter: e.Path})
	}
	template := s.props.Application.spec()
	template.Source.Path = parameter(pathParameter)
	template.Destination = gitops.Destination{}
	for _, one := range []struct {
		parameter string
		value     func(d Destination) string
		to        *string
	}{
		{serverParameter, func(d Destination) string { return d.Server }, &template.Destination.Server},
		{clusterParameter, func(d Destination) string { return d.Cluster }, &template.Destination.Name},
		{namespaceParameter, func(d Destination) string { return d.Namespace }, &template.Destination.Namespace},
	} {
		if !has(one.value) {
			continue
		}
		*one.to = parameter(one.parameter)
		for i, e := range s.props.Environments {
			elements[i][one.parameter] = one.value(e.Destination)
		}
	}
	return &gitops.ApplicationSet{
		ObjectMeta: kube.Meta(s.node, s.Name(), labels.Argo),
		Spec: gitops.ApplicationSetSpec{
			GoTemplate:        true,
			GoTemplateOptions: []string{"missingkey=error"},
			Generators:        []gitops.Generator{{List: &gitops.ListGenerator{Elements: elements}}},
			Template: gitops.ApplicationTemplate{
				Metadata: gitops.TemplateMetadata{
					Name:       s.props.Application.Name + "-" + parameter(nameParameter),
					Labels:     map[string]string{labels.PartOf: s.node.PartOf(), labels.ManagedBy: labels.Manager},
					Finalizers: s.props.Application.finalizers(),
				},
				Spec: template,
			},
			SyncPolicy: gitops.ApplicationSetSyncPolicy{PreserveResourcesOnDeletion: !s.props.Application.Cascade},
		},
	}
}
