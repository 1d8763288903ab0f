package secret

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	utiljson "k8s.io/apimachinery/pkg/util/json"

	"example.com/django-cdk8s/constructs/externalsecrets"
	"example.com/django-cdk8s/constructs/object"
	"example.com/django-cdk8s/internal/clone"
	"example.com/django-cdk8s/internal/kube"
	"example.com/django-cdk8s/internal/labels"
	"example.com/django-cdk8s/internal/rule"
)

// DefaultRefreshIntervalSeconds is how often the operator reads the store: every
// hour, which is its own default, too.
const DefaultRefreshIntervalSeconds = 3600

// ExternalProps configures [External].
type ExternalProps struct {
	// Store is where the values are.
	//
	// Required.
	Store Store

	// Keys are the keys that the Secret holds; asking for any other is an error.
	//
	// Required.
	Keys []string

	// RemoteKey is the entry of the store with the values, such as
	// "shop/production" of a Vault or the name of a secret of AWS. Each key of the
	// Secret is a property of this entry that has the key's name.
	//
	// Default: none; Remotes then has every key.
	RemoteKey string

	// Extract takes every property of RemoteKey into the Secret, also those that
	// are not in Keys, instead of one for each key.
	//
	// Default: false.
	Extract bool

	// Remotes are the places of those keys that are elsewhere in the store, or
	// called otherwise there.
	//
	// Default: none.
	Remotes map[string]Remote

	// RefreshIntervalSeconds is how often the operator compares the Secret with the
	// store, in seconds.
	//
	// Default: [DefaultRefreshIntervalSeconds].
	RefreshIntervalSeconds int
}

// Store is a SecretStore or a ClusterSecretStore of the External Secrets
// Operator: the address of a vault, and how the operator logs in there.
type Store struct {
	// Name is its name.
	//
	// Required.
	Name string

	// Cluster says that it is a ClusterSecretStore, and none of the namespace.
	//
	// Default: false.
	Cluster bool

	// Provider makes the SecretStore. It has one entry: the settings of the
	// provider, by its name, as they are in the operator's YAML; see
	// https://external-secrets.io/latest/api/secretstore/. Credentials in it are
	// references to another Secret. Of the Secrets that share a store, one has its
	// Provider.
	//
	// Default: none; the store exists.
	Provider map[string]any
}

// Remote is the place of a value in a store.
type Remote struct {
	// Key is the entry of the store.
	//
	// Default: ExternalProps.RemoteKey.
	Key string

	// Property is the property of the entry.
	//
	// Default: without Key, the key of the Secret. With Key, none: the whole entry
	// is the value.
	Property string

	// Version is the version of the entry.
	//
	// Default: the newest.
	Version string
}

// External is a Secret whose values the External Secrets Operator fetches from a
// vault, and keeps as they are there. The manifests hold an ExternalSecret,
// called like the Secret, and no value. Workloads that name one of its keys wait
// in CreateContainerConfigError until the operator has made the Secret.
//
// The ExternalSecret owns the Secret. A value that disappears from the store stays
// in the Secret. Where the values change, the pods go on with those that they
// started with, unless [Props.Reload] is set.
func External(props ExternalProps) Source {
	x := external{clone.Of(props), nil}
	x.RefreshIntervalSeconds = cmp.Or(x.RefreshIntervalSeconds, DefaultRefreshIntervalSeconds)
	if text, err := json.Marshal(x.Store.Provider); err != nil || utiljson.Unmarshal(text, &x.Store.Provider) != nil {
		x.wrong = errors.New("must be plain values, as JSON knows them")
	}
	return x
}

type external struct {
	ExternalProps

	// wrong is what is wrong with the type of a value in Store.Provider.
	wrong error
}

func (x external) keys() (inManifest, elsewhere []string) { return nil, slices.Clone(x.Keys) }

func (external) given() map[string]string { return nil }

func (x external) validate(e *rule.Errors, p Props) {
	validateName(e, p.Name, 63, "it is a label of the ExternalSecret")
	x.validateStore(e)
	if len(x.Keys) == 0 {
		e.Add("Source.Keys", "", "is required: the keys that the Secret is to hold")
	}
	for i, key := range x.Keys {
		e.SecretKey(rule.Item("Source.Keys", i), key)
	}
	e.Unique("Source.Keys", x.Keys)
	e.Text("Source.RemoteKey", x.RemoteKey)
	for _, key := range rule.Keys(x.Remotes) {
		at, remote := rule.Item("Source.Remotes", key), x.Remotes[key]
		if !slices.Contains(x.Keys, key) {
			e.Add(at, key, "must be one of Keys")
		}
		e.Text(at+".Key", remote.Key)
		e.Text(at+".Property", remote.Property)
		e.Text(at+".Version", remote.Version)
	}
	if lost := slices.IndexFunc(x.Keys, func(key string) bool { return x.Remotes[key].Key == "" }); x.RemoteKey == "" {
		switch {
		case x.Extract:
			e.Add("Source.RemoteKey", "", "is required with Extract: the entry of the store")
		case lost >= 0:
			e.Add("Source.RemoteKey", "", fmt.Sprintf("is required, or Remotes[%s].Key: the entry of the store", x.Keys[lost]))
		}
	}
	e.Range("Source.RefreshIntervalSeconds", x.RefreshIntervalSeconds, 1, math.MaxInt32)
}

func (x external) validateStore(e *rule.Errors) {
	s := x.Store
	e.Name("Source.Store.Name", s.Name)
	if s.Provider == nil {
		return
	}
	const at = "Source.Store.Provider"
	switch names := rule.Keys(s.Provider); {
	case s.Cluster:
		e.Add(at, "...", "must not be given with Cluster: whoever runs the cluster makes that store")
	case x.wrong != nil:
		e.Add(at, "...", x.wrong.Error())
	case len(names) != 1:
		e.Add(at, fmt.Sprint(names), "must have one entry: the settings of a provider, such as vault, by its name")
	default:
		if settings, ok := s.Provider[names[0]].(map[string]any); !ok || len(settings) == 0 {
			e.Add(rule.Item(at, names[0]), "...", "must be the settings of the provider, by their names")
		}
		validateTexts(e, rule.Item(at, names[0]), s.Provider[names[0]])
	}
}

// validateTexts checks every text of a JSON value.
func validateTexts(e *rule.Errors, at string, value any) {
	switch value := value.(type) {
	case string:
		e.Text(at, value)
	case map[string]any:
		for _, key := range rule.Keys(value) {
			validateTexts(e, rule.Item(at, key), value[key])
		}
	case []any:
		for i, one := range value {
			validateTexts(e, rule.Item(at, i), one)
		}
	}
}

func (x external) build(s *Secret) {
	if x.Store.Provider != nil {
		s.store = object.New(s, "SecretStore", x.Store.Name, func() *externalsecrets.SecretStore {
			meta := kube.Meta(s.node, s.name, labels.Credentials)
			meta.Name = x.Store.Name
			return &externalsecrets.SecretStore{
				ObjectMeta: meta, Spec: externalsecrets.SecretStoreSpec{Provider: clone.Of(x.Store.Provider)},
			}
		})
	}
	s.external = object.New(s, "ExternalSecret", s.name, func() *externalsecrets.ExternalSecret {
		meta := kube.Meta(s.node, s.name, labels.Credentials)
		meta.Annotations = labels.KeepData()
		return &externalsecrets.ExternalSecret{ObjectMeta: meta, Spec: x.spec(s.name)}
	})
}

// spec has the operator's defaults, too: Argo CD would take those that the API
// server adds to the elements of a list for a difference; see
// https://github.com/argoproj/argo-cd/issues/13004.
func (x external) spec(name string) externalsecrets.ExternalSecretSpec {
	kind := externalsecrets.SecretStoreKind
	if x.Store.Cluster {
		kind = externalsecrets.ClusterSecretStoreKind
	}
	spec := externalsecrets.ExternalSecretSpec{
		RefreshInterval: (time.Duration(x.RefreshIntervalSeconds) * time.Second).String(),
		SecretStoreRef:  externalsecrets.StoreRef{Name: x.Store.Name, Kind: kind},
		Target: externalsecrets.Target{
			// Retain: pods find what they need while the store lacks it.
			Name: name, CreationPolicy: "Owner", DeletionPolicy: "Retain",
		},
	}
	if x.Extract {
		spec.DataFrom = []externalsecrets.DataFrom{{Extract: new(remoteRef(Remote{Key: x.RemoteKey}))}}
	}
	for _, key := range slices.Sorted(slices.Values(x.Keys)) {
		remote, own := x.Remotes[key]
		if x.Extract && !own {
			continue
		}
		if remote.Key == "" {
			remote.Key, remote.Property = x.RemoteKey, cmp.Or(remote.Property, key)
		}
		spec.Data = append(spec.Data, externalsecrets.Data{SecretKey: key, RemoteRef: remoteRef(remote)})
	}
	return spec
}

func remoteRef(r Remote) externalsecrets.RemoteRef {
	return externalsecrets.RemoteRef{
		Key: r.Key, Property: r.Property, Version: r.Version,
		ConversionStrategy: "Default", DecodingStrategy: "None", MetadataPolicy: "None",
	}
}
