// Package host holds the host names of a site, and the forms in which Django,
// Kubernetes and browsers write them.
package host

import (
	"net/netip"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	"example.com/django-cdk8s/internal/rule"
)

// Host is a host name, or an IPv4 address, in the form of Django's
// ALLOWED_HOSTS: a leading dot includes subdomains.
type Host string

// Name returns the name without the leading dot.
func (h Host) Name() string { return strings.TrimPrefix(string(h), ".") }

// Subdomains reports whether h includes subdomains.
func (h Host) Subdomains() bool { return strings.HasPrefix(string(h), ".") }

// IsAddress reports whether h is an IPv4 address.
func (h Host) IsAddress() bool {
	address, err := netip.ParseAddr(string(h))
	return err == nil && address.Is4()
}

// Patterns returns the name, and *.NAME where h includes subdomains, as
// Kubernetes takes them.
func (h Host) Patterns() []string {
	if h.Subdomains() {
		return []string{h.Name(), "*." + h.Name()}
	}
	return []string{h.Name()}
}

// Origins returns the origins of h's pages in the form of Django's
// CSRF_TRUSTED_ORIGINS. scheme is http or https.
func (h Host) Origins(scheme string) []string {
	origins := h.Patterns()
	for i := range origins {
		origins[i] = scheme + "://" + origins[i]
	}
	return origins
}

// Patterns returns the patterns of all hosts, each once.
func Patterns(hosts []string) []string {
	var patterns []string
	for _, h := range hosts {
		for _, pattern := range Host(h).Patterns() {
			if !slices.Contains(patterns, pattern) {
				patterns = append(patterns, pattern)
			}
		}
	}
	return patterns
}

// Origins returns the origins of all hosts.
func Origins(scheme string, hosts []string) []string {
	var origins []string
	for _, h := range hosts {
		origins = append(origins, Host(h).Origins(scheme)...)
	}
	return origins
}

// Validate checks the hosts in the field called name.
func Validate(e *rule.Errors, name string, hosts []string) {
	for i, h := range hosts {
		if broken := Host(h).broken(); broken != "" {
			e.Add(rule.Item(name, i), h, broken)
		}
		e.YAML(rule.Item(name, i), h)
	}
	e.Unique(name, hosts)
}

// Valid reports whether h passes [Validate].
func (h Host) Valid() bool { return h.broken() == "" }

// broken returns what is wrong with h, as a rule for it, or "".
func (h Host) broken() string {
	name := h.Name()
	switch {
	case h == "*":
		return "would turn Django's check of the Host header off; list the hosts, or use a leading dot for subdomains"
	case len(validation.IsDNS1123Subdomain(name)) > 0:
		return "must be a lower-case host name without scheme, port or path; a leading dot takes in its subdomains"
	case h.IsAddress():
		return ""
	case Host(name).IsAddress():
		return "must not start with a dot: an address has no subdomains"
	case rule.EndsInNumber(name):
		return "must be a host name or an IPv4 address, and is neither: its last label is a number"
	}
	return ""
}
