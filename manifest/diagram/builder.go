package diagram

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"example.com/django-cdk8s/manifest"
	"example.com/django-cdk8s/manifest/netpol"
	"example.com/django-cdk8s/manifest/pods"
)

type builder struct {
	objects []manifest.Object
	network netpol.Manifests
	traffic netpol.Traffic
	graph   Graph

	// ids are the nodes of the workloads of network, by their number, and nodes
	// all of them.
	ids   []string
	nodes map[string]int
	edges map[Edge]int
}

func newBuilder(objects []manifest.Object) *builder {
	b := &builder{objects: objects, network: manifest.Network(objects), nodes: map[string]int{}, edges: map[Edge]int{}}
	b.operated()
	b.publicServices()
	b.traffic = netpol.TrafficOf(b.network)
	return b
}

// add adds a node, unless it is there.
func (b *builder) add(n Node) string {
	if !b.has(n.ID) {
		b.nodes[n.ID] = len(b.graph.Nodes)
		b.graph.Nodes = append(b.graph.Nodes, n)
	}
	return n.ID
}

func (b *builder) has(id string) bool {
	_, found := b.nodes[id]
	return found
}

// connect adds an edge. Edges of one kind between the same two nodes become one,
// with all their labels.
func (b *builder) connect(from, to string, kind EdgeKind, label string) {
	key := Edge{From: from, To: to, Kind: kind}
	i, known := b.edges[key]
	if !known {
		b.edges[key] = len(b.graph.Edges)
		key.Label = label
		b.graph.Edges = append(b.graph.Edges, key)
		return
	}
	if e := &b.graph.Edges[i]; !slices.Contains(strings.Split(e.Label, ", "), label) {
		e.Label += ", " + label
	}
}

// connected reports whether pods of from ask for a connection to to.
func (b *builder) connected(from, to string) bool {
	for _, kind := range []EdgeKind{Connects, Denied} {
		if _, found := b.edges[Edge{From: from, To: to, Kind: kind}]; found {
			return true
		}
	}
	return false
}

// release matches the end of the name of a Job that holds a digest of its
// content. A picture leaves it out: it says nothing, and changes often.
var release = regexp.MustCompile(`-[0-9a-f]{8}$`)

func (b *builder) workloads() {
	scaled := b.autoscalers()
	for _, w := range b.network.Workloads {
		n := Node{ID: w.String(), Namespace: w.Namespace, Name: w.Name}
		if custom, ok := operatedBy(b.objects[w.Index]); ok {
			n.Kind, n.Details = Operated, custom.details
		} else {
			n.Details = details(b.objects[w.Index], scaled[w.String()])
		}
		if w.Kind == "Job" {
			short := release.ReplaceAllString(w.Name, "")
			if id := idOf(w.Kind, w.Namespace, short); !b.has(id) {
				n.ID, n.Name = id, short
			}
		}
		b.ids = append(b.ids, b.add(n))
	}
}

func idOf(kind, namespace, name string) string {
	return netpol.Object{Kind: kind, Namespace: namespace, Name: name}.String()
}

// autoscalers returns the numbers of pods of the workloads that have an
// autoscaler, as people write them.
func (b *builder) autoscalers() map[string]string {
	scaled := map[string]string{}
	for _, o := range b.objects {
		switch a := o.Content.(type) {
		case *autoscalingv2.HorizontalPodAutoscaler:
			target := idOf(a.Spec.ScaleTargetRef.Kind, o.Namespace, a.Spec.ScaleTargetRef.Name)
			scaled[target] = span(a.Spec.MinReplicas, a.Spec.MaxReplicas)
		case *autoscalingv1.HorizontalPodAutoscaler:
			target := idOf(a.Spec.ScaleTargetRef.Kind, o.Namespace, a.Spec.ScaleTargetRef.Name)
			scaled[target] = span(a.Spec.MinReplicas, a.Spec.MaxReplicas)
		}
	}
	return scaled
}

func span(least *int32, most int32) string {
	if least == nil {
		least = new(int32(1))
	}
	return fmt.Sprintf("%d to %d pods", *least, most)
}

func details(o manifest.Object, scaled string) []string {
	var replicas *int32
	switch content := o.Content.(type) {
	case *appsv1.Deployment:
		replicas = content.Spec.Replicas
	case *appsv1.StatefulSet:
		replicas = content.Spec.Replicas
	case *appsv1.ReplicaSet:
		replicas = content.Spec.Replicas
	case *batchv1.CronJob:
		when := schedule(content.Spec.Schedule, content.Spec.TimeZone)
		if content.Spec.Suspend != nil && *content.Spec.Suspend {
			when = "suspended"
		}
		return []string{o.Kind, when}
	}
	if scaled == "" && replicas != nil && *replicas != 1 {
		scaled = fmt.Sprintf("%d pods", *replicas)
	}
	return []string{strings.TrimSuffix(o.Kind+", "+scaled, ", ")}
}

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
		path := strings.TrimSuffix(" "+r.Path, " /")
		if strings.TrimSpace(path) == "" {
			path = ""
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
		client := b.network.Workloads[c.Client]
		s := b.service(b.network.Workloads[c.Server].Namespace, c.Service)
		if c.Service == "" {
			s.Namespace = client.Namespace
		}
		b.deliver(b.ids[c.Client], s, c.Server, kindOf(c.Denied), c.Ports, "")
	}
	for _, e := range b.traffic.Elsewhere {
		if here(e.Host) {
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
	for _, port := range ports {
		label := portLabel(s, port)
		if b.servers(s) > 1 {
			id := b.add(Node{
				ID: idOf("Service", s.Namespace, s.Name), Kind: Service, Namespace: s.Namespace, Name: s.Name,
				Details: []string{"Service"},
			})
			b.connect(from, id, kind, label+suffix)
			b.connect(id, to, kind, label)
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
		found := target.Type == intstr.Int && target.IntVal == port.Number || target.Type == intstr.String && target.StrVal == port.Name
		if found && p.Port != port.Number {
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

// claims adds what pods mount.
func (b *builder) claims() {
	sizes := map[string]string{}
	for _, o := range b.objects {
		if claim, ok := o.Content.(*corev1.PersistentVolumeClaim); ok {
			size := claim.Spec.Resources.Requests[corev1.ResourceStorage]
			sizes[o.String()] = size.String()
		}
	}
	for i, w := range b.network.Workloads {
		for _, v := range w.Template.Spec.Volumes {
			if v.PersistentVolumeClaim == nil {
				continue
			}
			name := v.PersistentVolumeClaim.ClaimName
			id := idOf("PersistentVolumeClaim", w.Namespace, name)
			b.add(Node{
				ID: id, Kind: Claim, Namespace: w.Namespace, Name: name,
				Details: []string{cmp.Or(sizes[id], "made elsewhere")},
			})
			b.connect(b.ids[i], id, Stores, mode(w.Pods, v.Name))
		}
		set, ok := b.objects[w.Index].Content.(*appsv1.StatefulSet)
		if !ok {
			continue
		}
		for _, claim := range set.Spec.VolumeClaimTemplates {
			size := claim.Spec.Resources.Requests[corev1.ResourceStorage]
			id := idOf("PersistentVolumeClaim", w.Namespace, claim.Name+"-"+w.Name)
			b.add(Node{
				ID: id, Kind: Claim, Namespace: w.Namespace, Name: claim.Name + "-" + w.Name,
				Details: []string{size.String() + " for each pod"},
			})
			b.connect(b.ids[i], id, Stores, mode(w.Pods, claim.Name))
		}
	}
}

// mode says whether pods only read a volume.
func mode(p pods.Pods, volume string) string {
	mode := "read only"
	p.EachContainer(func(_ string, container *corev1.Container, _ bool) {
		for _, mount := range container.VolumeMounts {
			if mount.Name == volume && !mount.ReadOnly {
				mode = ""
			}
		}
	})
	return mode
}

// allowances adds what policies allow and no environment asks for.
func (b *builder) allowances() {
	type pair struct{ client, server int }
	in, out := map[pair]string{}, map[pair]bool{}
	var pairs []pair
	for _, a := range b.traffic.Allowances {
		if a.Everybody {
			continue
		}
		ingress := a.Direction == networkingv1.PolicyTypeIngress
		for _, w := range a.Workloads {
			ports := b.numbers(a, w)
			if len(a.Peers) == 0 {
				b.peer(w, ingress, "anybody", ports)
			}
			for _, p := range a.Peers {
				if p.Name != "" {
					b.peer(w, ingress, p.Name, ports)
				}
				for _, other := range p.Workloads {
					between := pair{w, other}
					if ingress {
						between = pair{other, w}
						in[between] = label(ports)
					} else {
						out[between] = true
						in[between] = cmp.Or(in[between], label(ports))
					}
					pairs = append(pairs, between)
				}
			}
		}
	}
	for _, p := range pairs {
		allowedIn := !b.traffic.Restricted(p.server, networkingv1.PolicyTypeIngress) || b.letsIn(p.server, p.client)
		allowedOut := !b.traffic.Restricted(p.client, networkingv1.PolicyTypeEgress) || out[p]
		if from, to := b.ids[p.client], b.ids[p.server]; from != to && allowedIn && allowedOut && !b.connected(from, to) {
			b.connect(from, to, Allowed, in[p])
		}
	}
}

// letsIn reports whether a policy of server names client.
func (b *builder) letsIn(server, client int) bool {
	return slices.ContainsFunc(b.traffic.Allowances, func(a netpol.Allowance) bool {
		return a.Direction == networkingv1.PolicyTypeIngress && slices.Contains(a.Workloads, server) &&
			(len(a.Peers) == 0 || slices.ContainsFunc(a.Peers, func(p netpol.Peer) bool { return slices.Contains(p.Workloads, client) }))
	})
}

// numbers returns the ports of a rule, by number where the pods of w say which a
// name is.
func (b *builder) numbers(a netpol.Allowance, w int) []string {
	ports := slices.Clone(a.Ports)
	for i, name := range ports {
		for _, port := range b.network.Workloads[w].Ports() {
			if a.Direction == networkingv1.PolicyTypeIngress && port.Name == name {
				ports[i] = strconv.Itoa(int(port.Number))
			}
		}
	}
	return ports
}

func label(ports []string) string {
	if len(ports) == 0 {
		return "any port"
	}
	return ":" + strings.Join(ports, ", :")
}

// peer adds an edge between a workload and whom a policy names, but for ports that
// edges to hosts outside show already.
func (b *builder) peer(w int, ingress bool, name string, ports []string) {
	id := "peer " + name
	if ingress {
		b.add(Node{ID: id, Kind: Peer, Name: name})
		b.connect(id, b.ids[w], Allowed, label(ports))
		return
	}
	shown := map[string]bool{}
	for _, e := range b.graph.Edges {
		if e.From != b.ids[w] || e.Kind != Connects || b.graph.Nodes[b.nodes[e.To]].Kind != Outside {
			continue
		}
		for port := range strings.SplitSeq(e.Label, ", ") {
			shown[strings.TrimPrefix(port, ":")] = true
		}
		// The port of the API server itself, which some networks see instead of
		// that of its Service.
		shown["6443"] = shown["6443"] || e.To == apiServer
	}
	rest := slices.DeleteFunc(slices.Clone(ports), func(port string) bool { return shown[port] })
	if len(ports) > 0 && len(rest) == 0 {
		return
	}
	b.add(Node{ID: id, Kind: Peer, Name: name})
	b.connect(b.ids[w], id, Allowed, label(rest))
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
		return e.To == id && slices.Contains(strings.FieldsFunc(e.Label, func(r rune) bool { return r == ' ' || r == ',' }), port)
	})
}

// finish puts the namespaces in order.
func (b *builder) finish() *Graph {
	notes := b.graph.Namespaces
	b.graph.Namespaces = nil
	for _, n := range b.graph.Nodes {
		has := func(s Namespace) bool { return s.Name == n.Namespace }
		if n.Kind.outsideNamespaces() || slices.ContainsFunc(b.graph.Namespaces, has) {
			continue
		}
		namespace := Namespace{Name: n.Namespace}
		if i := slices.IndexFunc(notes, has); i >= 0 {
			namespace = notes[i]
		}
		b.graph.Namespaces = append(b.graph.Namespaces, namespace)
	}
	return &b.graph
}

// notes says what policies do with all pods of a namespace.
func (b *builder) notes() {
	counts := map[string]*[3]int{}
	var order []string
	for i, w := range b.network.Workloads {
		if w.OnNodeNetwork() {
			continue
		}
		if counts[w.Namespace] == nil {
			counts[w.Namespace] = &[3]int{}
			order = append(order, w.Namespace)
		}
		count := counts[w.Namespace]
		count[0]++
		for d, direction := range []networkingv1.PolicyType{networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress} {
			if b.traffic.Restricted(i, direction) {
				count[d+1]++
			}
		}
	}
	for _, namespace := range order {
		all, in, out := counts[namespace][0], counts[namespace][1], counts[namespace][2]
		var notes []string
		switch {
		case in == all && out == all:
			notes = append(notes, "NetworkPolicies: nothing else in or out")
		case in == all:
			notes = append(notes, "NetworkPolicies: nothing else in")
		case out == all:
			notes = append(notes, "NetworkPolicies: nothing else out")
		case in+out > 0:
			notes = append(notes, "NetworkPolicies: for some pods only")
		}
		for _, a := range b.traffic.Allowances {
			if note := noteOf(a); a.Namespace == namespace && a.Everybody && !slices.Contains(notes, note) {
				notes = append(notes, note)
			}
		}
		b.graph.Namespaces = append(b.graph.Namespaces, Namespace{namespace, notes})
	}
}

// noteOf says what a rule allows all pods of a namespace.
func noteOf(a netpol.Allowance) string {
	var peers []string
	for _, p := range a.Peers {
		name := p.Name
		if len(p.Workloads) > 0 {
			name = "each other"
		}
		if !slices.Contains(peers, name) {
			peers = append(peers, name)
		}
	}
	who := cmp.Or(strings.Join(peers, ", "), "anybody")
	dns := len(a.Ports) > 0 && !slices.ContainsFunc(a.Ports, func(port string) bool { return port != "53" && port != "5353" })
	switch {
	case a.Direction == networkingv1.PolicyTypeIngress:
		return "every pod: in from " + who + " " + label(a.Ports)
	case dns:
		return "every pod: out to DNS :53"
	}
	return "every pod: out to " + who + " " + label(a.Ports)
}
