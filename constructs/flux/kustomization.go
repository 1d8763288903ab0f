package flux

import (
	"cmp"

	"github.com/aws/constructs-go/constructs/v10"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"example.com/django-cdk8s/constructs/django"
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

// Defaults of [KustomizationProps].
const (
	// DefaultIntervalMinutes is the time after which Flux applies again, although
	// there is no new commit: what others have changed is changed back.
	DefaultIntervalMinutes = 10

	// DefaultRetrySeconds is the time between two tries after a failure.
	DefaultRetrySeconds = 60

	// afterMigration is how long an apply may take besides its migration, in
	// minutes: for servers to start, and pods to be exchanged.
	afterMigration = 15
)

// KustomizationProps configures [NewKustomization]. Name, Source and Path are
// required; the zero value of every other field means its default.
type KustomizationProps struct {
	// Name is the name of the Kustomization.
	//
	// Required.
	Name string

	// Source is the repository with the manifests.
	//
	// Required.
	Source *GitRepository

	// Path is the directory of the manifests of one environment, from the root of
	// the repository, such as dist/production. Where it holds no
	// kustomization.yaml, Flux applies the manifests in the directories below it,
	// too: the directory of several environments would apply all of them.
	//
	// Required.
	Path string

	// IntervalMinutes is the time after which Flux applies again.
	//
	// Default: [DefaultIntervalMinutes].
	IntervalMinutes int

	// RetrySeconds is the time between two tries after a failure.
	//
	// Default: [DefaultRetrySeconds].
	RetrySeconds int

	// MigrationDeadlineSeconds is the time limit of the migration in the directory,
	// as [django.MigrationProps.ActiveDeadlineSeconds] gives it.
	//
	// Default: [django.DefaultMigrationActiveDeadlineSeconds].
	MigrationDeadlineSeconds int

	// TimeoutMinutes is how long one apply may take until every object is ready.
	// It must be above MigrationDeadlineSeconds: a Job that Flux waits for no longer
	// goes on, and its end is not seen.
	//
	// Default: 15 minutes more than MigrationDeadlineSeconds.
	TimeoutMinutes int

	// NoWait reports success as soon as the objects are applied.
	//
	// Default: false: Flux waits until they are ready, and the migration has ended.
	NoWait bool

	// NoPrune leaves objects in the cluster that are no longer in the manifests.
	//
	// Default: false: they are deleted. Claims and the like, which hold data, carry
	// annotations that keep them.
	NoPrune bool

	// DependsOn are those that must be ready before.
	//
	// Default: none.
	DependsOn []*Kustomization

	// TargetNamespace is the namespace that Flux gives every object. Objects refer
	// to each other by the namespace of their chart, so that it is for manifests
	// that were rendered without one.
	//
	// Default: none.
	TargetNamespace string

	// ServiceAccount is the name of the ServiceAccount that Flux applies as.
	//
	// Default: Flux's own, which may do everything.
	ServiceAccount string

	// Cascade makes the deletion of the Kustomization delete what it has applied,
	// except for what holds data.
	//
	// Default: false: everything stays, and goes on running.
	Cascade bool

	// Suspend stops the applying, for a restore for example.
	//
	// Default: false.
	Suspend bool
}

// Validate reports every invalid field. It starts no Node.js.
func (p KustomizationProps) Validate() field.ErrorList {
	_, problems := p.resolve()
	return problems
}

// resolve fills in the defaults and reports every invalid field.
func (p KustomizationProps) resolve() (KustomizationProps, field.ErrorList) {
	const day = 24 * 60
	var e rule.Errors
	e.RequiredLabel("Name", p.Name, "the name of the Kustomization")
	if p.Source.get() == nil {
		e.Add("Source", "", "is required: the *flux.GitRepository with the manifests")
	}
	repository.Dir(&e, "Path", p.Path)
	p.IntervalMinutes = cmp.Or(p.IntervalMinutes, DefaultIntervalMinutes)
	e.Range("IntervalMinutes", p.IntervalMinutes, 1, day)
	p.RetrySeconds = cmp.Or(p.RetrySeconds, DefaultRetrySeconds)
	e.Range("RetrySeconds", p.RetrySeconds, 10, 86400)
	p = p.timeout(&e)
	for i, one := range p.DependsOn {
		if one.get() == nil {
			e.Add(rule.Item("DependsOn", i), "", "is required: a *flux.Kustomization")
		}
	}
	if p.TargetNamespace != "" {
		e.DNSLabel("TargetNamespace", p.TargetNamespace)
	}
	e.OptionalName("ServiceAccount", p.ServiceAccount)
	return p, e.Err()
}

// timeout fills in and checks how long one apply may take.
func (p KustomizationProps) timeout(e *rule.Errors) KustomizationProps {
	const week = 7 * 24 * 60
	deadline := cmp.Or(p.MigrationDeadlineSeconds, django.DefaultMigrationActiveDeadlineSeconds)
	if deadline < 1 || deadline > week*60 {
		e.Range("MigrationDeadlineSeconds", deadline, 1, week*60)
		return p
	}
	p.MigrationDeadlineSeconds = deadline
	p.TimeoutMinutes = cmp.Or(p.TimeoutMinutes, (deadline+59)/60+afterMigration)
	switch {
	case p.TimeoutMinutes < 1 || p.TimeoutMinutes > 2*week:
		e.Range("TimeoutMinutes", p.TimeoutMinutes, 1, 2*week)
	case p.TimeoutMinutes*60 <= deadline:
		e.Add("TimeoutMinutes", p.TimeoutMinutes,
			"must be above the time limit of the migration, MigrationDeadlineSeconds, whose end Flux would not see")
	}
	return p
}

// Kustomization is a directory of a repository that Flux applies.
type Kustomization struct {
	constructs.Construct

	node   *construct.Node
	props  KustomizationProps
	object *object.Object[*gitops.Kustomization]
}

var _ network.Referrer = (*Kustomization)(nil)

// NewKustomization adds a [Kustomization] called id to scope. Invalid props fail
// synthesis with the construct's path.
func NewKustomization(scope constructs.Construct, id string, props KustomizationProps) *Kustomization {
	props = clone.Of(props)
	k := &Kustomization{}
	k.node = construct.Init(k, scope, id)
	resolved, problems := props.resolve()
	k.node.Report(problems)

	k.props = resolved
	k.object = object.New(k, "Kustomization", k.Name(), k.kustomization)
	return k
}

// Name returns the name of the Kustomization.
func (k *Kustomization) Name() string {
	if k == nil {
		return ""
	}
	return k.props.Name
}

// get returns what Go knows of k, or nil for one that [NewKustomization] has not
// made.
func (k *Kustomization) get() *construct.Node {
	if k == nil {
		return nil
	}
	return k.node
}

// Object returns the Kustomization object.
func (k *Kustomization) Object() *object.Object[*gitops.Kustomization] { return k.object }

// ExternalReferences lists objects that the construct references and does not
// create.
func (k *Kustomization) ExternalReferences() []network.Object { return kube.GivenNamespace(k.node) }

func (k *Kustomization) kustomization() *gitops.Kustomization {
	p := k.props
	spec := gitops.KustomizationSpec{
		SourceRef: gitops.SourceRef{
			Kind: "GitRepository", Name: p.Source.Name(), Namespace: k.elsewhere(p.Source.get()),
		},
		Path:               "./" + p.Path,
		Interval:           seconds(60 * p.IntervalMinutes),
		RetryInterval:      seconds(p.RetrySeconds),
		Timeout:            seconds(60 * p.TimeoutMinutes),
		Prune:              !p.NoPrune,
		Wait:               !p.NoWait,
		TargetNamespace:    p.TargetNamespace,
		ServiceAccountName: p.ServiceAccount,
		Suspend:            p.Suspend,
	}
	if !p.Cascade {
		spec.DeletionPolicy = "Orphan"
	}
	for _, one := range p.DependsOn {
		spec.DependsOn = append(spec.DependsOn, gitops.Dependency{Name: one.Name(), Namespace: k.elsewhere(one.get())})
	}
	return &gitops.Kustomization{ObjectMeta: kube.Meta(k.node, k.Name(), labels.Flux), Spec: spec}
}

// elsewhere returns the namespace of an object that is not in that of k, or "".
func (k *Kustomization) elsewhere(n *construct.Node) string {
	if n == nil || n.Namespace() == k.node.Namespace() {
		return ""
	}
	return n.Namespace()
}
