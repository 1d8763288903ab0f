// Package route holds the constructs that lead visitors to Django: an
// [Ingress], or an [HTTPRoute] of the Gateway API.
package route

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/constructs-go/constructs/v10"

	"example.com/django-cdk8s/constructs/django"
	"example.com/django-cdk8s/internal/bind"
	"example.com/django-cdk8s/internal/rule"
)

// hostNames returns the hosts of web as Kubernetes takes them. Django's leading
// dot stands for the name and everything below it, which are two.
func hostNames(web *django.Web) []string {
	if web == nil {
		return nil
	}
	var names []string
	add := func(name string) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	for _, host := range web.Hosts() {
		domain, below := strings.CutPrefix(host, ".")
		add(domain)
		if below {
			add("*." + domain)
		}
	}
	return names
}

// address matches what is no host name, but the address of a host.
var address = regexp.MustCompile(`^\.?[0-9]+(\.[0-9]+)*$`)

// maxHost is the length of the longest name before which there is room for
// "*." still.
const maxHost = 251

// validateWeb checks that web can be visited. What is wrong with it in itself,
// it reports.
func validateWeb(e *rule.Errors, web *django.Web) {
	if web == nil {
		e.Add("Web", "", "is required: the django.Web that visitors are led to")
		return
	}
	hosts := web.Hosts()
	if len(hosts) == 0 {
		e.Add("Web", web.Name(), "must have Hosts, the names under which it is visited")
	}
	for i, host := range hosts {
		field := rule.Item("Web.Hosts", i)
		if address.MatchString(host) {
			e.Add(field, host, "must be a name in the DNS: no route leads to an address")
		}
		if strings.HasPrefix(host, ".") && len(host) > maxHost+1 {
			e.Add(field, host, fmt.Sprintf("must be at most %d characters after its dot", maxHost))
		}
	}
}

// validateNamespace checks that scope, a construct of the given kind, is in the
// namespace of web: a route has no way to name a Service of another. A chart
// without a namespace may be applied to any.
func validateNamespace(scope constructs.Construct, web *django.Web, kind string) error {
	if web == nil {
		return nil
	}
	var e rule.Errors
	own, other := bind.Namespace(scope), bind.Namespace(web)
	if own != "" && other != "" && own != other {
		e.Add("Web", web.Name(), fmt.Sprintf("is in namespace %q, and %s of namespace %q cannot lead there", other, kind, own))
	}
	return e.Err()
}

// nameOr returns name, or that of web when it is empty.
func nameOr(name string, web *django.Web) string {
	if name == "" && web != nil {
		return web.Name()
	}
	return name
}
