package order

import (
	"cmp"
	"regexp"
	"strings"

	"example.com/django-cdk8s/internal/dns"
)

// text returns a string of a JSON object, or "".
func text(of map[string]any, key string) string {
	value, _ := of[key].(string)
	return value
}

// object returns a JSON object within another, or nil.
func object(of map[string]any, key string) map[string]any {
	value, _ := of[key].(map[string]any)
	return value
}

// list returns the JSON objects of a list.
func list(of map[string]any, key string) []map[string]any {
	all, _ := of[key].([]any)
	var found []map[string]any
	for _, one := range all {
		if value, ok := one.(map[string]any); ok {
			found = append(found, value)
		}
	}
	return found
}

// references calls f with every object that the spec of pods names. All of them
// are found by the fields that name objects, wherever these are.
func references(value any, f func(kind, name string)) {
	switch value := value.(type) {
	case []any:
		for _, one := range value {
			references(one, f)
		}
	case map[string]any:
		for key, one := range value {
			inner, _ := one.(map[string]any)
			switch key {
			case "secretKeyRef", "secretRef":
				f("Secret", text(inner, "name"))
			case "configMapKeyRef", "configMapRef", "configMap":
				f("ConfigMap", text(inner, "name"))
			case "secret":
				f("Secret", cmp.Or(text(inner, "secretName"), text(inner, "name")))
			case "persistentVolumeClaim":
				f("PersistentVolumeClaim", text(inner, "claimName"))
			case "imagePullSecrets":
				for _, secret := range list(value, key) {
					f("Secret", text(secret, "name"))
				}
			}
			references(one, f)
		}
	}
}

// serverName matches a value that is the name of a server, alone, with a port, or
// within a URL.
var serverName = regexp.MustCompile(`^(?:[a-z][a-z0-9+.-]*://(?:[^/?#\s]*@)?)?([a-z0-9.-]+)(?::\d+)?(?:[/?#]\S*)?$`)

// hosts calls f with every Service that the variables of pods in space may name.
func hosts(pods map[string]any, space string, f func(space, name string)) {
	for _, kind := range []string{"initContainers", "containers"} {
		for _, container := range list(pods, kind) {
			for _, variable := range list(container, "env") {
				match := serverName.FindStringSubmatch(text(variable, "value"))
				if match == nil {
					continue
				}
				name, in, certain := dns.ServiceOf(match[1])
				if certain || strings.HasSuffix(text(variable, "name"), "HOST") {
					f(cmp.Or(in, space), name)
				}
			}
		}
	}
}
