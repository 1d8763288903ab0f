package changes

import (
	"fmt"
	"slices"
	"strings"

	"example.com/django-cdk8s/internal/labels"
)

// keeps says who leaves an object in the cluster that is in the manifests no
// more.
const keeps = "stays in the cluster with Argo CD, Flux and kapp, as its annotations say; " +
	"kubectl apply --prune deletes it"

// guarded reports whether the annotations of an object keep it.
func (d document) guarded() bool {
	annotations, _ := d.at("metadata", "annotations").(map[string]any)
	for key, value := range labels.KeepData() {
		if annotations[key] != value {
			return false
		}
	}
	return true
}

func (d document) generated() bool {
	annotations, _ := d.at("metadata", "annotations").(map[string]any)
	return annotations[labels.GeneratedKeys] != nil
}

// replicas are the pods that a workload asks for; 1 where it says nothing.
func (d document) replicas() string {
	if n := d.at("spec", "replicas"); n != nil {
		return fmt.Sprint(n)
	}
	return "1"
}

// addedTexts and removedTexts are the effects of objects whose kind tells them.
var addedTexts = map[string]string{
	"Namespace":               "an empty namespace",
	"PersistentVolumeClaim":   "a new volume, empty",
	"Job":                     "the Job runs",
	"PodDisruptionBudget":     "evictions are limited from now on",
	"HorizontalPodAutoscaler": "sets the number of pods from now on",
	"NetworkPolicy":           "the traffic of the pods that it selects is restricted to what policies allow",
	"Secret":                  "credentials for the pods that name it",
	"ConfigMap":               "settings for the pods that name it",
	"ServiceMonitor":          "Prometheus collects metrics",
	"PrometheusRule":          "alerts",
	"Cluster":                 "the operator starts a database server, empty unless it recovers a backup",
}

var removedTexts = map[string]string{
	"Namespace":               "a tool that prunes deletes it with everything in it",
	"Job":                     "a tool that prunes deletes the Job and its pods, also while they run",
	"CronJob":                 "does not run any more",
	"PodDisruptionBudget":     "evictions are not limited any more",
	"HorizontalPodAutoscaler": "the number of pods stays as it is, until something else sets it",
	"NetworkPolicy":           "what it allowed is not allowed any more; pods that no other policy selects are open",
	"ServiceMonitor":          "no metrics are collected any more",
	"PrometheusRule":          "no alerts any more",
}

func addedEffects(d document) []string {
	kind := d.text("kind")
	switch kind {
	case "Deployment", "StatefulSet":
		return []string{"new pods: " + d.replicas()}
	case "CronJob":
		return []string{"runs on the schedule " + d.text("spec", "schedule")}
	case "Service":
		return []string{"the name " + d.host() + " appears in DNS"}
	case "Ingress", "HTTPRoute":
		return []string{"requests from outside reach " + d.hosts()}
	case "Secret":
		if d.generated() {
			return []string{"credentials that the cluster generates"}
		}
	}
	return one(addedTexts[kind])
}

func removedEffects(d document) []string {
	kind := d.text("kind")
	switch {
	case kind == "PersistentVolumeClaim" && d.guarded(), kind == "Cluster" && d.guarded(),
		kind == "Secret" && d.generated() && d.guarded():
		return []string{keeps}
	case kind == "Namespace" && d.guarded():
		return []string{keeps + ", with everything in it"}
	case kind == "PersistentVolumeClaim" || kind == "Cluster":
		return []string{"data is deleted by a tool that prunes"}
	case kind == "Deployment" || kind == "StatefulSet":
		return []string{"a tool that prunes ends its pods"}
	case kind == "Service":
		return []string{"the name " + d.host() + " goes from DNS"}
	case kind == "Ingress" || kind == "HTTPRoute":
		return []string{"no requests from outside reach " + d.hosts()}
	}
	return one(removedTexts[kind])
}

func one(text string) []string {
	if text == "" {
		return nil
	}
	return []string{text}
}

func (d document) host() string {
	return strings.TrimSuffix(d.text("metadata", "name")+"."+d.text("metadata", "namespace"), ".") + ".svc"
}

// hosts are those of an Ingress or HTTPRoute.
func (d document) hosts() string {
	var found []string
	rules, _ := d.at("spec", "rules").([]any)
	for _, rule := range rules {
		if host := nameOf(rule, "host"); host != "" && !slices.Contains(found, host) {
			found = append(found, host)
		}
	}
	hostnames, _ := d.at("spec", "hostnames").([]any)
	for _, host := range hostnames {
		found = append(found, fmt.Sprint(host))
	}
	if len(found) == 0 {
		return "every host"
	}
	return strings.Join(found, ", ")
}

// changedEffects are those of an object with other fields.
func changedEffects(before, after document, fields []Field) []string {
	touches := func(path string) bool {
		return slices.ContainsFunc(fields, func(f Field) bool {
			return f.Path == path || strings.HasPrefix(f.Path, path+".") || strings.HasPrefix(f.Path, path+"[")
		})
	}
	if !slices.ContainsFunc(fields, func(f Field) bool { return !strings.HasPrefix(f.Path, "metadata.") }) &&
		before.key() == after.key() {
		return []string{"labels or annotations alone: nothing restarts"}
	}
	var effects []string
	add := func(when bool, text string) {
		if when && text != "" {
			effects = append(effects, text)
		}
	}
	scaled := before.replicas() + " pods become " + after.replicas()
	switch after.text("kind") {
	case "Deployment":
		recreate := after.text("spec", "strategy", "type") == "Recreate"
		add(touches("spec.template") && recreate, "new pods: the old one ends first, and nothing serves in between")
		add(touches("spec.template") && !recreate, "new pods, which take over from the old ones")
		add(touches("spec.replicas"), scaled)
		add(touches("spec.strategy"), "another way of rolling out")
	case "StatefulSet", "DaemonSet":
		add(touches("spec.template"), "new pods, one after the other")
		add(touches("spec.replicas"), scaled)
	case "Job":
		add(before.text("metadata", "name") != after.text("metadata", "name"), "the Job runs again, under its new name")
	case "CronJob":
		add(touches("spec.schedule"), "runs at other times")
		add(touches("spec.jobTemplate"), "from the next run on")
	case "PersistentVolumeClaim":
		add(touches("spec.resources"), "the volume grows, where its storage class allows that")
	case "Secret":
		add(touches("stringData") || touches("data"), "pods that are running keep the old values until they are restarted")
	case "ConfigMap":
		add(true, "mounted files follow within a minute or two; variables only in new pods")
	case "Service":
		add(touches("spec.selector"), "leads to other pods")
		add(touches("spec.ports"), "other ports")
	case "NetworkPolicy":
		add(true, "other traffic is allowed")
	case "Ingress", "HTTPRoute":
		add(before.hosts() != after.hosts(), fmt.Sprintf("hosts: %s become %s", before.hosts(), after.hosts()))
	case "PodDisruptionBudget":
		add(true, "evictions are limited in another way")
	case "HorizontalPodAutoscaler":
		add(true, "the number of pods follows other rules")
	case "Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding":
		add(true, "other permissions")
	case "Cluster":
		add(true, "the operator changes the database server")
	}
	return effects
}
