package route

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"
	"k8s.io/apimachinery/pkg/util/validation/field"

	gateway "example.com/django-cdk8s/imports/djangocdk8s_gatewaynetworkingk8sio"
	"example.com/django-cdk8s/internal/bind"
	"example.com/django-cdk8s/internal/clone"
	"example.com/django-cdk8s/internal/construct"
	"example.com/django-cdk8s/internal/labels"
	"example.com/django-cdk8s/internal/rule"
)

// HTTPRouteProps configures [NewHTTPRoute]. Site and Gateways are required; the
// zero value of every other field means its default.
//
// Certificates, and redirects from http to https, are a matter of the
// Gateway's listeners.
type HTTPRouteProps struct {
	// Site is the site to expose, in the same namespace. Its Hosts are those of
	// the route; one with a leading dot becomes two, the name and *.NAME, which
	// includes all subdomains.
	//
	// Required.
	Site Site

	// Paths are the parts of the site that are exposed, at most 16.
	//
	// Default: all of it, "/".
	Paths []Path

	// Name is the HTTPRoute's name.
	//
	// Default: the name of Site.
	Name string

	// Gateways are the Gateways of the route, 1 to 32.
	//
	// Required.
	Gateways []Gateway
}

// Gateway refers to a Gateway of the cluster.
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

	// SectionName is the name of the listener.
	//
	// Default: every listener that allows the route. A site with HTTPS names
	// its https listener, or it is served over plain http, too.
	SectionName string
}

// The most entries that the definition of HTTPRoute allows; see
// https://gateway-api.sigs.k8s.io/reference/spec/#httproutespec.
const (
	maxGateways  = 32
	maxHostnames = 16
	maxPaths     = 16
)

// Validate reports every invalid field.
func (p HTTPRouteProps) Validate() field.ErrorList {
	_, problems := p.resolve("")
	return problems
}

// httpRoute is HTTPRouteProps with its defaults.
type httpRoute struct {
	HTTPRouteProps
	destination
}

// resolve fills in the defaults and reports every invalid field of an HTTPRoute
// of the given namespace.
func (p HTTPRouteProps) resolve(namespace string) (httpRoute, field.ErrorList) {
	var e rule.Errors
	if p.Name != "" {
		e.Label("Name", p.Name)
	}
	p.validateGateways(&e)
	d := resolveDestination(&e, p.Site, p.Paths, "an HTTPRoute", namespace)
	if n := len(d.hostnames); n > maxHostnames {
		e.Add("Site", d.site, fmt.Sprintf(
			"must have at most %d host names, and has %d: one with a leading dot counts twice", maxHostnames, n))
	}
	if n := len(p.Paths); n > maxPaths {
		e.Add("Paths", n, fmt.Sprintf("must be at most %d", maxPaths))
	}
	p.Name = cmp.Or(p.Name, d.site)
	return httpRoute{p, d}, e.Err()
}

func (p HTTPRouteProps) validateGateways(e *rule.Errors) {
	if n := len(p.Gateways); n < 1 || n > maxGateways {
		e.Add("Gateways", n, fmt.Sprintf("must be 1 to %d", maxGateways))
	}
	for i, g := range p.Gateways {
		at := rule.Item("Gateways", i)
		e.Join(at, g.Validate())
		if slices.ContainsFunc(p.Gateways[:i], g.overlaps) {
			e.Add(at, g.Name, "is listed twice; each time it must have another SectionName")
		}
	}
}

// Validate reports every invalid field.
func (g Gateway) Validate() field.ErrorList {
	var e rule.Errors
	e.Name("Name", g.Name)
	if g.Namespace != "" {
		e.DNSLabel("Namespace", g.Namespace)
	}
	e.OptionalName("SectionName", g.SectionName)
	return e.Err()
}

// overlaps reports whether g and other share a listener.
func (g Gateway) overlaps(other Gateway) bool {
	return g.Name == other.Name && g.Namespace == other.Namespace &&
		(g.SectionName == other.SectionName || g.SectionName == "" || other.SectionName == "")
}

// HTTPRoute exposes a [Site] through Gateways of the cluster.
type HTTPRoute struct {
	constructs.Construct

	node   *construct.Node
	props  httpRoute
	object gateway.HttpRoute
}

// NewHTTPRoute adds an [HTTPRoute] called id to scope. Invalid props fail
// synthesis with the construct's path.
func NewHTTPRoute(scope constructs.Construct, id string, props HTTPRouteProps) *HTTPRoute {
	props = clone.Of(props)
	r := &HTTPRoute{}
	r.node = construct.Init(r, scope, id)
	resolved, problems := props.resolve(r.node.Namespace())
	r.node.Report(problems)

	r.props = resolved
	r.object = newHTTPRoute(r)
	return r
}

// Name returns the HTTPRoute's name.
func (r *HTTPRoute) Name() string {
	if r == nil {
		return ""
	}
	return r.props.Name
}

// Object returns the HTTPRoute object.
func (r *HTTPRoute) Object() gateway.HttpRoute {
	if r == nil {
		return nil
	}
	return r.object
}

// newHTTPRoute adds the HTTPRoute. Groups, kinds, weight and match are what the
// API server would fill in: Argo CD takes them for a difference where they are
// left out; see https://github.com/argoproj/argo-cd/issues/22151.
func newHTTPRoute(r *HTTPRoute) gateway.HttpRoute {
	return gateway.NewHttpRoute(r, new("HTTPRoute"), &gateway.HttpRouteProps{
		Metadata: &cdk8s.ApiObjectMetadata{
			Name:   &r.props.Name,
			Labels: bind.Map(labels.Object(r.props.Name, labels.Route, r.node.PartOf())),
		},
		Spec: &gateway.HttpRouteSpec{
			ParentRefs: r.parents(),
			Hostnames:  bind.Strings(r.props.hostnames),
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
	var rules []gateway.HttpRouteSpecRules
	for _, path := range r.props.paths {
		rules = append(rules, path.httpRoute())
	}
	return bind.List(rules...)
}

func (p Path) httpRoute() gateway.HttpRouteSpecRules {
	return gateway.HttpRouteSpecRules{
		Matches: bind.List(gateway.HttpRouteSpecRulesMatches{Path: &gateway.HttpRouteSpecRulesMatchesPath{
			Type:  gateway.HttpRouteSpecRulesMatchesPathType_PATH_PREFIX,
			Value: &p.Prefix,
		}}),
		BackendRefs: bind.List(gateway.HttpRouteSpecRulesBackendRefs{
			Group:  new(""),
			Kind:   new("Service"),
			Name:   new(p.Backend.Name()),
			Port:   jsii.Number(p.Backend.Port()),
			Weight: jsii.Number(1),
		}),
	}
}
