package route

import (
	"maps"

	"github.com/aws/constructs-go/constructs/v10"
	"github.com/cdk8s-team/cdk8s-plus-go/cdk8splus28/v2/k8s"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/util/validation"

	"example.com/django-cdk8s/constructs/django"
	"example.com/django-cdk8s/internal/bind"
	"example.com/django-cdk8s/internal/declare"
	"example.com/django-cdk8s/internal/labels"
	"example.com/django-cdk8s/internal/rule"
)

// IngressProps configures [NewIngress]. Only Web is required; the zero value of
// every other field means its default.
//
// At most one of TLSSecret, ClusterIssuer and Issuer is given, and only when
// Web says HTTPS. With HTTPS and none of them, TLS ends before the Ingress, at
// a load balancer, or with the controller's own certificate.
type IngressProps struct {
	// Web is the site that visitors are led to, in the same namespace. Its
	// Hosts are those of the Ingress; one with a leading dot becomes two, the
	// name and *.NAME, which takes in one further label.
	//
	// Required.
	Web *django.Web

	// Name is the Ingress's name.
	//
	// Default: the name of Web.
	Name string

	// ClassName is the name of the IngressClass, which says which controller
	// answers.
	//
	// Default: the cluster's default class.
	ClassName string

	// TLSSecret is the name of a Secret of type kubernetes.io/tls, made outside
	// the app, with a certificate for every host.
	//
	// Default: none.
	TLSSecret string

	// ClusterIssuer is the name of the ClusterIssuer from which cert-manager
	// gets the certificate; it keeps it in the Secret NAME-tls.
	//
	// Default: none.
	ClusterIssuer string

	// Issuer is the name of the Issuer in the same namespace from which
	// cert-manager gets the certificate; it keeps it in the Secret NAME-tls.
	//
	// Default: none.
	Issuer string

	// Annotations are settings of the controller, such as the largest upload
	// that it lets through.
	//
	// Default: none.
	Annotations map[string]string
}

// Validate reports every invalid field.
func (p IngressProps) Validate() error {
	var e rule.Errors
	validateWeb(&e, p.Web)
	if p.Name != "" {
		e.Label("Name", p.Name)
	}
	if p.ClassName != "" {
		e.Name("ClassName", p.ClassName)
	}
	p.validateTLS(&e)
	p.validateAnnotations(&e)
	return e.Err()
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
		e.Add(given[0].field, given[0].name, "must be the only one of TLSSecret, ClusterIssuer and Issuer")
	}
	if len(given) > 0 && p.Web != nil && !p.Web.HTTPS() {
		e.Add(given[0].field, given[0].name, "needs HTTPS in the props of Web, without which Django refuses forms that come by https")
	}
}

// ownAnnotations are set from other fields.
var ownAnnotations = map[string]string{
	labels.ClusterIssuer: "ClusterIssuer",
	labels.Issuer:        "Issuer",
	labels.IngressClass:  "ClassName",
}

func (p IngressProps) validateAnnotations(e *rule.Errors) {
	for _, key := range rule.Keys(p.Annotations) {
		field := rule.Item("Annotations", key)
		if len(validation.IsQualifiedName(key)) > 0 {
			e.Add(field, key, "has a key that is no annotation key: [PREFIX/]NAME, with a name of at most 63 letters, digits, '-', '_' or '.'")
		}
		if from, ok := ownAnnotations[key]; ok {
			e.Add(field, p.Annotations[key], "must not be given: it is set from "+from)
		}
		e.Text(field, p.Annotations[key])
	}
	if apivalidation.ValidateAnnotationsSize(p.Annotations) != nil {
		e.Add("Annotations", "...", "must be at most 256 KiB together")
	}
}

func (p IngressProps) withDefaults() IngressProps {
	p.Name = nameOr(p.Name, p.Web)
	return p
}

// Ingress leads visitors from the cluster's Ingress controller to a
// [django.Web].
type Ingress struct {
	constructs.Construct

	props  IngressProps
	object k8s.KubeIngress
}

// NewIngress adds an [Ingress] called id to scope. Invalid props fail synthesis
// with the construct's path.
func NewIngress(scope constructs.Construct, id string, props IngressProps) *Ingress {
	i := &Ingress{}
	bind.Init(i, scope, id)
	bind.Validate(i, props.Validate)
	bind.Validate(i, func() error { return validateNamespace(i, props.Web, "an Ingress") })

	i.props = props.withDefaults()
	i.object = newIngress(i)
	return i
}

// Name returns the Ingress's name.
func (i *Ingress) Name() string { return i.props.Name }

// Object returns the Ingress for use with other cdk8s constructs.
func (i *Ingress) Object() k8s.KubeIngress { return i.object }

// Externals implements the declaration of a Secret that comes from elsewhere.
func (i *Ingress) Externals() []declare.Object {
	if i.props.TLSSecret == "" {
		return nil
	}
	return []declare.Object{{Kind: "Secret", Name: i.props.TLSSecret, Namespace: bind.Namespace(i)}}
}

// newIngress adds the Ingress. It is the L1 object because the one of
// cdk8s-plus stops the program, or fails with words of its own, over what
// Validate reports.
func newIngress(i *Ingress) k8s.KubeIngress {
	return k8s.NewKubeIngress(i, new("Ingress"), &k8s.KubeIngressProps{
		Metadata: &k8s.ObjectMeta{
			Name:        &i.props.Name,
			Labels:      bind.Map(labels.Object(i.props.Name, labels.Route, bind.PartOf(i))),
			Annotations: bind.Map(i.annotations()),
		},
		Spec: &k8s.IngressSpec{IngressClassName: bind.Optional(i.props.ClassName), Rules: i.rules(), Tls: i.tls()},
	})
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

func (i *Ingress) rules() *[]*k8s.IngressRule {
	var rules []k8s.IngressRule
	for _, host := range hostNames(i.props.Web) {
		rules = append(rules, k8s.IngressRule{
			Host: &host,
			Http: &k8s.HttpIngressRuleValue{Paths: bind.List(k8s.HttpIngressPath{
				Path:     new("/"),
				PathType: new("Prefix"),
				Backend: &k8s.IngressBackend{Service: &k8s.IngressServiceBackend{
					Name: new(i.props.Web.Name()),
					Port: &k8s.ServiceBackendPort{Number: i.props.Web.Service().Port()},
				}},
			})},
		})
	}
	return bind.List(rules...)
}

func (i *Ingress) tls() *[]*k8s.IngressTls {
	secret := i.props.TLSSecret
	if i.props.ClusterIssuer != "" || i.props.Issuer != "" {
		secret = i.props.Name + "-tls"
	}
	if secret == "" {
		return nil
	}
	return bind.List(k8s.IngressTls{Hosts: bind.Strings(hostNames(i.props.Web)), SecretName: &secret})
}
