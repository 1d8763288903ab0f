package host_test

import (
	"slices"
	"strings"
	"testing"

	"example.com/django-cdk8s/internal/host"
	"example.com/django-cdk8s/internal/rule"
)

func TestForms(t *testing.T) {
	for _, tc := range []struct {
		host              host.Host
		name              string
		patterns, origins []string
	}{
		{
			host: "shop.example.com", name: "shop.example.com", patterns: []string{"shop.example.com"},
			origins: []string{"https://shop.example.com"},
		},
		{
			host: ".example.com", name: "example.com", patterns: []string{"example.com", "*.example.com"},
			origins: []string{"https://example.com", "https://*.example.com"},
		},
	} {
		name, patterns, origins := tc.host.Name(), tc.host.Patterns(), tc.host.Origins("https")
		if name != tc.name || !slices.Equal(patterns, tc.patterns) || !slices.Equal(origins, tc.origins) {
			t.Errorf("%s: %q, %q, %q", tc.host, name, patterns, origins)
		}
	}
}

func TestPatternsAreListedOnce(t *testing.T) {
	got := host.Patterns([]string{"example.com", ".example.com", "*.example.net"})
	if want := []string{"example.com", "*.example.com", "*.example.net"}; !slices.Equal(got, want) {
		t.Errorf("Patterns() = %q, want %q", got, want)
	}
}

func TestValidate(t *testing.T) {
	for value, want := range map[string]string{
		"shop.example.com":         "",
		".example.com":             "",
		"localhost":                "",
		"10.0.0.1":                 "",
		"4.example.com":            "",
		"xn--bcher-kva.example":    "",
		"*":                        "would turn Django's check",
		"":                         "must be a lower-case host name",
		"..example.com":            "must be a lower-case host name",
		"*.example.com":            "must be a lower-case host name",
		"Shop.example.com":         "must be a lower-case host name",
		"shop.example.com:8000":    "must be a lower-case host name",
		"https://shop.example.com": "must be a lower-case host name",
		"::1":                      "must be a lower-case host name",
		".10.0.0.1":                "must not start with a dot",
		"999.1.1.1":                "must be a host name or an IPv4 address, and is neither",
		"1.2.3":                    "must be a host name or an IPv4 address, and is neither",
		"01.2.3.4":                 "must be a host name or an IPv4 address, and is neither",
		"shop.7":                   "must be a host name or an IPv4 address, and is neither",
		"42":                       "must be a host name or an IPv4 address, and is neither",
		"0x7f.1":                   "must be a host name or an IPv4 address, and is neither",
		"shop.0xcafe":              "must be a host name or an IPv4 address, and is neither",
	} {
		var e rule.Errors
		host.Validate(&e, "Hosts", []string{value})
		switch list := e.Err(); {
		case want == "" && len(list) > 0:
			t.Errorf("%q: %v", value, list)
		case want != "" && (len(list) != 1 || !strings.HasPrefix(list[0].Detail, want) || list[0].Field != "Hosts[0]"):
			t.Errorf("%q: %v, want %s", value, list, want)
		}
	}
}

func TestHostsAreUnique(t *testing.T) {
	var e rule.Errors
	host.Validate(&e, "Hosts", []string{"a.example.com", "a.example.com"})
	if list := e.Err(); len(list) != 1 || list[0].Detail != "is listed twice" {
		t.Error(list)
	}
}
