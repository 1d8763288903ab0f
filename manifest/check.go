package manifest

import (
	"fmt"
	"slices"
	"strings"

	"example.com/django-cdk8s/internal/labels"
)

// External is an object, or some keys of one, that manifests may refer to
// although it is made elsewhere.
type External struct {
	// Kind is the object's kind, such as Secret or PersistentVolumeClaim.
	//
	// Required.
	Kind string

	// Name is the object's metadata.name.
	//
	// Required.
	Name string

	// Namespace is where the object lives.
	//
	// Default: any namespace.
	Namespace string

	// Keys are the keys that a Secret or ConfigMap holds besides those in its
	// manifest.
	//
	// Default: any key, when no manifest of the object is at hand.
	Keys []string
}

// Options tells [Check] what the manifests do not say.
type Options struct {
	// External are the objects that are made elsewhere, namespaces too.
	External []External

	// Plain are the keys of Secrets whose values anybody may read.
	Plain []External

	// Tracked says that the manifests are committed to a repository. They must
	// then hold no credential.
	Tracked bool

	// Dir is the directory of the manifests from the root of the repository, such
	// as dist/production; "." is the root itself.
	//
	// Default: none, and the rule gitops has nothing to compare.
	Dir string

	// Skip are the names of the rules that do not apply; see [Rules].
	Skip []string
}

// GeneratedKeysAnnotation is the annotation of a Secret whose manifest does not
// hold all its keys, because the cluster generates some: their names, with
// commas between them. References to them are in order, and the stringData of
// such a Secret counts as values that anybody may read, except for what looks
// like a credential.
const GeneratedKeysAnnotation = labels.GeneratedKeys

// Problem is one thing that is wrong with an object.
type Problem struct {
	// Object is the object that the problem was found in.
	Object Object

	// Rule is the name of the rule in [Rules], or of the warning in [Warnings];
	// "options" when the options are wrong.
	Rule string

	// Field is the path of the field within the object.
	Field string

	// Value is the field's value; "..." where it must not be shown.
	Value string

	// Text says what is allowed.
	Text string
}

// Error returns the problem in one line: source, field, value, rule.
func (p Problem) Error() string {
	return fmt.Sprintf("%s: %s: %q: %s (%s)", p.Object.Source, p.Field, p.Value, p.Text, p.Rule)
}

// Rule is one named check.
type Rule struct {
	// Name is how problems refer to the rule.
	Name string

	// Doc says what the rule asks for.
	Doc string

	check func(c *checker)
}

// Rules returns every rule that [Check] applies, in that order.
func Rules() []Rule {
	return []Rule{
		{
			"names", "Names, namespaces, labels and the annotation of generated keys are ones that Kubernetes takes.",
			(*checker).names,
		},
		{
			"unique", "No two objects share API group, kind, namespace and name, and no two make the same Secret.",
			(*checker).unique,
		},
		{
			"size", "No object is larger than etcd stores, and no ConfigMap or Secret larger than Kubernetes takes.",
			(*checker).sizes,
		},
		{"selectors", "A workload's selector matches its own pods and no others, what selects pods selects some, and " +
			"no budget or Service of other pods selects those of a Job.", (*checker).selectors},
		{"ports", "Services and probes name a port that exists.", (*checker).ports},
		{"references", "What an object refers to exists, with the key or port it asks for, or is declared external: " +
			"also its namespace, and Services that variables name.", (*checker).references},
		{"environment", "No container lists a variable twice.", (*checker).environment},
		{"resources", "No request is above its limit, and every container has both.", (*checker).resources},
		{"volumes", "Every mount has its volume and a path of its own, which is none that the container needs " +
			"itself; claims have known access modes and a size.", (*checker).volumes},
		{"scaling", "One autoscaler sets the replicas of a workload, disruption budgets let pods go, and what one " +
			"node mounts serves one pod.", (*checker).scaling},
		{"exposure", "No two routes serve the same host and path, and no Service claims addresses outside the " +
			"cluster.", (*checker).exposure},
		{"isolation", "NetworkPolicies cover every pod of their namespace, name pods and ports that exist, let " +
			"nobody in from everywhere, let pods connect to what they are told to, and let proxies in to visitors' " +
			"pods and to cert-manager's.", (*checker).isolation},
		{"order", "No object waits for one that Argo CD applies in a later wave.", (*checker).order},
		{"gitops", "No Application, ApplicationSet or Kustomization of Flux leads to the directory that it is itself " +
			"written to.", (*checker).gitOps},
		{
			"pod-security", "Every pod meets the Pod Security Standard that its namespace enforces.",
			(*checker).podSecurity,
		},
		{"credentials", "Manifests that git tracks hold no credential.", (*checker).credentials},
	}
}

// Check applies the rules to objects, which together are what is applied to a
// cluster, and returns all problems.
func Check(objects []Object, options Options) []Problem {
	c := newChecker(objects, options)
	rules := Rules()
	c.skips(rules)
	for _, rule := range rules {
		if !slices.Contains(options.Skip, rule.Name) {
			c.rule = rule.Name
			rule.check(c)
		}
	}
	return c.problems
}

// skips reports names in Options.Skip that no rule has, such as misspelt ones.
func (c *checker) skips(rules []Rule) {
	var names []string
	for _, rule := range rules {
		names = append(names, rule.Name)
	}
	c.rule = "options"
	for i, name := range c.options.Skip {
		if !slices.Contains(names, name) {
			c.add(Object{Source: "Options"}, fmt.Sprintf("Skip[%d]", i), name, "must be one of %s",
				strings.Join(names, ", "))
		}
	}
}
