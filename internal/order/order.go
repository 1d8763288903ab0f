// Package order says in which order GitOps tools apply the objects of an app. It
// works on finished documents, whoever made them: those of this library say by a
// label what part they play, and every other object follows from what refers to
// it.
//
// The gates inside the pods hold without it, so that plain kubectl apply needs no
// order. The annotations add two things: a tool applies nothing that can only
// wait, and a release whose migration fails stops before its pods are exchanged.
package order

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"example.com/django-cdk8s/internal/labels"
	"example.com/django-cdk8s/manifest/pods"
)

// stage is one step of the order: a name, and the wave of Argo CD. What has no
// stage is applied last, in wave 0, like objects that other programs render.
type stage struct {
	name string
	wave int
}

// after are the parts that each part waits for: the graph that all of this
// package follows from. A part that is not named here comes last.
var after = map[labels.Part][]labels.Part{
	labels.Credentials: nil,
	labels.Database:    {labels.Credentials},
	labels.Broker:      {labels.Credentials},
	labels.Restore:     {labels.Database},
	labels.Rotation:    {labels.Database},
	labels.Migration:   {labels.Restore, labels.Rotation, labels.Broker},
}

// names are those of the stages, by the length of the longest way to them.
var names = []string{"credentials", "database", "restore", "migration"}

// stages are those of the parts, by the label that tells the part.
var stages = func() map[string]stage {
	var depth func(part labels.Part) int
	depth = func(part labels.Part) int {
		longest := 0
		for _, earlier := range after[part] {
			longest = max(longest, depth(earlier)+1)
		}
		return longest
	}
	all := map[string]stage{}
	for part := range after {
		d := depth(part)
		all[part.Component()] = stage{names[d], d - len(names)}
	}
	return all
}()

// document is an object on its way to a file.
type document struct {
	content             map[string]any
	kind, space, name   string
	labels, annotations map[string]any
	wave                int
	given               bool // The wave is that of the user.
	// template is that of the pods, and nil for an object without any.
	template  map[string]any
	podLabels map[string]any
}

// id is how documents refer to each other.
type id struct{ kind, space, name string }

// Annotate adds to contents, which together are an app, the annotations by which
// Argo CD and kapp apply them in order. A wave that an object already has stays,
// and what the object refers to follows it.
func Annotate(contents []map[string]any) {
	g := graph{
		byID: map[id]*document{}, bindings: map[id][]*document{},
		behind: map[string][]*document{}, services: map[string][]*document{},
	}
	for _, content := range contents {
		if d := read(content); d != nil {
			g.add(d)
		}
	}
	g.settle()
	g.write()
}

// read returns what is known of a document, or nil for one that is no object.
func read(content map[string]any) *document {
	metadata, ok := content["metadata"].(map[string]any)
	if !ok {
		return nil
	}
	d := &document{
		content: content, kind: text(content, "kind"), name: text(metadata, "name"),
		space: text(metadata, "namespace"),
	}
	d.labels, d.annotations = object(metadata, "labels"), object(metadata, "annotations")
	spec := object(content, "spec")
	switch d.kind {
	case "Pod":
		d.template = content
	case "CronJob":
		d.template = object(object(object(spec, "jobTemplate"), "spec"), "template")
	case "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job":
		d.template = object(spec, "template")
	}
	d.podLabels = object(object(d.template, "metadata"), "labels")
	if given, ok := d.annotations[labels.ArgoWave].(string); ok {
		d.wave, _ = strconv.Atoi(given)
		d.given = true
	} else if d.active() || d.kind == "Secret" || d.kind == "ConfigMap" {
		// A Job may read an object that its pods do not name.
		d.wave = stages[d.component()].wave
	}
	return d
}

// component is the part that an object of this library plays.
func (d *document) component() string {
	if text(d.labels, labels.ManagedBy) != labels.Manager {
		return ""
	}
	return text(d.labels, labels.Component)
}

// active reports whether an object does work that others wait for: one with pods,
// or a custom resource of this library that plays a part in the order. What has a
// schedule does its work at another time.
func (d *document) active() bool {
	switch {
	case object(d.content, "spec")["schedule"] != nil:
		return false
	case d.template != nil:
		return true
	}
	group, _, _ := strings.Cut(text(d.content, "apiVersion"), "/")
	_, staged := stages[d.component()]
	return staged && strings.Contains(group, ".") && !strings.HasSuffix(group, ".k8s.io")
}

// graph are the documents of an app and how they refer to each other.
type graph struct {
	documents []*document
	byID      map[id]*document
	// bindings are the RoleBindings of each ServiceAccount.
	bindings map[id][]*document
	// behind are the documents with pods, and services the Services, by namespace.
	behind, services map[string][]*document
}

func (g *graph) add(d *document) {
	g.documents = append(g.documents, d)
	g.byID[id{d.kind, d.space, d.name}] = d
	if d.template != nil {
		g.behind[d.space] = append(g.behind[d.space], d)
	}
	if d.kind == "Service" {
		g.services[d.space] = append(g.services[d.space], d)
	}
	for _, subject := range list(d.content, "subjects") {
		account := id{text(subject, "kind"), cmp.Or(text(subject, "namespace"), d.space), text(subject, "name")}
		g.bindings[account] = append(g.bindings[account], d)
	}
}

// settle moves what an object refers to into its wave, where that is earlier,
// until nothing moves. Waves are few, so that this ends soon.
func (g *graph) settle() {
	pending := slices.Clone(g.documents)
	first, earliest := 0, map[string]int{} // Of all, and of each namespace.
	for len(pending) > 0 {
		d := pending[0]
		pending = pending[1:]
		first, earliest[d.space] = min(first, d.wave), min(earliest[d.space], d.wave)
		if d.wave >= 0 {
			continue // Everything is there by then.
		}
		for _, target := range g.targets(d) {
			if !target.given && target.wave > d.wave {
				target.wave = d.wave
				pending = append(pending, target)
			}
		}
	}
	for _, d := range g.documents {
		if d.given {
			continue
		}
		switch d.kind {
		case "Namespace":
			d.wave = earliest[d.name]
		case "NetworkPolicy", "ResourceQuota", "LimitRange":
			d.wave = earliest[d.space]
		case "CustomResourceDefinition", "PriorityClass", "StorageClass":
			d.wave = first
		}
	}
}

// targets are the documents that d cannot do without.
func (g *graph) targets(d *document) (found []*document) {
	find := func(kind, space, name string) {
		if target := g.byID[id{kind, space, name}]; target != nil && target != d {
			found = append(found, target)
		}
	}
	switch {
	case d.template != nil:
		if p, ok := podsOf(d.template); ok {
			find("ServiceAccount", d.space, cmp.Or(p.Template.Spec.ServiceAccountName, "default"))
			p.EachReference(func(r pods.Reference) { find(r.Kind, d.space, r.Name) })
			for _, server := range p.Destinations() {
				service := pods.ServiceOf(d.space, server.Host)
				find("Service", service.Namespace, service.Name)
			}
		}
		for _, service := range g.services[d.space] {
			if serves(service, d) {
				found = append(found, service)
			}
		}
	case d.kind == "Service":
		for _, server := range g.behind[d.space] {
			if serves(d, server) {
				found = append(found, server)
			}
		}
	case d.kind == "ServiceAccount":
		found = append(found, g.bindings[id{d.kind, d.space, d.name}]...)
	case d.kind == "RoleBinding" || d.kind == "ClusterRoleBinding":
		role := object(d.content, "roleRef")
		find(text(role, "kind"), d.space, text(role, "name"))
		find(text(role, "kind"), "", text(role, "name"))
	}
	return found
}

// serves reports whether a Service leads to the pods of d.
func serves(service, d *document) bool {
	selector := object(object(service.content, "spec"), "selector")
	for key, value := range selector {
		if d.podLabels[key] != value {
			return false
		}
	}
	return len(selector) > 0
}

// write adds the annotations.
func (g *graph) write() {
	// present are the waves of the groups that a namespace has.
	present := map[string][]int{}
	for _, d := range g.documents {
		if d.active() && !d.given && nameOf(d.wave) != "" && !slices.Contains(present[d.space], d.wave) {
			present[d.space] = append(present[d.space], d.wave)
		}
	}
	for _, d := range g.documents {
		if d.wave != 0 && !d.given {
			d.annotate(labels.ArgoWave, strconv.Itoa(d.wave))
		}
		if !d.active() || d.given {
			continue
		}
		if name := nameOf(d.wave); name != "" {
			d.annotate(labels.KappGroup, groupOf(d.space, name))
		}
		earlier := slices.DeleteFunc(slices.Clone(present[d.space]), func(wave int) bool { return wave >= d.wave })
		if len(earlier) > 0 {
			d.annotate(labels.KappRule, "upsert after upserting "+groupOf(d.space, nameOf(slices.Max(earlier))))
		}
	}
}

func nameOf(wave int) string {
	if i := wave + len(names); i >= 0 && i < len(names) {
		return names[i]
	}
	return ""
}

// groupOf names the objects of one stage in one namespace, as kapp wants it.
func groupOf(space, name string) string {
	return strings.TrimPrefix(space+"."+labels.Domain, ".") + "/" + name
}

func (d *document) annotate(key, value string) {
	if _, given := d.annotations[key]; given {
		return
	}
	if d.annotations == nil {
		d.annotations = map[string]any{}
	} else {
		d.annotations = maps.Clone(d.annotations)
	}
	d.annotations[key] = value
	d.content["metadata"].(map[string]any)["annotations"] = d.annotations
}
