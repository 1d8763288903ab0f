// Package externalsecrets holds the custom resources of the External Secrets
// Operator as Go types, with the fields that this library sets. They are written
// by hand: those that cdk8s generates of the stores alone are hundreds of types.
//
// They are the way to what [example.com/django-cdk8s/constructs/secret.ExternalProps]
// does not offer:
//
//	env.ExternalSecret().Change(func(e *externalsecrets.ExternalSecret) {
//		e.Spec.RefreshPolicy = "OnChange"
//	})
//
// A field that the types lack is set by a JSON patch, which loses no value. The
// operator's reference describes every field:
// https://external-secrets.io/latest/api/spec/.
package externalsecrets

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"example.com/django-cdk8s/internal/clone"
)

// GroupVersion is the API group and version of the types.
var GroupVersion = schema.GroupVersion{Group: "external-secrets.io", Version: "v1"}

// The kinds of stores.
const (
	// SecretStoreKind is a store for the namespace that it is in.
	SecretStoreKind = "SecretStore"

	// ClusterSecretStoreKind is a store for every namespace.
	ClusterSecretStoreKind = "ClusterSecretStore"
)

// ExternalSecret is a Secret whose values the operator fetches from a store.
type ExternalSecret struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitzero"`

	Spec ExternalSecretSpec `json:"spec"`
}

// ExternalSecretSpec describes an [ExternalSecret].
type ExternalSecretSpec struct {
	// RefreshInterval is a duration of Go, such as "1h0m0s".
	RefreshInterval string     `json:"refreshInterval,omitempty"`
	RefreshPolicy   string     `json:"refreshPolicy,omitempty"`
	SecretStoreRef  StoreRef   `json:"secretStoreRef,omitzero"`
	Target          Target     `json:"target,omitzero"`
	Data            []Data     `json:"data,omitempty"`
	DataFrom        []DataFrom `json:"dataFrom,omitempty"`
}

// StoreRef names a store.
type StoreRef struct {
	Name string `json:"name"`
	Kind string `json:"kind,omitempty"`
}

// Target is the Secret that the operator makes.
type Target struct {
	Name           string `json:"name,omitempty"`
	CreationPolicy string `json:"creationPolicy,omitempty"`
	DeletionPolicy string `json:"deletionPolicy,omitempty"`
	Immutable      bool   `json:"immutable,omitempty"`
}

// Data is one key of the Secret.
type Data struct {
	SecretKey string    `json:"secretKey"`
	RemoteRef RemoteRef `json:"remoteRef"`
}

// DataFrom are several keys of the Secret.
type DataFrom struct {
	Extract *RemoteRef `json:"extract,omitempty"`
}

// RemoteRef is a place in a store.
type RemoteRef struct {
	Key                string `json:"key"`
	Property           string `json:"property,omitempty"`
	Version            string `json:"version,omitempty"`
	ConversionStrategy string `json:"conversionStrategy,omitempty"`
	DecodingStrategy   string `json:"decodingStrategy,omitempty"`
	MetadataPolicy     string `json:"metadataPolicy,omitempty"`
}

// SecretStore says how the operator reaches a store.
type SecretStore struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitzero"`

	Spec SecretStoreSpec `json:"spec"`
}

// SecretStoreSpec describes a [SecretStore].
type SecretStoreSpec struct {
	// Provider has one entry: the settings of a provider, by its name, as they are
	// in YAML.
	Provider map[string]any `json:"provider"`
}

// DeepCopyObject implements [runtime.Object].
func (e *ExternalSecret) DeepCopyObject() runtime.Object { return new(clone.Of(*e)) }

// DeepCopyObject implements [runtime.Object].
func (s *SecretStore) DeepCopyObject() runtime.Object { return new(clone.Of(*s)) }

// ResourceKind returns the kind, for [example.com/django-cdk8s/constructs/object.Custom].
func (*ExternalSecret) ResourceKind() schema.GroupVersionKind {
	return GroupVersion.WithKind("ExternalSecret")
}

// ResourceKind returns the kind.
func (*SecretStore) ResourceKind() schema.GroupVersionKind {
	return GroupVersion.WithKind(SecretStoreKind)
}
