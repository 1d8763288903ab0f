package manifest_test

import (
	"strings"
	"testing"

	"example.com/django-cdk8s/manifest"
)

// mistakesInExposure break the rule exposure.
func mistakesInExposure() []mutation {
	const (
		ingress = "Ingress django-app/django"
		route   = "HTTPRoute django-app/django"
	)
	served := func(object, field, value, by string) []problem {
		return []problem{{object, "exposure", field, value, "is also served by " + by + ": which of them gets the requests is not defined"}}
	}
	return []mutation{
		{
			name: "two Ingresses of one host and path",
			edit: edit{new: otherIngress("", "shop.example.com", "/", "Prefix")},
			want: served("Ingress mail/other", "spec.rules[0].http.paths[0].path", "shop.example.com/", ingress),
		},
		{
			name: "one path written in two ways",
			edit: edit{"Ingress django-app/django", "            path: /\n", "            path: /a/\n            pathType: Prefix\n          - backend: {service: {name: django, port: {number: 80}}}\n            path: /a\n"},
			want: served(ingress, "spec.rules[0].http.paths[1].path", "shop.example.com/a", ingress),
		},
		{
			name: "two HTTPRoutes of one Gateway, host and path",
			edit: edit{new: otherHTTPRoute("[a.example.com, shop.example.com]", "{name: web, namespace: gateway}", "{}")},
			want: served("HTTPRoute mail/other", "spec.rules[0].matches[0].path", "shop.example.com/", route),
		},
		{
			name: "two HTTPRoutes of one path, of which one spells out the defaults",
			edit: edit{new: otherHTTPRoute("[shop.example.com]", "{name: web, namespace: gateway}", "{matches: [{path: {type: PathPrefix, value: /}}]}")},
			want: served("HTTPRoute mail/other", "spec.rules[0].matches[0].path", "shop.example.com/", route),
		},
		{
			name:    "two HTTPRoutes of which one is beside the Gateway",
			edit:    edit{new: strings.Replace(otherHTTPRoute("[shop.example.com]", "{name: web}", "{}"), "namespace: mail", "namespace: gateway", 1)},
			options: also(manifest.External{Kind: "Namespace", Name: "gateway"}),
			want:    served("HTTPRoute gateway/other", "spec.rules[0].matches[0].path", "shop.example.com/", route),
		},
		{
			name: "an external address",
			edit: edit{"Service django-app/django", "spec:\n", "spec:\n  externalIPs: [192.0.2.1]\n"},
			want: []problem{{"Service django-app/django", "exposure", "spec.externalIPs[0]", "192.0.2.1", "lets the Service take what others send to that address (CVE-2020-8554)"}},
		},
	}
}

func harmlessExposure() []mutation {
	const shop = "shop.example.com"
	return []mutation{
		{name: "one host with two paths", edit: edit{new: otherIngress("", shop, "/ws", "Prefix")}},
		{name: "two hosts with one path", edit: edit{new: otherIngress("", "mail.example.com", "/", "Prefix")}},
		{name: "one host and path of two classes", edit: edit{new: otherIngress("internal", shop, "/", "Prefix")}},
		{name: "an exact path besides a prefix", edit: edit{new: otherIngress("", shop, "/", "Exact")}},
		{name: "a canary", edit: edit{new: strings.Replace(otherIngress("", shop, "/", "Prefix"), "annotations: {", `annotations: {nginx.ingress.kubernetes.io/canary: "true", `, 1)}},
		{name: "HTTPRoutes of two hosts", edit: edit{new: otherHTTPRoute("[mail.example.com]", "{name: web, namespace: gateway}", "{}")}},
		{name: "HTTPRoutes of two Gateways", edit: edit{new: otherHTTPRoute("[shop.example.com]", "{name: web}", "{}")}},
		{name: "HTTPRoutes of two listeners", edit: edit{new: otherHTTPRoute("[shop.example.com]", "{name: web, namespace: gateway, sectionName: http}", "{}")}},
		{name: "HTTPRoutes of two paths", edit: edit{new: otherHTTPRoute("[shop.example.com]", "{name: web, namespace: gateway}", "{matches: [{path: {value: /ws}}]}")}},
		{name: "HTTPRoutes of two methods", edit: edit{new: otherHTTPRoute("[shop.example.com]", "{name: web, namespace: gateway}", "{matches: [{method: GET}, {headers: [{name: a, value: b}]}]}")}},
		{name: "no external address", edit: edit{"Service django-app/django", "spec:\n", "spec:\n  externalIPs: []\n"}},
	}
}

func otherIngress(class, host, path, pathType string) string {
	return "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: other, namespace: mail, annotations: {kubernetes.io/ingress.class: '" + class + "'}}\n" +
		"spec: {rules: [{host: " + host + ", http: {paths: [{path: " + path + ", pathType: " + pathType + ", backend: {resource: {kind: Bucket, name: a}}}]}}]}\n"
}

func otherHTTPRoute(hostnames, parent, rule string) string {
	return "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: other, namespace: mail}\n" +
		"spec: {hostnames: " + hostnames + ", parentRefs: [" + parent + "], rules: [" + rule + "]}\n"
}

// TestRoutesMadeTwiceAreToldOnce: the rule unique has said it.
func TestRoutesMadeTwiceAreToldOnce(t *testing.T) {
	text := otherIngress("", "a.example.com", "/", "Prefix")
	expect(t, manifest.Check(parse(t, text+"---\n"+text), manifest.Options{}), []problem{
		{"Ingress mail/other", "unique", "metadata.name", "other", "is also made by"},
	})
}
