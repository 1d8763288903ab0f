package diagram

import (
	"cmp"
	"slices"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"

	"example.com/django-cdk8s/manifest"
	"example.com/django-cdk8s/manifest/pods"
)

// secrets adds the Secrets that reach something, and who may fill them.
func (b *builder) secrets() {
	for i, w := range b.network.Workloads {
		for _, name := range secretsOf(w.Pods) {
			b.connect(b.secret(w.Namespace, name), b.ids[i], Reaches, "")
		}
	}
	for _, o := range b.objects {
		ingress, ok := o.Content.(*networkingv1.Ingress)
		if !ok || !b.has(o.String()) {
			continue
		}
		for _, tls := range ingress.Spec.TLS {
			if tls.SecretName != "" {
				b.connect(b.secret(o.Namespace, tls.SecretName), o.String(), Reaches, "")
			}
		}
	}
	b.fillers()
}

// secret adds a Secret.
func (b *builder) secret(namespace, name string) string {
	n := Node{ID: idOf("Secret", namespace, name), Kind: Secret, Namespace: namespace, Name: name}
	if b.has(n.ID) {
		return n.ID
	}
	before := 0
	for _, other := range b.graph.Nodes {
		if other.Kind == Secret {
			before++
		}
	}
	n.Mark = letters(before)
	made := slices.ContainsFunc(b.objects, func(o manifest.Object) bool { return o.String() == n.ID })
	if !made {
		n.Details = []string{"made elsewhere"}
	}
	return b.add(n)
}

// letters returns A, B and so on, and AA after Z.
func letters(i int) string {
	if i < 26 {
		return string(rune('A' + i))
	}
	return letters(i/26-1) + letters(i%26)
}

// secretsOf returns the names of the Secrets in the environment and the volumes of
// pods, each once.
func secretsOf(p pods.Pods) []string {
	var names []string
	add := func(name string) {
		if name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	p.EachContainer(func(_ string, container *corev1.Container, _ bool) {
		for _, from := range container.EnvFrom {
			if from.SecretRef != nil {
				add(from.SecretRef.Name)
			}
		}
		for _, env := range container.Env {
			if env.ValueFrom != nil && env.ValueFrom.SecretKeyRef != nil {
				add(env.ValueFrom.SecretKeyRef.Name)
			}
		}
	})
	for _, v := range p.Template.Spec.Volumes {
		if v.Secret != nil {
			add(v.Secret.SecretName)
		}
		if v.Projected == nil {
			continue
		}
		for _, source := range v.Projected.Sources {
			if source.Secret != nil {
				add(source.Secret.Name)
			}
		}
	}
	return names
}

// bindings returns the Roles and ClusterRoles of each ServiceAccount, as the rules
// that RoleBindings and ClusterRoleBindings give it.
func (b *builder) bindings() map[[2]string][]bound {
	rules := map[string][]rbacv1.PolicyRule{}
	for _, o := range b.objects {
		switch role := o.Content.(type) {
		case *rbacv1.Role:
			rules[o.String()] = role.Rules
		case *rbacv1.ClusterRole:
			rules[o.String()] = role.Rules
		}
	}
	found := map[[2]string][]bound{}
	bind := func(namespace string, subjects []rbacv1.Subject, ref rbacv1.RoleRef) {
		in := namespace
		if ref.Kind == "ClusterRole" {
			in = ""
		}
		role := ref.Kind + " " + ref.Name
		if in != "" {
			role = idOf(ref.Kind, in, ref.Name)
		}
		for _, s := range subjects {
			if s.Kind == rbacv1.ServiceAccountKind {
				account := [2]string{cmp.Or(s.Namespace, namespace), s.Name}
				found[account] = append(found[account], bound{namespace, rules[role]})
			}
		}
	}
	for _, o := range b.objects {
		switch binding := o.Content.(type) {
		case *rbacv1.RoleBinding:
			bind(o.Namespace, binding.Subjects, binding.RoleRef)
		case *rbacv1.ClusterRoleBinding:
			bind("", binding.Subjects, binding.RoleRef)
		}
	}
	return found
}

// bound are the rules that one binding gives in a namespace; in all of them where
// it is empty.
type bound struct {
	namespace string
	rules     []rbacv1.PolicyRule
}

// fillers adds the pods that may write a Secret which their Role names.
func (b *builder) fillers() {
	bindings := b.bindings()
	for i, w := range b.network.Workloads {
		if !b.asked[[2]string{b.ids[i], apiServer}] {
			continue
		}
		for _, binding := range bindings[[2]string{w.Namespace, cmp.Or(w.Template.Spec.ServiceAccountName, "default")}] {
			for _, rule := range binding.rules {
				if !writesSecrets(rule) {
					continue
				}
				for _, name := range rule.ResourceNames {
					if id := idOf("Secret", cmp.Or(binding.namespace, w.Namespace), name); b.has(id) {
						b.connect(b.ids[i], id, Fills, "")
					}
				}
			}
		}
	}
}

func writesSecrets(rule rbacv1.PolicyRule) bool {
	writes := func(verb string) bool { return verb == "patch" || verb == "update" || verb == "*" }
	return slices.Contains(rule.Resources, "secrets") && slices.ContainsFunc(rule.Verbs, writes)
}
