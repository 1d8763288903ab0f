package pod

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	selectors "k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"
	"k8s.io/apimachinery/pkg/util/validation"

	"example.com/django-cdk8s/internal/rule"
)

// The checks of this file are those of the API server for Kubernetes' own types;
// see https://github.com/kubernetes/kubernetes/blob/v1.33.0/pkg/apis/core/validation/validation.go.

// strict refuses label selectors that the API server refuses in new objects.
var strict = metav1validation.LabelSelectorValidationOptions{}

func validateTopologyKey(e *rule.Errors, at, key string) {
	switch {
	case key == "":
		e.Add(at+".TopologyKey", "", "is required: a label of nodes, such as topology.kubernetes.io/zone")
	case len(validation.IsQualifiedName(key)) > 0:
		e.Add(at+".TopologyKey", key, "must be the key of a label of nodes: [PREFIX/]NAME")
	}
}

func validateAffinity(e *rule.Errors, a *corev1.Affinity) {
	if a == nil {
		return
	}
	const required, preferred = ".RequiredDuringSchedulingIgnoredDuringExecution",
		".PreferredDuringSchedulingIgnoredDuringExecution"
	if node := a.NodeAffinity; node != nil {
		if terms := node.RequiredDuringSchedulingIgnoredDuringExecution; terms != nil {
			at := "Affinity.NodeAffinity" + required + ".NodeSelectorTerms"
			if len(terms.NodeSelectorTerms) == 0 {
				e.Add(at, "", "is required: at least one term")
			}
			for i, term := range terms.NodeSelectorTerms {
				validateNodes(e, rule.Item(at, i), term)
			}
		}
		for i, term := range node.PreferredDuringSchedulingIgnoredDuringExecution {
			at := rule.Item("Affinity.NodeAffinity"+preferred, i)
			e.Range(at+".Weight", int(term.Weight), 1, 100)
			validateNodes(e, at+".Preference", term.Preference)
		}
	}
	pods := func(at string, must []corev1.PodAffinityTerm, should []corev1.WeightedPodAffinityTerm) {
		for i, term := range must {
			validatePods(e, rule.Item(at+required, i), term)
		}
		for i, term := range should {
			e.Range(rule.Item(at+preferred, i)+".Weight", int(term.Weight), 1, 100)
			validatePods(e, rule.Item(at+preferred, i)+".PodAffinityTerm", term.PodAffinityTerm)
		}
	}
	if p := a.PodAffinity; p != nil {
		pods("Affinity.PodAffinity", p.RequiredDuringSchedulingIgnoredDuringExecution,
			p.PreferredDuringSchedulingIgnoredDuringExecution)
	}
	if p := a.PodAntiAffinity; p != nil {
		pods("Affinity.PodAntiAffinity", p.RequiredDuringSchedulingIgnoredDuringExecution,
			p.PreferredDuringSchedulingIgnoredDuringExecution)
	}
}

// nodeOperators are the operators of a [corev1.NodeSelectorRequirement].
var nodeOperators = map[corev1.NodeSelectorOperator]selection.Operator{
	corev1.NodeSelectorOpIn: selection.In, corev1.NodeSelectorOpNotIn: selection.NotIn,
	corev1.NodeSelectorOpExists: selection.Exists, corev1.NodeSelectorOpDoesNotExist: selection.DoesNotExist,
	corev1.NodeSelectorOpGt: selection.GreaterThan, corev1.NodeSelectorOpLt: selection.LessThan,
}

func validateNodes(e *rule.Errors, at string, term corev1.NodeSelectorTerm) {
	for i, r := range term.MatchExpressions {
		at := rule.Item(at+".MatchExpressions", i)
		operator, ok := nodeOperators[r.Operator]
		if !ok {
			e.Add(at+".Operator", string(r.Operator), "must be one of In, NotIn, Exists, DoesNotExist, Gt, Lt")
			continue
		}
		if _, err := selectors.NewRequirement(r.Key, operator, r.Values); err != nil {
			e.Add(at, fmt.Sprintf("%s %s %q", r.Key, r.Operator, r.Values), "must be a requirement of labels: "+err.Error())
		}
	}
	for i, r := range term.MatchFields {
		if r.Key != "metadata.name" || len(r.Values) != 1 ||
			r.Operator != corev1.NodeSelectorOpIn && r.Operator != corev1.NodeSelectorOpNotIn {
			e.Add(rule.Item(at+".MatchFields", i), fmt.Sprintf("%s %s %q", r.Key, r.Operator, r.Values),
				"must compare metadata.name with one value, by In or NotIn")
		}
	}
}

func validatePods(e *rule.Errors, at string, term corev1.PodAffinityTerm) {
	validateTopologyKey(e, at, term.TopologyKey)
	e.Join(at+".LabelSelector", metav1validation.ValidateLabelSelector(term.LabelSelector, strict, nil))
	e.Join(at+".NamespaceSelector", metav1validation.ValidateLabelSelector(term.NamespaceSelector, strict, nil))
}

func validateDNS(e *rule.Errors, c corev1.PodDNSConfig) {
	const maxServers, maxSearches = 3, 32
	if len(c.Nameservers) > maxServers {
		e.Add("DNSConfig.Nameservers", len(c.Nameservers), fmt.Sprintf("must be at most %d", maxServers))
	}
	for i, address := range c.Nameservers {
		e.IP(rule.Item("DNSConfig.Nameservers", i), address)
	}
	if len(c.Searches) > maxSearches {
		e.Add("DNSConfig.Searches", len(c.Searches), fmt.Sprintf("must be at most %d", maxSearches))
	}
	for i, domain := range c.Searches {
		if name := strings.TrimSuffix(domain, "."); domain != "." && len(validation.IsDNS1123Subdomain(name)) > 0 {
			e.Add(rule.Item("DNSConfig.Searches", i), domain, "must be a domain, such as svc.cluster.local, or a dot")
		}
	}
	for i, option := range c.Options {
		if option.Name == "" {
			e.Add(rule.Item("DNSConfig.Options", i)+".Name", "", "is required: an option of resolv.conf, such as ndots")
		}
	}
}

func validateContainer(e *rule.Errors, at string, c corev1.Container) {
	if policy := c.TerminationMessagePolicy; policy != "" {
		e.OneOf(at+".TerminationMessagePolicy", string(policy), string(corev1.TerminationMessageReadFile),
			string(corev1.TerminationMessageFallbackToLogsOnError))
	}
	for i, port := range c.Ports {
		at := rule.Item(at+".Ports", i)
		e.Port(at+".ContainerPort", int(port.ContainerPort))
		if port.Name != "" && len(validation.IsValidPortName(port.Name)) > 0 {
			e.Add(at+".Name", port.Name, "must be 1 to 15 lower-case letters, digits or '-', with a letter")
		}
		if port.Protocol != "" {
			e.OneOf(at+".Protocol", string(port.Protocol), "TCP", "UDP", "SCTP")
		}
	}
	var variables []string
	for i, v := range c.Env {
		if v.Name == "" || strings.Contains(v.Name, "=") {
			e.Add(rule.Item(at+".Env", i)+".Name", v.Name, "must be the name of a variable, without '='")
		}
		variables = append(variables, v.Name)
	}
	e.Unique(at+".Env.Name", variables)
	for i, m := range c.VolumeMounts {
		validateMount(e, rule.Item(at+".VolumeMounts", i), m)
	}
	validateAmounts(e, at+".Resources.Requests", c.Resources.Requests)
	validateAmounts(e, at+".Resources.Limits", c.Resources.Limits)
	validateDevices(e, at+".Resources", c.Resources)
}

func validateMount(e *rule.Errors, at string, m corev1.VolumeMount) {
	if m.Name == "" {
		e.Add(at+".Name", "", "is required: the name of a volume of the pod")
	}
	if !path.IsAbs(m.MountPath) || strings.Contains(m.MountPath, ":") {
		e.Add(at+".MountPath", m.MountPath, "must be an absolute path without ':'")
	}
	below := func(name, value string) {
		if path.IsAbs(value) || slices.Contains(strings.Split(value, "/"), "..") {
			e.Add(at+name, value, "must be a relative path without '..'")
		}
	}
	below(".SubPath", m.SubPath)
	below(".SubPathExpr", m.SubPathExpr)
	if m.SubPath != "" && m.SubPathExpr != "" {
		e.Add(at+".SubPathExpr", m.SubPathExpr, "must not be given together with SubPath")
	}
}

// validateAmounts reports resources that Kubernetes does not know.
func validateAmounts(e *rule.Errors, at string, amounts corev1.ResourceList) {
	for _, name := range slices.Sorted(maps.Keys(amounts)) {
		amount, text := amounts[name], string(name)
		known := slices.Contains([]string{"cpu", "memory", "ephemeral-storage"}, text) ||
			strings.HasPrefix(text, corev1.ResourceHugePagesPrefix) || strings.Contains(text, "/")
		switch {
		case !known || len(validation.IsQualifiedName(text)) > 0:
			e.Add(rule.Item(at, text), amount.String(), "must be cpu, memory, ephemeral-storage, or DOMAIN/NAME")
		case amount.Sign() < 0:
			e.Add(rule.Item(at, text), amount.String(), "must not be negative")
		}
	}
}

// validateDevices reports devices, such as nvidia.com/gpu, and huge pages, of
// which a container cannot ask for less than its limit; see
// https://kubernetes.io/docs/tasks/manage-gpus/scheduling-gpus/.
func validateDevices(e *rule.Errors, at string, r corev1.ResourceRequirements) {
	for _, name := range slices.Sorted(maps.Keys(r.Requests)) {
		request, limit := r.Requests[name], r.Limits[name]
		text := string(name)
		device := strings.HasPrefix(text, corev1.ResourceHugePagesPrefix) ||
			strings.Contains(text, "/") && !strings.Contains(text, "kubernetes.io/")
		if device && request.Sign() >= 0 && request.Cmp(limit) != 0 {
			e.Add(rule.Item(at+".Requests", text), request.String(), "must be given in Limits, too, and be the same there")
		}
	}
}
