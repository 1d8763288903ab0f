package route

import (
	"fmt"
	"slices"

	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"
	"k8s.io/apimachinery/pkg/util/validation"

	"example.com/django-cdk8s/constructs/django"
	gateway "example.com/django-cdk8s/imports/djangocdk8s_gatewaynetworkingk8sio"
	"example.com/django-cdk8s/internal/bind"
	"example.com/django-cdk8s/internal/labels"
	"example.com/django-cdk8s/internal/rule"
)

// Gateway names a Gateway of the cluster, through which visitors come.
type Gateway struct {
	// Name is the Gateway's name.
	//
	// Required.
	Name string

	// Namespace is the Gateway's namespace. Its listeners must allow routes
	// from the namespace of the HTTPRoute.
	//
	// Default: the namespace of the HTTPRoute.
	Namespace string

	// SectionName is the name of the one listener that the route is for.
	//
	// Default: every listener that allows the route. A site that is visited by
	// https names that listener, because by default it is answered on one for
	// plain http, too.
	SectionName string
}

// Validate reports every invalid field.
func (g Gateway) Validate() error {
	var e rule.Errors
	e.Name("Name", g.Name)
	if len(validation.IsDNS1123Label(g.Namespace)) > 0 && g.Namespace != "" {
		e.Add("Namespace", g.Namespace, "must be 1 to 63 lower-case letters, digits or '-', and start and end with a letter or digit")
	}
	if g.SectionName != "" {
		e.Name("SectionName", g.SectionName)
	}
	return e.Err()
}

// HTTPRouteProps configures [NewHTTPRoute]. Web and Gateways are required.
//
// Certificates, and redirects from http to https, are a matter of the
// Gateway's listeners.
type HTTPRouteProps struct {
	// Web is the site that visitors are led to, in the same namespace. Its
	// Hosts are those of the route; one with a leading dot becomes two, the
	// name and *.NAME, which takes in everything below.
	//
	// Required.
	Web *django.Web

	// Name is the HTTPRoute's name.
	//
	// Default: the name of Web.
	Name string

	// Gateways are what visitors come through, 1 to 32.
	//
	// Required.
	Gateways []Gateway
}

// The most entries that the definition of HTTPRoute allows; see
// https://gateway-api.sigs.k8s.io/reference/spec/#httproutespec.
const (
	maxGateways  = 32
	maxHostnames = 16
)

// Validate reports every invalid field.
func (p HTTPRouteProps) Validate() error {
	var e rule.Errors
	validateWeb(&e, p.Web)
	if n := len(hostNames(p.Web)); n > maxHostnames {
		e.Add("Web", p.Web.Name(), fmt.Sprintf(
			"must have at most %d host names, and has %d: one with a leading dot counts twice", maxHostnames, n))
	}
	if p.Name != "" {
		e.Label("Name", p.Name)
	}
	if n := len(p.Gateways); n < 1 || n > maxGateways {
		e.Add("Gateways", n, fmt.Sprintf("must be 1 to %d", maxGateways))
	}
	for i, g := range p.Gateways {
		field := rule.Item("Gateways", i)
		e.Join(field, g.Validate())
		if slices.ContainsFunc(p.Gateways[:i], g.overlaps) {
			e.Add(field, g.Name, "is listed twice; each time it must have another SectionName")
		}
	}
	return e.Err()
}

// overlaps reports whether g and other share a listener.
func (g Gateway) overlaps(other Gateway) bool {
	return g.Name == other.Name && g.Namespace == other.Namespace &&
		(g.SectionName == other.SectionName || g.SectionName == "" || other.SectionName == "")
}

func (p HTTPRouteProps) withDefaults() HTTPRouteProps {
	p.Name = nameOr(p.Name, p.Web)
	return p
}

// HTTPRoute leads visitors from Gateways to a [django.Web].
type HTTPRoute struct {
	constructs.Construct

	props  HTTPRouteProps
	object gateway.HttpRoute
}

// NewHTTPRoute adds an [HTTPRoute] called id to scope. Invalid props fail
// synthesis with the construct's path.
func NewHTTPRoute(scope constructs.Construct, id string, props HTTPRouteProps) *HTTPRoute {
	r := &HTTPRoute{}
	bind.Init(r, scope, id)
	bind.Validate(r, props.Validate)
	bind.Validate(r, func() error { return validateNamespace(r, props.Web, "an HTTPRoute") })

	r.props = props.withDefaults()
	r.object = newHTTPRoute(r)
	return r
}

// Name returns the HTTPRoute's name.
func (r *HTTPRoute) Name() string { return r.props.Name }

// Object returns the HTTPRoute for use with other cdk8s constructs.
func (r *HTTPRoute) Object() gateway.HttpRoute { return r.object }

// newHTTPRoute adds the HTTPRoute. Groups, kinds, weight and match are what the
// API server would fill in: Argo CD takes them for a difference where they are
// left out; see https://github.com/argoproj/argo-cd/issues/22151.
func newHTTPRoute(r *HTTPRoute) gateway.HttpRoute {
	return gateway.NewHttpRoute(r, new("HTTPRoute"), &gateway.HttpRouteProps{
		Metadata: &cdk8s.ApiObjectMetadata{
			Name:   &r.props.Name,
			Labels: bind.Map(labels.Object(r.props.Name, labels.Route, bind.PartOf(r))),
		},
		Spec: &gateway.HttpRouteSpec{
			ParentRefs: r.parents(),
			Hostnames:  bind.Strings(hostNames(r.props.Web)),
			Rules:      r.rules(),
		},
	})
}

func (r *HTTPRoute) parents() *[]*gateway.HttpRouteSpecParentRefs {
	var parents []gateway.HttpRouteSpecParentRefs
	for _, g := range r.props.Gateways {
		parents = append(parents, gateway.HttpRouteSpecParentRefs{
			Group:       new("gateway.networking.k8s.io"),
			Kind:        new("Gateway"),
			Namespace:   bind.Optional(g.Namespace),
			Name:        &g.Name,
			SectionName: bind.Optional(g.SectionName),
		})
	}
	return bind.List(parents...)
}

func (r *HTTPRoute) rules() *[]*gateway.HttpRouteSpecRules {
	if r.props.Web == nil {
		return nil
	}
	return bind.List(gateway.HttpRouteSpecRules{
		Matches: bind.List(gateway.HttpRouteSpecRulesMatches{Path: &gateway.HttpRouteSpecRulesMatchesPath{
			Type:  gateway.HttpRouteSpecRulesMatchesPathType_PATH_PREFIX,
			Value: new("/"),
		}}),
		BackendRefs: bind.List(gateway.HttpRouteSpecRulesBackendRefs{
			Group:  new(""),
			Kind:   new("Service"),
			Name:   new(r.props.Web.Name()),
			Port:   r.props.Web.Service().Port(),
			Weight: jsii.Number(1),
		}),
	})
}
