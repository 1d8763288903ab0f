// Package route holds the constructs that expose a site outside the cluster: an
// [Ingress], or an [HTTPRoute] of the Gateway API.
package route

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"example.com/django-cdk8s/internal/construct"
	"example.com/django-cdk8s/internal/host"
	"example.com/django-cdk8s/internal/rule"
)

// Backend is a server that requests are routed to. A construct of an importing
// project is a Backend when it has these methods; its namespace is that of its
// chart.
type Backend interface {
	// Name returns the name of the Service.
	Name() string

	// Port returns the TCP port of the Service.
	Port() int
}

// Site is a [Backend] with host names outside the cluster, such as a
// *django.Web.
type Site interface {
	Backend

	// Hosts returns the host names, without scheme or port; a leading dot
	// includes subdomains.
	Hosts() []string

	// HTTPS reports whether visitors use https.
	HTTPS() bool
}

// Path is a part of a site, and the server behind it.
type Path struct {
	// Prefix is the absolute URL path that the part begins with, compared
	// element by element: "/ws/" includes /ws and /ws/chat, but not /wsx. Of
	// several prefixes of a request the longest counts.
	//
	// Required.
	Prefix string

	// Backend is the server behind the path, in the namespace of the site.
	//
	// Default: the site.
	Backend Backend
}

// maxPrefix is the length of the longest prefix that the definition of HTTPRoute
// allows.
const maxPrefix = 1024

// Validate reports every invalid field.
func (p Path) Validate() field.ErrorList {
	var e rule.Errors
	switch {
	case strings.Contains(p.Prefix, "?"):
		e.Add("Prefix", p.Prefix, "must be a path alone, without '?' and what follows it")
	case strings.Contains(strings.ToLower(p.Prefix), "%2f"):
		e.Add("Prefix", p.Prefix, "must not contain %2F, an encoded '/', which routes refuse")
	case len(p.Prefix) > maxPrefix:
		e.Add("Prefix", "...", fmt.Sprintf("must be at most %d characters", maxPrefix))
	default:
		e.URLPath("Prefix", p.Prefix)
	}
	if p.Backend != nil && !made(p.Backend) {
		e.Add("Backend", "", "must be made by its constructor; leave it out for Site")
	}
	return e.Err()
}

// made reports whether b is neither nil nor a construct's zero value.
func made(b Backend) bool { return !construct.IsNil(b) && b.Name() != "" }

// destination is what a route leads to. It is empty when there is no site.
type destination struct {
	site      string
	hostnames []string
	// paths have a backend each.
	paths []Path
}

// resolveDestination fills in the defaults of paths and reports what is wrong
// with site and paths. kind and namespace are those of the route.
func resolveDestination(e *rule.Errors, site Site, paths []Path, kind, namespace string) destination {
	if !made(site) {
		e.Add("Site", "", "is required: the site to expose, such as a *django.Web")
		return destination{}
	}
	validateHosts(e, site)
	validateBackend(e, "Site", site, kind, namespace)
	d := destination{site: site.Name(), hostnames: host.Patterns(site.Hosts())}
	if len(paths) == 0 {
		paths = []Path{{Prefix: "/"}}
	}
	known := map[string]bool{}
	for i, path := range paths {
		at, problems, prefix := rule.Item("Paths", i), path.Validate(), strings.TrimRight(path.Prefix, "/")
		e.Join(at, problems)
		if known[prefix] && len(problems) == 0 {
			e.Add(at+".Prefix", path.Prefix, "is listed twice; a '/' at the end makes no difference")
		}
		known[prefix] = true
		switch {
		case path.Backend == nil:
			path.Backend = site
		case made(path.Backend):
			validateBackend(e, at+".Backend", path.Backend, kind, namespace)
		default:
			continue
		}
		d.paths = append(d.paths, path)
	}
	return d
}

// maxWildcard is the length of the longest name with room for "*." before it.
const maxWildcard = 251

func validateHosts(e *rule.Errors, site Site) {
	hosts := site.Hosts()
	if len(hosts) == 0 {
		e.Add("Site", site.Name(), "must have Hosts, its names outside the cluster")
	}
	host.Validate(e, "Site.Hosts", hosts)
	for i, name := range hosts {
		h := host.Host(name)
		switch at := rule.Item("Site.Hosts", i); {
		case h.IsAddress():
			e.Add(at, name, "must be a name in the DNS: no route leads to an address")
		case h.Valid() && h.Subdomains() && len(h.Name()) > maxWildcard:
			e.Add(at, name, fmt.Sprintf("must be at most %d characters after its dot", maxWildcard))
		}
	}
}

// validateBackend checks that a route of the given kind and namespace can lead
// to b: it has no way to name a Service of another namespace. A chart without a
// namespace may be applied to any.
func validateBackend(e *rule.Errors, at string, b Backend, kind, namespace string) {
	e.Port(at+".Port", b.Port())
	if other := construct.NamespaceOf(b); namespace != "" && other != "" && namespace != other {
		e.Add(at, b.Name(), fmt.Sprintf(
			"is in namespace %q, and %s of namespace %q cannot lead there", other, kind, namespace))
	}
}
