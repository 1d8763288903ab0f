package route

import (
	"cmp"
	"maps"

	"github.com/aws/constructs-go/constructs/v10"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"example.com/django-cdk8s/constructs/network"
	"example.com/django-cdk8s/constructs/object"
	"example.com/django-cdk8s/internal/clone"
	"example.com/django-cdk8s/internal/construct"
	"example.com/django-cdk8s/internal/kube"
	"example.com/django-cdk8s/internal/labels"
	"example.com/django-cdk8s/internal/rule"
)

// IngressProps configures [NewIngress]. Only Site is required; the zero value
// of every other field means its default.
//
// At most one of TLSSecret, ClusterIssuer and Issuer is given, and only for a
// site with HTTPS. With HTTPS and none of them, TLS ends before the Ingress, at
// a load balancer, or with the controller's own certificate.
type IngressProps struct {
	// Site is the site to expose, in the same namespace. Its Hosts are those of
	// the Ingress; one with a leading dot becomes two, the name and *.NAME,
	// which includes one further label.
	//
	// Required.
	Site Site

	// Paths are the parts of the site that are exposed.
	//
	// Default: all of it, "/".
	Paths []Path

	// Name is the Ingress's name.
	//
	// Default: the name of Site.
	Name string

	// ClassName is the name of the IngressClass, which selects the controller.
	//
	// Default: the cluster's default class.
	ClassName string

	// TLSSecret is the name of a Secret of type kubernetes.io/tls, made outside
	// the app, with a certificate for every host.
	//
	// Default: none.
	TLSSecret string

	// ClusterIssuer is the name of the cert-manager ClusterIssuer of the
	// certificate, which is kept in the Secret NAME-tls.
	//
	// Default: none.
	ClusterIssuer string

	// Issuer is the name of the cert-manager Issuer of the certificate, in the
	// same namespace. The certificate is kept in the Secret NAME-tls.
	//
	// Default: none.
	Issuer string

	// Annotations are settings of the controller, such as the maximum size of
	// an upload.
	//
	// Default: none.
	Annotations map[string]string
}

// Validate reports every invalid field.
func (p IngressProps) Validate() field.ErrorList {
	_, problems := p.resolve("")
	return problems
}

// ingress is IngressProps with its defaults.
type ingress struct {
	IngressProps
	destination
}

// resolve fills in the defaults and reports every invalid field of an Ingress
// of the given namespace.
func (p IngressProps) resolve(namespace string) (ingress, field.ErrorList) {
	var e rule.Errors
	if p.Name != "" {
		e.Label("Name", p.Name)
	}
	e.OptionalName("ClassName", p.ClassName)
	p.validateTLS(&e)
	e.Annotations("Annotations", p.Annotations, managedAnnotations)
	d := resolveDestination(&e, p.Site, p.Paths, "an Ingress", namespace)
	p.Name = cmp.Or(p.Name, d.site)
	p.Annotations = maps.Clone(p.Annotations)
	return ingress{p, d}, e.Err()
}

// managedAnnotations follow from other fields.
var managedAnnotations = map[string]string{
	labels.ClusterIssuer: "ClusterIssuer",
	labels.Issuer:        "Issuer",
	labels.IngressClass:  "ClassName",
}

func (p IngressProps) validateTLS(e *rule.Errors) {
	type source struct{ field, name string }
	var given []source
	for _, s := range []source{{"TLSSecret", p.TLSSecret}, {"ClusterIssuer", p.ClusterIssuer}, {"Issuer", p.Issuer}} {
		if s.name != "" {
			e.Name(s.field, s.name)
			given = append(given, s)
		}
	}
	if len(given) > 1 {
		e.Add(given[0].field, given[0].name, "at most one of TLSSecret, ClusterIssuer and Issuer may be given")
	}
	if len(given) > 0 && made(p.Site) && !p.Site.HTTPS() {
		e.Add(given[0].field, given[0].name,
			"needs a Site with HTTPS, without which Django refuses forms sent by https")
	}
}

// issued reports whether cert-manager makes the certificate.
func (p IngressProps) issued() bool { return p.ClusterIssuer != "" || p.Issuer != "" }

// Ingress exposes a [Site] through the cluster's Ingress controller.
type Ingress struct {
	constructs.Construct

	node   *construct.Node
	props  ingress
	object *object.Object[*networkingv1.Ingress]
}

// NewIngress adds an [Ingress] called id to scope. Invalid props fail synthesis
// with the construct's path.
func NewIngress(scope constructs.Construct, id string, props IngressProps) *Ingress {
	props = clone.Of(props)
	i := &Ingress{}
	i.node = construct.Init(i, scope, id)
	resolved, problems := props.resolve(i.node.Namespace())
	i.node.Report(problems)

	i.props = resolved
	i.object = object.New(i, "Ingress", i.props.Name, i.ingress)
	return i
}

// Name returns the Ingress's name.
func (i *Ingress) Name() string {
	if i == nil {
		return ""
	}
	return i.props.Name
}

// Object returns the Ingress object.
func (i *Ingress) Object() *object.Object[*networkingv1.Ingress] {
	if i == nil {
		return nil
	}
	return i.object
}

// ExternalReferences lists objects that the construct references and does not
// create: the Secret in TLSSecret.
func (i *Ingress) ExternalReferences() []network.Object {
	if i == nil || i.props.TLSSecret == "" {
		return nil
	}
	return []network.Object{{Kind: "Secret", Name: i.props.TLSSecret, Namespace: i.node.Namespace()}}
}

// solverName is the name of cert-manager's solvers in network policies.
const solverName = "acme-http01-solver"

// Flows implements [network.Source]: for the challenge HTTP-01 of an ACME issuer
// the controller sends requests to pods that cert-manager makes in the
// namespace of the Ingress.
func (i *Ingress) Flows() []network.Flow {
	if i == nil || !i.props.issued() {
		return nil
	}
	return []network.Flow{{
		Name: solverName, Pods: map[string]string{labels.HTTP01Solver: "true"}, HTTP: labels.HTTP01SolverPort,
	}}
}

func (i *Ingress) ingress() *networkingv1.Ingress {
	spec := networkingv1.IngressSpec{Rules: i.rules(), TLS: i.tls()}
	if i.props.ClassName != "" {
		spec.IngressClassName = &i.props.ClassName
	}
	meta := kube.Meta(i.node, i.props.Name, labels.Route)
	meta.Annotations = i.annotations()
	return &networkingv1.Ingress{ObjectMeta: meta, Spec: spec}
}

func (i *Ingress) annotations() map[string]string {
	all := map[string]string{}
	maps.Copy(all, i.props.Annotations)
	if i.props.ClusterIssuer != "" {
		all[labels.ClusterIssuer] = i.props.ClusterIssuer
	}
	if i.props.Issuer != "" {
		all[labels.Issuer] = i.props.Issuer
	}
	return all
}

func (i *Ingress) rules() []networkingv1.IngressRule {
	var rules []networkingv1.IngressRule
	for _, name := range i.props.hostnames {
		http := &networkingv1.HTTPIngressRuleValue{}
		for _, path := range i.props.paths {
			http.Paths = append(http.Paths, path.ingress())
		}
		rules = append(rules, networkingv1.IngressRule{
			Host: name, IngressRuleValue: networkingv1.IngressRuleValue{HTTP: http},
		})
	}
	return rules
}

func (p Path) ingress() networkingv1.HTTPIngressPath {
	return networkingv1.HTTPIngressPath{
		Path:     p.Prefix,
		PathType: new(networkingv1.PathTypePrefix),
		Backend: networkingv1.IngressBackend{Service: &networkingv1.IngressServiceBackend{
			Name: p.Backend.Name(),
			Port: networkingv1.ServiceBackendPort{Number: int32(p.Backend.Port())},
		}},
	}
}

func (i *Ingress) tls() []networkingv1.IngressTLS {
	secret := i.props.TLSSecret
	if i.props.issued() {
		secret = i.props.Name + "-tls"
	}
	if secret == "" {
		return nil
	}
	return []networkingv1.IngressTLS{{Hosts: i.props.hostnames, SecretName: secret}}
}
