package manifest_test

import (
	"slices"
	"strings"
	"testing"

	"example.com/django-cdk8s/manifest"
)

const nowhere = " of that name is in these manifests or declared external"

// Objects that are about Services of the namespace mail.
const (
	otherRoute = `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: mail, namespace: django-app}
spec: {rules: [{backendRefs: [{name: web, namespace: mail, port: 80}]}]}
`
	otherMonitor = `apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata: {name: web, namespace: monitoring}
spec: {namespaceSelector: {matchNames: NAMES}, selector: {matchLabels: {app: web}}, endpoints: [{port: http}]}
`
	otherService = `apiVersion: v1
kind: Service
metadata: {name: smtp, namespace: mail}
spec: {type: ExternalName, externalName: smtp.example.com, ports: [{name: smtp, port: 25}]}
`
)

// namingPod is a pod in the namespace files with some variables.
func namingPod(name, env string) string {
	return "apiVersion: v1\nkind: Pod\nmetadata: {name: " + name + ", namespace: files}\n" +
		"spec: {containers: [{name: c, image: 'a:1', env: [" + env + "], resources: {limits: {cpu: 1, memory: 1Mi}, requests: {cpu: 1, memory: 1Mi}}}]}\n"
}

// generatedSecret is one whose other keys the cluster makes.
const generatedSecret = `apiVersion: v1
kind: Secret
metadata: {name: made, namespace: files, annotations: {django-cdk8s.example.com/generated-keys: "A, B"}}
stringData: {USER: shop}
`

// mistakesInReferences break the rule references.
func mistakesInReferences() []mutation {
	const (
		django  = "Deployment django-app/django"
		ingress = "Ingress django-app/django"
		route   = "HTTPRoute django-app/django"
		monitor = "ServiceMonitor django-app/django"
		pod     = "spec.template.spec"
		secret  = "is not a key of Secret django-env-secret, which holds POSTGRES_DB, POSTGRES_PASSWORD, POSTGRES_USER, SECRET_KEY"
		config  = "is not a key of ConfigMap django-settings, which holds DJANGO_SETTINGS_MODULE, logging.json"
	)
	return []mutation{
		{
			name: "a variable from a missing Secret",
			edit: edit{"Deployment django-app/postgres", "name: django-env-secret", "name: postgres"},
			want: []problem{{"Deployment django-app/postgres", "references", pod + ".containers[0].env[POSTGRES_PASSWORD].valueFrom.secretKeyRef.name", "postgres", "no Secret" + nowhere}},
		},
		{
			name: "a variable from a missing key of a Secret",
			edit: edit{django, "key: SECRET_KEY", "key: DJANGO_SECRET_KEY"},
			want: []problem{{django, "references", pod + ".containers[0].env[SECRET_KEY].valueFrom.secretKeyRef.key", "DJANGO_SECRET_KEY", secret}},
		},
		{
			name: "a variable from a missing ConfigMap",
			edit: edit{django, "key: DJANGO_SETTINGS_MODULE\n                  name: django-settings", "key: DJANGO_SETTINGS_MODULE\n                  name: settings"},
			want: []problem{{django, "references", pod + ".containers[0].env[DJANGO_SETTINGS_MODULE].valueFrom.configMapKeyRef.name", "settings", "no ConfigMap" + nowhere}},
		},
		{
			name: "a variable from a missing key of a ConfigMap",
			edit: edit{django, "key: DJANGO_SETTINGS_MODULE\n                  name: django-settings", "key: SETTINGS\n                  name: django-settings"},
			want: []problem{{django, "references", pod + ".containers[0].env[DJANGO_SETTINGS_MODULE].valueFrom.configMapKeyRef.key", "SETTINGS", config}},
		},
		{
			name: "all variables of a missing Secret",
			edit: edit{django, "secretRef:\n                name: django-env-secret", "secretRef:\n                name: django-env"},
			want: []problem{{django, "references", pod + ".containers[0].envFrom[0].secretRef.name", "django-env", "no Secret" + nowhere}},
		},
		{
			name: "all variables of a missing ConfigMap",
			edit: edit{django, "configMapRef:\n                name: django-settings", "configMapRef:\n                name: settings"},
			want: []problem{{django, "references", pod + ".containers[0].envFrom[1].configMapRef.name", "settings", "no ConfigMap" + nowhere}},
		},
		{
			name: "an init container's variables of a missing Secret",
			edit: edit{django, "name: wait-for-migrations\n", "name: wait-for-migrations\n          envFrom: [{secretRef: {name: django-env}}]\n"},
			want: []problem{{django, "references", pod + ".initContainers[0].envFrom[0].secretRef.name", "django-env", "no Secret" + nowhere}},
		},
		{
			name: "a volume of a missing Secret",
			edit: edit{django, "secretName: django-env-secret", "secretName: credentials"},
			want: []problem{{django, "references", pod + ".volumes[1].secret.secretName", "credentials", "no Secret" + nowhere}},
		},
		{
			name: "a volume with a missing key of a Secret",
			edit: edit{django, "key: POSTGRES_USER", "key: PGUSER"},
			want: []problem{{django, "references", pod + ".volumes[1].secret.items[0].key", "PGUSER", secret}},
		},
		{
			name: "a volume with two missing keys of a Secret",
			edit: edit{django, "- key: POSTGRES_USER", "- {key: PGDATABASE, path: db}\n              - key: PGUSER"},
			want: []problem{
				{django, "references", pod + ".volumes[1].secret.items[0].key", "PGDATABASE", secret},
				{django, "references", pod + ".volumes[1].secret.items[1].key", "PGUSER", secret},
			},
		},
		{
			name: "a volume of a missing ConfigMap",
			edit: edit{django, "name: django-settings\n          name: settings", "name: files\n          name: settings"},
			want: []problem{{django, "references", pod + ".volumes[2].configMap.name", "files", "no ConfigMap" + nowhere}},
		},
		{
			name: "a volume with a missing key of a ConfigMap",
			edit: edit{django, "key: logging.json", "key: logging.yaml"},
			want: []problem{{django, "references", pod + ".volumes[2].configMap.items[0].key", "logging.yaml", config}},
		},
		{
			name: "a projected volume of a missing Secret",
			edit: edit{django, "path: db\n                  name: django-env-secret", "path: db\n                  name: credentials"},
			want: []problem{{django, "references", pod + ".volumes[3].projected.sources[0].secret.name", "credentials", "no Secret" + nowhere}},
		},
		{
			name: "a projected volume with a missing key of a Secret",
			edit: edit{django, "key: POSTGRES_DB", "key: PGDATABASE"},
			want: []problem{{django, "references", pod + ".volumes[3].projected.sources[0].secret.items[0].key", "PGDATABASE", secret}},
		},
		{
			name: "a projected volume of a missing ConfigMap",
			edit: edit{django, "path: module\n                  name: django-settings", "path: module\n                  name: settings"},
			want: []problem{{django, "references", pod + ".volumes[3].projected.sources[1].configMap.name", "settings", "no ConfigMap" + nowhere}},
		},
		{
			name: "a projected volume with a missing key of a ConfigMap",
			edit: edit{django, "- key: DJANGO_SETTINGS_MODULE", "- key: SETTINGS"},
			want: []problem{{django, "references", pod + ".volumes[3].projected.sources[1].configMap.items[0].key", "SETTINGS", config}},
		},
		{
			name: "a missing claim",
			edit: edit{"Deployment django-app/postgres", "claimName: postgres-pvc", "claimName: postgres"},
			want: []problem{{"Deployment django-app/postgres", "references", pod + ".volumes[0].persistentVolumeClaim.claimName", "postgres", "no PersistentVolumeClaim" + nowhere}},
		},
		{
			name: "a claim in another namespace",
			edit: edit{"PersistentVolumeClaim django-app/postgres-pvc", "namespace: django-app", "namespace: node-logging"},
			want: []problem{{"Deployment django-app/postgres", "references", pod + ".volumes[0].persistentVolumeClaim.claimName", "postgres-pvc", "no PersistentVolumeClaim" + nowhere}},
		},
		{
			name: "a missing ServiceAccount",
			edit: edit{"Job django-app/migrate", "serviceAccountName: migrate", "serviceAccountName: migrations"},
			want: []problem{{"Job django-app/migrate", "references", pod + ".serviceAccountName", "migrations", "no ServiceAccount" + nowhere}},
		},
		{
			name: "a missing Secret to pull images with",
			edit: edit{django, "- name: registry", "- name: registry\n        - name: mirror"},
			want: []problem{{django, "references", pod + ".imagePullSecrets[1].name", "mirror", "no Secret" + nowhere}},
		},
		{
			name: "a binding to a missing Role",
			edit: edit{"RoleBinding django-app/migrate-reads-pods", "name: read-pods", "name: read-jobs"},
			want: []problem{{"RoleBinding django-app/migrate-reads-pods", "references", "roleRef.name", "read-jobs", "no Role" + nowhere}},
		},
		{
			name: "a Role in another namespace",
			edit: edit{"Role django-app/read-pods", "namespace: django-app", "namespace: node-logging"},
			want: []problem{{"RoleBinding django-app/migrate-reads-pods", "references", "roleRef.name", "read-pods", "no Role" + nowhere}},
		},
		{
			name: "a binding of a missing ServiceAccount",
			edit: edit{"RoleBinding django-app/migrate-reads-pods", "name: migrate\n", "name: migrations\n"},
			want: []problem{{"RoleBinding django-app/migrate-reads-pods", "references", "subjects[0].name", "migrations", "no ServiceAccount" + nowhere}},
		},
		{
			name: "a binding of a second, missing ServiceAccount, with its namespace",
			edit: edit{"RoleBinding django-app/migrate-reads-pods", "name: migrate\n", "name: migrate\n  - {kind: ServiceAccount, name: web, namespace: django-app}\n"},
			want: []problem{{"RoleBinding django-app/migrate-reads-pods", "references", "subjects[1].name", "web", "no ServiceAccount" + nowhere}},
		},
		{
			name: "an autoscaler of a missing Deployment",
			edit: edit{"HorizontalPodAutoscaler django-app/django", "kind: Deployment\n    name: django", "kind: Deployment\n    name: web"},
			want: []problem{{"HorizontalPodAutoscaler django-app/django", "references", "spec.scaleTargetRef.name", "web", "no Deployment" + nowhere}},
		},
		{
			name: "an autoscaler of another kind",
			edit: edit{"HorizontalPodAutoscaler django-app/django", "kind: Deployment", "kind: StatefulSet"},
			want: []problem{{"HorizontalPodAutoscaler django-app/django", "references", "spec.scaleTargetRef.name", "django", "no StatefulSet" + nowhere}},
		},
		{
			name: "an autoscaler in its first version",
			edit: edit{new: "apiVersion: autoscaling/v1\nkind: HorizontalPodAutoscaler\nmetadata: {name: valkey, namespace: django-app}\nspec: {maxReplicas: 2, scaleTargetRef: {apiVersion: apps/v1, kind: StatefulSet, name: redis}}\n"},
			want: []problem{{"HorizontalPodAutoscaler django-app/valkey", "references", "spec.scaleTargetRef.name", "redis", "no StatefulSet" + nowhere}},
		},
		{
			name: "an Ingress to a missing Service",
			edit: edit{ingress, "name: django\n                port", "name: web\n                port"},
			want: []problem{{ingress, "references", "spec.rules[0].http.paths[0].backend.service.name", "web", "no Service" + nowhere}},
		},
		{
			name: "an Ingress to a missing Service by default",
			edit: edit{ingress, "name: django\n      port", "name: web\n      port"},
			want: []problem{{ingress, "references", "spec.defaultBackend.service.name", "web", "no Service" + nowhere}},
		},
		{
			name: "an Ingress to a missing port by name",
			edit: edit{ingress, "name: http", "name: https"},
			want: []problem{{ingress, "references", "spec.rules[0].http.paths[0].backend.service.port", "https", "is not among the ports of Service django-app/django"}},
		},
		{
			name: "an Ingress to a missing port by number",
			edit: edit{ingress, "number: 80", "number: 8000"},
			want: []problem{{ingress, "references", "spec.defaultBackend.service.port", "8000", "is not among the ports of Service django-app/django"}},
		},
		{
			name: "an Ingress to a second path's missing port",
			edit: edit{ingress, "            pathType: Prefix\n", "            pathType: Prefix\n          - {path: /x, pathType: Exact, backend: {service: {name: postgres, port: {number: 80}}}}\n"},
			want: []problem{{ingress, "references", "spec.rules[0].http.paths[1].backend.service.port", "80", "is not among the ports of Service django-app/postgres"}},
		},
		{
			name: "an Ingress with a missing TLS Secret",
			edit: edit{ingress, "secretName: shop-tls", "secretName: tls"},
			want: []problem{{ingress, "references", "spec.tls[0].secretName", "tls", "no Secret" + nowhere}},
		},
		{
			name: "an HTTPRoute to a missing Service",
			edit: edit{route, "name: django\n          port", "name: web\n          port"},
			want: []problem{{route, "references", "spec.rules[0].backendRefs[0].name", "web", "no Service" + nowhere}},
		},
		{
			name: "an HTTPRoute to a missing Service, in full",
			edit: edit{route, "- name: django\n          port", "- group: \"\"\n          kind: Service\n          namespace: django-app\n          name: web\n          port"},
			want: []problem{{route, "references", "spec.rules[0].backendRefs[0].name", "web", "no Service" + nowhere}},
		},
		{
			name: "an HTTPRoute to a missing port",
			edit: edit{route, "port: 80", "port: 8000"},
			want: []problem{{route, "references", "spec.rules[0].backendRefs[0].port", "8000", "is not among the ports of Service django-app/django"}},
		},
		{
			name: "an HTTPRoute without port",
			edit: edit{route, "          port: 80\n", ""},
			want: []problem{{route, "references", "spec.rules[0].backendRefs[0].port", "0", "is not among the ports of Service django-app/django"}},
		},
		{
			name: "an HTTPRoute to a second rule's missing port",
			edit: edit{route, "          port: 80\n", "          port: 80\n    - matches: [{path: {value: /x}}]\n      backendRefs: [{name: django, port: 80}, {name: postgres, port: 80}]\n"},
			want: []problem{{route, "references", "spec.rules[1].backendRefs[1].port", "80", "is not among the ports of Service django-app/postgres"}},
		},
		{
			name: "an HTTPRoute to a missing Service of another namespace of these manifests",
			edit: edit{new: otherRoute + "---\n" + otherService},
			want: []problem{{"HTTPRoute django-app/mail", "references", "spec.rules[0].backendRefs[0].name", "web", "no Service" + nowhere}},
		},
		{
			name: "an HTTPRoute to a missing port of another namespace",
			edit: edit{new: strings.Replace(otherRoute, "name: web,", "name: smtp,", 1) + "---\n" + otherService},
			want: []problem{{"HTTPRoute django-app/mail", "references", "spec.rules[0].backendRefs[0].port", "80", "is not among the ports of Service mail/smtp"}},
		},
		{
			name: "an HTTPRoute to one missing Service twice, and to another of that name",
			edit: edit{new: strings.Replace(otherRoute, "backendRefs: [", "backendRefs: [{name: web, port: 80}, {name: web, port: 81}, ", 1) + "---\n" + otherService},
			want: []problem{
				{"HTTPRoute django-app/mail", "references", "spec.rules[0].backendRefs[0].name", "web", "no Service" + nowhere},
				{"HTTPRoute django-app/mail", "references", "spec.rules[0].backendRefs[2].name", "web", "no Service" + nowhere},
			},
		},
		{
			name: "a ServiceMonitor that selects nothing",
			edit: edit{monitor, "component: web", "component: worker"},
			want: []problem{{monitor, "references", "spec.selector", "app.kubernetes.io/component=worker", "selects no Service of these manifests in django-app"}},
		},
		{
			name: "a ServiceMonitor of other namespaces that selects nothing",
			edit: edit{new: strings.Replace(otherMonitor, "NAMES", "[django-app, mail]", 1) + "---\n" + otherService},
			want: []problem{{"ServiceMonitor monitoring/web", "references", "spec.selector", "app=web", "selects no Service of these manifests in django-app, mail"}},
		},
		{
			name: "a ServiceMonitor of a missing port",
			edit: edit{monitor, "port: http", "port: metrics"},
			want: []problem{{monitor, "references", "spec.endpoints[0].port", "metrics", "is not the name of a port of Service django-app/django"}},
		},
		{
			name: "a ServiceMonitor with a second, missing port",
			edit: edit{monitor, "      port: http\n  selector:\n    matchLabels:\n      app.kubernetes.io/component: web\n", "      port: http\n    - port: web\n  selector: {}\n"},
			want: []problem{{monitor, "references", "spec.endpoints[1].port", "web", "is not the name of a port of Service django-app/postgres, Service django-app/django, Service django-app/valkey"}},
		},
		{
			name: "a ServiceMonitor with an unknown operator",
			edit: edit{monitor, "    matchLabels:\n      app.kubernetes.io/component: web\n", "    matchExpressions:\n      - {key: app, operator: Equals}\n"},
			want: []problem{{monitor, "references", "spec.selector", "", `"Equals" is not a valid label selector operator`}},
		},
		{
			name: "a Service that a variable names and nobody makes",
			edit: edit{django, `value: "8000"`, "value: postgresql.django-app.svc.cluster.local"},
			want: []problem{{django, "references", pod + ".containers[0].env[PORT]", "postgresql.django-app.svc.cluster.local", "no Service" + nowhere}},
		},
		{
			name: "a Service in the wrong namespace of these manifests",
			edit: edit{django, `value: "8000"`, "value: postgres.node-logging.svc"},
			want: []problem{{django, "references", pod + ".containers[0].env[PORT]", "postgres.node-logging.svc", "no Service" + nowhere}},
		},
		{
			name: "a pod of a headless Service that nobody makes",
			edit: edit{django, `value: "8000"`, "value: valkey-0.redis.django-app.svc"},
			want: []problem{{django, "references", pod + ".containers[0].env[PORT]", "valkey-0.redis.django-app.svc", "no Service" + nowhere}},
		},
		{
			name: "a Service of a cluster with a domain of its own, in a URL",
			edit: edit{django, `value: "8000"`, "value: http://web.django-app.svc.shop.internal/x"},
			want: []problem{{django, "references", pod + ".containers[0].env[PORT]", "web.django-app.svc.shop.internal", "no Service" + nowhere}},
		},
		{
			name: "a missing Service that several pods name",
			edit: edit{new: namingPod("a", "{name: A_HOST, value: web.files.svc}") + "---\n" + namingPod("b", "{name: B_HOST, value: web.files.svc.}, {name: C, value: 'http://web.files.svc:80'}")},
			want: []problem{{"Pod files/a", "references", "spec.containers[0].env[A_HOST]", "web.files.svc", "no Service" + nowhere + "; Pod files/b refers to it, too"}},
		},
		{
			name: "a port that the named Service does not have",
			edit: edit{new: namingPod("a", "{name: DATABASE_HOST, value: postgres.django-app.svc}, {name: DATABASE_PORT, value: '5433'}") + "---\n" + namingPod("b", "{name: URL, value: 'postgres://postgres.django-app.svc:5433/x'}")},
			want: []problem{{"Pod files/a", "references", "spec.containers[0].env[DATABASE_HOST]", "postgres.django-app.svc:5433", "is not among the ports of Service django-app/postgres; Pod files/b refers to it, too"}},
		},
		{
			name: "a namespace that nobody makes",
			edit: edit{new: "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: djagno-app}\n---\n" + strings.Replace(namingPod("b", "{name: A, valueFrom: {secretKeyRef: {name: gone, key: a}}}"), "files", "djagno-app", 1)},
			want: []problem{{"ConfigMap djagno-app/a", "references", "metadata.namespace", "djagno-app", "no Namespace" + nowhere + "; 2 objects name it"}},
		},
		{
			name: "a key besides the generated ones",
			edit: edit{new: generatedSecret + "---\n" + namingPod("a", "{name: A, valueFrom: {secretKeyRef: {name: made, key: A}}}, {name: C, valueFrom: {secretKeyRef: {name: made, key: C}}}")},
			want: []problem{{"Pod files/a", "references", "spec.containers[0].env[C].valueFrom.secretKeyRef.key", "C", "is not a key of Secret made, which holds A, B, USER"}},
		},
		{
			name: "one missing key of several variables and pods",
			edit: edit{new: generatedSecret + "---\n" + namingPod("a", "{name: C, valueFrom: {secretKeyRef: {name: made, key: C}}}, {name: D, valueFrom: {secretKeyRef: {name: made, key: C}}}") + "---\n" + namingPod("b", "{name: C, valueFrom: {secretKeyRef: {name: made, key: C}}}")},
			want: []problem{{"Pod files/a", "references", "spec.containers[0].env[C].valueFrom.secretKeyRef.key", "C", "is not a key of Secret made, which holds A, B, USER; Pod files/b refers to it, too"}},
		},
		{
			name:    "a missing key of a Secret that is declared twice",
			edit:    edit{new: generatedSecret + "---\n" + namingPod("a", "{name: C, valueFrom: {secretKeyRef: {name: made, key: C}}}")},
			options: also(manifest.External{Kind: "Secret", Name: "made", Keys: []string{"A", "D"}}),
			want:    []problem{{"Pod files/a", "references", "spec.containers[0].env[C].valueFrom.secretKeyRef.key", "C", "is not a key of Secret made, which holds A, B, D, USER"}},
		},
		{
			name:    "no external keys",
			options: external("Secret", "django-env-secret", nil),
			want: []problem{
				{"Deployment django-app/postgres", "references", pod + ".containers[0].env[POSTGRES_PASSWORD].valueFrom.secretKeyRef.key", "POSTGRES_PASSWORD", "is not a key of Secret django-env-secret, which holds POSTGRES_DB, POSTGRES_USER"},
				{django, "references", pod + ".containers[0].env[SECRET_KEY].valueFrom.secretKeyRef.key", "SECRET_KEY", "is not a key of Secret django-env-secret, which holds POSTGRES_DB, POSTGRES_USER"},
			},
		},
		{
			name:    "an external Secret without keys opens no Secret that is at hand",
			options: external("Secret", "django-env-secret", &manifest.External{Kind: "Secret", Name: "django-env-secret"}),
			want: []problem{
				{"Deployment django-app/postgres", "references", pod + ".containers[0].env[POSTGRES_PASSWORD].valueFrom.secretKeyRef.key", "POSTGRES_PASSWORD", "is not a key of Secret django-env-secret"},
				{django, "references", pod + ".containers[0].env[SECRET_KEY].valueFrom.secretKeyRef.key", "SECRET_KEY", "is not a key of Secret django-env-secret"},
			},
		},
		{
			name:    "no external Secret to pull images with",
			options: external("Secret", "registry", nil),
			want:    []problem{{django, "references", pod + ".imagePullSecrets[0].name", "registry", "no Secret" + nowhere}},
		},
		{
			name:    "an external Secret in another namespace",
			options: external("Secret", "registry", &manifest.External{Kind: "Secret", Name: "registry", Namespace: "node-logging"}),
			want:    []problem{{django, "references", pod + ".imagePullSecrets[0].name", "registry", "no Secret" + nowhere}},
		},
		{
			name:    "an external object of another kind",
			options: external("Secret", "registry", &manifest.External{Kind: "ConfigMap", Name: "registry"}),
			want:    []problem{{django, "references", pod + ".imagePullSecrets[0].name", "registry", "no Secret" + nowhere}},
		},
		{
			name:    "no external TLS Secret",
			options: external("Secret", "shop-tls", nil),
			want:    []problem{{ingress, "references", "spec.tls[0].secretName", "shop-tls", "no Secret" + nowhere}},
		},
		{
			name:    "no external claim",
			options: external("PersistentVolumeClaim", "backups", nil),
			want:    []problem{{"CronJob django-app/backup", "references", "spec.jobTemplate.spec.template.spec.volumes[0].persistentVolumeClaim.claimName", "backups", "no PersistentVolumeClaim" + nowhere}},
		},
		{
			name:    "an external Secret with other keys",
			edit:    edit{"Job django-app/migrate", "          name: migrate\n", "          name: migrate\n          env: [{name: A, valueFrom: {secretKeyRef: {name: outside, key: a}}}]\n"},
			options: also(manifest.External{Kind: "Secret", Name: "outside", Keys: []string{"c", "b"}}),
			want:    []problem{{"Job django-app/migrate", "references", pod + ".containers[0].env[A].valueFrom.secretKeyRef.key", "a", "is not a key of Secret outside, which holds b, c"}},
		},
	}
}

func harmlessReferences() []mutation {
	const (
		django  = "Deployment django-app/django"
		ingress = "Ingress django-app/django"
		route   = "HTTPRoute django-app/django"
		monitor = "ServiceMonitor django-app/django"
		binding = "RoleBinding django-app/migrate-reads-pods"
	)
	outside := edit{"Job django-app/migrate", "          name: migrate\n", "          name: migrate\n          env: [{name: A, valueFrom: {secretKeyRef: {name: outside, key: a}}}]\n"}
	return []mutation{
		{name: "an optional variable from a missing key of a Secret", edit: edit{django, "key: SECRET_KEY", "key: SENTRY_DSN\n                  optional: true"}},
		{name: "an optional variable from a missing ConfigMap", edit: edit{django, "key: DJANGO_SETTINGS_MODULE\n                  name: django-settings", "key: A\n                  name: b\n                  optional: true"}},
		{name: "optional variables of a missing Secret", edit: edit{django, "secretRef:\n                name: django-env-secret", "secretRef:\n                name: a\n                optional: true"}},
		{name: "optional variables of a missing ConfigMap", edit: edit{django, "configMapRef:\n                name: django-settings", "configMapRef:\n                name: a\n                optional: true"}},
		{name: "an optional volume of a missing Secret", edit: edit{django, "secretName: django-env-secret", "secretName: a\n            optional: true"}},
		{name: "an optional volume of a missing ConfigMap", edit: edit{django, "name: django-settings\n          name: settings", "name: a\n            optional: true\n          name: settings"}},
		{name: "an optional projected volume of a missing Secret", edit: edit{django, "path: db\n                  name: django-env-secret", "path: db\n                  name: a\n                  optional: true"}},
		{name: "the certificate of the API server", edit: edit{django, "items:\n                    - key: DJANGO_SETTINGS_MODULE\n                      path: module\n                  name: django-settings", "name: kube-root-ca.crt"}},
		{name: "an optional projected volume of a missing ConfigMap", edit: edit{django, "path: module\n                  name: django-settings", "path: module\n                  name: a\n                  optional: true"}},
		{
			name:    "a key of an external Secret of any keys",
			edit:    outside,
			options: also(manifest.External{Kind: "Secret", Name: "outside"}),
		},
		{
			name:    "a key of an external Secret with that key",
			edit:    outside,
			options: also(manifest.External{Kind: "Secret", Name: "outside", Namespace: "django-app", Keys: []string{"a"}}),
		},
		{
			name: "an external Secret declared with other keys, then with any",
			edit: outside,
			options: also(
				manifest.External{Kind: "Secret", Name: "outside", Keys: []string{"b"}},
				manifest.External{Kind: "Secret", Name: "outside"},
			),
		},
		{
			name: "an external Secret declared with any keys, then with others",
			edit: outside,
			options: also(
				manifest.External{Kind: "Secret", Name: "outside"},
				manifest.External{Kind: "Secret", Name: "outside", Keys: []string{"b"}},
			),
		},
		{
			name: "a key of binary data",
			edit: edit{"ConfigMap django-app/django-settings", "  logging.json: '{\"version\": 1}'\n", "binaryData:\n  logging.json: e30=\n"},
		},
		{name: "keys that the cluster generates", edit: edit{new: generatedSecret + "---\n" + namingPod("a", "{name: B, valueFrom: {secretKeyRef: {name: made, key: B}}}, {name: U, valueFrom: {secretKeyRef: {name: made, key: USER}}}")}},
		{name: "a Service that a variable names", edit: edit{django, `value: "8000"`, "value: 'postgres://u@postgres.django-app.svc.shop.internal:5432/x'"}},
		{name: "a Service of a namespace with nothing in it here", edit: edit{django, `value: "8000"`, "value: smtp.mail.svc.cluster.local"}},
		{name: "a Service that is declared external", edit: edit{django, `value: "8000"`, "value: smtp.django-app.svc:25"}, options: also(manifest.External{Kind: "Service", Name: "smtp"})},
		{name: "a Service that an operator makes", edit: edit{new: custom("files") + "---\n" + namingPod("a", "{name: HOST, value: orders-rw.files.svc}, {name: URL, value: 'x://orders.files.svc:1/a'}")}},
		{name: "any port of a headless Service", edit: edit{django, `value: "8000"`, "value: valkey.django-app.svc:26379"}},
		{name: "any port of an alias", edit: edit{new: otherService + "---\n" + namingPod("a", "{name: HOST, value: 'smtp.mail.svc:587'}")}},
		{name: "a host outside the cluster", edit: edit{django, `value: "8000"`, "value: db.django-app.svcs.example.com"}},
		{name: "one of the pods of a headless Service", edit: edit{django, `value: "8000"`, "value: valkey-0.valkey.django-app.svc"}},
		{name: "the hosts by which others come", edit: edit{django, "- name: PORT\n              value: \"8000\"", "- {name: ALLOWED_HOSTS, value: web.django-app.svc}\n            - {name: CSRF_TRUSTED_ORIGINS, value: 'https://web.django-app.svc'}"}},
		{name: "several hosts at once", edit: edit{django, `value: "8000"`, "value: a.django-app.svc,b.django-app.svc"}},
		{name: "the API server", edit: edit{new: "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: default}\n---\n" + namingPod("a", "{name: API, value: 'https://kubernetes.default.svc'}")}},
		{name: "a namespace of every cluster", edit: edit{new: "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: kube-system}\n"}},
		{name: "a namespace that is declared external", edit: edit{new: "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: shared}\n"}, options: also(manifest.External{Kind: "Namespace", Name: "shared"})},
		{name: "the ServiceAccount of every namespace", edit: edit{"Job django-app/migrate", "serviceAccountName: migrate", "serviceAccountName: default"}},
		{name: "a binding to a ClusterRole", edit: edit{binding, "kind: Role\n  name: read-pods", "kind: ClusterRole\n  name: view"}},
		{name: "a binding of a ServiceAccount in another namespace", edit: edit{binding, "name: migrate\n", "name: prometheus\n    namespace: monitoring\n"}},
		{name: "a binding of a group", edit: edit{binding, "- kind: ServiceAccount\n    name: migrate\n", "- apiGroup: rbac.authorization.k8s.io\n    kind: Group\n    name: developers\n"}},
		{
			name:    "a port of an external Service",
			edit:    edit{ingress, "name: django\n                port", "name: outside\n                port"},
			options: also(manifest.External{Kind: "Service", Name: "outside"}),
		},
		{
			name: "a Service of the same name in another namespace, ahead of the Ingress's own",
			edit: edit{"Service django-app/django", "apiVersion: v1\n", "apiVersion: v1\nkind: Service\nmetadata: {name: django, namespace: node-logging}\nspec: {type: ExternalName, externalName: shop.example.com}\n---\napiVersion: v1\n"},
		},
		{name: "an Ingress to something else than a Service", edit: edit{ingress, "service:\n      name: django\n      port:\n        number: 80", "resource: {apiGroup: example.com, kind: Bucket, name: static}"}},
		{name: "an Ingress rule without paths", edit: edit{ingress, "    - host: shop.example.com\n      http:", "    - host: www.example.com\n    - host: shop.example.com\n      http:"}},
		{name: "a TLS Secret of the Ingress controller", edit: edit{ingress, "      secretName: shop-tls\n", ""}},
		{name: "a TLS Secret that cert-manager's Issuer makes", edit: edit{ingress, "metadata:\n", "metadata:\n  annotations: {cert-manager.io/issuer: acme}\n"}, options: external("Secret", "shop-tls", nil)},
		{name: "a TLS Secret that cert-manager's ClusterIssuer makes", edit: edit{ingress, "metadata:\n", "metadata:\n  annotations: {cert-manager.io/cluster-issuer: acme}\n"}, options: external("Secret", "shop-tls", nil)},
		{name: "an HTTPRoute to something else than a Service", edit: edit{route, "- name: django\n", "- group: example.com\n          kind: Bucket\n          name: static\n"}},
		{name: "an HTTPRoute to another kind of the core group", edit: edit{route, "- name: django\n", "- kind: ServiceImport\n          name: static\n"}},
		{name: "an HTTPRoute to a Service of another group", edit: edit{route, "- name: django\n", "- group: serving.knative.dev\n          kind: Service\n          name: static\n"}},
		{name: "an HTTPRoute that only redirects", edit: edit{route, "- backendRefs:\n        - name: django\n          port: 80\n", "- filters: [{type: RequestRedirect, requestRedirect: {scheme: https}}]\n"}},
		{name: "an HTTPRoute to a namespace that is made elsewhere", edit: edit{new: otherRoute}},
		{
			name:    "an HTTPRoute to an external Service of another namespace",
			edit:    edit{new: otherRoute + "---\n" + otherService},
			options: also(manifest.External{Kind: "Service", Name: "web", Namespace: "mail"}),
		},
		{name: "an HTTPRoute to a port of another namespace", edit: edit{new: strings.NewReplacer("name: web,", "name: smtp,", "port: 80", "port: 25").Replace(otherRoute) + "---\n" + otherService}},
		{name: "an HTTPRoute of a version to come", edit: edit{route, "networking.k8s.io/v1\n", "networking.k8s.io/v2\n"}},
		{name: "a ServiceMonitor of every namespace", edit: edit{new: strings.Replace(otherMonitor, "{matchNames: NAMES}", "{any: true}", 1) + "---\n" + strings.Replace(otherService, "namespace: mail", "namespace: monitoring", 1)}},
		{name: "a ServiceMonitor of a namespace that is made elsewhere", edit: edit{new: strings.Replace(otherMonitor, "NAMES", "[elsewhere]", 1)}},
		{name: "a ServiceMonitor of namespaces that are made here and elsewhere", edit: edit{new: strings.Replace(otherMonitor, "NAMES", "[django-app, elsewhere]", 1)}},
		{name: "a ServiceMonitor of a namespace without Services", edit: edit{monitor, "namespace: django-app", "namespace: node-logging"}},
		{name: "a ServiceMonitor of a port by number", edit: edit{monitor, "port: http", "targetPort: 8000"}},
		{name: "a ServiceMonitor of another namespace", edit: edit{new: strings.NewReplacer("NAMES", "[django-app]", "app: web", "app.kubernetes.io/component: web").Replace(otherMonitor)}},
		{name: "a PriorityClass, which the cluster's administrators make", edit: edit{django, "      containers:\n", "      priorityClassName: business-critical\n      containers:\n"}},
		{
			name: "an autoscaler of a custom resource",
			edit: edit{new: `apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: web, namespace: django-app}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web, namespace: django-app}
spec: {maxReplicas: 2, scaleTargetRef: {apiVersion: argoproj.io/v1alpha1, kind: Rollout, name: web}}
`},
		},
	}
}

// external replaces the external object of kind and name by another one, or by
// none.
func external(kind, name string, by *manifest.External) func(o *manifest.Options) {
	return func(o *manifest.Options) {
		o.External = slices.DeleteFunc(o.External, func(e manifest.External) bool { return e.Kind == kind && e.Name == name })
		if by != nil {
			o.External = append(o.External, *by)
		}
	}
}

func also(objects ...manifest.External) func(o *manifest.Options) {
	return func(o *manifest.Options) { o.External = append(o.External, objects...) }
}

func TestCheckAcceptsKeysInAnyField(t *testing.T) {
	objects := parse(t, `apiVersion: v1
kind: Secret
metadata: {name: s, namespace: web}
data: {a: YQ==}
stringData: {b: b}
---
apiVersion: v1
kind: Pod
metadata: {name: p, namespace: web}
spec:
  containers:
    - name: c
      image: i:1
      resources: {limits: {cpu: 1, memory: 1Mi}, requests: {cpu: 1, memory: 1Mi}}
  volumes:
    - name: v
      secret: {secretName: s, items: [{key: a, path: a}, {key: b, path: b}]}
`)
	expect(t, manifest.Check(objects, manifest.Options{}), nil)
}

// Kinds of other API groups may be called like built-in ones.
func TestACustomKindIsNoBuiltInOneOfTheSameName(t *testing.T) {
	const custom = `apiVersion: serving.knative.dev/v1
kind: Service
metadata: {name: shop, namespace: shop}
`
	const service = `apiVersion: v1
kind: Service
metadata: {name: shop, namespace: shop}
spec: {ports: [{port: 80}]}
`
	const ingress = `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop, namespace: shop}
spec: {defaultBackend: {service: {name: shop, port: {number: 80}}}}
`
	check := func(documents ...string) []manifest.Problem {
		objects, err := manifest.Parse("test", []byte(strings.Join(documents, "---\n")))
		if err != nil {
			t.Fatal(err)
		}
		return manifest.Check(objects, manifest.Options{})
	}
	if problems := check(custom, service, ingress); len(problems) > 0 {
		t.Errorf("both: %v", problems)
	}
	if problems := check(custom, ingress); len(problems) != 1 || problems[0].Rule != "references" {
		t.Errorf("the custom one alone: %v", problems)
	}
}

// TestMissingObjectsAreReportedOnce: one object serves all that refer to it.
func TestMissingObjectsAreReportedOnce(t *testing.T) {
	pod := func(name string) string {
		return "apiVersion: v1\nkind: Pod\nmetadata: {name: " + name + ", namespace: shop}\n" +
			"spec:\n  containers:\n    - {name: a, envFrom: [{configMapRef: {name: settings}}]}\n" +
			"  volumes:\n    - {name: settings, configMap: {name: settings}}\n"
	}
	objects, err := manifest.Parse("pods.yaml", []byte(pod("a")+"---\n"+pod("b")+"---\n"+pod("c")))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range manifest.Check(objects, manifest.Options{}) {
		if p.Rule == "references" {
			got = append(got, p.Error())
		}
	}
	const want = `pods.yaml: Pod shop/a: spec.volumes[0].configMap.name: "settings": no ConfigMap of that name is in these manifests ` +
		`or declared external; Pod shop/b refers to it, too; Pod shop/c refers to it, too (references)`
	if len(got) != 1 || got[0] != want {
		t.Errorf("Check() =\n%s\nwant\n%s", strings.Join(got, "\n"), want)
	}
}

// TestManifestsWithoutNamespacesGoIntoOneThatIsThere: importing apps often put
// their objects into a namespace that the cluster's administrators made.
func TestManifestsWithoutNamespacesGoIntoOneThatIsThere(t *testing.T) {
	objects := parse(t, namingPod("a", "{name: A, value: a}"))
	expect(t, manifest.Check(objects, manifest.Options{}), nil)
}
