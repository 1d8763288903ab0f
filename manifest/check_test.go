package manifest_test

import (
	"fmt"
	"strings"
	"testing"

	"example.com/django-cdk8s/manifest"
)

// jobInit is an init container of a Job, which asks for more than it may have.
const jobInit = `      initContainers:
        - name: wait
          image: docker.io/example/django-app:1.0.0
          resources: {limits: {cpu: 1, memory: 32Mi}, requests: {cpu: 1, memory: 64Mi}}
          securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
`

// lone is a pod that nobody selects, and loneJob a Job that plays the part of the
// web server.
const (
	lone = `apiVersion: v1
kind: Pod
metadata: {name: lone, namespace: django-app, labels: {app: lone}}
spec:
  securityContext: {runAsNonRoot: true, runAsUser: 1000, seccompProfile: {type: RuntimeDefault}}
  containers:
    - name: lone
      image: example/lone:1
      resources: {limits: {cpu: 1, memory: 32Mi}, requests: {cpu: 1, memory: 32Mi}}
      securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
`
	loneJob = `apiVersion: batch/v1
kind: Job
metadata: {name: lone, namespace: django-app}
spec:
  template:
    metadata: {labels: {app.kubernetes.io/component: web}}
    spec:
      restartPolicy: Never
      securityContext: {runAsNonRoot: true, runAsUser: 1000, seccompProfile: {type: RuntimeDefault}}
      containers:
        - name: lone
          image: example/lone:1
          resources: {limits: {cpu: 1, memory: 32Mi}, requests: {cpu: 1, memory: 32Mi}}
          securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
`
)

// tokenPath is where pods find the token of their ServiceAccount.
const tokenPath = "/var/run/secrets/kubernetes.io/serviceaccount"

// mistakesInObjects break the rules unique, selectors, ports, resources and
// volumes.
func mistakesInObjects() []mutation {
	const (
		django       = "Deployment django-app/django"
		postgres     = "Deployment django-app/postgres"
		djangoLabels = "app: django\n        app.kubernetes.io/component: web"
		requests     = "            requests:\n              cpu: 500m\n              memory: 512Mi\n"
	)
	return []mutation{
		{
			name: "two objects of one kind, namespace and name",
			edit: edit{new: "apiVersion: v1\nkind: Secret\nmetadata:\n  name: django-env-secret\n  namespace: django-app\n"},
			want: []problem{{"Secret django-app/django-env-secret", "unique", "metadata.name", "django-env-secret", "Secret django-app/django-env-secret is also made by system.yaml: Secret django-app/django-env-secret; give one of them another name"}},
		},
		{
			name: "two pairs of objects of one kind, namespace and name",
			edit: edit{new: strings.Repeat("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: mail}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: b, namespace: mail}\n---\n", 2)},
			want: []problem{
				{"ConfigMap mail/a", "unique", "metadata.name", "a", "is also made by system.yaml: ConfigMap mail/a"},
				{"ConfigMap mail/b", "unique", "metadata.name", "b", "is also made by system.yaml: ConfigMap mail/b"},
			},
		},
		{
			name: "two cluster-wide objects of one kind and name",
			edit: edit{new: "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: node-logging\n"},
			want: []problem{{"Namespace node-logging", "unique", "metadata.name", "node-logging", "Namespace node-logging is also made by"}},
		},
		{
			name: "two custom resources of one kind, namespace and name",
			edit: edit{new: "apiVersion: monitoring.coreos.com/v1\nkind: ServiceMonitor\nmetadata:\n  name: django\n  namespace: django-app\n"},
			want: []problem{{"ServiceMonitor django-app/django", "unique", "metadata.name", "django", "is also made by"}},
		},

		{
			name: "a selector that does not match the pods",
			edit: edit{django, "matchLabels:\n      app: django", "matchLabels:\n      app: web"},
			want: []problem{{django, "selectors", "spec.selector", "app=web", "must match the labels of its own pods, app.kubernetes.io/component=web,app=django"}},
		},
		{
			name: "two workloads with one selector",
			edit: edit{new: "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: django-next\n  namespace: django-app\nspec:\n  selector:\n    matchLabels:\n      app: django\n  template:\n    metadata:\n      labels:\n        app: django\n        track: next\n    spec:\n      securityContext:\n        runAsNonRoot: true\n        runAsUser: 1000\n        seccompProfile:\n          type: RuntimeDefault\n      containers:\n        - name: django\n          image: example/django-app:1.0.0\n          ports:\n            - containerPort: 8000\n              name: http\n          resources:\n            requests: {cpu: 10m, memory: 64Mi}\n            limits: {cpu: 10m, memory: 64Mi}\n          securityContext:\n            allowPrivilegeEscalation: false\n            capabilities:\n              drop: [ALL]\n"},
			want: []problem{
				{django, "selectors", "spec.selector", "app=django", "must not match the pods of Deployment django-app/django-next, app=django,track=next"},
				{"Deployment django-app/django-next", "selectors", "spec.selector", "app=django", "must not match the pods of Deployment django-app/django, app.kubernetes.io/component=web,app=django"},
			},
		},
		{
			name: "a selector that asks for one label more",
			edit: edit{postgres, "    matchLabels:\n", "    matchLabels:\n      tier: database\n"},
			want: []problem{{postgres, "selectors", "spec.selector", "app=postgres,tier=database", "must match the labels of its own pods, app=postgres"}},
		},
		{
			name: "a selector by expression that does not match the pods",
			edit: edit{"DaemonSet node-logging/log-collector", "matchLabels:\n      app: log-collector", "matchExpressions:\n      - {key: app, operator: NotIn, values: [log-collector]}"},
			want: []problem{{"DaemonSet node-logging/log-collector", "selectors", "spec.selector", "app notin (log-collector)", "must match the labels of its own pods"}},
		},
		{
			name: "no selector",
			edit: edit{"StatefulSet django-app/valkey", "  selector:\n    matchLabels:\n      app: valkey\n", ""},
			want: []problem{{"StatefulSet django-app/valkey", "selectors", "spec.selector", "", "must match the labels of its own pods"}},
		},
		{
			name: "an empty selector",
			edit: edit{postgres, "    matchLabels:\n      app: postgres\n", "    matchLabels: {}\n"},
			want: []problem{{postgres, "selectors", "spec.selector", "", "must match the labels of its own pods"}},
		},
		{
			name: "a selector with an unknown operator",
			edit: edit{postgres, "    matchLabels:\n      app: postgres\n", "    matchExpressions:\n      - {key: app, operator: Equals}\n"},
			want: []problem{{postgres, "selectors", "spec.selector", "", `"Equals" is not a valid label selector operator`}},
		},
		{
			name: "pods with another label than all that select them",
			edit: edit{django, djangoLabels, "app: web"},
			want: []problem{
				{django, "selectors", "spec.selector", "app=django", "must match the labels of its own pods, app=web"},
				{"Service django-app/django", "selectors", "spec.selector", "app=django", "selects no pod of these manifests"},
				{"PodDisruptionBudget django-app/django", "selectors", "spec.selector", "app=django", "selects no pod of these manifests"},
			},
		},
		{
			name: "a Service that selects nothing",
			edit: edit{"Service django-app/postgres", "app: postgres", "app: postgresql"},
			want: []problem{{"Service django-app/postgres", "selectors", "spec.selector", "app=postgresql", "selects no pod of these manifests"}},
		},
		{
			name: "a Service in another namespace than its pods",
			edit: edit{"Service django-app/postgres", "namespace: django-app", "namespace: node-logging"},
			want: []problem{{"Service node-logging/postgres", "selectors", "spec.selector", "app=postgres", "selects no pod of these manifests"}},
		},
		{
			name: "a PodDisruptionBudget that selects nothing",
			edit: edit{"PodDisruptionBudget django-app/django", "app: django", "app: web"},
			want: []problem{{"PodDisruptionBudget django-app/django", "selectors", "spec.selector", "app=web", "selects no pod of these manifests"}},
		},
		{
			name: "a PodDisruptionBudget that selects nothing by expression",
			edit: edit{"PodDisruptionBudget django-app/django", "    matchLabels:\n      app: django\n", "    matchExpressions:\n      - {key: app, operator: DoesNotExist}\n"},
			want: []problem{{"PodDisruptionBudget django-app/django", "selectors", "spec.selector", "!app", "selects no pod of these manifests"}},
		},
		{
			name: "a PodDisruptionBudget without selector",
			edit: edit{"PodDisruptionBudget django-app/django", "  selector:\n    matchLabels:\n      app: django\n", ""},
			want: []problem{{"PodDisruptionBudget django-app/django", "selectors", "spec.selector", "", "selects no pod of these manifests"}},
		},
		{
			name: "a PodDisruptionBudget with an unknown operator",
			edit: edit{"PodDisruptionBudget django-app/django", "    matchLabels:\n      app: django\n", "    matchExpressions:\n      - {key: app, operator: Equals}\n"},
			want: []problem{{"PodDisruptionBudget django-app/django", "selectors", "spec.selector", "", `"Equals" is not a valid label selector operator`}},
		},

		{
			name: "a target port by a name that no container has",
			edit: edit{"Service django-app/django", "targetPort: http", "targetPort: https"},
			want: []problem{{"Service django-app/django", "ports", "spec.ports[0].targetPort", "https", "is not among the ports of Deployment django-app/django"}},
		},
		{
			name: "a target port by a number that no container has",
			edit: edit{"Service django-app/postgres", "targetPort: 5432", "targetPort: 5433"},
			want: []problem{{"Service django-app/postgres", "ports", "spec.ports[0].targetPort", "5433", "is not among the ports of Deployment django-app/postgres"}},
		},
		{
			name: "a target port by a number in quotes, which makes it a name",
			edit: edit{"Service django-app/postgres", "targetPort: 5432", `targetPort: "5432"`},
			want: []problem{{"Service django-app/postgres", "ports", "spec.ports[0].targetPort", "5432", "is not among the ports of Deployment django-app/postgres"}},
		},
		{
			name: "a port without target port that no container has",
			edit: edit{"Service django-app/valkey", "port: 6379", "port: 6380"},
			want: []problem{{"Service django-app/valkey", "ports", "spec.ports[0].targetPort", "6380", "is not among the ports of StatefulSet django-app/valkey"}},
		},
		{
			name: "a second port that no container has",
			edit: edit{"Service django-app/valkey", "port: 6379", "port: 6379\n    - name: metrics\n      port: 9121"},
			want: []problem{{"Service django-app/valkey", "ports", "spec.ports[1].targetPort", "9121", "is not among the ports of StatefulSet django-app/valkey"}},
		},
		{
			name: "a Service that also selects pods that do not listen",
			edit: edit{new: "apiVersion: v1\nkind: Service\nmetadata: {name: all, namespace: django-app}\nspec: {selector: {app.kubernetes.io/component: web}, ports: [{port: 80, targetPort: http}]}\n---\n" + strings.Replace(lone, "app: lone", "app.kubernetes.io/component: web", 1)},
			want: []problem{{"Service django-app/all", "ports", "spec.ports[0].targetPort", "http", "is not among the ports of Pod django-app/lone"}},
		},
		{
			name: "a Deployment and a CronJob with one label",
			edit: edit{"CronJob django-app/backup", "app: backup", "app: django"},
			want: []problem{{django, "selectors", "spec.selector", "app=django", "must not match the pods of CronJob django-app/backup, app=django"}},
		},
		{
			name: "a StatefulSet and a Job with one label",
			edit: edit{"Job django-app/migrate", "app: migrate", "app: valkey"},
			want: []problem{{"StatefulSet django-app/valkey", "selectors", "spec.selector", "app=valkey", "must not match the pods of Job django-app/migrate, app=valkey"}},
		},
		{
			name: "a Deployment and a Pod with one label",
			edit: edit{new: strings.Replace(lone, "app: lone", "app: postgres", 1) + "---\n"},
			want: []problem{{postgres, "selectors", "spec.selector", "app=postgres", "must not match the pods of Pod django-app/lone, app=postgres"}},
		},
		{
			name: "a Service of Jobs and others",
			edit: edit{new: "apiVersion: v1\nkind: Service\nmetadata: {name: all, namespace: django-app}\nspec: {selector: {app.kubernetes.io/component: web}, ports: [{port: 80, targetPort: http}]}\n---\n" + loneJob},
			want: []problem{{"Service django-app/all", "selectors", "spec.selector", "app.kubernetes.io/component=web", "must not match the pods of Job django-app/lone, which would receive requests for those of others"}},
		},
		{
			name: "a budget of Jobs and others that counts replicas",
			edit: edit{"PodDisruptionBudget django-app/django", "    matchLabels:\n      app: django\n", "    matchLabels: {}\n"},
			want: []problem{{"PodDisruptionBudget django-app/django", "selectors", "spec.selector", "", "must not match the pods of Job django-app/migrate, CronJob django-app/backup: a Job has no replicas to count"}},
		},
		{
			name: "a budget of a CronJob",
			edit: edit{new: budget("backup", "maxUnavailable: 1")},
			want: []problem{{"PodDisruptionBudget django-app/budget", "selectors", "spec.selector", "app in (backup)", "must not match the pods of CronJob django-app/backup: a Job has no replicas to count, so that the budget lets no pod go and no node can be drained"}},
		},
		{
			name: "a budget that keeps some percent of a Job",
			edit: edit{new: budget("migrate", "minAvailable: 50%")},
			want: []problem{{"PodDisruptionBudget django-app/budget", "selectors", "spec.selector", "app in (migrate)", "must not match the pods of Job django-app/migrate"}},
		},

		{
			name: "a large ConfigMap",
			edit: edit{new: "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: large, namespace: django-app}\ndata: {a: " + strings.Repeat("x", 1<<20) + ", b: " + strings.Repeat("x", 1<<20) + "}\n"},
			want: []problem{{"ConfigMap django-app/large", "size", "data", "2.0 MiB", "is too large: the values of one ConfigMap may hold 1.0 MiB together"}},
		},
		{
			name: "a large custom resource",
			edit: edit{new: "apiVersion: example.com/v1\nkind: Dashboard\nmetadata: {name: large, namespace: django-app}\nspec: {json: " + strings.Repeat("x", 3<<19) + "}\n"},
			want: []problem{{"Dashboard django-app/large", "size", "metadata.name", "large", "the object is too large, 1.5 MiB in JSON: etcd takes 1.5 MiB"}},
		},

		{
			name: "a variable twice",
			edit: edit{django, "- name: PORT\n", "- name: DJANGO_SETTINGS_MODULE\n              value: shop.settings\n            - name: PORT\n"},
			want: []problem{{django, "environment", "spec.template.spec.containers[0].env[DJANGO_SETTINGS_MODULE]", "DJANGO_SETTINGS_MODULE", "is listed twice: keep one of them"}},
		},
		{
			name: "a variable three times in an init container",
			edit: edit{django, "name: wait-for-migrations\n", "name: wait-for-migrations\n          env: [{name: A, value: a}, {name: A, value: b}, {name: A, value: c}]\n"},
			want: []problem{{django, "environment", "spec.template.spec.initContainers[0].env[A]", "A", "is listed twice"}},
		},

		{
			name: "a volume over the container's own files",
			edit: edit{django, "mountPath: /etc/django/all", "mountPath: /usr/"},
			want: []problem{{django, "volumes", "spec.template.spec.containers[0].volumeMounts[3].mountPath", "/usr/", "mounts over what the container itself needs there"}},
		},
		{
			name: "a claim over everything",
			edit: edit{"StatefulSet django-app/valkey", "mountPath: /data", "mountPath: /"},
			want: []problem{{"StatefulSet django-app/valkey", "volumes", "spec.template.spec.containers[0].volumeMounts[0].mountPath", "/", "mounts over what the container itself needs there"}},
		},
		{
			name: "a volume over the token of the ServiceAccount",
			edit: edit{django, "mountPath: /etc/django/credentials", "mountPath: " + tokenPath},
			want: []problem{{django, "volumes", "spec.template.spec.containers[0].volumeMounts[1].mountPath", tokenPath, "mounts over what the container itself needs there"}},
		},
		{
			name: "a container port with another name than all that use it",
			edit: edit{django, "- containerPort: 8000\n              name: http", "- containerPort: 8000\n              name: web"},
			want: []problem{
				{django, "ports", "spec.template.spec.containers[0].startupProbe.httpGet.port", "http", "is not among the container's ports"},
				{django, "ports", "spec.template.spec.containers[0].livenessProbe.tcpSocket.port", "http", "is not among the container's ports"},
				{"Service django-app/django", "ports", "spec.ports[0].targetPort", "http", "is not among the ports of Deployment django-app/django"},
			},
		},
		{
			name: "a probe by HTTP of a number that the container does not have",
			edit: edit{django, "path: /login\n              port: 8000", "path: /login\n              port: 8080"},
			want: []problem{{django, "ports", "spec.template.spec.containers[0].readinessProbe.httpGet.port", "8080", "is not among the container's ports"}},
		},
		{
			name: "a probe by HTTP of a name that the container does not have",
			edit: edit{django, "path: /started\n              port: http", "path: /started\n              port: web"},
			want: []problem{{django, "ports", "spec.template.spec.containers[0].startupProbe.httpGet.port", "web", "is not among the container's ports"}},
		},
		{
			name: "a probe by TCP of a number that the container does not have",
			edit: edit{postgres, "port: 5432\n          resources", "port: 5433\n          resources"},
			want: []problem{{postgres, "ports", "spec.template.spec.containers[0].readinessProbe.tcpSocket.port", "5433", "is not among the container's ports"}},
		},
		{
			name: "a probe by TCP of a name that the container does not have",
			edit: edit{django, "tcpSocket:\n              port: http", "tcpSocket:\n              port: web"},
			want: []problem{{django, "ports", "spec.template.spec.containers[0].livenessProbe.tcpSocket.port", "web", "is not among the container's ports"}},
		},
		{
			name: "a probe by gRPC of a number that the container does not have",
			edit: edit{postgres, "tcpSocket:\n              port: 5432", "grpc:\n              port: 9000"},
			want: []problem{{postgres, "ports", "spec.template.spec.containers[0].readinessProbe.grpc.port", "9000", "is not among the container's ports"}},
		},
		{
			name: "a sidecar's probe of another container's port",
			edit: edit{django, "name: wait-for-migrations\n", "name: wait-for-migrations\n          restartPolicy: Always\n          startupProbe: {tcpSocket: {port: http}}\n"},
			want: []problem{{django, "ports", "spec.template.spec.initContainers[0].startupProbe.tcpSocket.port", "http", "is not among the container's ports"}},
		},

		{
			name: "a CronJob's probe of a port that the container does not have",
			edit: edit{"CronJob django-app/backup", "              name: dump\n", "              name: dump\n              readinessProbe: {tcpSocket: {port: 5432}}\n"},
			want: []problem{{"CronJob django-app/backup", "ports", "spec.jobTemplate.spec.template.spec.containers[0].readinessProbe.tcpSocket.port", "5432", "is not among the container's ports"}},
		},
		{
			name: "a Job's init container with more memory than allowed",
			edit: edit{"Job django-app/migrate", "      containers:\n", jobInit + "      containers:\n"},
			want: []problem{{"Job django-app/migrate", "resources", "spec.template.spec.initContainers[0].resources.requests.memory", "64Mi", "must not be above its limit 32Mi"}},
		},
		{
			name: "a CronJob's mount without volume",
			edit: edit{"CronJob django-app/backup", "mountPath: /backups\n                  name: backups", "mountPath: /backups\n                  name: dumps"},
			want: []problem{{"CronJob django-app/backup", "volumes", "spec.jobTemplate.spec.template.spec.containers[0].volumeMounts[0].name", "dumps", "is not among the pod's volumes: backups"}},
		},
		{
			name: "more CPU asked for than allowed",
			edit: edit{postgres, "cpu: 500m", "cpu: 1500m"},
			want: []problem{{postgres, "resources", "spec.template.spec.containers[0].resources.requests.cpu", "1500m", "must not be above its limit 1"}},
		},
		{
			name: "more memory asked for than allowed",
			edit: edit{"CronJob django-app/backup", "memory: 128Mi", "memory: 1Gi"},
			want: []problem{{"CronJob django-app/backup", "resources", "spec.jobTemplate.spec.template.spec.containers[0].resources.requests.memory", "1Gi", "must not be above its limit 512Mi"}},
		},
		{
			name: "more ephemeral storage asked for than allowed",
			edit: edit{django, "ephemeral-storage: 100Mi", "ephemeral-storage: 3Gi"},
			want: []problem{{django, "resources", "spec.template.spec.containers[0].resources.requests.ephemeral-storage", "3Gi", "must not be above its limit 2Gi"}},
		},
		{
			name: "megabytes mistaken for millibytes",
			edit: edit{"Job django-app/migrate", "memory: 512Mi", "memory: 512m"},
			want: []problem{{"Job django-app/migrate", "resources", "spec.template.spec.containers[0].resources.requests.memory", "256Mi", "must not be above its limit 512m"}},
		},
		{
			name: "everything above its limit",
			edit: edit{django, "cpu: \"1\"\n              ephemeral-storage: 2Gi\n              memory: 1Gi", "cpu: 1m\n              ephemeral-storage: 1Mi\n              memory: 1Mi"},
			want: []problem{
				{django, "resources", "spec.template.spec.containers[0].resources.requests.cpu", "500m", "must not be above its limit 1m"},
				{django, "resources", "spec.template.spec.containers[0].resources.requests.ephemeral-storage", "100Mi", "must not be above its limit 1Mi"},
				{django, "resources", "spec.template.spec.containers[0].resources.requests.memory", "512Mi", "must not be above its limit 1Mi"},
			},
		},
		{
			name: "no CPU request",
			edit: edit{"StatefulSet django-app/valkey", "              cpu: 50m\n", ""},
			want: []problem{{"StatefulSet django-app/valkey", "resources", "spec.template.spec.containers[0].resources.requests.cpu", "", "is required"}},
		},
		{
			name: "a memory request of nothing",
			edit: edit{"StatefulSet django-app/valkey", "memory: 128Mi", "memory: 0"},
			want: []problem{{"StatefulSet django-app/valkey", "resources", "spec.template.spec.containers[0].resources.requests.memory", "", "is required"}},
		},
		{
			name: "no CPU limit",
			edit: edit{"DaemonSet node-logging/log-collector", "              cpu: 100m\n", ""},
			want: []problem{{"DaemonSet node-logging/log-collector", "resources", "spec.template.spec.containers[0].resources.limits.cpu", "", "is required"}},
		},
		{
			name: "no memory limit in an init container",
			edit: edit{django, "              memory: 256Mi\n", ""},
			want: []problem{{django, "resources", "spec.template.spec.initContainers[0].resources.limits.memory", "", "is required"}},
		},
		{
			name: "no requests",
			edit: edit{postgres, requests, ""},
			want: []problem{
				{postgres, "resources", "spec.template.spec.containers[0].resources.requests.cpu", "", "is required"},
				{postgres, "resources", "spec.template.spec.containers[0].resources.requests.memory", "", "is required"},
			},
		},
		{
			name: "neither requests nor limits",
			edit: edit{postgres, "            limits:\n              cpu: \"1\"\n              memory: 1Gi\n" + requests, "            claims: []\n"},
			want: []problem{
				{postgres, "resources", "spec.template.spec.containers[0].resources.requests.cpu", "", "is required"},
				{postgres, "resources", "spec.template.spec.containers[0].resources.limits.cpu", "", "is required"},
				{postgres, "resources", "spec.template.spec.containers[0].resources.requests.memory", "", "is required"},
				{postgres, "resources", "spec.template.spec.containers[0].resources.limits.memory", "", "is required"},
			},
		},

		{
			name: "a mount without volume",
			edit: edit{django, "mountPath: /tmp\n              name: tmp", "mountPath: /tmp\n              name: temp"},
			want: []problem{{django, "volumes", "spec.template.spec.containers[0].volumeMounts[0].name", "temp", "is not among the pod's volumes: tmp, credentials, settings, all"}},
		},
		{
			name: "an init container's mount without volume",
			edit: edit{django, "mountPath: /init-tmp\n              name: tmp", "mountPath: /init-tmp\n              name: temp"},
			want: []problem{{django, "volumes", "spec.template.spec.initContainers[0].volumeMounts[0].name", "temp", "is not among the pod's volumes: tmp, credentials, settings, all"}},
		},
		{
			name: "a mount without claim template",
			edit: edit{"StatefulSet django-app/valkey", "mountPath: /data\n              name: data", "mountPath: /data\n              name: store"},
			want: []problem{{"StatefulSet django-app/valkey", "volumes", "spec.template.spec.containers[0].volumeMounts[0].name", "store", "is not among the pod's volumes: data"}},
		},
		{
			name: "two mounts on one path",
			edit: edit{django, "mountPath: /etc/django/all", "mountPath: /tmp"},
			want: []problem{{django, "volumes", "spec.template.spec.containers[0].volumeMounts[3].mountPath", "/tmp", "is mounted twice"}},
		},
		{
			name: "an init container's two mounts on one path",
			edit: edit{django, "mountPath: /init-tmp\n              name: tmp", "mountPath: /init-tmp\n              name: tmp\n            - mountPath: /init-tmp\n              name: settings"},
			want: []problem{{django, "volumes", "spec.template.spec.initContainers[0].volumeMounts[1].mountPath", "/init-tmp", "is mounted twice"}},
		},
		{
			name: "an unknown access mode",
			edit: edit{"PersistentVolumeClaim django-app/postgres-pvc", "- ReadWriteOnce", "- ReadWriteTwice"},
			want: []problem{{"PersistentVolumeClaim django-app/postgres-pvc", "volumes", "spec.accessModes[0]", "ReadWriteTwice", "must be one of [ReadWriteOnce ReadWriteOncePod ReadOnlyMany ReadWriteMany]"}},
		},
		{
			name: "an unknown access mode beside a known one",
			edit: edit{"StatefulSet django-app/valkey", "- ReadWriteOncePod", "- ReadWriteOncePod\n          - RWX"},
			want: []problem{{"StatefulSet django-app/valkey", "volumes", "spec.volumeClaimTemplates[0].spec.accessModes[1]", "RWX", "must be one of"}},
		},
		{
			name: "no access modes",
			edit: edit{"PersistentVolumeClaim django-app/postgres-pvc", "  accessModes:\n    - ReadWriteOnce\n", ""},
			want: []problem{{"PersistentVolumeClaim django-app/postgres-pvc", "volumes", "spec.accessModes", "", "is required: some of [ReadWriteOnce"}},
		},
		{
			name: "no access modes in a claim template",
			edit: edit{"StatefulSet django-app/valkey", "        accessModes:\n          - ReadWriteOncePod\n", ""},
			want: []problem{{"StatefulSet django-app/valkey", "volumes", "spec.volumeClaimTemplates[0].spec.accessModes", "", "is required"}},
		},
		{
			name: "a claim of nothing",
			edit: edit{"PersistentVolumeClaim django-app/postgres-pvc", "storage: 5Gi", "storage: 0"},
			want: []problem{{"PersistentVolumeClaim django-app/postgres-pvc", "volumes", "spec.resources.requests.storage", "0", "must be positive"}},
		},
		{
			name: "a claim of less than nothing",
			edit: edit{"StatefulSet django-app/valkey", "storage: 1Gi", "storage: -1Gi"},
			want: []problem{{"StatefulSet django-app/valkey", "volumes", "spec.volumeClaimTemplates[0].spec.resources.requests.storage", "-1Gi", "must be positive"}},
		},
		{
			name: "a claim without size",
			edit: edit{"PersistentVolumeClaim django-app/postgres-pvc", "  resources:\n    requests:\n      storage: 5Gi\n", ""},
			want: []problem{{"PersistentVolumeClaim django-app/postgres-pvc", "volumes", "spec.resources.requests.storage", "0", "must be positive"}},
		},
	}
}

func harmlessEdits() []mutation {
	return []mutation{
		{
			name: "one name for objects of two kinds",
			edit: edit{new: "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: django-env-secret\n  namespace: django-app\n"},
		},
		{
			name: "one name in two namespaces",
			edit: edit{new: "apiVersion: v1\nkind: Secret\nmetadata:\n  name: django-env-secret\n  namespace: node-logging\n"},
		},
		{
			name: "custom resources of any shape",
			edit: edit{new: "apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata:\n  name: postgres\n  namespace: django-app\nspec:\n  instances: three\n"},
		},
		{
			name: "a group of Kubernetes' own that no rule reads",
			edit: edit{new: "apiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\nmetadata:\n  name: web\nvalue: 1000\n"},
		},
		{
			name: "a Service without selector",
			edit: edit{"Service django-app/postgres", "  selector:\n    app: postgres\n", ""},
		},
		{
			name: "a Service without selector in a namespace without pods",
			edit: edit{new: "apiVersion: v1\nkind: Service\nmetadata: {name: mail, namespace: mail}\nspec: {type: ExternalName, externalName: smtp.example.com}\n"},
		},
		{
			name: "a Service that selects by another label",
			edit: edit{"Service django-app/django", "app: django\n", "app.kubernetes.io/component: web\n"},
		},
		{
			name: "a PodDisruptionBudget of the whole namespace that counts pods",
			edit: edit{"PodDisruptionBudget django-app/django", "maxUnavailable: 1\n  selector:\n    matchLabels:\n      app: django\n", "minAvailable: 1\n  selector:\n    matchLabels: {}\n"},
		},
		{name: "a pod that nobody selects", edit: edit{new: lone}},
		{
			name: "a Job with the label of a Deployment in another namespace",
			edit: edit{new: strings.NewReplacer("django-app", "files", "app: lone", "app: django").Replace(lone)},
		},
		{
			name: "a Job that serves",
			edit: edit{new: "apiVersion: v1\nkind: Service\nmetadata: {name: migrate, namespace: django-app}\nspec: {selector: {app: migrate}}\n"},
		},
		{
			name: "a variable in two containers",
			edit: edit{"Deployment django-app/django", "name: wait-for-migrations\n", "name: wait-for-migrations\n          env: [{name: PORT, value: a}, {name: Port, value: b}]\n"},
		},
		{
			name: "a ConfigMap that is just small enough",
			edit: edit{new: "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: large, namespace: django-app}\ndata: {a: " + strings.Repeat("x", 1<<20) + "}\n"},
		},
		{
			name: "a custom resource that is just small enough",
			edit: edit{new: "apiVersion: example.com/v1\nkind: Dashboard\nmetadata: {name: large, namespace: django-app}\nspec: {json: " + strings.Repeat("x", 3<<19-200) + "}\n"},
		},
		{
			name: "a volume below what the container needs",
			edit: edit{"Deployment django-app/django", "mountPath: /etc/django/all", "mountPath: /usr/share/shop"},
		},
		{
			name: "a directory of the node over the container's own",
			edit: edit{"DaemonSet node-logging/log-collector", "mountPath: /host/var/log", "mountPath: /dev"},
		},
		{
			name: "a token where the ServiceAccount's is",
			edit: edit{"Deployment django-app/django", "mountPath: /etc/django/all", "mountPath: " + tokenPath},
		},
		{
			name: "a selector by expression",
			edit: edit{"Deployment django-app/django", "    matchLabels:\n      app: django\n", "    matchExpressions:\n      - {key: app, operator: In, values: [django, web]}\n"},
		},
		{
			name: "a target port of an init container that keeps running",
			edit: edit{"Deployment django-app/django", "name: wait-for-migrations\n", "name: wait-for-migrations\n          restartPolicy: Always\n          ports: [{containerPort: 9000, name: grpc}]\n          startupProbe: {grpc: {port: 9000}}\n"},
		},
		{
			name: "a probe by command",
			edit: edit{"Deployment django-app/postgres", "tcpSocket:\n              port: 5432", "exec:\n              command: [pg_isready]"},
		},
		{
			name: "requests that equal the limits",
			edit: edit{"Deployment django-app/postgres", "cpu: 500m\n              memory: 512Mi", "cpu: 1000m\n              memory: 1024Mi"},
		},
		{
			name: "a request without limit besides CPU and memory",
			edit: edit{"Deployment django-app/django", "              ephemeral-storage: 2Gi\n", ""},
		},
		{
			name: "one volume mounted on two paths",
			edit: edit{"Deployment django-app/django", "mountPath: /tmp\n              name: tmp", "mountPath: /tmp\n              name: tmp\n            - mountPath: /run\n              name: tmp"},
		},
		{
			name: "one path in two containers",
			edit: edit{"Deployment django-app/django", "mountPath: /init-tmp", "mountPath: /tmp"},
		},
		{
			name: "every access mode",
			edit: edit{"PersistentVolumeClaim django-app/postgres-pvc", "- ReadWriteOnce", "- ReadWriteOnce\n    - ReadWriteOncePod\n    - ReadOnlyMany\n    - ReadWriteMany"},
		},
	}
}

// TestCheckReadsEveryKindThatMakesPods: a kind left out would pass every rule.
func TestCheckReadsEveryKindThatMakesPods(t *testing.T) {
	const (
		meta     = "metadata: {name: a, namespace: web, labels: {app: a}}\nspec: "
		pod      = "{containers: [{name: c, image: a, resources: {limits: {cpu: 1, memory: 1Mi}, requests: {cpu: 1}}}]}"
		template = "template: {metadata: {labels: {app: a}}, spec: " + pod + "}"
		selected = "{selector: {matchLabels: {app: a}}, " + template + "}"
	)
	for _, test := range []struct{ apiVersion, kind, spec, field string }{
		{"v1", "Pod", pod, "spec"},
		{"apps/v1", "Deployment", selected, "spec.template.spec"},
		{"apps/v1", "ReplicaSet", selected, "spec.template.spec"},
		{"apps/v1", "StatefulSet", selected, "spec.template.spec"},
		{"apps/v1", "DaemonSet", selected, "spec.template.spec"},
		{"batch/v1", "Job", "{" + template + "}", "spec.template.spec"},
		{"batch/v1", "CronJob", "{schedule: '@daily', jobTemplate: {spec: {" + template + "}}}", "spec.jobTemplate.spec.template.spec"},
	} {
		t.Run(test.kind, func(t *testing.T) {
			const service = "\n---\napiVersion: v1\nkind: Service\nmetadata: {name: a, namespace: web}\nspec: {selector: {app: a}, ports: [{port: 80}]}\n"
			objects := parse(t, fmt.Sprintf("apiVersion: %s\nkind: %s\n%s%s", test.apiVersion, test.kind, meta, test.spec)+service)
			object := test.kind + " web/a"
			expect(t, manifest.Check(objects, manifest.Options{}), []problem{
				{"Service web/a", "ports", "spec.ports[0].targetPort", "80", "is not among the ports of " + object},
				{object, "resources", test.field + ".containers[0].resources.requests.memory", "", "is required"},
			})
			warnings := manifest.Warnings(objects)
			expect(t, warnings, []problem{{object, "image-tags", test.field + ".containers[0].image", "a", "pin a version"}})
		})
	}
}

func TestWarningsNameImagesThatMayChange(t *testing.T) {
	const digest = "@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	system := readSystem(t)
	for _, test := range []struct {
		image string
		warns bool
	}{
		{"django-app", true},
		{"django-app:latest", true},
		{"docker.io/example/django-app", true},
		{"registry.example.com:5000/django-app", true},
		{"registry.example.com:5000/django-app:latest", true},
		{"django-app:1.0.0", false},
		{"django-app:latest-2026", false},
		{"registry.example.com:5000/django-app:1.0.0", false},
		{"django-app" + digest, false},
		{"django-app:latest" + digest, false},
	} {
		t.Run(test.image, func(t *testing.T) {
			objects := system.edit(t, edit{"Job django-app/migrate", "docker.io/example/django-app:1.0.0", test.image}).objects()
			var want []problem
			if test.warns {
				want = []problem{{"Job django-app/migrate", "image-tags", "spec.template.spec.containers[0].image", test.image, "has no tag, or the tag latest: pin a version"}}
			}
			expect(t, manifest.Warnings(objects), want)
		})
	}
}

func TestWarningsNamePodsThatMayFillTheDisk(t *testing.T) {
	const job = "Job django-app/migrate"
	system := readSystem(t)
	for name, test := range map[string]struct {
		volumes, limits string
		want            string
	}{
		"no volume":                   {"[]", "", ""},
		"a volume without limit":      {"[{name: a, emptyDir: {}}]", "", "a"},
		"one of two volumes":          {"[{name: a, emptyDir: {sizeLimit: 1Mi}}, {name: b, emptyDir: {}}]", "", "b"},
		"two volumes":                 {"[{name: a, emptyDir: {}}, {name: b, emptyDir: {}}]", "", "a, b"},
		"a volume with a limit":       {"[{name: a, emptyDir: {sizeLimit: 1Mi}}]", "", ""},
		"a volume in memory":          {"[{name: a, emptyDir: {medium: Memory}}]", "", ""},
		"a volume of another kind":    {"[{name: a, secret: {secretName: a}}]", "", ""},
		"a container with a limit":    {"[{name: a, emptyDir: {}}]", "ephemeral-storage: 1Gi\n              ", ""},
		"a container without volumes": {"[]", "ephemeral-storage: 1Gi\n              ", ""},
	} {
		t.Run(name, func(t *testing.T) {
			objects := system.edit(
				t,
				edit{job, "      restartPolicy: Never\n", "      restartPolicy: Never\n      volumes: " + test.volumes + "\n"},
				edit{job, "limits:\n              ", "limits:\n              " + test.limits},
			).objects()
			var want []problem
			if test.want != "" {
				before, _, _ := strings.Cut(test.volumes, test.want[:1]+", emptyDir")
				n := strings.Count(before, "name:") - 1
				field := fmt.Sprintf("spec.template.spec.volumes[%d].emptyDir.sizeLimit", n)
				want = []problem{{job, "disk", field, test.want, "may fill the disk of the node: set sizeLimit, or a limit for ephemeral-storage"}}
			}
			expect(t, manifest.Warnings(objects), want)
		})
	}
}

func TestWarningsNameEmptyListsOfExternalAddresses(t *testing.T) {
	objects := readSystem(t).edit(
		t,
		edit{"Service django-app/django", "spec:\n", "spec:\n  externalIPs: []\n"},
		edit{"Service django-app/valkey", "spec:\n", "spec:\n  externalIPs: []\n"},
		edit{"Service django-app/postgres", "spec:\n", "spec:\n  externalIPs: [192.0.2.1]\n"},
	).objects()
	expect(t, manifest.Warnings(objects), []problem{{
		"Service django-app/django", "external-ips", "spec.externalIPs", "[]",
		"may refuse the field even when it is empty: leave it out of Service django-app/django, Service django-app/valkey",
	}})
}

func TestWarningsNameEachImageOnce(t *testing.T) {
	objects := readSystem(t).edit(
		t,
		edit{"Deployment django-app/django", "image: docker.io/example/django-app:1.0.0\n          name", "image: docker.io/example/django-app\n          name"},
		edit{"Deployment django-app/django", "image: docker.io/example/django-app:1.0.0", "image: docker.io/example/django-app"},
		edit{"Job django-app/migrate", "django-app:1.0.0", "django-app"},
		edit{"StatefulSet django-app/valkey", "valkey/valkey:8.1", "valkey/valkey:latest"},
	).objects()
	expect(t, manifest.Warnings(objects), []problem{
		{"Deployment django-app/django", "image-tags", "spec.template.spec.initContainers[0].image", "docker.io/example/django-app", "pin a version"},
		{"StatefulSet django-app/valkey", "image-tags", "spec.template.spec.containers[0].image", "valkey/valkey:latest", "pin a version"},
	})
}
