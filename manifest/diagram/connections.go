package diagram

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"example.com/django-cdk8s/manifest/netpol"
	"example.com/django-cdk8s/manifest/pods"
)

// publicServices adds a route for every Service that takes connections from
// outside the cluster.
func (b *builder) publicServices() {
	for _, s := range b.network.Services {
		service, ok := b.objects[s.Index].Content.(*corev1.Service)
		if !ok || service.Spec.Type != corev1.ServiceTypeLoadBalancer && service.Spec.Type != corev1.ServiceTypeNodePort {
			continue
		}
		for _, port := range s.Ports {
			b.network.Routes = append(b.network.Routes, netpol.Route{
				Object: s.Object, ServiceNamespace: s.Namespace, ServiceName: s.Name, ServicePort: intstr.FromInt32(port.Port),
			})
		}
	}
}

func (b *builder) entries() {
	hosts := map[string][]string{}
	for _, r := range b.network.Routes {
		for _, host := range r.Hosts {
			if id := r.String(); !slices.Contains(hosts[id], host) {
				hosts[id] = append(hosts[id], host)
			}
		}
	}
	for _, r := range b.network.Routes {
		id := r.String()
		n := Node{ID: id, Kind: Entry, Namespace: r.Namespace, Name: r.Kind + " " + r.Name, Details: hosts[id]}
		if service, ok := b.objects[r.Index].Content.(*corev1.Service); ok {
			n.ID = "entry " + id
			n.Details = []string{string(service.Spec.Type)}
		}
		b.add(n)
	}
	for _, v := range b.traffic.Visits {
		r := b.network.Routes[v.Route]
		from := r.String()
		if r.Kind == "Service" {
			from = "entry " + from
		}
		path := ""
		if r.Path != "" && r.Path != "/" {
			path = " " + r.Path
		}
		s := b.service(r.ServiceNamespace, r.ServiceName)
		b.deliver(from, s, v.Server, kindOf(v.Denied), v.Ports, path)
	}
}

func kindOf(denied bool) EdgeKind {
	if denied {
		return Denied
	}
	return Connects
}

// connections adds what the environment of pods asks for.
func (b *builder) connections() {
	for _, c := range b.traffic.Connections {
		s := b.service(b.network.Workloads[c.Server].Namespace, c.Service)
		b.deliver(b.ids[c.Client], s, c.Server, kindOf(c.Denied), c.Ports, "")
	}
	for _, e := range b.traffic.Elsewhere {
		if here(e.Host) || e.Port == 0 && b.serves(e.Host) {
			continue
		}
		label := ""
		if e.Port != 0 {
			label = ":" + strconv.Itoa(int(e.Port))
		}
		b.connect(b.ids[e.Client], b.outside(b.network.Workloads[e.Client].Namespace, e.Host), kindOf(e.Denied), label)
	}
	for i, w := range b.network.Workloads {
		if usesAmazonS3(w.Pods) {
			id := b.add(Node{ID: "host Amazon S3", Kind: Outside, Name: "Amazon S3", Details: []string{"object store"}})
			b.connect(b.ids[i], id, kindOf(!b.traffic.Leaves(i, 443)), ":443")
		}
	}
}

// here reports whether host is the pod itself.
func here(host string) bool {
	return host == "localhost" || host == "0.0.0.0" || strings.HasPrefix(host, "127.")
}

// serves reports whether host is one of the site itself, which a route serves.
func (b *builder) serves(host string) bool {
	return slices.ContainsFunc(b.network.Routes, func(r netpol.Route) bool { return slices.Contains(r.Hosts, host) })
}

// outside adds a host that no pod of the manifests serves: one outside the
// cluster, or a Service that the manifests do not hold, or that leads to no pod.
func (b *builder) outside(namespace, host string) string {
	name := pods.ServiceOf(namespace, host)
	if s := b.service(name.Namespace, name.Name); s.Name != "" {
		detail := "Service without pods"
		if service, ok := b.objects[s.Index].Content.(*corev1.Service); ok && service.Spec.ExternalName != "" {
			detail = "Service, leads to " + service.Spec.ExternalName
		}
		id := idOf("Service", s.Namespace, s.Name)
		return b.add(Node{ID: id, Kind: Service, Namespace: s.Namespace, Name: s.Name, Details: []string{detail}})
	}
	n := Node{ID: "host " + host, Kind: Outside, Name: host}
	if name.Certain {
		n.Details = []string{"Service made elsewhere"}
	}
	return b.add(n)
}

// usesAmazonS3 reports whether pods name a bucket of Amazon S3, by the variables of
// django-storages or rclone: those of other stores come with an address.
func usesAmazonS3(p pods.Pods) bool {
	found := false
	p.EachContainer(func(_ string, container *corev1.Container, _ bool) {
		values := map[string]string{}
		for _, env := range container.Env {
			values[env.Name] = env.Value
		}
		found = found || values["AWS_STORAGE_BUCKET_NAME"] != "" && values["AWS_S3_ENDPOINT_URL"] == ""
		for name, value := range values {
			prefix, isProvider := strings.CutSuffix(name, "_PROVIDER")
			found = found || isProvider && strings.HasPrefix(name, "RCLONE_") && value == "AWS" &&
				values[prefix+"_ENDPOINT"] == ""
		}
	})
	return found
}

// service returns the Service of that name; an empty one when there is none.
func (b *builder) service(namespace, name string) netpol.Service {
	for _, s := range b.network.Services {
		if s.Namespace == namespace && s.Name == name {
			return s
		}
	}
	return netpol.Service{}
}

// deliver adds an edge to a server, by way of its Service where that leads to
// several workloads.
func (b *builder) deliver(from string, s netpol.Service, server int, kind EdgeKind, ports []pods.Port, suffix string) {
	to := b.ids[server]
	b.asked[[2]string{from, to}] = true
	for _, port := range ports {
		label := portLabel(s, port)
		if b.servers(s) > 1 {
			id := b.add(Node{
				ID: idOf("Service", s.Namespace, s.Name), Kind: Service, Namespace: s.Namespace, Name: s.Name,
				Details: []string{"Service"},
			})
			b.connect(from, id, kind, label+suffix)
			b.connect(id, to, Connects, label)
			continue
		}
		b.connect(from, to, kind, label+suffix)
	}
}

// servers returns the number of workloads that a Service leads to.
func (b *builder) servers(s netpol.Service) int {
	n := 0
	for _, w := range b.network.Workloads {
		if s.Selector != nil && w.Namespace == s.Namespace && s.Selector.Matches(w.Labels()) {
			n++
		}
	}
	return n
}

// portLabel returns a port of pods, with that of the Service where it differs.
func portLabel(s netpol.Service, port pods.Port) string {
	for _, p := range s.Ports {
		target := pods.TargetPort(p)
		leads := target == intstr.FromInt32(port.Number) || target == intstr.FromString(port.Name)
		if leads && p.Port != port.Number {
			return fmt.Sprintf(":%d to :%d", p.Port, port.Number)
		}
	}
	return ":" + strconv.Itoa(int(port.Number))
}

// apiServer adds what connects to the API server of Kubernetes.
func (b *builder) apiServer() {
	bound := b.bindings()
	for i, w := range b.network.Workloads {
		account := [2]string{w.Namespace, cmp.Or(w.Template.Spec.ServiceAccountName, "default")}
		automount := w.Template.Spec.AutomountServiceAccountToken
		if !mountsToken(w.Pods) && (len(bound[account]) == 0 || automount != nil && !*automount) {
			continue
		}
		id := b.add(Node{ID: apiServer, Kind: Outside, Name: apiServer})
		b.connect(b.ids[i], id, kindOf(!b.traffic.Leaves(i, 443, 6443)), ":443")
	}
}

const apiServer = "Kubernetes API"

// mountsToken reports whether pods mount a token for the API server.
func mountsToken(p pods.Pods) bool {
	return slices.ContainsFunc(p.Template.Spec.Volumes, func(v corev1.Volume) bool {
		return v.Projected != nil && slices.ContainsFunc(v.Projected.Sources, func(s corev1.VolumeProjection) bool {
			return s.ServiceAccountToken != nil && s.ServiceAccountToken.Audience == ""
		})
	})
}

// unused names, in the node of the workload, the ports of Services that no edge
// leads to.
func (b *builder) unused() {
	for _, s := range b.network.Services {
		if b.servers(s) != 1 || b.has(idOf("Service", s.Namespace, s.Name)) {
			continue
		}
		if _, made := b.objects[s.Index].Content.(*corev1.Service); !made {
			continue
		}
		for i, w := range b.network.Workloads {
			if w.Namespace != s.Namespace || !s.Selector.Matches(w.Labels()) {
				continue
			}
			n := &b.graph.Nodes[b.nodes[b.ids[i]]]
			var free []string
			for _, p := range s.Ports {
				if number := ":" + strconv.Itoa(int(p.Port)); !b.leadsTo(n.ID, number) {
					free = append(free, number)
				}
			}
			if len(free) > 0 {
				name := strings.TrimSuffix("Service "+s.Name, " "+w.Name)
				n.Details = append(n.Details, name+" "+strings.Join(free, ", "))
			}
		}
	}
}

// leadsTo reports whether an edge to a node has a port in its label.
func (b *builder) leadsTo(id, port string) bool {
	return slices.ContainsFunc(b.graph.Edges, func(e Edge) bool {
		return e.To == id && slices.Contains(strings.Fields(strings.ReplaceAll(e.Label, ",", " ")), port)
	})
}
