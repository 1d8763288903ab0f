package argocd

import (
	"path"
	"strings"

	"github.com/aws/constructs-go/constructs/v10"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"
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

// AppProjectProps configures [NewAppProject]. Name, Repositories and Destinations
// are required; the zero value of every other field means its default.
type AppProjectProps struct {
	// Name is the name of the AppProject.
	//
	// Required.
	Name string

	// Description says what the project is for.
	//
	// Default: none.
	Description string

	// Repositories are the URLs of the git repositories that Applications may
	// name, as [ApplicationProps.Repository] has them.
	//
	// Required.
	Repositories []string

	// Destinations are the namespaces that Applications may apply objects to. What
	// they do not list is out of reach, whatever a manifest says.
	//
	// Required.
	Destinations []Destination

	// ClusterKinds are the kinds without a namespace that Applications may apply.
	//
	// Default: Namespace alone.
	ClusterKinds []Kind

	// IgnoredOrphans are objects that may belong to no Application, such as
	// Secrets that cert-manager makes.
	//
	// Default: none.
	IgnoredOrphans []Orphan

	// NoOrphanWarning leaves the warning out that an Application gets when its
	// namespace holds objects that belong to none, such as what was left when
	// NoPrune was set.
	//
	// Default: false.
	NoOrphanWarning bool
}

// Kind is a kind of objects.
type Kind struct {
	// Group is the API group, such as storage.k8s.io; empty for the core kinds.
	//
	// Default: the core group.
	Group string

	// Kind is the kind, such as PriorityClass.
	//
	// Required.
	Kind string
}

// Orphan are objects that may belong to no Application.
type Orphan struct {
	// Group is the API group; empty for the core kinds.
	//
	// Default: the core group.
	Group string

	// Kind is the kind, such as Secret.
	//
	// Required.
	Kind string

	// Name is the name of the objects; it may hold *, such as *-tls.
	//
	// Default: every object of the kind.
	Name string
}

// Validate reports every invalid field. It starts no Node.js.
func (p AppProjectProps) Validate() field.ErrorList {
	_, problems := p.resolve()
	return problems
}

// resolve fills in the defaults and reports every invalid field.
func (p AppProjectProps) resolve() (AppProjectProps, field.ErrorList) {
	var e rule.Errors
	e.RequiredLabel("Name", p.Name, "the name of the AppProject")
	if p.Name == DefaultProject {
		e.Add("Name", p.Name, "must be another name: that project is Argo CD's own, and allows everything")
	}
	e.Text("Description", p.Description)
	if len(p.Description) > 255 {
		e.Add("Description", "...", "must be at most 255 characters")
	}
	if len(p.Repositories) == 0 {
		e.Add("Repositories", "", "is required: the repositories that Applications may name")
	}
	for i, one := range p.Repositories {
		repository.URL(&e, rule.Item("Repositories", i), one, true)
	}
	e.Unique("Repositories", p.Repositories)
	if len(p.Destinations) == 0 {
		e.Add("Destinations", "", "is required: the namespaces that Applications may apply objects to")
	}
	for i := range p.Destinations {
		d, at := &p.Destinations[i], rule.Item("Destinations", i)
		*d = d.cluster(&e, at)
		d.pattern(&e, at+".Namespace")
	}
	if len(p.ClusterKinds) == 0 {
		p.ClusterKinds = []Kind{{Kind: "Namespace"}}
	}
	for i, one := range p.ClusterKinds {
		kindOf(&e, rule.Item("ClusterKinds", i), one.Group, one.Kind)
	}
	for i, one := range p.IgnoredOrphans {
		at := rule.Item("IgnoredOrphans", i)
		kindOf(&e, at, one.Group, one.Kind)
		e.Text(at+".Name", one.Name)
		if one.Name != "" && !isPattern(one.Name, validation.IsDNS1123Subdomain) {
			e.Add(at+".Name", one.Name, "must be the name of an object, in which * stands for any text")
		}
	}
	return p, e.Err()
}

// pattern checks the namespaces of a project.
func (d Destination) pattern(e *rule.Errors, at string) {
	switch {
	case d.Namespace == "":
		e.Add(at, d.Namespace, "is required: a namespace, such as shop-production, or several, such as shop-*")
	case !isPattern(d.Namespace, validation.IsDNS1123Label):
		e.Add(at, d.Namespace, "must be the name of a namespace, in which * stands for any text")
	default:
		e.Text(at, d.Namespace)
	}
}

// isPattern reports whether a text is a name where each * in it stands for a
// letter.
func isPattern(pattern string, invalid func(name string) []string) bool {
	_, err := path.Match(pattern, "")
	return err == nil && len(invalid(strings.ReplaceAll(pattern, "*", "x"))) == 0
}

// AppProject says which repositories Applications may come from, and where their
// objects may go.
type AppProject struct {
	constructs.Construct

	node   *construct.Node
	props  AppProjectProps
	object *object.Object[*gitops.AppProject]
}

var _ network.Referrer = (*AppProject)(nil)

// NewAppProject adds an [AppProject] called id to scope. Invalid props fail
// synthesis with the construct's path.
func NewAppProject(scope constructs.Construct, id string, props AppProjectProps) *AppProject {
	props = clone.Of(props)
	p := &AppProject{}
	p.node = construct.Init(p, scope, id)
	resolved, problems := props.resolve()
	p.node.Report(problems)

	p.props = resolved
	p.object = object.New(p, "AppProject", p.Name(), p.project)
	return p
}

// Name returns the name of the AppProject.
func (p *AppProject) Name() string { return p.props.Name }

// Object returns the AppProject object.
func (p *AppProject) Object() *object.Object[*gitops.AppProject] { return p.object }

// ExternalReferences lists objects that the construct references and does not
// create.
func (p *AppProject) ExternalReferences() []network.Object { return kube.GivenNamespace(p.node) }

func (p *AppProject) project() *gitops.AppProject {
	spec := gitops.AppProjectSpec{
		Description:       p.props.Description,
		SourceRepos:       p.props.Repositories,
		OrphanedResources: &gitops.OrphanedResources{Warn: new(!p.props.NoOrphanWarning)},
	}
	for _, d := range p.props.Destinations {
		spec.Destinations = append(spec.Destinations, gitops.Destination{
			Server: d.Server, Name: d.Cluster, Namespace: d.Namespace,
		})
	}
	for _, k := range p.props.ClusterKinds {
		spec.ClusterResourceWhitelist = append(spec.ClusterResourceWhitelist, metav1.GroupKind{Group: k.Group, Kind: k.Kind})
	}
	for _, o := range p.props.IgnoredOrphans {
		spec.OrphanedResources.Ignore = append(spec.OrphanedResources.Ignore, gitops.Orphan(o))
	}
	return &gitops.AppProject{ObjectMeta: kube.Meta(p.node, p.Name(), labels.Argo), Spec: spec}
}
