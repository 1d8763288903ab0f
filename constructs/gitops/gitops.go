// Package gitops holds the custom resources of Argo CD and Flux as Go types, with
// the fields that this library sets. They are written by hand, because an app
// would load thousands of generated types at its start.
//
// They are the way to what [example.com/django-cdk8s/constructs/argocd] and
// [example.com/django-cdk8s/constructs/flux] do not offer:
//
//	app.Object().Change(func(a *gitops.Application) {
//		a.Spec.RevisionHistoryLimit = new(int64(3))
//	})
//
// A field that the types lack is set by a JSON patch, which loses no value:
//
//	app.Object().AddJsonPatch(cdk8s.JsonPatch_Add(new("/spec/info"), info))
//
// The references describe every field:
// https://argo-cd.readthedocs.io/en/stable/user-guide/application-specification/
// and https://fluxcd.io/flux/components/.
package gitops

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"example.com/django-cdk8s/internal/clone"
)

// The API groups and versions of the types.
var (
	// ArgoGroupVersion is that of Argo CD.
	ArgoGroupVersion = schema.GroupVersion{Group: "argoproj.io", Version: "v1alpha1"}

	// SourceGroupVersion is that of Flux's sources.
	SourceGroupVersion = schema.GroupVersion{Group: "source.toolkit.fluxcd.io", Version: "v1"}

	// KustomizeGroupVersion is that of Flux's Kustomization.
	KustomizeGroupVersion = schema.GroupVersion{Group: "kustomize.toolkit.fluxcd.io", Version: "v1"}
)

// Application is a directory of a repository that Argo CD applies.
type Application struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitzero"`

	Spec ApplicationSpec `json:"spec"`
}

// ApplicationSpec describes an [Application].
type ApplicationSpec struct {
	Project              string       `json:"project"`
	Source               Source       `json:"source"`
	Destination          Destination  `json:"destination"`
	SyncPolicy           SyncPolicy   `json:"syncPolicy,omitzero"`
	IgnoreDifferences    []Difference `json:"ignoreDifferences,omitempty"`
	RevisionHistoryLimit *int64       `json:"revisionHistoryLimit,omitempty"`
}

// Source is a directory of a repository at a revision.
type Source struct {
	RepoURL        string     `json:"repoURL"`
	TargetRevision string     `json:"targetRevision,omitempty"`
	Path           string     `json:"path,omitempty"`
	Directory      *Directory `json:"directory,omitempty"`
}

// Directory says which files of a directory are read.
type Directory struct {
	Recurse bool   `json:"recurse,omitempty"`
	Include string `json:"include,omitempty"`
	Exclude string `json:"exclude,omitempty"`
}

// Destination is a namespace of a cluster, which has a URL or a name.
type Destination struct {
	Server    string `json:"server,omitempty"`
	Name      string `json:"name,omitempty"`
	Namespace string `json:"namespace,omitempty"`
}

// SyncPolicy says when and how Argo CD applies.
type SyncPolicy struct {
	Automated   *Automated `json:"automated,omitempty"`
	SyncOptions []string   `json:"syncOptions,omitempty"`
	Retry       *Retry     `json:"retry,omitempty"`
}

// Automated makes Argo CD apply by itself.
type Automated struct {
	Prune      bool `json:"prune"`
	SelfHeal   bool `json:"selfHeal"`
	AllowEmpty bool `json:"allowEmpty,omitempty"`
}

// Retry says how often a failed sync is tried again.
type Retry struct {
	Limit   int64   `json:"limit"`
	Backoff Backoff `json:"backoff,omitzero"`
}

// Backoff is the time between two tries, such as 5s.
type Backoff struct {
	Duration    string `json:"duration,omitempty"`
	Factor      *int64 `json:"factor,omitempty"`
	MaxDuration string `json:"maxDuration,omitempty"`
}

// Difference are fields of objects that Argo CD does not compare.
type Difference struct {
	Group                 string   `json:"group,omitempty"`
	Kind                  string   `json:"kind"`
	Name                  string   `json:"name,omitempty"`
	Namespace             string   `json:"namespace,omitempty"`
	JSONPointers          []string `json:"jsonPointers,omitempty"`
	JQPathExpressions     []string `json:"jqPathExpressions,omitempty"`
	ManagedFieldsManagers []string `json:"managedFieldsManagers,omitempty"`
}

// AppProject says which directories may be applied where.
type AppProject struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitzero"`

	Spec AppProjectSpec `json:"spec"`
}

// AppProjectSpec describes an [AppProject].
type AppProjectSpec struct {
	Description              string             `json:"description,omitempty"`
	SourceRepos              []string           `json:"sourceRepos,omitempty"`
	Destinations             []Destination      `json:"destinations,omitempty"`
	ClusterResourceWhitelist []metav1.GroupKind `json:"clusterResourceWhitelist,omitempty"`
	OrphanedResources        *OrphanedResources `json:"orphanedResources,omitempty"`
}

// OrphanedResources makes Argo CD list objects that belong to no Application.
type OrphanedResources struct {
	Warn   *bool    `json:"warn,omitempty"`
	Ignore []Orphan `json:"ignore,omitempty"`
}

// Orphan are objects that may belong to no Application. Each text may hold *.
type Orphan struct {
	Group string `json:"group,omitempty"`
	Kind  string `json:"kind,omitempty"`
	Name  string `json:"name,omitempty"`
}

// ApplicationSet makes an [Application] for each element of a list.
type ApplicationSet struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitzero"`

	Spec ApplicationSetSpec `json:"spec"`
}

// ApplicationSetSpec describes an [ApplicationSet].
type ApplicationSetSpec struct {
	GoTemplate        bool                     `json:"goTemplate,omitempty"`
	GoTemplateOptions []string                 `json:"goTemplateOptions,omitempty"`
	Generators        []Generator              `json:"generators"`
	Template          ApplicationTemplate      `json:"template"`
	SyncPolicy        ApplicationSetSyncPolicy `json:"syncPolicy,omitzero"`
}

// Generator yields the elements of an [ApplicationSet].
type Generator struct {
	List *ListGenerator `json:"list,omitempty"`
}

// ListGenerator holds the elements as they are.
type ListGenerator struct {
	Elements []map[string]string `json:"elements"`
}

// ApplicationTemplate is what the Applications of a set are made of.
type ApplicationTemplate struct {
	Metadata TemplateMetadata `json:"metadata"`
	Spec     ApplicationSpec  `json:"spec"`
}

// TemplateMetadata is the metadata of an Application of a set.
type TemplateMetadata struct {
	Name       string            `json:"name"`
	Labels     map[string]string `json:"labels,omitempty"`
	Finalizers []string          `json:"finalizers,omitempty"`
}

// ApplicationSetSyncPolicy says what becomes of what was applied.
type ApplicationSetSyncPolicy struct {
	PreserveResourcesOnDeletion bool `json:"preserveResourcesOnDeletion,omitempty"`
}

// GitRepository is a repository that Flux fetches.
type GitRepository struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitzero"`

	Spec GitRepositorySpec `json:"spec"`
}

// GitRepositorySpec describes a [GitRepository].
type GitRepositorySpec struct {
	URL       string     `json:"url"`
	Reference Reference  `json:"ref,omitzero"`
	Interval  string     `json:"interval"`
	SecretRef *LocalName `json:"secretRef,omitempty"`
	Ignore    string     `json:"ignore,omitempty"`
	Suspend   bool       `json:"suspend,omitempty"`
}

// Reference is the revision of a [GitRepository].
type Reference struct {
	Branch string `json:"branch,omitempty"`
	Tag    string `json:"tag,omitempty"`
	SemVer string `json:"semver,omitempty"`
	Commit string `json:"commit,omitempty"`
}

// LocalName is the name of an object in the same namespace.
type LocalName struct {
	Name string `json:"name"`
}

// Kustomization is a directory of a source that Flux applies.
type Kustomization struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitzero"`

	Spec KustomizationSpec `json:"spec"`
}

// KustomizationSpec describes a [Kustomization].
type KustomizationSpec struct {
	SourceRef          SourceRef    `json:"sourceRef"`
	Path               string       `json:"path,omitempty"`
	Interval           string       `json:"interval"`
	RetryInterval      string       `json:"retryInterval,omitempty"`
	Timeout            string       `json:"timeout,omitempty"`
	Prune              bool         `json:"prune"`
	Wait               bool         `json:"wait,omitempty"`
	DeletionPolicy     string       `json:"deletionPolicy,omitempty"`
	DependsOn          []Dependency `json:"dependsOn,omitempty"`
	TargetNamespace    string       `json:"targetNamespace,omitempty"`
	ServiceAccountName string       `json:"serviceAccountName,omitempty"`
	Suspend            bool         `json:"suspend,omitempty"`
}

// SourceRef names what holds the directory of a [Kustomization].
type SourceRef struct {
	Kind      string `json:"kind"`
	Name      string `json:"name"`
	Namespace string `json:"namespace,omitempty"`
}

// Dependency names a [Kustomization] that is applied before.
type Dependency struct {
	Name      string `json:"name"`
	Namespace string `json:"namespace,omitempty"`
}

// DeepCopyObject implements [runtime.Object].
func (a *Application) DeepCopyObject() runtime.Object { return new(clone.Of(*a)) }

// DeepCopyObject implements [runtime.Object].
func (p *AppProject) DeepCopyObject() runtime.Object { return new(clone.Of(*p)) }

// DeepCopyObject implements [runtime.Object].
func (s *ApplicationSet) DeepCopyObject() runtime.Object { return new(clone.Of(*s)) }

// DeepCopyObject implements [runtime.Object].
func (r *GitRepository) DeepCopyObject() runtime.Object { return new(clone.Of(*r)) }

// DeepCopyObject implements [runtime.Object].
func (k *Kustomization) DeepCopyObject() runtime.Object { return new(clone.Of(*k)) }

// ResourceKind returns the kind, for [example.com/django-cdk8s/constructs/object.Custom].
func (*Application) ResourceKind() schema.GroupVersionKind {
	return ArgoGroupVersion.WithKind("Application")
}

// ResourceKind returns the kind.
func (*AppProject) ResourceKind() schema.GroupVersionKind {
	return ArgoGroupVersion.WithKind("AppProject")
}

// ResourceKind returns the kind.
func (*ApplicationSet) ResourceKind() schema.GroupVersionKind {
	return ArgoGroupVersion.WithKind("ApplicationSet")
}

// ResourceKind returns the kind.
func (*GitRepository) ResourceKind() schema.GroupVersionKind {
	return SourceGroupVersion.WithKind("GitRepository")
}

// ResourceKind returns the kind.
func (*Kustomization) ResourceKind() schema.GroupVersionKind {
	return KustomizeGroupVersion.WithKind("Kustomization")
}
