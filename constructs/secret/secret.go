// Package secret holds the construct through which a workload gets its
// credentials: one Secret, used by Django and by PostgreSQL, whose values are
// never part of the rendered manifests unless that is asked for by name.
package secret

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/constructs-go/constructs/v10"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"example.com/django-cdk8s/constructs/externalsecrets"
	"example.com/django-cdk8s/constructs/network"
	"example.com/django-cdk8s/constructs/object"
	"example.com/django-cdk8s/internal/construct"
	"example.com/django-cdk8s/internal/kube"
	"example.com/django-cdk8s/internal/labels"
	"example.com/django-cdk8s/internal/rule"
)

// DefaultName is the name of the Secret in the reference system.
const DefaultName = "django-env-secret"

// The keys that PostgreSQL and Django look for, named like the environment
// variables that they become.
const (
	// DatabaseKey holds the name of the database.
	DatabaseKey = "POSTGRES_DB"

	// UserKey holds the name of the PostgreSQL role that owns it.
	UserKey = "POSTGRES_USER"

	// PasswordKey holds the role's password.
	PasswordKey = "POSTGRES_PASSWORD"

	// DjangoSecretKey holds Django's SECRET_KEY setting, which signs sessions and
	// password reset links.
	DjangoSecretKey = "SECRET_KEY"
)

// Props configures [New].
type Props struct {
	// Name is the Secret's name: at most 45 characters with [Generated], and 63
	// with [External], [Filled] and [Literal].
	//
	// Default: [DefaultName].
	Name string

	// Source says where the values come from: [Existing], [External], [Generated],
	// [Filled] or [Literal].
	//
	// Required.
	Source Source

	// Reload has Reloader, which the cluster must run, restart the Deployments of
	// this library that read the Secret when it changes in the cluster; see
	// https://docs.stakater.com/reloader/. Without it, pods keep the values that
	// they started with.
	//
	// Default: false.
	Reload bool
}

// Validate reports every invalid field.
func (p Props) Validate() field.ErrorList {
	var e rule.Errors
	p = p.withDefaults()
	if p.Source == nil {
		e.Name("Name", p.Name)
		e.Add("Source", "", "is required: secret.Existing, External, Generated, Filled or Literal")
	} else {
		p.Source.validate(&e, p)
	}
	switch p.Source.(type) {
	case literal, filled:
		if p.Reload {
			e.Add("Reload", true, "must not be given with Literal or Filled: the pods are replaced without it")
		}
	}
	return e.Err()
}

// validateName checks the name of a Secret whose name has at most limit
// characters for a reason of its own.
func validateName(e *rule.Errors, name string, limit int, why string) {
	if len(name) > limit {
		e.Add("Name", name, fmt.Sprintf("must be at most %d characters, because %s", limit, why))
	} else {
		e.Name("Name", name)
	}
}

func (p Props) withDefaults() Props {
	p.Name = cmp.Or(p.Name, DefaultName)
	return p
}

// Source is where the values of a [Secret] come from. Its only
// implementations are those that [Existing], [External], [Generated], [Filled] and
// [Literal] return.
type Source interface {
	validate(e *rule.Errors, p Props)
	build(s *Secret)
	// keys returns the keys whose values the manifest holds, and those that
	// the Secret gets elsewhere.
	keys() (inManifest, elsewhere []string)
	// given returns the values that the user wrote into the manifest.
	given() map[string]string
}

// Secret is a Kubernetes Secret of type Opaque, of which the keys are known.
type Secret struct {
	constructs.Construct

	node     *construct.Node
	name     string
	source   Source
	object   *object.Object[*corev1.Secret]
	external *object.Object[*externalsecrets.ExternalSecret]
	store    *object.Object[*externalsecrets.SecretStore]
}

// New adds a [Secret] called id to scope. Invalid props fail synthesis with the
// construct's path.
func New(scope constructs.Construct, id string, props Props) *Secret {
	s := &Secret{}
	s.node = construct.Init(s, scope, id)
	s.node.Report(props.Validate())

	props = props.withDefaults()
	s.name = props.Name
	s.source = props.Source
	if s.source == nil {
		s.source = Existing()
	}
	s.source.build(s)
	s.tellReaders(props.Reload)
	return s
}

// Name returns the Secret's name, or "" for a nil Secret, which whatever needs
// one reports.
func (s *Secret) Name() string {
	if s == nil {
		return ""
	}
	return s.name
}

// Object returns the Secret that the construct makes, or nil for one that exists
// or is [External].
func (s *Secret) Object() *object.Object[*corev1.Secret] { return s.object }

// ExternalSecret returns the ExternalSecret of an [External] Secret, or nil for
// another.
func (s *Secret) ExternalSecret() *object.Object[*externalsecrets.ExternalSecret] { return s.external }

// SecretStore returns the SecretStore that [Store.Provider] makes, or nil.
func (s *Secret) SecretStore() *object.Object[*externalsecrets.SecretStore] { return s.store }

// Keys returns the keys that the Secret holds, sorted.
func (s *Secret) Keys() []string {
	if !s.usable() {
		return nil
	}
	inManifest, elsewhere := s.source.keys()
	all := slices.Concat(inManifest, elsewhere)
	slices.Sort(all)
	return slices.Compact(all)
}

// usable reports whether s was made by [New].
func (s *Secret) usable() bool { return s != nil && s.source != nil }

// ValidateUse reports a Secret that is missing, was not made by [New], or is
// out of reach for pods of the given namespace. at is the field that names s,
// and what says what the Secret is for.
func (s *Secret) ValidateUse(at, what, namespace string) field.ErrorList {
	var e rule.Errors
	switch {
	case s == nil:
		e.Add(at, "", "is required: "+what)
	case s.source == nil:
		e.Add(at, "", "must be made by secret.New: "+what)
	case namespace != "" && s.node.Namespace() != "" && s.node.Namespace() != namespace:
		e.Add(at, s.name, fmt.Sprintf(
			"is in namespace %q, and pods of namespace %q cannot read it", s.node.Namespace(), namespace))
	}
	return e.Err()
}

// ValidateKeys reports keys that s does not hold: the fields that name them, in
// order, and the keys. A Secret without any key is reported itself.
func (s *Secret) ValidateKeys(fieldsAndKeys ...string) field.ErrorList {
	var e rule.Errors
	if !s.usable() {
		return nil
	}
	held := s.Keys()
	for i := 0; i+1 < len(fieldsAndKeys); i += 2 {
		if key := fieldsAndKeys[i+1]; len(held) > 0 && !slices.Contains(held, key) {
			e.Add(fieldsAndKeys[i], key,
				fmt.Sprintf("is not a key of Secret %q, which holds %s", s.name, strings.Join(held, ", ")))
		}
	}
	return e.Err()
}

// ValidateURLSafe reports a value under key that, as far as the manifest tells,
// cannot be a password in a URL: nothing encodes it there, and nobody else may
// know it. at is the field that names key.
func (s *Secret) ValidateURLSafe(at, key string) field.ErrorList {
	var e rule.Errors
	if !s.usable() {
		return nil
	}
	switch source := s.source.(type) {
	case literal:
		if value, ok := source[key]; ok && !urlSafe.MatchString(value) {
			e.Add(at, key, fmt.Sprintf("has a value in Secret %q that does not fit into a URL: use letters, digits, "+
				"'-', '_', '.' and '~' only", s.name))
		}
	case generated:
		if _, ok := source.Values[key]; ok {
			e.Add(at, key, fmt.Sprintf("is in Secret %q a value that anybody may read; list the key in GeneratedProps.Keys "+
				"instead of Values", s.name))
		}
	}
	return e.Err()
}

// urlSafe matches a text of unreserved characters; see
// https://www.rfc-editor.org/rfc/rfc3986#section-2.3.
var urlSafe = regexp.MustCompile(`^[A-Za-z0-9._~-]+$`)

// GeneratedKeys returns the keys whose values the cluster generates, sorted. A
// workload that names one by secretKeyRef waits until it has a value.
func (s *Secret) GeneratedKeys() []string {
	if !s.usable() {
		return nil
	}
	switch s.source.(type) {
	case generated, filled:
		_, elsewhere := s.source.keys()
		slices.Sort(elsewhere)
		return elsewhere
	default:
		return nil
	}
}

// ExternalReferences lists objects that the construct references and does not
// create: the keys that are made elsewhere.
func (s *Secret) ExternalReferences() []network.Object {
	if !s.usable() || s.external != nil {
		return nil // The ExternalSecret tells.
	}
	_, elsewhere := s.source.keys()
	all := []network.Object{{Kind: "Secret", Name: s.name, Namespace: s.node.Namespace(), Keys: elsewhere}}
	if g, ok := s.source.(generated); ok {
		all = append(all, kube.References(s.node.Namespace(), g.Pod, nil, g.ImagePullSecrets)...)
	}
	return all
}

// Flows implements [network.Source]: the Job that generates values talks to the
// API server.
func (s *Secret) Flows() []network.Flow {
	if _, ok := s.source.(generated); !ok {
		return nil
	}
	return []network.Flow{{
		Name: s.generator(), Pods: labels.Selector(s.generator()), To: []network.Endpoint{{APIServer: true}},
	}}
}

// PlainKeys returns the keys whose values are in the manifest and no secret.
func (s *Secret) PlainKeys() []network.Object {
	source, ok := s.source.(generated)
	if !ok {
		return nil
	}
	return []network.Object{{Kind: "Secret", Name: s.name, Namespace: s.node.Namespace(), Keys: rule.Keys(source.Values)}}
}

// Filled is a Secret that the app makes without a value, and that a Job of the
// app fills in, such as that of a postgres.Rotation. Workloads that name one of
// its keys wait in CreateContainerConfigError until then.
func Filled(keys ...string) Source { return filled(slices.Clone(keys)) }

type filled []string

func (f filled) keys() (inManifest, elsewhere []string) { return nil, slices.Clone(f) }

func (filled) given() map[string]string { return nil }

func (f filled) validate(e *rule.Errors, p Props) {
	validateName(e, p.Name, 63, "it is a label of the Secret")
	if len(f) == 0 {
		e.Add("Source", "Filled()", "must name the keys that the Secret is to hold")
	}
	for i, key := range f {
		e.EnvName(rule.Item("Source.Keys", i), key)
	}
	e.Unique("Source.Keys", f)
}

func (f filled) build(s *Secret) { s.object = newSecret(s, nil, filledElsewhere(f)) }

// filledElsewhere are the annotations of a Secret whose keys are filled in.
func filledElsewhere(keys []string) map[string]string {
	annotations := labels.KeepData()
	annotations[labels.FluxApply] = labels.FluxMerge
	annotations[labels.KappUpdate] = labels.KappSkip
	annotations[labels.GeneratedKeys] = strings.Join(slices.Sorted(slices.Values(keys)), ",")
	return annotations
}

// Existing is a Secret that somebody else makes: by hand, from a vault, or by
// an operator. The keys are the ones that it holds; asking for any other is an
// error.
func Existing(keys ...string) Source { return existing(slices.Clone(keys)) }

type existing []string

func (x existing) keys() (inManifest, elsewhere []string) { return nil, slices.Clone(x) }

func (existing) given() map[string]string { return nil }

func (x existing) validate(e *rule.Errors, p Props) {
	e.Name("Name", p.Name)
	if len(x) == 0 {
		e.Add("Source", "Existing()", "must name the keys that the Secret holds")
	}
	for i, key := range x {
		e.SecretKey(rule.Item("Source.Keys", i), key)
	}
	e.Unique("Source.Keys", x)
}

func (x existing) build(*Secret) {}

// Literal is a Secret whose values are written into the manifest, for a cluster
// on a developer's machine. Rendering it into a directory that git tracks is an
// error.
func Literal(values map[string]string) Source { return literal(maps.Clone(values)) }

type literal map[string]string

func (l literal) keys() (inManifest, elsewhere []string) { return rule.Keys(l), nil }

func (l literal) given() map[string]string { return l }

func (l literal) validate(e *rule.Errors, p Props) {
	validateName(e, p.Name, 63, "it is a label of the Secret")
	if len(l) == 0 {
		e.Add("Source", "Literal()", "must hold at least one value")
	}
	for _, key := range rule.Keys(l) {
		e.SecretKey(rule.Item("Source.Values", key), key)
		e.Text(rule.Item("Source.Values", key), l[key])
	}
}

func (l literal) build(s *Secret) {
	s.object = newSecret(s, l, nil)
}

func newSecret(s *Secret, values, annotations map[string]string) *object.Object[*corev1.Secret] {
	return object.New(s, "Secret", s.name, func() *corev1.Secret {
		meta := kube.Meta(s.node, s.name, labels.Credentials)
		meta.Annotations = annotations
		return &corev1.Secret{ObjectMeta: meta, Type: corev1.SecretTypeOpaque, Immutable: new(false), StringData: values}
	})
}
