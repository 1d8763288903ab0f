package reference

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/aws/constructs-go/constructs/v10"
	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"sigs.k8s.io/yaml"

	"example.com/django-cdk8s/constructs/network"
	"example.com/django-cdk8s/internal/construct"
	"example.com/django-cdk8s/internal/reference/uses"
	"example.com/django-cdk8s/manifest"
	"example.com/django-cdk8s/synth"
)

// rendered is what the smallest use of a construct makes.
type rendered struct {
	// of is the Go type of the construct.
	of string
	// documents are the objects of the construct itself, in YAML, and others the
	// names of those that the use makes besides.
	documents []string
	others    []string
	cost      cost
}

// render renders the use of a construct, checks it as synth does, and keeps the
// objects that the construct has made.
func render(use uses.Use) (rendered, error) {
	var made constructs.IConstruct
	result, err := synth.Render(os.TempDir(), synth.Environment{Build: func(app cdk8s.App) { made = use(app) }})
	if err != nil {
		return rendered{}, err
	}
	own := map[string]bool{}
	r := rendered{of: fmt.Sprintf("%T", made)}
	for _, c := range *made.Node().FindAll(constructs.ConstructOrder_PREORDER) {
		switch c := c.(type) {
		case interface {
			Render() (map[string]any, []*construct.Problem)
		}:
			document, _ := c.Render()
			own[nameOf(document)] = true
		case cdk8s.ApiObject:
			own[nameOf(c.ToJson().(map[string]any))] = true
		}
		if source, ok := c.(network.Source); ok {
			r.cost.connect(source.Flows())
		}
	}
	if server, ok := made.(interface{ MaxConnections() int }); ok {
		r.cost.serves = server.MaxConnections()
	}
	for _, file := range slices.Sorted(maps.Keys(result.Files)) {
		for text := range strings.SplitSeq(string(result.Files[file]), "\n---\n") {
			if err := r.add(text, own); err != nil {
				return r, err
			}
		}
	}
	if len(r.documents) != len(own) {
		return r, fmt.Errorf("%d of %d objects were found", len(r.documents), len(own))
	}
	return r, nil
}

// nameOf identifies an object among those of one namespace.
func nameOf(document map[string]any) string {
	metadata, _ := document["metadata"].(map[string]any)
	return fmt.Sprint(document["kind"], " ", metadata["name"])
}

func (r *rendered) add(text string, own map[string]bool) error {
	var document map[string]any
	if err := yaml.Unmarshal([]byte(text), &document); err != nil {
		return err
	}
	if document == nil {
		return nil
	}
	if !own[nameOf(document)] {
		r.others = append(r.others, nameOf(document))
		return nil
	}
	r.documents = append(r.documents, strings.TrimSuffix(text, "\n")+"\n")
	objects, err := manifest.Parse("use", []byte(text))
	if err != nil {
		return err
	}
	return r.cost.count(objects[0], document)
}

// cost is what a construct takes from a cluster.
type cost struct {
	kinds []string
	// always are the pods that run all the time, and sometimes those of Jobs.
	always, sometimes pods
	storage           resource.Quantity
	claims            int
	// connections are those to databases, one text for each workload.
	connections []string
	// serves is the number of connections that a server allows.
	serves int
}

// pods are a number of pods and what they need together.
type pods struct {
	number           int
	requests, limits corev1.ResourceList
}

func (c *cost) connect(flows []network.Flow) {
	for _, flow := range flows {
		for _, to := range flow.To {
			if to.Connections > 0 {
				c.connections = append(c.connections, strings.TrimSuffix(
					fmt.Sprintf("%#q: %d, %s", flow.Name, to.Connections, to.Formula), ", "))
			}
		}
	}
}

func (c *cost) count(o manifest.Object, document map[string]any) error {
	c.kinds = append(c.kinds, o.Kind)
	switch content := o.Content.(type) {
	case *appsv1.Deployment:
		c.always.add(content.Spec.Template.Spec, int(*cmp.Or(content.Spec.Replicas, new(int32(1)))))
	case *batchv1.Job:
		c.sometimes.add(content.Spec.Template.Spec, 1)
	case *batchv1.CronJob:
		c.sometimes.add(content.Spec.JobTemplate.Spec.Template.Spec, 1)
	case *corev1.PersistentVolumeClaim:
		c.store(*content.Spec.Resources.Requests.Storage(), 1)
	case *corev1.Pod, *appsv1.StatefulSet, *appsv1.DaemonSet:
		return fmt.Errorf("the cost of a %s is not known", o.Kind)
	case nil:
		if o.Kind == "Cluster" {
			return c.cluster(document)
		}
	}
	return nil
}

func (c *cost) store(size resource.Quantity, times int) {
	for range times {
		c.storage.Add(size)
		c.claims++
	}
}

// cluster counts the pods and the claims that the operator of CloudNativePG makes.
func (c *cost) cluster(document map[string]any) error {
	text, err := yaml.Marshal(document["spec"])
	if err != nil {
		return err
	}
	var spec struct {
		Instances int                         `json:"instances"`
		Resources corev1.ResourceRequirements `json:"resources"`
		Storage   struct {
			Size resource.Quantity `json:"size"`
		} `json:"storage"`
	}
	if err := yaml.Unmarshal(text, &spec); err != nil {
		return err
	}
	c.always.add(corev1.PodSpec{Containers: []corev1.Container{{Resources: spec.Resources}}}, spec.Instances)
	c.store(spec.Storage.Size, spec.Instances)
	return nil
}

// add counts pods as the scheduler does: the containers together, or an init
// container where that needs more.
func (p *pods) add(spec corev1.PodSpec, number int) {
	p.number += number
	for _, side := range []struct {
		sum *corev1.ResourceList
		of  func(corev1.Container) corev1.ResourceList
	}{
		{&p.requests, func(c corev1.Container) corev1.ResourceList { return c.Resources.Requests }},
		{&p.limits, func(c corev1.Container) corev1.ResourceList { return c.Resources.Limits }},
	} {
		if *side.sum == nil {
			*side.sum = corev1.ResourceList{}
		}
		for _, name := range []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory} {
			need := needOf(spec, func(c corev1.Container) resource.Quantity { return side.of(c)[name] })
			sum := (*side.sum)[name]
			for range number {
				sum.Add(need)
			}
			(*side.sum)[name] = sum
		}
	}
}

// needOf returns what a pod needs of one resource.
func needOf(spec corev1.PodSpec, of func(corev1.Container) resource.Quantity) resource.Quantity {
	var running, highest resource.Quantity
	for _, c := range spec.InitContainers {
		if c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways {
			running.Add(of(c))
			continue
		}
		with := running.DeepCopy()
		with.Add(of(c))
		if with.Cmp(highest) > 0 {
			highest = with
		}
	}
	for _, c := range spec.Containers {
		running.Add(of(c))
	}
	if running.Cmp(highest) > 0 {
		return running
	}
	return highest
}

// table returns the cost as a table.
func (c cost) table() string {
	var t strings.Builder
	t.WriteString("| what | how much |\n|---|---|\n")
	fmt.Fprintf(&t, "| objects | %s |\n", counted(c.kinds))
	fmt.Fprintf(&t, "| pods that run all the time | %s |\n", c.always)
	if c.sometimes.number > 0 {
		fmt.Fprintf(&t, "| pods of Jobs, all at once | %s |\n", c.sometimes)
	}
	storage := "none"
	if c.claims > 0 {
		storage = fmt.Sprintf("%s in %d claim%s", c.storage.String(), c.claims, plural(c.claims))
	}
	fmt.Fprintf(&t, "| storage | %s |\n", storage)
	connections := "none"
	if len(c.connections) > 0 {
		connections = escape(strings.Join(c.connections, "; "))
	}
	fmt.Fprintf(&t, "| database connections that it opens, at most | %s |\n", connections)
	if c.serves > 0 {
		fmt.Fprintf(&t, "| database connections that it allows | %d, less what the "+
			"[budget](../database.md#connection-budget) keeps free |\n", c.serves)
	}
	return t.String()
}

func (p pods) String() string {
	if p.number == 0 {
		return "none"
	}
	amounts := func(l corev1.ResourceList) string {
		return l.Cpu().String() + " CPU and " + l.Memory().String()
	}
	return fmt.Sprintf("%d; together requests of %s, limits of %s", p.number, amounts(p.requests), amounts(p.limits))
}

// counted lists names with their numbers, in their order.
func counted(names []string) string {
	var texts []string
	numbers := map[string]int{}
	for _, name := range names {
		numbers[name]++
	}
	for _, name := range names {
		if n := numbers[name]; n > 0 {
			texts = append(texts, fmt.Sprintf("%d %s", n, name))
			numbers[name] = 0
		}
	}
	return strings.Join(texts, ", ")
}

func plural(n int) string {
	if n == 1 {
		return ""
	}
	return "s"
}
