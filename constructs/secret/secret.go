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

	"github.com/aws/constructs-go/constructs/v10"
	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"
	kplus "github.com/cdk8s-team/cdk8s-plus-go/cdk8splus28/v2"

	"example.com/django-cdk8s/internal/bind"
	"example.com/django-cdk8s/internal/declare"
	"example.com/django-cdk8s/internal/labels"
	"example.com/django-cdk8s/internal/podspec"
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

	// DjangoKey holds Django's SECRET_KEY setting, which signs sessions and
	// password reset links.
	DjangoKey = "SECRET_KEY"
)

// Props configures [New].
type Props struct {
	// Name is the Secret's name.
	//
	// Default: [DefaultName].
	Name string

	// Source says where the values come from: [Existing], [Generated] or
	// [Literal].
	//
	// Required.
	Source Source
}

// Validate reports every invalid field.
func (p Props) Validate() error {
	var e rule.Errors
	p = p.withDefaults()
	if p.Source == nil {
		e.Name("Name", p.Name)
		e.Add("Source", p.Source, "is required: Existing, Generated or Literal")
	} else {
		p.Source.validate(&e, p)
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
// implementations are those that [Existing], [Generated] and [Literal] return.
type Source interface {
	validate(e *rule.Errors, p Props)
	build(s *Secret)
	// keys returns the keys whose values the manifest holds, and those that
	// the Secret gets elsewhere.
	keys() (inManifest, elsewhere []string)
}

// Secret is a Kubernetes Secret of type Opaque and the knowledge of its keys.
type Secret struct {
	constructs.Construct

	name   string
	source Source
	object kplus.ISecret
}

// New adds a [Secret] called id to scope. Invalid props fail synthesis with the
// construct's path.
func New(scope constructs.Construct, id string, props Props) *Secret {
	s := &Secret{}
	bind.Init(s, scope, id)
	bind.Validate(s, props.Validate)

	props = props.withDefaults()
	s.name = props.Name
	s.source = props.Source
	if s.source == nil {
		s.source = Existing()
	}
	s.source.build(s)
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

// Object returns the Secret for use with other cdk8s-plus constructs.
func (s *Secret) Object() kplus.ISecret { return s.object }

// Keys returns the keys that the Secret holds, sorted.
func (s *Secret) Keys() []string {
	inManifest, elsewhere := s.source.keys()
	all := slices.Concat(inManifest, elsewhere)
	slices.Sort(all)
	return slices.Compact(all)
}

// ReadableFrom returns an error when s lives in another namespace than the given
// one, whose pods then cannot read it. field is where the pods' construct names
// s. A nil s is readable, and a chart without a namespace may be applied to any.
func (s *Secret) ReadableFrom(namespace, field string) error {
	if s == nil || namespace == "" {
		return nil
	}
	var e rule.Errors
	if own := bind.Namespace(s); own != "" && own != namespace {
		e.Add(field, s.name, fmt.Sprintf("is in namespace %q, and pods of namespace %q cannot read it", own, namespace))
	}
	return e.Err()
}

// FitsURL returns an error when the value under key, as far as the manifest
// tells, cannot be a password in a URL: nothing encodes it there, and nobody
// else may know it. field is where the construct that builds the URL names key.
func (s *Secret) FitsURL(field, key string) error {
	var e rule.Errors
	switch source := s.source.(type) {
	case literal:
		if value, ok := source[key]; ok && !urlSafe.MatchString(value) {
			e.Add(field, key, fmt.Sprintf("is in Secret %q a value with other characters than letters, digits, '-', '_', '.' and '~', which do not fit into a URL", s.name))
		}
	case generated:
		if _, ok := source.Values[key]; ok {
			e.Add(field, key, fmt.Sprintf("is in Secret %q a value that anybody may read; list the key in GeneratedProps.Keys instead of Values", s.name))
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
	if _, ok := s.source.(generated); !ok {
		return nil
	}
	_, elsewhere := s.source.keys()
	slices.Sort(elsewhere)
	return elsewhere
}

// Externals implements the declaration that these keys come from elsewhere.
func (s *Secret) Externals() []declare.Object {
	namespace := bind.Namespace(s)
	_, elsewhere := s.source.keys()
	all := []declare.Object{{Kind: "Secret", Name: s.name, Namespace: namespace, Keys: elsewhere}}
	if g, ok := s.source.(generated); ok {
		all = append(all, podspec.ExternalPullSecrets(namespace, g.ImagePullSecrets)...)
	}
	return all
}

// Traffic implements the declaration of whom the Job that generates the values
// talks to.
func (s *Secret) Traffic() []declare.Traffic {
	if _, ok := s.source.(generated); !ok {
		return nil
	}
	return []declare.Traffic{{
		Name: s.generator(),
		Pods: labels.Selector(s.generator()),
		To:   []declare.Destination{{APIServer: true}},
	}}
}

// PlainValues implements the declaration that these values are no secrets.
func (s *Secret) PlainValues() []declare.Object {
	source, ok := s.source.(generated)
	if !ok {
		return nil
	}
	return []declare.Object{{Kind: "Secret", Name: s.name, Namespace: bind.Namespace(s), Keys: rule.Keys(source.Values)}}
}

// Existing is a Secret that somebody else makes: by hand, from a vault, or by
// an operator. The keys are the ones that it holds; asking for any other is an
// error.
func Existing(keys ...string) Source { return existing(slices.Clone(keys)) }

type existing []string

func (x existing) keys() (inManifest, elsewhere []string) { return nil, slices.Clone(x) }

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

func (x existing) build(s *Secret) {
	s.object = kplus.Secret_FromSecretName(s, new("Secret"), &s.name)
}

// Literal is a Secret whose values are written into the manifest, for a cluster
// on a developer's machine. Rendering it into a directory that git tracks is an
// error.
func Literal(values map[string]string) Source { return literal(maps.Clone(values)) }

type literal map[string]string

func (l literal) keys() (inManifest, elsewhere []string) { return rule.Keys(l), nil }

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

func newSecret(s *Secret, values, annotations map[string]string) kplus.Secret {
	return kplus.NewSecret(s, new("Secret"), &kplus.SecretProps{
		Metadata: &cdk8s.ApiObjectMetadata{
			Name:        &s.name,
			Labels:      bind.Map(labels.Object(s.name, labels.Credentials, bind.PartOf(s))),
			Annotations: bind.Map(annotations),
		},
		Type:       new("Opaque"),
		StringData: bind.Map(values),
	})
}
