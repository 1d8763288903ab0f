package dns_test

import (
	"testing"

	"example.com/django-cdk8s/internal/dns"
)

func TestServiceOfReadsTheNamesOfServices(t *testing.T) {
	type service struct {
		name, namespace string
		certain         bool
	}
	for host, want := range map[string]service{
		"pg":                             {"pg", "", false},
		"pg.":                            {"pg", "", false},
		"pg.shop":                        {"pg", "shop", false},
		"pg.shop.svc":                    {"pg", "shop", true},
		"pg.shop.svc.":                   {"pg", "shop", true},
		"pg.shop.svc.cluster.local":      {"pg", "shop", true},
		"pg.shop.svc.shop.internal.":     {"pg", "shop", true},
		"pg-0.pg.shop.svc":               {"pg", "shop", true},
		"0.pg.shop.svc":                  {"pg", "shop", true},
		"pg-0.pg.shop.svc.":              {"pg", "shop", true},
		"pg-0.pg.shop.svc.cluster.local": {"pg", "shop", true},
		"pg.svc.svc":                     {"pg", "svc", true},
		"pg-0.svc.shop.svc":              {"svc", "shop", true},
		"svc.shop.svc":                   {"svc", "shop", true},
		"a.b.pg.shop.svc":                {},
		"pg.shop.example":                {},
		"pg-0.pg.shop.example":           {},
		"db.example.com":                 {},
		"10.0.0.1":                       {},
		"":                               {},
	} {
		name, namespace, certain := dns.ServiceOf(host)
		if got := (service{name, namespace, certain}); got != want {
			t.Errorf("ServiceOf(%q) = %+v, want %+v", host, got, want)
		}
	}
}
