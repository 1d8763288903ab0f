package manifest_test

import (
	"fmt"
	"strings"
	"testing"

	"example.com/django-cdk8s/manifest"
)

// Parts of manifests in a namespace of their own, which enforces nothing.
const storeClaim = `apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: store, namespace: files}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
`

// storing returns a workload called name whose pods mount the claim store. spec
// is what its own spec holds besides the pods, and pod what theirs holds besides
// the container.
func storing(kind, name, spec, pod string) string {
	template := fmt.Sprintf(`template:
  metadata: {labels: {app: %s}}
  spec:
    %s
    restartPolicy: RESTART
    containers: [{name: c, image: "a:1", resources: {limits: {cpu: 1, memory: 1Mi}, requests: {cpu: 1, memory: 1Mi}}, volumeMounts: [{name: v, mountPath: /v}]}]
    volumes: [{name: tmp, emptyDir: {}}, {name: v, persistentVolumeClaim: {claimName: store}}]
%s
`, name, pod, spec)
	indent := func(text string) string {
		return "  " + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n  ") + "\n"
	}
	version, restart := "apps/v1", "Always"
	switch kind {
	case "Job":
		version, restart = "batch/v1", "Never"
	case "CronJob":
		version, restart = "batch/v1", "Never"
		template = "schedule: '@daily'\njobTemplate:\n  spec:\n" + indent(indent(template))
	default:
		template += fmt.Sprintf("selector: {matchLabels: {app: %s}}\n", name)
	}
	template = strings.Replace(template, "RESTART", restart, 1)
	return fmt.Sprintf("---\napiVersion: %s\nkind: %s\nmetadata: {name: %s, namespace: files}\nspec:\n%s", version, kind, name, indent(template))
}

// Ways to put pods on one node.
const (
	onNamedNode = "nodeName: a"
	onHost      = "nodeSelector: {kubernetes.io/hostname: a}"
	beside      = "affinity: {podAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: TOPOLOGY, labelSelector: {matchLabels: {app: a}}}]}}"
	node        = "kubernetes.io/hostname"
)

func budget(app, spec string) string {
	return fmt.Sprintf("apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: budget, namespace: django-app}\nspec: {selector: {matchExpressions: [{key: app, operator: In, values: [%s]}]}, %s}\n", app, spec)
}

func scaler(version, name, kind, target, spec string) string {
	return fmt.Sprintf("apiVersion: autoscaling/%s\nkind: HorizontalPodAutoscaler\nmetadata: {name: %s, namespace: django-app}\nspec: {scaleTargetRef: {apiVersion: apps/v1, kind: %s, name: %s}, %s}\n", version, name, kind, target, spec)
}

// mistakesInScaling break the rule scaling, and the rule resources where an
// autoscaler needs a request.
func mistakesInScaling() []mutation {
	const (
		django     = "Deployment django-app/django"
		postgres   = "Deployment django-app/postgres"
		hpa        = "HorizontalPodAutoscaler django-app/django"
		pdb        = "PodDisruptionBudget django-app/django"
		valkey     = "StatefulSet django-app/valkey"
		claimName  = "spec.template.spec.volumes[1].persistentVolumeClaim.claimName"
		rollout    = "is ReadWriteOnce, but a rollout starts the new pod beside the old one, which may still hold it: use the strategy Recreate, or let the claim be ReadWriteMany"
		noDrain    = "lets no pod go, so that no node can be drained"
		cpuRequest = "spec.template.spec.containers[0].resources.requests.cpu"
	)
	spread := func(name, object, field, text string, documents ...string) mutation {
		return mutation{
			name: name,
			edit: edit{new: storeClaim + strings.Join(documents, "")},
			want: []problem{{object, "scaling", field, "store", text}},
		}
	}
	shared := func(name string, users string, documents ...string) mutation {
		return mutation{
			name: name,
			edit: edit{new: storeClaim + strings.Join(documents, "")},
			want: []problem{{"PersistentVolumeClaim files/store", "scaling", "spec.accessModes[0]", "ReadWriteOnce", "must be ReadWriteMany, because the pods of " + users + " mount the claim and may run on different nodes"}},
		}
	}
	blocked := func(name, app, value, text string) mutation {
		return mutation{name: name, edit: edit{new: budget(app, "minAvailable: "+value)}, want: []problem{{"PodDisruptionBudget django-app/budget", "scaling", "spec.minAvailable", value, noDrain + text}}}
	}
	recreate := "strategy: {type: Recreate}"
	return []mutation{
		{
			name: "replicas that an autoscaler sets",
			edit: edit{django, "  selector:\n", "  replicas: 3\n  selector:\n"},
			want: []problem{{django, "scaling", "spec.replicas", "3", "must not be given: HorizontalPodAutoscaler django-app/django sets it, and each apply would set it back"}},
		},
		{
			name: "replicas of a StatefulSet that an autoscaler sets",
			edit: edit{valkey, "apiVersion: apps/v1\nkind: StatefulSet\nmetadata:\n  name: valkey\n  namespace: django-app\nspec:\n", scaler("v1", "valkey", "StatefulSet", "valkey", "maxReplicas: 3") + "---\napiVersion: apps/v1\nkind: StatefulSet\nmetadata:\n  name: valkey\n  namespace: django-app\nspec:\n  replicas: 1\n"},
			want: []problem{{valkey, "scaling", "spec.replicas", "1", "must not be given: HorizontalPodAutoscaler django-app/valkey sets it"}},
		},
		{
			name: "replicas that a second autoscaler sets as well",
			edit: edit{django, "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: django\n  namespace: django-app\nspec:\n", scaler("v2", "web", "Deployment", "django", "maxReplicas: 3") + "---\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: django\n  namespace: django-app\nspec:\n  replicas: 1\n"},
			want: []problem{
				{hpa, "scaling", "spec.scaleTargetRef.name", "django", "is also scaled by HorizontalPodAutoscaler django-app/web"},
				{django, "scaling", "spec.replicas", "1", "must not be given: HorizontalPodAutoscaler django-app/web sets it"},
			},
		},
		{
			name: "more pods at least than at most",
			edit: edit{hpa, "minReplicas: 2", "minReplicas: 6"},
			want: []problem{{hpa, "scaling", "spec.maxReplicas", "5", "must not be below minReplicas 6"}},
		},
		{
			name: "no pods at most",
			edit: edit{hpa, "maxReplicas: 5\n  minReplicas: 2", "maxReplicas: 0"},
			want: []problem{{hpa, "scaling", "spec.maxReplicas", "0", "must not be below minReplicas 1"}},
		},
		{
			name: "more pods at least than at most in the first version",
			edit: edit{new: scaler("v1", "valkey", "StatefulSet", "valkey", "maxReplicas: 1, minReplicas: 2")},
			want: []problem{{"HorizontalPodAutoscaler django-app/valkey", "scaling", "spec.maxReplicas", "1", "must not be below minReplicas 2"}},
		},
		{
			name: "two autoscalers of one Deployment",
			edit: edit{new: scaler("v2", "web", "Deployment", "django", "maxReplicas: 3")},
			want: []problem{{"HorizontalPodAutoscaler django-app/web", "scaling", "spec.scaleTargetRef.name", "django", "is also scaled by HorizontalPodAutoscaler django-app/django: keep one of them, with the metrics of both"}},
		},
		{
			name: "one autoscaler twice",
			edit: edit{new: scaler("v2", "django", "Deployment", "django", "maxReplicas: 5")},
			want: []problem{{hpa, "unique", "metadata.name", "django", "is also made by"}},
		},
		{
			name: "three autoscalers of one Deployment",
			edit: edit{new: scaler("v2", "web", "Deployment", "django", "maxReplicas: 3") + "---\n" + scaler("v1", "www", "Deployment", "django", "maxReplicas: 3")},
			want: []problem{
				{"HorizontalPodAutoscaler django-app/web", "scaling", "spec.scaleTargetRef.name", "django", "is also scaled by HorizontalPodAutoscaler django-app/django"},
				{"HorizontalPodAutoscaler django-app/www", "scaling", "spec.scaleTargetRef.name", "django", "is also scaled by HorizontalPodAutoscaler django-app/django"},
			},
		},
		{
			name: "an autoscaler by the utilization of a container that is not there",
			edit: edit{hpa, "  minReplicas: 2\n", "  minReplicas: 2\n  metrics: [{type: External}, {type: ContainerResource, containerResource: {name: cpu, container: web, target: {type: Utilization, averageUtilization: 70}}}]\n"},
			want: []problem{{hpa, "scaling", "spec.metrics[1].containerResource.container", "web", "is not a container of Deployment django-app/django"}},
		},
		{
			name: "an autoscaler without metrics and no CPU request",
			edit: edit{django, "              cpu: 500m\n", ""},
			want: []problem{{django, "resources", cpuRequest, "", "is required: HorizontalPodAutoscaler django-app/django asks how much of it the pods use, and does nothing without it"}},
		},
		{
			name: "an autoscaler without metrics and no CPU request in a container beside",
			edit: edit{django, "              cpu: 50m\n              memory: 64Mi\n", "              memory: 64Mi\n          restartPolicy: Always\n"},
			want: []problem{{django, "resources", "spec.template.spec.initContainers[0].resources.requests.cpu", "", "is required: HorizontalPodAutoscaler"}},
		},

		{
			name: "a budget of no pods",
			edit: edit{pdb, "maxUnavailable: 1", "maxUnavailable: 0"},
			want: []problem{{pdb, "scaling", "spec.maxUnavailable", "0", noDrain + ": allow 1 or more"}},
		},
		{
			name: "a budget of no percent",
			edit: edit{pdb, "maxUnavailable: 1", "maxUnavailable: 0%"},
			want: []problem{{pdb, "scaling", "spec.maxUnavailable", "0%", noDrain + ": allow 1 or more"}},
		},
		{
			name: "a budget with an unknown operator",
			edit: edit{pdb, "maxUnavailable: 1\n  selector:\n    matchLabels:\n      app: django\n", "minAvailable: 2\n  selector:\n    matchExpressions:\n      - {key: app, operator: Equals}\n"},
			want: []problem{{pdb, "selectors", "spec.selector", "", "is not a valid label selector operator"}},
		},
		blocked("a budget that keeps the only pod", "postgres", "1", ", when Deployment django-app/postgres has 1: run more replicas, ask for fewer, or leave the budget out"),
		blocked("a budget that keeps the only pod of a StatefulSet", "valkey", "1", ", when StatefulSet django-app/valkey has 1"),
		blocked("a budget that keeps more pods than there are", "postgres", "2", ", when Deployment django-app/postgres has 1"),
		blocked("a budget that keeps one percent of one pod, which is one", "postgres", "1%", ", when Deployment django-app/postgres has 1"),
		blocked("a budget that keeps every pod", "django", "100%", ", when Deployment django-app/django has 2"),
		blocked("a budget that keeps half of two pods and more", "django", "51%", ", when Deployment django-app/django has 2"),
		blocked("a budget that keeps the fewest pods that an autoscaler leaves", "django", "2", ", when Deployment django-app/django has 2"),
		blocked("a budget that keeps the pods of two workloads", "django, postgres", "3", ", when Deployment django-app/postgres, Deployment django-app/django has 3"),

		{
			name: "a volume of one node and the strategy RollingUpdate",
			edit: edit{postgres, "type: Recreate", "type: RollingUpdate"},
			want: []problem{{postgres, "scaling", "spec.template.spec.volumes[0].persistentVolumeClaim.claimName", "postgres-pvc", rollout}},
		},
		spread("a volume of one node and the default strategy", "Deployment files/a", claimName, rollout, storing("Deployment", "a", "", "")),
		spread("a volume of one node and a default surge", "Deployment files/a", claimName, rollout, storing("Deployment", "a", "strategy: {rollingUpdate: {maxUnavailable: 1}}", "")),
		spread("a volume of one node and a surge", "Deployment files/a", claimName, rollout, storing("Deployment", "a", "strategy: {rollingUpdate: {maxSurge: 1}}", "")),
		spread("a volume of one node and a surge of one percent, which is one pod", "Deployment files/a", claimName, rollout, storing("Deployment", "a", "strategy: {rollingUpdate: {maxSurge: 1%}}", "")),
		spread("a volume of one node and two replicas", "Deployment files/a", claimName, "is ReadWriteOnce, but up to 2 pods mount it: run one, or let the claim be ReadWriteMany", storing("Deployment", "a", "replicas: 2\n"+recreate, "")),
		spread("a volume of one node and two replicas of a StatefulSet", "StatefulSet files/a", claimName, "up to 2 pods mount it", storing("StatefulSet", "a", "replicas: 2", "")),
		spread("a volume of one node and two replicas of a ReplicaSet", "ReplicaSet files/a", claimName, "up to 2 pods mount it", storing("ReplicaSet", "a", "replicas: 2", "")),
		spread("a volume of one node and an autoscaler", "Deployment files/a", claimName, "up to 3 pods mount it", storing("Deployment", "a", recreate, ""), "---\n"+strings.Replace(scaler("v2", "a", "Deployment", "a", "maxReplicas: 3"), "django-app", "files", 1)),
		spread("a volume of one node and a DaemonSet", "DaemonSet files/a", claimName, "is ReadWriteOnce, but a DaemonSet mounts it on every node: let the claim be ReadWriteMany", storing("DaemonSet", "a", "", "")),
		spread("a volume of one node and a Job of several pods", "Job files/a", claimName, "up to 2 pods mount it", storing("Job", "a", "parallelism: 2", "")),
		spread("a volume of one node and a Job that ends with the second pod", "Job files/a", claimName, "up to 2 pods mount it", storing("Job", "a", "parallelism: 3\ncompletions: 2", "")),
		spread("a volume of one node and a CronJob of several pods", "CronJob files/a", "spec.jobTemplate."+claimName, "up to 2 pods mount it", storing("CronJob", "a", "parallelism: 2", "")),
		spread("a volume of one node and a rollout of pods that share a zone", "Deployment files/a", claimName, rollout, storing("Deployment", "a", "", strings.Replace(beside, "TOPOLOGY", "topology.kubernetes.io/zone", 1))),
		spread("a volume of one node and pods that stay off a node", "Deployment files/a", claimName, rollout, storing("Deployment", "a", "", strings.NewReplacer("TOPOLOGY", node, "podAffinity", "podAntiAffinity").Replace(beside))),
		{
			name: "a volume without access modes",
			edit: edit{new: strings.Replace(storeClaim, "[ReadWriteOnce]", "[]", 1) + storing("Deployment", "a", "", "")},
			want: []problem{{"PersistentVolumeClaim files/store", "volumes", "spec.accessModes", "", "is required"}},
		},
		{
			name: "a volume of one pod and a rollout on one node",
			edit: edit{new: strings.Replace(storeClaim, "ReadWriteOnce", "ReadWriteOncePod", 1) + storing("Deployment", "a", "", onNamedNode)},
			want: []problem{{"Deployment files/a", "scaling", claimName, "store", "is ReadWriteOncePod, but a rollout"}},
		},
		{
			name: "a volume of one pod that two on one node share",
			edit: edit{new: strings.Replace(storeClaim, "ReadWriteOnce", "ReadWriteOncePod", 1) + storing("Job", "a", "", "") + storing("Job", "b", "", onNamedNode)},
			want: []problem{{"PersistentVolumeClaim files/store", "scaling", "spec.accessModes[0]", "ReadWriteOncePod", "must be ReadWriteMany"}},
		},
		shared("a volume of one node that two Deployments share", "Deployment files/a, Deployment files/b", storing("Deployment", "a", recreate, ""), storing("Deployment", "b", recreate, "")),
		shared("a volume of one node that a Deployment and a CronJob share", "Deployment files/a, CronJob files/b", storing("Deployment", "a", recreate, ""), storing("CronJob", "b", "", "")),
		shared("a volume of one node that two Jobs share, none of them suspended", "Job files/a, Job files/b", storing("Job", "a", "suspend: false", ""), storing("Job", "b", "", "")),
		shared("a volume of one node that two Jobs and a StatefulSet share", "Job files/a, Job files/b, StatefulSet files/c", storing("Job", "a", "", ""), storing("Job", "b", "", ""), storing("StatefulSet", "c", "", "")),
	}
}

func harmlessScaling() []mutation {
	const (
		django = "Deployment django-app/django"
		hpa    = "HorizontalPodAutoscaler django-app/django"
		pdb    = "PodDisruptionBudget django-app/django"
	)
	recreate := "strategy: {type: Recreate}"
	store := func(name string, documents ...string) mutation {
		return mutation{name: name, edit: edit{new: storeClaim + strings.Join(documents, "")}}
	}
	return []mutation{
		{name: "an autoscaler that is paused", edit: edit{django, "  selector:\n", "  replicas: 0\n  selector:\n"}},
		{name: "as many pods at least as at most", edit: edit{hpa, "minReplicas: 2", "minReplicas: 5"}},
		{name: "an autoscaler of a StatefulSet called like the Deployment", edit: edit{new: scaler("v2", "a", "StatefulSet", "valkey", "maxReplicas: 3") + "---\n" + scaler("v2", "b", "Deployment", "postgres", "maxReplicas: 1")}},
		{name: "an autoscaler by the utilization of a container", edit: edit{hpa, "  minReplicas: 2\n", "  minReplicas: 2\n  metrics: [{type: ContainerResource, containerResource: {name: cpu, container: django, target: {type: Utilization, averageUtilization: 70}}}]\n"}},
		{name: "an autoscaler by an amount", edit: edit{hpa, "  minReplicas: 2\n", "  minReplicas: 2\n  metrics: [{type: ContainerResource, containerResource: {name: cpu, container: web, target: {type: AverageValue, averageValue: 1}}}]\n"}},
		{name: "autoscalers of two Deployments of one name in two namespaces", edit: edit{new: strings.Replace(scaler("v2", "web", "Deployment", "django", "maxReplicas: 3"), "django-app", "files", 1)}, options: also(manifest.External{Kind: "Deployment", Name: "django"})},
		{name: "autoscalers of a Deployment and a StatefulSet of one name", edit: edit{new: scaler("v2", "web", "StatefulSet", "django", "maxReplicas: 3")}, options: also(manifest.External{Kind: "StatefulSet", Name: "django"})},

		{name: "a budget of some percent", edit: edit{pdb, "maxUnavailable: 1", "maxUnavailable: 1%"}},
		{name: "a budget that keeps nothing", edit: edit{new: budget("postgres", "minAvailable: 0")}},
		{name: "a budget that keeps no percent", edit: edit{new: budget("postgres", "minAvailable: 0%")}},
		{name: "a budget that keeps one pod of two", edit: edit{new: budget("django", "minAvailable: 1")}},
		{name: "a budget that keeps half of two pods", edit: edit{new: budget("django", "minAvailable: 50%")}},
		{name: "a budget that keeps two pods of three in two workloads", edit: edit{new: budget("django, postgres", "minAvailable: 2")}},
		{name: "a budget that keeps the pod of a Job until it is done", edit: edit{new: budget("migrate", "minAvailable: 1")}},
		{name: "a budget that keeps as many pods as a Deployment has, of these and those of a Job", edit: edit{new: budget("postgres, migrate", "minAvailable: 1")}},
		{name: "a budget without numbers", edit: edit{new: budget("postgres", "unhealthyPodEvictionPolicy: AlwaysAllow")}},
		{name: "a budget of no number, which Kubernetes refuses", edit: edit{new: budget("postgres", "maxUnavailable: few")}},
		{name: "a budget that keeps no number, which Kubernetes refuses", edit: edit{new: budget("postgres", "minAvailable: few")}},
		{name: "a budget that keeps nothing and something", edit: edit{new: budget("django", "maxUnavailable: 1, minAvailable: 2")}},
		{name: "a budget of pods that are stopped", edit: edit{new: strings.Replace(budget("a", "minAvailable: 1"), "django-app", "files", 1) + storing("Deployment", "a", "replicas: 0", "") + "---\n" + storeClaim}},

		store("a volume of one node and one pod", storing("Deployment", "a", recreate, "")),
		store("a volume of one node and no surge", storing("Deployment", "a", "strategy: {rollingUpdate: {maxSurge: 0, maxUnavailable: 1}}", "")),
		store("a volume of one node and no percent of surge", storing("Deployment", "a", "strategy: {rollingUpdate: {maxSurge: 0%}}", "")),
		store("a volume of one node and one pod of a StatefulSet", storing("StatefulSet", "a", "", "")),
		store("a volume of one node and a Job", storing("Job", "a", "", "")),
		store("a volume of one node and a Job of one pod in all", storing("Job", "a", "parallelism: 2\ncompletions: 1", "")),
		store("a volume of one node and a CronJob", storing("CronJob", "a", "", "")),
		store("a volume of one node and pods on a named node", storing("Deployment", "a", "replicas: 2", onNamedNode)),
		store("a volume of one node and pods on the node of a host name", storing("Deployment", "a", "replicas: 2", onHost)),
		store("a volume of one node and a Job on the node of the Deployment", storing("Deployment", "a", recreate, ""), storing("Job", "b", "", strings.Replace(beside, "TOPOLOGY", node, 1))),
		store("a volume of one node and a Deployment that is stopped", storing("Deployment", "a", "replicas: 0", ""), storing("Job", "b", "", "")),
		{name: "a volume of one node and an autoscaler in another namespace", edit: edit{new: storeClaim + storing("Deployment", "a", recreate, "") + "---\n" + scaler("v2", "a", "Deployment", "a", "maxReplicas: 3")}, options: also(manifest.External{Kind: "Deployment", Name: "a"})},
		{name: "a volume of one node and an autoscaler of another kind", edit: edit{new: storeClaim + storing("Deployment", "a", recreate, "") + "---\n" + strings.Replace(scaler("v2", "a", "StatefulSet", "a", "maxReplicas: 3"), "django-app", "files", 1)}, options: also(manifest.External{Kind: "StatefulSet", Name: "a"})},
		store("a volume of one node and an autoscaler that is paused", storing("Deployment", "a", "replicas: 0", ""), "---\n"+strings.Replace(scaler("v2", "a", "Deployment", "a", "maxReplicas: 3"), "django-app", "files", 1)),
		store("a volume of one node and a Job that is suspended", storing("StatefulSet", "a", "", ""), storing("Job", "b", "suspend: true", "")),
		store("a volume of one node and a CronJob whose Jobs are suspended", storing("StatefulSet", "a", "", ""), storing("CronJob", "b", "suspend: true", "")),
		store("a volume of one node and a CronJob that is suspended", storing("StatefulSet", "a", "", ""), strings.Replace(storing("CronJob", "b", "", ""), "schedule:", "suspend: true\n  schedule:", 1)),
		{name: "a volume of many nodes", edit: edit{new: strings.Replace(storeClaim, "ReadWriteOnce", "ReadWriteMany", 1) + storing("Deployment", "a", "replicas: 2", "") + storing("Job", "b", "", "")}},
		{name: "a volume of one node or many", edit: edit{new: strings.Replace(storeClaim, "[ReadWriteOnce]", "[ReadWriteOnce, ReadWriteMany]", 1) + storing("Deployment", "a", "", "")}},
		{name: "a volume that many nodes read", edit: edit{new: strings.Replace(storeClaim, "[ReadWriteOnce]", "[ReadWriteOnce, ReadOnlyMany]", 1) + storing("Deployment", "a", "", "")}},
		{
			name: "a volume of one node in another namespace",
			edit: edit{new: strings.Replace(storeClaim, "namespace: files", "namespace: django-app", 1) + storing("Deployment", "a", "", "")}, options: also(manifest.External{Kind: "PersistentVolumeClaim", Name: "store"}),
		},
		{name: "two replicas with claims of their own", edit: edit{"StatefulSet django-app/valkey", "  serviceName:", "  replicas: 2\n  serviceName:"}},
	}
}

// TestOnlyWhatIsScaledByNeedsItsRequest: the reason is given for no other
// container and no other resource.
func TestOnlyWhatIsScaledByNeedsItsRequest(t *testing.T) {
	const (
		django  = "Deployment django-app/django"
		hpa     = "HorizontalPodAutoscaler django-app/django"
		reason  = "is required: HorizontalPodAutoscaler django-app/django asks how much of it the pods use, and does nothing without it"
		metrics = "  minReplicas: 2\n  metrics: "
	)
	noCPU := edit{django, "              cpu: 500m\n", ""}
	noMemory := edit{django, "              memory: 512Mi\n", ""}
	for name, test := range map[string]struct {
		without edit
		metrics string
		reason  bool
	}{
		"no metrics":                      {noCPU, "[]", true},
		"no metrics, another resource":    {noMemory, "[]", false},
		"no metrics, another workload":    {edit{"StatefulSet django-app/valkey", "              cpu: 50m\n", ""}, "[]", false},
		"no metrics, an init container":   {edit{django, "              cpu: 50m\n", ""}, "[]", false},
		"an init container once more":     {edit{django, "              cpu: 50m\n              memory: 64Mi\n", "              memory: 64Mi\n          restartPolicy: OnFailure\n"}, "[]", false},
		"memory":                          {noMemory, "[{type: Resource, resource: {name: memory, target: {type: Utilization, averageUtilization: 70}}}]", true},
		"memory, another resource":        {noCPU, "[{type: Resource, resource: {name: memory, target: {type: Utilization, averageUtilization: 70}}}]", false},
		"an amount":                       {noCPU, "[{type: Resource, resource: {name: cpu, target: {type: AverageValue, averageValue: 1}}}]", false},
		"a container":                     {noCPU, "[{type: ContainerResource, containerResource: {name: cpu, container: django, target: {type: Utilization, averageUtilization: 70}}}]", true},
		"a container, another one":        {noCPU, "[{type: ContainerResource, containerResource: {name: cpu, container: wait-for-migrations, target: {type: Utilization, averageUtilization: 70}}}]", false},
		"a container, another resource":   {noMemory, "[{type: ContainerResource, containerResource: {name: cpu, container: django, target: {type: Utilization, averageUtilization: 70}}}]", false},
		"an amount of a container":        {noCPU, "[{type: ContainerResource, containerResource: {name: cpu, container: django, target: {type: AverageValue, averageValue: 1}}}]", false},
		"something outside the container": {noCPU, "[{type: External, external: {metric: {name: queue}, target: {type: Value, value: 1}}}]", false},
	} {
		t.Run(name, func(t *testing.T) {
			objects := readSystem(t).edit(t, test.without, edit{hpa, "  minReplicas: 2\n", metrics + test.metrics + "\n"}).objects()
			problems := manifest.Check(objects, systemOptions())
			want := "is required"
			if test.reason {
				want = reason
			}
			if len(problems) != 1 || problems[0].Text != want {
				t.Errorf("Check() = %v, want one: %s", problems, want)
			}
		})
	}
}

// TestObjectsMadeTwiceShareNoVolume: what unique reports is not reported again.
func TestObjectsMadeTwiceShareNoVolume(t *testing.T) {
	once := storing("StatefulSet", "a", "", "")
	for name, text := range map[string]string{
		"workloads": storeClaim + once + once,
		"claims":    storeClaim + "---\n" + storeClaim + storing("Deployment", "a", "", ""),
	} {
		t.Run(name, func(t *testing.T) {
			problems := manifest.Check(parse(t, text), manifest.Options{})
			if len(problems) != 1 || problems[0].Rule != "unique" {
				t.Errorf("Check() = %v, want one problem of rule unique", problems)
			}
		})
	}
}
