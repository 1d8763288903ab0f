package manifest_test

import (
	"fmt"
	"strings"
	"testing"

	"example.com/django-cdk8s/manifest"
)

// inWave returns an object in the namespace shop whose annotations are given.
func inWave(apiVersion, kind, name, annotations, rest string) string {
	return fmt.Sprintf("apiVersion: %s\nkind: %s\nmetadata: {name: %s, namespace: shop, annotations: {%s}}\n%s\n---\n",
		apiVersion, kind, name, annotations, rest)
}

func wave(n string) string { return `argocd.argoproj.io/sync-wave: "` + n + `"` }

// podsIn returns a workload in a wave; pod is what the spec of its pods holds
// besides the container, and env the container's environment.
func podsIn(n, kind, name, pod, env string) string {
	version, head, restart := "apps/v1", "selector: {matchLabels: {app: "+name+"}}, ", "Always"
	if kind == "Job" {
		version, head, restart = "batch/v1", "", "Never"
	}
	return inWave(version, kind, name, wave(n), fmt.Sprintf(
		"spec: {%stemplate: {metadata: {labels: {app: %s}}, spec: {restartPolicy: %s, %scontainers: [{name: c, image: 'a:1', "+
			"ports: [{containerPort: 80}], env: [%s]}]}}}", head, name, restart, pod, env))
}

// mistakesInOrder break the rule order; more are in [TestOrder].
func mistakesInOrder() []mutation {
	return []mutation{{
		name: "a claim before the pods that mount it",
		edit: edit{
			"PersistentVolumeClaim django-app/postgres-pvc", "metadata:\n",
			"metadata:\n  annotations:\n    argocd.argoproj.io/sync-wave: \"-1\"\n",
		},
		want: []problem{{
			"PersistentVolumeClaim django-app/postgres-pvc", "order",
			"metadata.annotations[argocd.argoproj.io/sync-wave]", "-1", "no pods of this wave mount the claim",
		}},
	}}
}

func TestOrder(t *testing.T) {
	const (
		mounts   = "volumes: [{name: v, persistentVolumeClaim: {claimName: store}}], "
		fromFile = "volumes: [{name: v, configMap: {name: settings}}], "
		secret   = "{name: A, valueFrom: {secretKeyRef: {name: env, key: A}}}"
		host     = "{name: CACHE_HOST, value: cache}"
	)
	claim := func(annotations string) string {
		return inWave("v1", "PersistentVolumeClaim", "store", annotations,
			"spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}")
	}
	settings := inWave("v1", "ConfigMap", "settings", "", "data: {a: b}")
	cache := func(n string) string {
		return podsIn(n, "Deployment", "cache", "", "") +
			inWave("v1", "Service", "cache", wave("-2"), "spec: {selector: {app: cache}, ports: [{port: 80}]}")
	}
	for name, c := range map[string]struct {
		manifests string
		want      []string
	}{
		"pods after all that they need": {
			podsIn("1", "Deployment", "web", mounts, secret) + podsIn("1", "Job", "run", fromFile, "") + claim(wave("1")) + settings +
				inWave("v1", "Secret", "env", "", "stringData: {A: b}"), nil,
		},
		"a wave that is no number": {
			podsIn("soon", "Deployment", "web", "", ""),
			[]string{`Deployment shop/web: metadata.annotations[argocd.argoproj.io/sync-wave]: "soon": must be a whole number`},
		},
		"a ConfigMap after its pods": {
			podsIn("-1", "Job", "migrate", fromFile, "") + settings,
			[]string{`spec.template.spec.volumes[0].configMap.name: "settings": is ConfigMap shop/settings, which Argo CD applies in ` +
				`wave 0, after these pods in wave -1, which wait for it`},
		},
		"a Secret after its pods": {
			podsIn("-1", "Job", "migrate", "", secret) + inWave("v1", "Secret", "env", wave("3"), "stringData: {A: b}"),
			[]string{`env[A].valueFrom.secretKeyRef.name: "env": is Secret shop/env, which Argo CD applies in wave 3`},
		},
		"a server after its client": {
			podsIn("-1", "Job", "migrate", "", host) + cache("0"),
			[]string{`env[CACHE_HOST]: "cache": is Deployment shop/cache, which Argo CD applies in wave 0`},
		},
		"a server beside its client": {podsIn("-1", "Job", "migrate", "", host) + cache("-1"), nil},
		"a claim before its pods": {
			podsIn("0", "Deployment", "web", mounts, "") + claim(wave("-1")),
			[]string{`PersistentVolumeClaim shop/store: metadata.annotations[argocd.argoproj.io/sync-wave]: "-1": ` +
				`no pods of this wave mount the claim`},
		},
		"a claim with its pods": {
			podsIn("-1", "Deployment", "db", mounts, "") + claim(wave("-1")) + podsIn("0", "Deployment", "web", "", ""), nil,
		},
		"a claim that nothing mounts yet": {claim("") + podsIn("-1", "Job", "migrate", "", ""), nil},
		"an Ingress before the last wave": {
			inWave("networking.k8s.io/v1", "Ingress", "web", wave("-1"),
				"spec: {defaultBackend: {service: {name: web, port: {number: 80}}}}") + podsIn("0", "Deployment", "web", "", ""),
			[]string{`Ingress shop/web: metadata.annotations[argocd.argoproj.io/sync-wave]: "-1": must be the last wave, 0`},
		},
		"a load balancer before the last wave": {
			inWave("v1", "Service", "web", wave("-1"), "spec: {type: LoadBalancer, selector: {app: web}, ports: [{port: 80}]}") +
				podsIn("0", "Deployment", "web", "", ""), nil,
		},
		"a hook that needs an object of the app": {
			strings.Replace(podsIn("0", "Job", "migrate", fromFile, ""), "annotations: {",
				"annotations: {argocd.argoproj.io/hook: PreSync, ", 1) + settings,
			[]string{`metadata.annotations[argocd.argoproj.io/hook]: "PreSync": runs before Argo CD applies ConfigMap shop/settings`},
		},
		"a Job that is replaced": {
			strings.Replace(podsIn("0", "Job", "migrate", "", ""), "annotations: {",
				"annotations: {argocd.argoproj.io/sync-options: 'Prune=false,Replace=true', ", 1),
			[]string{`must not hold Replace=true: Argo CD deletes the Job to apply it again`},
		},
		"a claim that is replaced by force": {
			claim("argocd.argoproj.io/sync-options: Force=true"),
			[]string{`must not hold Force=true: Argo CD deletes the PersistentVolumeClaim`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			objects, err := manifest.Parse("test.yaml", []byte(c.manifests))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, p := range manifest.Check(objects, manifest.Options{}) {
				if p.Rule == "order" {
					got = append(got, p.Error())
				}
			}
			for i := range max(len(got), len(c.want)) {
				switch {
				case i >= len(c.want):
					t.Errorf("unexpected problem: %s", got[i])
				case i >= len(got):
					t.Errorf("missing problem: %s", c.want[i])
				case !strings.Contains(got[i], c.want[i]):
					t.Errorf("problem %q, want %q in it", got[i], c.want[i])
				}
			}
		})
	}
}
