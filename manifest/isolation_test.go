package manifest_test

import (
	"slices"
	"strings"
	"testing"

	"example.com/django-cdk8s/manifest"
)

// isolatedFile holds manifests with NetworkPolicies that break no rule.
const isolatedFile = "testdata/isolated.yaml"

// Objects to add to those of [isolatedFile].
func custom(namespace string) string {
	return "apiVersion: example.com/v1\nkind: Database\nmetadata: {name: orders, namespace: " + namespace + "}\n"
}

func podIn(namespace, labels, spec string) string {
	return "apiVersion: v1\nkind: Pod\nmetadata: {name: extra, namespace: " + namespace + ", labels: {" + labels + `}}
spec: {` + spec + `containers: [{name: c, image: "a:1", env: [{name: HOST, value: server}], resources: {limits: {cpu: 1, memory: 1Mi}, requests: {cpu: 1, memory: 1Mi}}}]}
`
}

// server is one to which the pods of [podIn] connect.
const server = `apiVersion: v1
kind: Service
metadata: {name: server, namespace: free}
spec: {selector: {app: server}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Pod
metadata: {name: server, namespace: free, labels: {app: server}}
spec: {containers: [{name: c, image: "a:1", ports: [{containerPort: 80}], resources: {limits: {cpu: 1, memory: 1Mi}, requests: {cpu: 1, memory: 1Mi}}}]}
`

func policyIn(namespace, spec string) string {
	return "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: extra, namespace: " + namespace + "}\nspec: {" + spec + "}\n"
}

// mistakesInIsolation break the rule isolation.
func mistakesInIsolation() []mutation {
	const (
		deny     = "NetworkPolicy shop/deny"
		names    = "NetworkPolicy shop/names"
		web      = "NetworkPolicy shop/web"
		worker   = "NetworkPolicy shop/worker"
		valkey   = "NetworkPolicy shop/valkey"
		report   = "NetworkPolicy shop/report"
		postgres = "NetworkPolicy data/postgres"
		extra    = "NetworkPolicy shop/extra"
		labels   = "spec.template.metadata.labels"
		nobody   = "selects no pod of these manifests"
		noPort   = "is not a port of the pods of "
		traefik  = "from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: traefik}}}]"
		https    = "to: [{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 100.64.0.0/10]}}]"
	)
	one := func(name string, e edit, object, field, value, text string) mutation {
		return mutation{name: name, edit: e, want: []problem{{object, "isolation", field, value, text}}}
	}
	const (
		everybody = "is required: without it everybody may connect"
		everyPort = "is required: without it every port is open"
		anywhere  = "is required, except for DNS: without it the pods may connect to everything"
		toAll     = "lets everybody connect: give a smaller block"
		cluster   = "lets every pod of the cluster connect: name a namespace"
	)
	return []mutation{
		one("pods that no policy restricts for Ingress", edit{deny, "podSelector: {}", "podSelector: {matchLabels: {app: web}}"},
			"Deployment shop/worker", labels, "app=worker", "no NetworkPolicy restricts the Ingress of Deployment shop/worker, CronJob shop/report: add one that selects all pods of the namespace and allows nothing"),
		one("pods of a CronJob that no policy restricts for Ingress", edit{deny, "podSelector: {}", "podSelector: {matchLabels: {app: worker}}"},
			"CronJob shop/report", "spec.jobTemplate.spec.template.metadata.labels", "app=report", "the Ingress of CronJob shop/report: add"),
		one("policies for Egress alone", edit{deny, "[Ingress, Egress]", "[Egress]"},
			"Deployment shop/worker", labels, "app=worker", "the Ingress of Deployment shop/worker, CronJob shop/report: add"),
		{
			name: "a pod that no policy restricts",
			edit: edit{new: podIn("data", "app: extra", "")},
			want: []problem{
				{"Pod data/extra", "isolation", "metadata.labels", "app=extra", "no NetworkPolicy restricts the Ingress of Pod data/extra: add"},
				{"Pod data/extra", "isolation", "metadata.labels", "app=extra", "no NetworkPolicy restricts the Egress of Pod data/extra: add"},
			},
		},

		one("a policy that selects nothing", edit{valkey, "podSelector: {matchLabels: {app: valkey}}", "podSelector: {matchLabels: {app: redis}}"},
			valkey, "spec.podSelector", "app=redis", nobody),
		one("a policy for Egress that selects nothing", edit{worker, "podSelector: {matchLabels: {app: worker}}", "podSelector: {matchLabels: {app: workers}}"},
			worker, "spec.podSelector", "app=workers", nobody),
		one("the only policy of a namespace, which selects nothing", edit{postgres, "podSelector: {matchLabels: {app: postgres}}", "podSelector: {matchLabels: {app: pg}}"},
			postgres, "spec.podSelector", "app=pg", nobody),
		one("a policy that selects pods of another namespace", edit{new: policyIn("shop", "podSelector: {matchLabels: {app: postgres}}")},
			extra, "spec.podSelector", "app=postgres", nobody),
		one("a policy that asks for a recommended label that no pod has", edit{new: policyIn("shop", "podSelector: {matchLabels: {app.kubernetes.io/name: web}}")},
			extra, "spec.podSelector", "app.kubernetes.io/name=web", nobody),
		one("a policy that asks for a label of an operator with another value", edit{new: policyIn("shop", "podSelector: {matchLabels: {example.com/role: web}}") + "---\n" + podIn("shop", "example.com/role: api", "")},
			extra, "spec.podSelector", "example.com/role=web", nobody),
		one("a policy that asks for the name of a route", edit{new: policyIn("shop", "podSelector: {matchLabels: {role: web}}")},
			extra, "spec.podSelector", "role=web", nobody),
		one("a policy that asks for the name of a custom resource of another namespace", edit{new: policyIn("shop", "podSelector: {matchLabels: {db: orders}}") + "---\n" + custom("data")},
			extra, "spec.podSelector", "db=orders", nobody),
		one("a policy that does not ask for the name of the custom resource", edit{new: policyIn("shop", "podSelector: {matchLabels: {db: users}}") + "---\n" + custom("shop")},
			extra, "spec.podSelector", "db=users", nobody),
		one("a policy with an unknown operator", edit{valkey, "podSelector: {matchLabels: {app: valkey}}", "podSelector: {matchExpressions: [{key: app, operator: Equals}]}"},
			valkey, "spec.podSelector", "", `"Equals" is not a valid label selector operator`),
		one("a peer with an unknown operator", edit{valkey, "operator: In", "operator: Is"},
			valkey, "spec.ingress[0].from[0].podSelector", "", `"Is" is not a valid label selector operator`),
		one("a namespace with an unknown operator", edit{report, "operator: In", "operator: Is"},
			report, "spec.egress[0].to[0].namespaceSelector", "", `"Is" is not a valid label selector operator`),
		one("a client that is not there", edit{valkey, "[web, worker]", "[www]"},
			valkey, "spec.ingress[0].from[0].podSelector", "app in (www)", nobody+" in shop"),
		one("a server that is not there", edit{web, "app: valkey", "app: redis"},
			web, "spec.egress[0].to[0].podSelector", "app=redis", nobody+" in shop"),
		one("a second server that is not there", edit{web, "to: [{podSelector: {matchLabels: {app: valkey}}}]", "to: [{podSelector: {matchLabels: {app: valkey}}}, {podSelector: {matchLabels: {app: redis}}}]"},
			web, "spec.egress[0].to[1].podSelector", "app=redis", nobody+" in shop"),
		one("a server that is not in the other namespace", edit{web, "app: postgres", "app: web"},
			web, "spec.egress[1].to[0].podSelector", "app=web", nobody+" in data"),

		one("a server that is not in one of several namespaces", edit{report, "podSelector: {}", "podSelector: {matchLabels: {app: web}}"},
			report, "spec.egress[0].to[0].podSelector", "app=web", nobody+" in data"),
		one("a server that is in neither of two namespaces", edit{report, "values: [data]}]}, podSelector: {}", "values: [shop, data]}]}, podSelector: {matchLabels: {app: redis}}"},
			report, "spec.egress[0].to[0].podSelector", "app=redis", nobody+" in data, shop"),
		one("a server that is not there, whose port the other has not", edit{web, "to: [{podSelector: {matchLabels: {app: valkey}}}]\n    ports: [{port: 6379, protocol: TCP}]", "to: [{podSelector: {matchLabels: {app: valkey}}}, {podSelector: {matchLabels: {app: redis}}}]\n    ports: [{port: 6380}]"},
			web, "spec.egress[0].to[1].podSelector", "app=redis", nobody+" in shop"),

		one("a port by a name that the pods do not have", edit{web, "port: http", "port: https"},
			web, "spec.ingress[0].ports[0].port", "https", noPort+"Deployment shop/web: give the pods' port, not that of a Service"),
		one("a port of the Service", edit{web, "port: http", "port: 80"},
			web, "spec.ingress[0].ports[0].port", "80", noPort+"Deployment shop/web"),
		one("a second port that the pods do not have", edit{web, "[{port: http}]", "[{port: http}, {port: 8443}]"},
			web, "spec.ingress[0].ports[1].port", "8443", noPort+"Deployment shop/web"),
		one("a port of another protocol", edit{web, "{port: 9000}", "{port: 9000, protocol: UDP}"},
			web, "spec.ingress[1].ports[0].port", "9000", noPort+"Deployment shop/web"),
		one("a port that the server does not have", edit{web, "port: 6379", "port: 6380"},
			web, "spec.egress[0].ports[0].port", "6380", noPort+"Deployment shop/valkey"),
		one("a port that neither server has", edit{web, "to: [{podSelector: {matchLabels: {app: valkey}}}]", "to: [{podSelector: {matchLabels: {app: valkey}}}, {podSelector: {matchLabels: {app: worker}}}]\n    ports: [{port: 1}]\n  - to: [{podSelector: {matchLabels: {app: valkey}}}]"},
			web, "spec.egress[0].ports[0].port", "1", noPort+"Deployment shop/valkey, Deployment shop/worker"),
		one("a port of the server in the other namespace", edit{web, "port: postgres", "port: pg"},
			web, "spec.egress[1].ports[0].port", "pg", noPort+"Deployment data/postgres"),
		one("ports that end too early", edit{worker, "endPort: 7000", "endPort: 6378"},
			worker, "spec.egress[0].ports[0].port", "6000", noPort+"Deployment shop/valkey"),
		one("ports that begin too late", edit{worker, "port: 6000", "port: 6380"},
			worker, "spec.egress[0].ports[0].port", "6380", noPort+"Deployment shop/valkey"),

		one("clients that are not named", edit{web, traefik + "\n    ", ""}, web, "spec.ingress[0].from", "", everybody),
		one("neither clients nor ports", edit{web, "- " + traefik + "\n    ports: [{port: http}]\n", "- {}\n"}, web, "spec.ingress[0].from", "", everybody),
		one("clients everywhere", edit{web, traefik, "from: [{ipBlock: {cidr: 0.0.0.0/0}}]"}, web, "spec.ingress[0].from[0].ipBlock.cidr", "0.0.0.0/0", toAll),
		one("clients everywhere by IPv6", edit{web, traefik, `from: [{ipBlock: {cidr: "::/0"}}]`}, web, "spec.ingress[0].from[0].ipBlock.cidr", "::/0", toAll),
		one("clients everywhere, and one besides", edit{web, traefik, strings.Replace(traefik, "}]", "}, {ipBlock: {cidr: 10.0.0.0/0}}]", 1)}, web, "spec.ingress[0].from[1].ipBlock.cidr", "10.0.0.0/0", toAll),
		one("clients in all namespaces", edit{web, traefik, "from: [{namespaceSelector: {}}]"}, web, "spec.ingress[0].from[0].namespaceSelector", "", cluster),
		one("all clients in all namespaces", edit{web, traefik, "from: [{namespaceSelector: {}, podSelector: {}}]"}, web, "spec.ingress[0].from[0].namespaceSelector", "", cluster),
		one("a client that is nobody", edit{web, traefik, strings.Replace(traefik, "}]", "}, {}]", 1)}, web, "spec.ingress[0].from[1]", "", "is empty: name pods, namespaces or an ipBlock"),
		one("every port to be reached", edit{web, traefik + "\n    ports: [{port: http}]", traefik}, web, "spec.ingress[0].ports", "", everyPort),
		one("every TCP port to be reached", edit{web, "[{port: http}]", "[{port: http}, {protocol: TCP}]"}, web, "spec.ingress[0].ports[1].port", "", everyPort),
		one("every TCP port of a server", edit{valkey, "[{port: 6379}]", "[{protocol: TCP}]"}, valkey, "spec.ingress[0].ports[0].port", "", everyPort),
		one("every UDP port of a server", edit{valkey, "[{port: 6379}]", "[{port: 6379}, {protocol: UDP}]"}, valkey, "spec.ingress[0].ports[1].port", "", everyPort),
		one("a client of a server that is nobody", edit{valkey, "from: [", "from: [{}, "}, valkey, "spec.ingress[0].from[0]", "", "is empty"),
		one("servers that are not named", edit{web, https + "\n    ", ""}, web, "spec.egress[2].to", "", anywhere),
		one("neither servers nor ports", edit{web, https + "\n    ports: [{port: 443}, {port: 587}]", "{}"}, web, "spec.egress[2].to", "", anywhere),
		one("servers for DNS and more that are not named", edit{web, https + "\n    ports: [{port: 443}, ", "ports: [{port: 53}, "}, web, "spec.egress[2].to", "", anywhere),
		one("servers for ports from that of DNS that are not named", edit{web, https + "\n    ports: [{port: 443}, {port: 587}]", "ports: [{port: 53, endPort: 99}]"}, web, "spec.egress[2].to", "", anywhere),
		{
			name: "servers for every UDP port that are not named",
			edit: edit{web, https + "\n    ports: [{port: 443}, {port: 587}]", "ports: [{protocol: UDP}]"},
			want: []problem{
				{web, "isolation", "spec.egress[2].to", "", anywhere},
				{web, "isolation", "spec.egress[2].ports[0].port", "", everyPort},
			},
		},
		one("every port to connect to", edit{web, "\n    ports: [{port: 443}, {port: 587}]", ""}, web, "spec.egress[2].ports", "", everyPort),
		one("a server that is nobody", edit{web, "to: [{ipBlock", "to: [{}, {ipBlock"}, web, "spec.egress[2].to[0]", "", "is empty"),

		one("a server that pods are not let out to", edit{web, "- to: [{podSelector: {matchLabels: {app: valkey}}}]\n    ports: [{port: 6379, protocol: TCP}]\n  ", ""},
			"Deployment shop/web", "spec.template.spec.containers[0].env[BROKER_URL]", "valkey", "no NetworkPolicy lets these pods out to those of Deployment shop/valkey, port 6379"),
		one("a server that pods are let out to on another port", edit{web, "to: [{podSelector: {matchLabels: {app: valkey}}}]\n    ports: [{port: 6379, protocol: TCP}]", "to: [{podSelector: {matchLabels: {app: worker}}}]\n    ports: [{port: metrics}]"},
			"Deployment shop/web", "spec.template.spec.containers[0].env[BROKER_URL]", "valkey", "out to those of Deployment shop/valkey, port 6379"),
		one("a server that pods are let out to in another namespace", edit{web, "namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: data}}, podSelector: {matchLabels: {app: postgres}}", "namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: backup}}, podSelector: {matchLabels: {app: postgres}}"},
			"Deployment shop/web", "spec.template.spec.containers[0].env[POSTGRES_HOST]", "postgres.data.svc.cluster.local", "out to those of Deployment data/postgres, port 5432"),
		one("a server of another namespace that pods are let out to in their own", edit{web, "namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: data}}, podSelector: {matchLabels: {app: postgres}}", "podSelector: {}"},
			web, "spec.egress[1].ports[0].port", "postgres", noPort),
		one("an init container's server that pods are not let out to", edit{report, "egress:\n  - to: [{namespaceSelector: {matchExpressions: [{key: kubernetes.io/metadata.name, operator: In, values: [data]}]}, podSelector: {}}]\n    ports: [{port: 5432}]\n", ""},
			"CronJob shop/report", "spec.jobTemplate.spec.template.spec.initContainers[0].env[POSTGRES_HOST]", "postgres.data.", "out to those of Deployment data/postgres, port 5432"),
		one("rules for Egress in a policy that is about Ingress", edit{worker, "[Egress]", "[Ingress]"},
			"Deployment shop/worker", "spec.template.spec.containers[0].env[VALKEY_HOST]", "valkey", "out to those of Deployment shop/valkey, port 6379"),
		one("rules for Ingress in a policy that is about Egress", edit{valkey, "ingress:\n", "policyTypes: [Egress]\n  ingress:\n"},
			"Deployment shop/valkey", labels, "app=valkey", "no NetworkPolicy lets the pods of Deployment shop/web, Deployment shop/worker in to these, port 6379"),
		one("a client that is not let in", edit{valkey, "[web, worker]", "[web]"},
			"Deployment shop/valkey", labels, "app=valkey", "no NetworkPolicy lets the pods of Deployment shop/worker in to these, port 6379"),
		one("clients that are let in from another namespace", edit{valkey, "podSelector: {matchExpressions", "namespaceSelector: {matchLabels: {team: data}}, podSelector: {matchExpressions"},
			"Deployment shop/valkey", labels, "app=valkey", "no NetworkPolicy lets the pods of Deployment shop/web, Deployment shop/worker in to these, port 6379"),
		one("clients in a namespace without the label", edit{postgres, "team: web", "team: mail"},
			"Deployment data/postgres", labels, "app=postgres", "no NetworkPolicy lets the pods of Deployment shop/web, CronJob shop/report in to these, port 5432"),
		one("clients in a namespace with the label of another", edit{postgres, "team: web", "team: data"},
			"Deployment data/postgres", labels, "app=postgres", "no NetworkPolicy lets the pods of Deployment shop/web, CronJob shop/report in to these, port 5432"),
		one("clients in a namespace of another name that is made elsewhere", edit{new: policyIn("free", "podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: paid}}, podSelector: {}}], ports: [{port: 80}]}]") + "---\n" + podIn("free", "app: extra", "") + "---\n" + server},
			"Pod free/server", "metadata.labels", "app=server", "no NetworkPolicy lets the pods of Pod free/extra in to these, port 80"),
		one("clients in a namespace of another name", edit{postgres, "team: web", "kubernetes.io/metadata.name: www"},
			"Deployment data/postgres", labels, "app=postgres", "no NetworkPolicy lets the pods of Deployment shop/web, CronJob shop/report in to these"),
		one("clients of another namespace that are let in from this one", edit{postgres, "namespaceSelector: {matchLabels: {team: web}}, ", ""},
			"Deployment data/postgres", labels, "app=postgres", "no NetworkPolicy lets the pods of Deployment shop/web, CronJob shop/report in to these"),
		one("clients that are let in from outside the cluster", edit{postgres, "from: [{namespaceSelector: {matchLabels: {team: web}}, podSelector: {matchExpressions: [{key: app, operator: NotIn, values: [worker]}]}}]", "from: [{ipBlock: {cidr: 203.0.113.0/24}}]"},
			"Deployment data/postgres", labels, "app=postgres", "no NetworkPolicy lets the pods of Deployment shop/web, CronJob shop/report in to these"),

		one("nobody to ask for addresses", edit{names, "egress:\n  - to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}, podSelector: {matchLabels: {k8s-app: kube-dns}}}]\n    ports: [{port: 53, protocol: UDP}, {port: 53}]\n", ""},
			"Deployment shop/web", "spec.template.spec.containers[0].env[POSTGRES_HOST]", "postgres.data.svc.cluster.local", "no NetworkPolicy lets the pods of Deployment shop/web, Deployment shop/worker, CronJob shop/report ask for the address: allow UDP port 53"),
		one("nobody to ask for addresses but by TCP", edit{names, "{port: 53, protocol: UDP}, ", ""},
			"Deployment shop/web", "spec.template.spec.containers[0].env[POSTGRES_HOST]", "postgres.data.svc.cluster.local", "ask for the address: allow UDP port 53"),
		one("pods of the same namespace to ask for addresses", edit{names, "namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}, podSelector: {matchLabels: {k8s-app: kube-dns}}}]\n    ports: [{port: 53, protocol: UDP}, {port: 53}]", "podSelector: {matchLabels: {app: valkey}}}]\n    ports: [{port: 6379}]"},
			"Deployment shop/web", "spec.template.spec.containers[0].env[POSTGRES_HOST]", "postgres.data.svc.cluster.local", "ask for the address: allow UDP port 53"),
		one("some pods that may ask for addresses", edit{names, "podSelector: {}", "podSelector: {matchLabels: {app: worker}}"},
			"Deployment shop/web", "spec.template.spec.containers[0].env[POSTGRES_HOST]", "postgres.data.svc.cluster.local", "no NetworkPolicy lets the pods of Deployment shop/web, CronJob shop/report ask for the address"),

		one("visitors that are not let in", edit{web, "- " + traefik + "\n    ports: [{port: http}]\n  ", ""},
			"Ingress shop/web", "spec.rules[0].http.paths[0].backend.service.name", "web", "no NetworkPolicy lets visitors in to the pods of Deployment shop/web, port 8000: allow the namespace of their proxy"),
		one("visitors that are let in from the same namespace", edit{web, traefik, "from: [{podSelector: {matchLabels: {app: worker}}}, {podSelector: {}}]"},
			"Ingress shop/web", "spec.rules[0].http.paths[0].backend.service.name", "web", "no NetworkPolicy lets visitors in"),
		one("visitors that are let in from the same namespace by its name", edit{web, "kubernetes.io/metadata.name: traefik", "kubernetes.io/metadata.name: shop"},
			"Ingress shop/web", "spec.rules[0].http.paths[0].backend.service.name", "web", "no NetworkPolicy lets visitors in"),
		one("visitors that are let in from a list of the same namespace", edit{web, "matchLabels: {kubernetes.io/metadata.name: traefik}", "matchExpressions: [{key: kubernetes.io/metadata.name, operator: In, values: [shop]}]"},
			"Ingress shop/web", "spec.rules[0].http.paths[0].backend.service.name", "web", "no NetworkPolicy lets visitors in"),
		{
			name: "visitors of a Service whose port is not among those of the pods",
			edit: edit{"Service shop/web", "targetPort: http", "targetPort: https"},
			want: []problem{{"Service shop/web", "ports", "spec.ports[0].targetPort", "https", "is not among the ports"}},
		},
		one("visitors that are let in to another port", edit{web, "port: http", "port: metrics"},
			"Ingress shop/web", "spec.rules[0].http.paths[0].backend.service.name", "web", "no NetworkPolicy lets visitors in"),
		one("visitors of a route that are not let in", edit{new: "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: db, namespace: shop}\nspec: {rules: [{backendRefs: [{name: postgres, namespace: data, port: 5432}, {name: valkey, port: 6379}]}]}\n"},
			"HTTPRoute shop/db", "spec.rules[0].backendRefs[1].name", "valkey", "no NetworkPolicy lets visitors in to the pods of Deployment shop/valkey, port 6379"),
		one("a certificate behind policies that let nobody in to cert-manager's pods", edit{"Ingress shop/web", "metadata: {name: web, namespace: shop}", "metadata: {name: web, namespace: shop, annotations: {cert-manager.io/cluster-issuer: acme}}"},
			"Ingress shop/web", "metadata.annotations[cert-manager.io/cluster-issuer]", "acme", "no NetworkPolicy lets a proxy in to cert-manager's pods for HTTP-01: allow TCP port 8089 of pods with the label acme.cert-manager.io/http01-solver=true"),
		one("two certificates in one namespace", edit{new: certified("a") + "---\n" + certified("b")},
			"Ingress shop/a", "metadata.annotations[cert-manager.io/issuer]", "acme", "no NetworkPolicy lets a proxy in"),
		one("cert-manager's pods that other pods of the namespace reach", edit{new: certified("a") + "---\n" + solverPolicy("from: [{podSelector: {matchLabels: {app: web}}}], ports: [{port: 8089}]")},
			"Ingress shop/a", "metadata.annotations[cert-manager.io/issuer]", "acme", "no NetworkPolicy lets a proxy in"),
		one("cert-manager's pods that are reached on another port", edit{new: certified("a") + "---\n" + solverPolicy("from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: traefik}}}], ports: [{port: 8088}]")},
			"Ingress shop/a", "metadata.annotations[cert-manager.io/issuer]", "acme", "no NetworkPolicy lets a proxy in"),
	}
}

// certified is an Ingress with a certificate of cert-manager.
func certified(name string) string {
	return "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: " + name + ", namespace: shop, annotations: {cert-manager.io/issuer: acme}}\n" +
		"spec: {tls: [{hosts: [" + name + ".example.com], secretName: " + name + "}]}\n"
}

// solverPolicy is one for the pods by which cert-manager answers challenges.
func solverPolicy(ingress string) string {
	return policyIn("shop", `podSelector: {matchLabels: {acme.cert-manager.io/http01-solver: "true"}}, ingress: [{`+ingress+`}]`)
}

func harmlessIsolation() []mutation {
	const (
		names    = "NetworkPolicy shop/names"
		web      = "NetworkPolicy shop/web"
		worker   = "NetworkPolicy shop/worker"
		postgres = "NetworkPolicy data/postgres"
		traefik  = "from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: traefik}}}]"
		dns      = "to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}, podSelector: {matchLabels: {k8s-app: kube-dns}}}]\n    ports: [{port: 53, protocol: UDP}, {port: 53}]"
		toValkey = "to: [{podSelector: {matchLabels: {app: valkey}}}]\n    ports: [{port: 6379, protocol: TCP}]"
	)
	return []mutation{
		{name: "a namespace that restricts Ingress alone", edit: edit{postgres, "[Ingress, Egress]", "[Ingress]"}},
		{name: "a namespace without policies", edit: edit{new: podIn("free", "app: extra", "")}},
		{name: "pods on the network of their node", edit: edit{new: podIn("data", "app: extra", "hostNetwork: true, ")}},
		{name: "pods on the network of their node that connect", edit: edit{"Deployment shop/worker", "      containers:\n", "      hostNetwork: true\n      containers:\n"}},
		{name: "servers on the network of their node", edit: edit{"Deployment data/postgres", "      containers:\n", "      hostNetwork: true\n      containers:\n"}},

		{name: "policies of pods that are made elsewhere", edit: edit{new: policyIn("elsewhere", "podSelector: {matchLabels: {app: a}}, ingress: [{from: [{podSelector: {matchLabels: {app: b}}}], ports: [{port: 1}]}]")}},
		{name: "a policy of pods that an operator labels", edit: edit{new: policyIn("shop", "podSelector: {matchLabels: {example.com/cluster: a}}, ingress: [{from: [{podSelector: {matchLabels: {app: web}}}], ports: [{port: 1}]}]")}},
		{name: "a policy of pods named after a custom resource", edit: edit{new: policyIn("shop", "podSelector: {matchLabels: {db: orders}}") + "---\n" + custom("shop")}},
		{name: "a policy of pods named after the kind of a custom resource", edit: edit{new: policyIn("shop", "podSelector: {matchLabels: {app: database}}") + "---\n" + custom("shop")}},
		{name: "a policy to pods that an operator labels", edit: edit{new: policyIn("shop", "podSelector: {}, egress: [{to: [{podSelector: {matchLabels: {example.com/cluster: a}}}], ports: [{port: 1}]}]")}},
		{name: "a policy to pods of a namespace that is made elsewhere", edit: edit{web, "name: data}}, podSelector: {matchLabels: {app: postgres}}}]\n    ports: [{port: postgres}]", "name: data}}, podSelector: {matchLabels: {app: postgres}}}, {namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: elsewhere}}, podSelector: {matchLabels: {app: a}}}]\n    ports: [{port: postgres}, {port: 1}]"}},
		{name: "a policy to pods of namespaces by other labels", edit: edit{web, toValkey, toValkey + "\n  - to: [{namespaceSelector: {matchLabels: {team: web, kubernetes.io/metadata.name: shop}}, podSelector: {matchLabels: {app: a}}}]\n    ports: [{port: 1}]"}},
		{name: "a policy to pods of all namespaces but one", edit: edit{web, toValkey, toValkey + "\n  - to: [{namespaceSelector: {matchExpressions: [{key: kubernetes.io/metadata.name, operator: NotIn, values: [shop]}]}, podSelector: {matchLabels: {app: a}}}]\n    ports: [{port: 1}]"}},
		{name: "a port of every pod that a custom resource may listen on", edit: edit{new: policyIn("shop", "podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: a}}}], ports: [{port: 9187}]}]") + "---\n" + custom("shop")}},
		{name: "a port that one of two servers has", edit: edit{web, "to: [{podSelector: {matchLabels: {app: valkey}}}]", "to: [{podSelector: {matchLabels: {app: worker}}}, {podSelector: {matchLabels: {app: valkey}}}]"}},
		{name: "a port that one of the selected pods has", edit: edit{new: policyIn("shop", "podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: a}}}], ports: [{port: 9100}]}]")}},
		{name: "ports from the pods' own on", edit: edit{worker, "port: 6000", "port: 6379"}},
		{name: "ports up to the pods' own", edit: edit{worker, "endPort: 7000", "endPort: 6379"}},

		{name: "clients of one kind in all namespaces", edit: edit{web, traefik, "from: [{namespaceSelector: {}, podSelector: {matchLabels: {app: traefik}}}]"}},
		{name: "clients in a block of addresses", edit: edit{web, traefik, "from: [{ipBlock: {cidr: 203.0.113.0/24}}]"}},
		{name: "clients in a block that is none, which Kubernetes refuses", edit: edit{web, traefik, "from: [{ipBlock: {cidr: a}}]"}},
		{name: "clients in several namespaces by name", edit: edit{web, traefik, "from: [{namespaceSelector: {matchExpressions: [{key: kubernetes.io/metadata.name, operator: In, values: [shop, traefik]}]}}]"}},
		{name: "clients that a Gateway makes in the same namespace", edit: edit{web, traefik, "from: [{podSelector: {matchLabels: {gateway.networking.k8s.io/gateway-name: web}}}]"}},
		{name: "servers for DNS that are not named", edit: edit{names, dns, "ports: [{port: 53, protocol: UDP}, {port: 53}]"}},
		{name: "servers for DNS as OpenShift has them", edit: edit{names, dns, "ports: [{port: 5353, protocol: UDP}, {port: 5353}]"}},
		{name: "servers for DNS by the names of their ports", edit: edit{names, dns, "ports: [{port: dns, protocol: UDP}, {port: dns-tcp}]"}},
		{name: "servers for DNS on the node", edit: edit{names, dns, "to: [{ipBlock: {cidr: 169.254.20.10/32}}]\n    ports: [{port: 53, protocol: UDP}]"}},
		{name: "servers everywhere, on one port", edit: edit{web, "except: [10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 100.64.0.0/10]", "except: []"}},

		{name: "clients on the network of their node", edit: edit{new: policyIn("free", "podSelector: {}, policyTypes: [Ingress, Egress]") + "---\n" + podIn("free", "app: extra", "hostNetwork: true, ") + "---\n" + server}},
		{name: "an object called like a namespace", edit: edit{new: "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: shop, namespace: shop}\n"}},
		{name: "a server in a namespace whose labels nobody tells", edit: edit{"Namespace shop", "name: shop", "name: www"}, options: also(manifest.External{Kind: "Namespace", Name: "shop"})},
		{name: "a server that no policy restricts", edit: edit{postgres, "[Ingress, Egress]", "[Egress]"}},
		{name: "a client that no policy restricts", edit: edit{new: policyIn("free", "podSelector: {}, ingress: [{from: [{podSelector: {matchLabels: {app: extra}}}], ports: [{port: 80}]}]") + "---\n" + podIn("free", "app: extra", "") + "---\n" + server}},
		{name: "a policy for cert-manager's pods", edit: edit{new: certified("a") + "---\n" + solverPolicy("from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: traefik}}}], ports: [{port: 8089}]")}},
		{name: "a policy for cert-manager's pods from addresses", edit: edit{new: certified("a") + "---\n" + solverPolicy("from: [{ipBlock: {cidr: 203.0.113.0/24}}], ports: [{port: http}]")}},
		{name: "a policy for cert-manager's pods and no certificate", edit: edit{new: solverPolicy("from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: traefik}}}], ports: [{port: 8089}]")}},
		{name: "a policy for all pods that lets a proxy in to cert-manager's", edit: edit{new: certified("a") + "---\n" + policyIn("shop", "podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: traefik}}}], ports: [{port: 8000, endPort: 9000}]}]")}},
		{name: "a certificate in a namespace without policies", edit: edit{new: strings.Replace(certified("a"), "namespace: shop", "namespace: free", 1)}},
		{name: "a certificate in a namespace whose policies spare cert-manager's pods", edit: edit{new: strings.Replace(certified("a"), "namespace: shop", "namespace: data", 1)}},
		{name: "a Service without selector", edit: edit{"Service shop/valkey", "  selector: {app: valkey}\n", ""}},
	}
}

func TestCheckFindsEveryMistakeInIsolation(t *testing.T) {
	system := readFile(t, isolatedFile)
	for _, m := range mistakesInIsolation() {
		t.Run(m.name, func(t *testing.T) {
			if len(m.want) == 0 {
				t.Fatal("a mistake expects no problem")
			}
			expect(t, m.check(t, system), m.want)
		})
	}
}

func TestCheckLetsIsolationPass(t *testing.T) {
	system := readFile(t, isolatedFile)
	for _, m := range append(harmlessIsolation(), mutation{name: "as it is"}) {
		t.Run(m.name, func(t *testing.T) { expect(t, m.check(t, system), nil) })
	}
}

// TestVariablesThatConnect reads them in the worker, which may connect to
// nothing.
func TestVariablesThatConnect(t *testing.T) {
	closed := edit{"NetworkPolicy shop/worker", "egress:\n  - to: [{podSelector: {matchLabels: {app: valkey}}}]\n    ports: [{port: 6000, endPort: 7000}]\n", ""}
	both := edit{"Service shop/valkey", "ports: [", "ports: [{name: other, port: 80, targetPort: valkey}, "}
	datagrams := edit{"Service shop/valkey", "ports: [", "ports: [{name: udp, port: 80, protocol: UDP, targetPort: valkey}, "}
	system := readFile(t, isolatedFile).edit(t, closed)
	for _, test := range []struct {
		env     string
		host    string
		service edit
	}{
		{`{name: VALKEY_HOST, value: valkey}`, "valkey", edit{}},
		{`{name: HOST, value: valkey.shop}`, "valkey.shop", edit{}},
		{`{name: HOST, value: valkey.shop.svc}`, "valkey.shop.svc", edit{}},
		{`{name: HOST, value: valkey.shop.svc.cluster.local}`, "valkey.shop.svc.cluster.local", edit{}},
		{`{name: HOST, value: valkey.shop.svc.cluster.local.}`, "valkey.shop.svc.cluster.local.", edit{}},
		{`{name: HOST, value: valkey-0.valkey.shop.svc}`, "valkey-0.valkey.shop.svc", edit{}},
		{`{name: HOST, value: valkey.data}`, "", edit{}},
		{`{name: HOST, value: valkey.shop.example.com}`, "", edit{}},
		{`{name: HOST, value: valkey-0.valkey}`, "", edit{}},
		{`{name: HOST, value: ""}`, "", edit{}},
		{`{name: HOSTS, value: valkey}`, "", edit{}},
		{`{name: BROKER, value: valkey}`, "", edit{}},
		{`{name: HOST, valueFrom: {fieldRef: {fieldPath: status.hostIP}}}`, "", edit{}},
		{`{name: HOST, value: valkey}, {name: PORT, value: "6379"}`, "valkey", edit{}},
		{`{name: HOST, value: valkey}, {name: PORT, value: "6380"}`, "", edit{}},
		{`{name: HOST, value: valkey}, {name: PORT, value: many}`, "valkey", edit{}},
		{`{name: HOST, value: valkey}, {name: PORT, value: "80"}`, "valkey", both},
		{`{name: HOST, value: valkey}, {name: PORT, value: "80"}`, "", datagrams},
		{`{name: URL, value: "redis://valkey:6379"}`, "valkey", edit{}},
		{`{name: URL, value: "redis://valkey:6379/0"}`, "valkey", edit{}},
		{`{name: URL, value: "redis://valkey:6379?db=0"}`, "valkey", edit{}},
		{`{name: URL, value: "redis+tls://valkey:6379#0"}`, "valkey", edit{}},
		{`{name: URL, value: "redis://:not-a-secret@valkey.shop:6379/0"}`, "valkey.shop", edit{}},
		{`{name: URL, value: "redis://:$(PASSWORD)@valkey:6379/0"}`, "valkey", edit{}},
		{`{name: URL, value: "redis://valkey:6380/0"}`, "", edit{}},
		{`{name: URL, value: "redis://valkey/0"}`, "", edit{}},
		{`{name: URL, value: "redis://valkey:6379,redis://other:6379"}`, "", edit{}},
		{`{name: URL, value: "connect to redis://valkey:6379"}`, "", edit{}},
		{`{name: URL, value: "redis://valkey:6379 and so on"}`, "", edit{}},
		{`{name: URL, value: "redis://valkey:99999999999"}`, "", edit{}},
		{`{name: CSRF_TRUSTED_ORIGINS, value: "redis://valkey:6379"}`, "", edit{}},
		{`{name: A, value: valkey}, {name: URL, value: "redis://$(A):6379"}`, "valkey", edit{}},
		{`{name: A, value: val}, {name: B, value: $(A)key}, {name: HOST, value: $(B)}`, "valkey", edit{}},
		{`{name: URL, value: "redis://$(A):6379"}, {name: A, value: valkey}`, "", edit{}},
		{`{name: A, value: valkey}, {name: HOST, value: $$(A)}`, "", edit{}},
		{`{name: A, valueFrom: {fieldRef: {fieldPath: status.hostIP}}}, {name: HOST, value: $(A)}`, "", edit{}},
		{`{name: HOST, value: valkey}, {name: URL, value: "redis://valkey:6379"}`, "valkey", edit{}},
		{`{name: HOST, value: worker}`, "", edit{}},
		{`{name: A, valueFrom: {fieldRef: {fieldPath: status.hostIP}}}, {name: HOST, value: $(A)valkey}`, "", edit{}},
		{`{name: HOST, value: $(A)valkey}`, "", edit{}},
		{`{name: HOST, value: mail}`, "", edit{new: "apiVersion: v1\nkind: Service\nmetadata: {name: mail, namespace: shop}\nspec: {ports: [{port: 6379}]}\n"}},
	} {
		t.Run(test.env, func(t *testing.T) {
			env := strings.ReplaceAll(test.env, "}, {name", "}\n            - {name")
			objects := system.edit(t, test.service, edit{"Deployment shop/worker", `{name: VALKEY_HOST, value: "valkey"}`, env}).objects()
			var hosts []string
			for _, p := range manifest.Check(objects, manifest.Options{}) {
				if strings.Contains(p.Text, "out to those of Deployment shop/valkey") {
					hosts = append(hosts, p.Value)
				}
			}
			if want := []string{test.host}; test.host == "" && len(hosts) > 0 || test.host != "" && !slices.Equal(hosts, want) {
				t.Errorf("connects to %q, want %q", hosts, test.host)
			}
		})
	}
}

// TestVariablesThatConnectToPorts follows them through the Service to the pods.
func TestVariablesThatConnectToPorts(t *testing.T) {
	const all = "ports: [{name: http, port: 80, targetPort: http}, {name: metrics, port: 9000, targetPort: 9000}]"
	system := readFile(t, isolatedFile)
	for name, test := range map[string]struct{ port, service, pods, want string }{
		"all":                         {"", all, "", "port 8000 or 9000"},
		"the first":                   {"80", all, "", "port 8000"},
		"the second":                  {"9000", all, "", "port 9000"},
		"the second, by name":         {"80", "ports: [{port: 80, targetPort: metrics}]", "", "port 9000"},
		"the same on both sides":      {"8000", "ports: [{port: 8000}]", "", "port 8000"},
		"a second one without name":   {"9000", all, "ports: [{containerPort: 8000}, {containerPort: 9000}]", "port 9000"},
		"a second one, by protocol":   {"80", "ports: [{port: 80, targetPort: http}]", "ports: [{containerPort: 8080, name: http, protocol: UDP}, {containerPort: 8000, name: http, protocol: TCP}]", "port 8000"},
		"one of the Service by UDP":   {"80", "ports: [{port: 80, targetPort: 8000, protocol: UDP}]", "ports: [{containerPort: 8000, protocol: TCP}]", ""},
		"one that the Service hasn't": {"8000", all, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			env := `{name: HOST, value: web}` + "\n            - {name: PORT, value: \"" + test.port + "\"}"
			edits := []edit{{"Deployment shop/worker", `{name: VALKEY_HOST, value: "valkey"}`, env}, {"Service shop/web", all, test.service}}
			if test.pods != "" {
				edits = append(edits, edit{"Deployment shop/web", "ports: [{containerPort: 8000, name: http}, {containerPort: 9000, name: metrics}]", test.pods})
			}
			const text = "no NetworkPolicy lets these pods out to those of Deployment shop/web, "
			got := ""
			for _, p := range manifest.Check(system.edit(t, edits...).objects(), manifest.Options{}) {
				if port, ok := strings.CutPrefix(p.Text, text); ok {
					got += port
				}
			}
			if got != test.want {
				t.Errorf("connects to %q, want %q", got, test.want)
			}
		})
	}
}

// TestBlocksThatMayHoldPods: the worker may connect to a block of addresses, and
// where pods may be among them, to pods.
func TestBlocksThatMayHoldPods(t *testing.T) {
	const peer = "podSelector: {matchLabels: {app: valkey}}"
	system := readFile(t, isolatedFile)
	for block, may := range map[string]bool{
		"{cidr: 0.0.0.0/0}":                            true,
		"{cidr: 10.0.0.0/8}":                           true,
		"{cidr: 10.42.0.0/16}":                         true,
		"{cidr: 172.20.0.0/16}":                        true,
		"{cidr: 192.168.0.0/16}":                       true,
		"{cidr: 100.96.0.0/11}":                        true,
		"{cidr: 'fd00::/8'}":                           true,
		"{cidr: 'fd00::/8', except: [10.0.0.0/8]}":     true,
		"{cidr: 10.0.0.0/8, except: [10.1.0.0/16]}":    true,
		"{cidr: 10.0.0.0/8, except: [a]}":              true,
		"{cidr: 10.0.0.0/8, except: [192.168.0.0/16]}": true,
		"{cidr: 0.0.0.0/0, except: [10.0.0.0/8]}":      true,
		"{cidr: 0.0.0.0/0, except: [10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 100.64.0.0/10]}": false,
		"{cidr: 10.42.0.0/16, except: [10.0.0.0/8]}":                                            false,
		"{cidr: 10.0.0.0/8, except: [0.0.0.0/0]}":                                               false,
		"{cidr: 203.0.113.0/24}":                                                                false,
		"{cidr: '2001:db8::/32'}":                                                               false,
		"{cidr: a}":                                                                             false,
	} {
		t.Run(block, func(t *testing.T) {
			objects := system.edit(t, edit{"NetworkPolicy shop/worker", peer, "ipBlock: " + block}).objects()
			var want []problem
			if !may {
				want = []problem{{"Deployment shop/worker", "isolation", "spec.template.spec.containers[0].env[VALKEY_HOST]", "valkey", "no NetworkPolicy lets these pods out"}}
			}
			expect(t, manifest.Check(objects, manifest.Options{Tracked: true}), want)
		})
	}
}
