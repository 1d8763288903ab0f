// Package argocd holds the objects by which Argo CD finds rendered manifests and
// applies them. They are rendered into a directory of their own, beside those that
// they name, and live in the namespace of Argo CD, which that of their chart must
// be.
package argocd

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

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

// Defaults of [ApplicationProps].
const (
	// DefaultProject is the project that every Argo CD has. It allows everything.
	DefaultProject = "default"

	// DefaultRevision is the newest commit of the default branch.
	DefaultRevision = "HEAD"

	// DefaultServer is the cluster that Argo CD runs in.
	DefaultServer = "https://kubernetes.default.svc"

	// DefaultRetries is how often a failed sync is tried again.
	DefaultRetries = 5
)

// The time between two tries of a failed sync: 5, 10, 20, 40 and 80 seconds.
const (
	retryFirst  = "5s"
	retryFactor = 2
	retryMost   = "3m"
)

// cascade is the finalizer by which the deletion of an Application deletes what it
// has applied; see https://argo-cd.readthedocs.io/en/stable/user-guide/app_deletion/.
const cascade = "resources-finalizer.argocd.argoproj.io"

// ApplicationProps configures [NewApplication]. Name, Repository and Path are
// required; the zero value of every other field means its default.
type ApplicationProps struct {
	// Name is the name of the Application.
	//
	// Required.
	Name string

	// Project is the name of the AppProject; see [AppProject.Name].
	//
	// Default: [DefaultProject].
	Project string

	// Repository is the URL of the git repository with the manifests: by https,
	// ssh, or as git@HOST:PATH. Its credentials are in a Secret of Argo CD.
	//
	// Required.
	Repository string

	// Revision is a branch, a tag or a commit.
	//
	// Default: [DefaultRevision].
	Revision string

	// Path is the directory of the manifests of one environment, from the root of
	// the repository, such as dist/production. Argo CD does not read the
	// directories in it. It must hold no Chart.yaml and no kustomization.yaml, by
	// which Argo CD would take it for a Helm chart or for Kustomize; see
	// https://argo-cd.readthedocs.io/en/stable/user-guide/tool_detection/.
	//
	// Required.
	Path string

	// Destination is where the objects go.
	//
	// Default: each field's own.
	Destination Destination

	// Manual leaves the sync to somebody who asks for it.
	//
	// Default: every commit is applied, and what others change is changed back.
	Manual bool

	// NoPrune leaves objects in the cluster that are no longer in the manifests.
	//
	// Default: false: they are deleted. Claims and the like, which hold data, carry
	// annotations that keep them.
	NoPrune bool

	// Retries is how often a failed sync is tried again, after 5 seconds, and each
	// time after twice as long, up to 3 minutes.
	//
	// Default: [DefaultRetries].
	Retries int

	// SyncOptions are further options, such as ServerSideApply=true; see
	// https://argo-cd.readthedocs.io/en/stable/user-guide/sync-options/.
	//
	// Refused are Replace and Force, which delete objects to apply them, with the
	// generated keys of a Secret; and ApplyOutOfSyncOnly: it leaves out the waves of
	// objects that did not change, so that a retry would pass a migration that has
	// failed.
	//
	// PruneLast=true deletes what has left the manifests when everything else is
	// healthy. Where something never is, such as an Ingress without an address or a
	// claim that no pod mounts yet, the sync then never ends.
	//
	// Default: CreateNamespace=false, because the manifests hold their Namespace
	// with its labels; and, with IgnoreDifferences, RespectIgnoreDifferences=true, by
	// which a sync leaves them alone, too.
	SyncOptions []string

	// IgnoreDifferences are fields that something in the cluster sets. Manifests of
	// this library need none: Argo CD compares the fields that a manifest has, and
	// those of an autoscaled Deployment have no replicas, those of a generated
	// Secret none of the generated keys.
	//
	// Default: none.
	IgnoreDifferences []Difference

	// Cascade makes the deletion of the Application delete what it has applied,
	// except for what holds data.
	//
	// Default: false: everything stays, and goes on running.
	Cascade bool
}

// Destination is a cluster and a namespace in it.
type Destination struct {
	// Server is the URL of the cluster's API server.
	//
	// Default: [DefaultServer], unless Cluster is given.
	Server string

	// Cluster is the name of the cluster in Argo CD, instead of Server.
	//
	// Default: none.
	Cluster string

	// Namespace is the namespace of objects whose manifest names none, and the one
	// in which Argo CD looks for objects that belong to no Application. An
	// [AppProject] that does not allow every namespace refuses an Application
	// without one. In an AppProject it may hold *, such as shop-*, and is required.
	//
	// Default: none.
	Namespace string
}

// Difference are fields of some objects that Argo CD does not compare.
type Difference struct {
	// Group is the API group, such as apps; empty for the core kinds.
	//
	// Default: the core group.
	Group string

	// Kind is the kind, such as Deployment.
	//
	// Required.
	Kind string

	// Name is the name of the object.
	//
	// Default: every object of the kind.
	Name string

	// Namespace is the namespace of the object.
	//
	// Default: every namespace.
	Namespace string

	// Pointers are fields as JSON pointers (RFC 6901), such as /spec/replicas. One
	// of Pointers, Expressions and Managers is required.
	//
	// Default: none.
	Pointers []string

	// Expressions are fields as path expressions of jq, such as
	// .spec.template.spec.containers[].resources.
	//
	// Default: none.
	Expressions []string

	// Managers are the names of those whose fields are meant, as managedFields has
	// them.
	//
	// Default: none.
	Managers []string
}

// Validate reports every invalid field. It starts no Node.js.
func (p ApplicationProps) Validate() field.ErrorList {
	_, problems := p.resolve()
	return problems
}

// resolve fills in the defaults and reports every invalid field.
func (p ApplicationProps) resolve() (ApplicationProps, field.ErrorList) {
	var e rule.Errors
	e.RequiredLabel("Name", p.Name, "the name of the Application")
	p = p.common(&e)
	repository.Dir(&e, "Path", p.Path)
	return p, e.Err()
}

// common fills in and checks what Applications of a set share.
func (p ApplicationProps) common(e *rule.Errors) ApplicationProps {
	p.Project = cmp.Or(p.Project, DefaultProject)
	e.Label("Project", p.Project)
	repository.URL(e, "Repository", p.Repository, true)
	p.Revision = cmp.Or(p.Revision, DefaultRevision)
	repository.Revision(e, "Revision", p.Revision)
	p.Destination = p.Destination.resolve(e, "Destination")
	p.Retries = cmp.Or(p.Retries, DefaultRetries)
	e.Range("Retries", p.Retries, 1, 100)
	for i, one := range p.IgnoreDifferences {
		one.validate(e, rule.Item("IgnoreDifferences", i))
	}
	p.SyncOptions = p.options(e)
	return p
}

// resolve fills in the cluster, and checks that of an Application.
func (d Destination) resolve(e *rule.Errors, at string) Destination {
	d = d.cluster(e, at)
	if d.Namespace != "" {
		e.DNSLabel(at+".Namespace", d.Namespace)
	}
	return d
}

// cluster fills in and checks which cluster is meant.
func (d Destination) cluster(e *rule.Errors, at string) Destination {
	switch {
	case d.Cluster != "" && d.Server != "":
		e.Add(at+".Cluster", d.Cluster, "must not be given with Server: a cluster is named in one way")
	case d.Cluster != "":
		plain(e, at+".Cluster", d.Cluster, "must be the name of a cluster in Argo CD, such as in-cluster")
	default:
		d.Server = cmp.Or(d.Server, DefaultServer)
		if !server.MatchString(d.Server) {
			e.Add(at+".Server", d.Server, "must be the URL of an API server, such as "+DefaultServer)
		}
	}
	return d
}

var (
	// text matches names that Argo CD compares as they are.
	text = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?$`)

	server = regexp.MustCompile(
		`^https://[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?(:[1-9][0-9]{0,4})?(/[A-Za-z0-9._~/-]*)?$`)
	kind = regexp.MustCompile(`^[A-Z][A-Za-z0-9]{0,62}$`)
)

// plain checks a name that Argo CD compares as it is.
func plain(e *rule.Errors, at, value, want string) {
	if !text.MatchString(value) {
		e.Add(at, value, want)
		return
	}
	e.Text(at, value)
}

// kindOf checks a kind and its API group.
func kindOf(e *rule.Errors, at, groupName, kindName string) {
	if groupName != "" {
		plain(e, at+".Group", groupName, "must be an API group without its version, such as apps; empty for the core kinds")
	}
	switch {
	case kindName == "":
		e.Add(at+".Kind", kindName, "is required: a kind, such as Deployment")
	case !kind.MatchString(kindName):
		e.Add(at+".Kind", kindName, "must be a kind, such as Deployment: letters and digits, the first in upper case")
	}
}

func (d Difference) validate(e *rule.Errors, at string) {
	kindOf(e, at, d.Group, d.Kind)
	e.OptionalName(at+".Name", d.Name)
	if d.Namespace != "" {
		e.DNSLabel(at+".Namespace", d.Namespace)
	}
	if len(d.Pointers)+len(d.Expressions)+len(d.Managers) == 0 {
		e.Add(at+".Pointers", "", "is required, or Expressions or Managers: the fields that are not compared")
	}
	for i, one := range d.Pointers {
		if !strings.HasPrefix(one, "/") || strings.HasSuffix(one, "/") {
			e.Add(rule.Item(at+".Pointers", i), one, "must be a JSON pointer to a field, such as /spec/replicas")
			continue
		}
		e.Text(rule.Item(at+".Pointers", i), one)
	}
	for i, one := range d.Expressions {
		if !strings.HasPrefix(one, ".") {
			e.Add(rule.Item(at+".Expressions", i), one, "must be a path expression of jq, such as .spec.replicas")
			continue
		}
		e.Text(rule.Item(at+".Expressions", i), one)
	}
	for i, one := range d.Managers {
		plain(e, rule.Item(at+".Managers", i), one, "must be the name of a field manager, such as kube-controller-manager")
	}
	e.Unique(at+".Pointers", d.Pointers)
	e.Unique(at+".Expressions", d.Expressions)
	e.Unique(at+".Managers", d.Managers)
}

// known are the options of a sync that may be given, with their values.
var known = map[string][]string{
	"CreateNamespace":                 {"true", "false"},
	"DisableClientSideApplyMigration": {"true", "false"},
	"FailOnSharedResource":            {"true", "false"},
	"PruneLast":                       {"true", "false"},
	"PrunePropagationPolicy":          {"foreground", "background", "orphan"},
	"RespectIgnoreDifferences":        {"true", "false"},
	"ServerSideApply":                 {"true", "false"},
	"SkipDryRunOnMissingResource":     {"true", "false"},
	"Validate":                        {"true", "false"},
}

// refused are options that lose data or an order, and why.
var refused = map[string]string{
	"Replace": "deletes objects to apply them, and drops the generated keys of a Secret",
	"Force":   "deletes objects to apply them, with their data",
	"ApplyOutOfSyncOnly": "leaves out the waves of objects that did not change, so that a retry passes a migration " +
		"that has failed",
}

// options returns the options of a sync, sorted, and checks those that are given.
func (p ApplicationProps) options(e *rule.Errors) []string {
	all := map[string]string{"CreateNamespace": "false"}
	if len(p.IgnoreDifferences) > 0 {
		all["RespectIgnoreDifferences"] = "true"
	}
	var names []string
	for i, option := range p.SyncOptions {
		at := rule.Item("SyncOptions", i)
		key, value, _ := strings.Cut(option, "=")
		values, ok := known[key]
		switch {
		case refused[key] != "":
			e.Add(at, option, "must not be given: "+key+" "+refused[key])
		case !ok:
			e.Add(at, option, "must be NAME=VALUE, with a name among "+strings.Join(rule.Keys(known), ", "))
		case !slices.Contains(values, value):
			e.Add(at, option, fmt.Sprintf("must have one of the values %s", strings.Join(values, ", ")))
		}
		all[key] = value
		names = append(names, key)
	}
	e.Unique("SyncOptions", names)
	var options []string
	for _, key := range slices.Sorted(maps.Keys(all)) {
		options = append(options, key+"="+all[key])
	}
	return options
}

// Application is a directory of a repository that Argo CD applies.
type Application struct {
	constructs.Construct

	node   *construct.Node
	props  ApplicationProps
	object *object.Object[*gitops.Application]
}

var _ network.Referrer = (*Application)(nil)

// NewApplication adds an [Application] called id to scope. Invalid props fail
// synthesis with the construct's path.
func NewApplication(scope constructs.Construct, id string, props ApplicationProps) *Application {
	props = clone.Of(props)
	a := &Application{}
	a.node = construct.Init(a, scope, id)
	resolved, problems := props.resolve()
	a.node.Report(problems)

	a.props = resolved
	a.object = object.New(a, "Application", a.Name(), a.application)
	return a
}

// Name returns the name of the Application.
func (a *Application) Name() string { return a.props.Name }

// Object returns the Application object.
func (a *Application) Object() *object.Object[*gitops.Application] { return a.object }

// ExternalReferences lists objects that the construct references and does not
// create.
func (a *Application) ExternalReferences() []network.Object { return kube.GivenNamespace(a.node) }

func (a *Application) application() *gitops.Application {
	made := &gitops.Application{ObjectMeta: kube.Meta(a.node, a.Name(), labels.Argo), Spec: a.props.spec()}
	made.Finalizers = a.props.finalizers()
	return made
}

func (p ApplicationProps) finalizers() []string {
	if p.Cascade {
		return []string{cascade}
	}
	return nil
}

// spec is the spec of an Application, also of one in a set.
func (p ApplicationProps) spec() gitops.ApplicationSpec {
	spec := gitops.ApplicationSpec{
		Project: p.Project,
		Source:  gitops.Source{RepoURL: p.Repository, TargetRevision: p.Revision, Path: p.Path},
		Destination: gitops.Destination{
			Server: p.Destination.Server, Name: p.Destination.Cluster, Namespace: p.Destination.Namespace,
		},
		SyncPolicy: gitops.SyncPolicy{
			SyncOptions: p.SyncOptions,
			Retry: &gitops.Retry{Limit: int64(p.Retries), Backoff: gitops.Backoff{
				Duration: retryFirst, Factor: new(int64(retryFactor)), MaxDuration: retryMost,
			}},
		},
	}
	if !p.Manual {
		spec.SyncPolicy.Automated = &gitops.Automated{Prune: !p.NoPrune, SelfHeal: true}
	}
	for _, one := range p.IgnoreDifferences {
		spec.IgnoreDifferences = append(spec.IgnoreDifferences, gitops.Difference{
			Group: one.Group, Kind: one.Kind, Name: one.Name, Namespace: one.Namespace,
			JSONPointers: one.Pointers, JQPathExpressions: one.Expressions, ManagedFieldsManagers: one.Managers,
		})
	}
	return spec
}
