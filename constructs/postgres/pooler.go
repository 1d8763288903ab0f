package postgres

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"example.com/django-cdk8s/constructs/cloudnativepg"
	"example.com/django-cdk8s/constructs/network"
	"example.com/django-cdk8s/constructs/pod"
	"example.com/django-cdk8s/internal/construct"
	"example.com/django-cdk8s/internal/kube"
	"example.com/django-cdk8s/internal/rule"
)

// Defaults of [Pooler].
const (
	// DefaultPoolerInstances is the number of pods of PgBouncer: one may go.
	DefaultPoolerInstances = 2

	// DefaultPoolSize is PgBouncer's own default_pool_size.
	DefaultPoolSize = 20

	// DefaultMaxClients is the number of clients of one pod. An idle one costs
	// about 2 kB.
	DefaultMaxClients = 1000
)

// DefaultPoolerResources are the resources of a pod of PgBouncer, which is one
// thread.
var DefaultPoolerResources = pod.Resources{
	Requests: pod.Quantities{CPU: "50m", Memory: "64Mi"},
	Limits:   pod.Quantities{CPU: "1", Memory: "128Mi"},
}

const (
	// poolerRole is the role by which PgBouncer asks for passwords.
	poolerRole = "cnpg_pooler_pgbouncer"

	// poolerMetricsPort is where PgBouncer's pod answers Prometheus.
	poolerMetricsPort = 9127

	// poolerContainer is the container of PgBouncer in its pod.
	poolerContainer = "pgbouncer"
)

// Pooler runs PgBouncer between Django and the primary of a [Cluster]: a Service
// and a Deployment, called as the Cluster with -pooler behind it. The zero value
// runs none.
//
// Django's processes then connect to it, but for migrations and beat, which hold
// advisory locks; see [Connection].
type Pooler struct {
	// Mode says when a connection is taken back: [PoolTransaction] or
	// [PoolSession].
	//
	// Required.
	Mode PoolMode

	// Instances is the number of pods.
	//
	// Default: [DefaultPoolerInstances].
	Instances int

	// PoolSize is the number of connections to the primary that one pod keeps, for
	// each database and role. The budget of the cluster counts them.
	//
	// Default: [DefaultPoolSize].
	PoolSize int

	// MaxClients is the number of clients that one pod takes. All clients of the
	// app must fit into one pod, as they meet there while the others are away.
	//
	// Default: [DefaultMaxClients].
	MaxClients int

	// Parameters are further settings of PgBouncer, such as query_wait_timeout.
	//
	// Default: none.
	Parameters map[string]string

	// Image is the PgBouncer image.
	//
	// Default: that of the operator.
	Image string

	// Resources are the requests and limits of a pod.
	//
	// Default: [DefaultPoolerResources].
	Resources pod.Resources
}

func (p Pooler) on() bool {
	return p.Mode != "" || p.Instances != 0 || p.PoolSize != 0 || p.MaxClients != 0 || len(p.Parameters) > 0 ||
		p.Image != "" || p.Resources != pod.Resources{}
}

func (p Pooler) withDefaults() Pooler {
	if !p.on() {
		return p
	}
	p.Instances = cmp.Or(p.Instances, DefaultPoolerInstances)
	p.PoolSize = cmp.Or(p.PoolSize, DefaultPoolSize)
	p.MaxClients = cmp.Or(p.MaxClients, DefaultMaxClients)
	p.Resources = p.Resources.WithDefaults(DefaultPoolerResources)
	return p
}

// poolerParameters are the settings of PgBouncer that the operator takes, but for
// those that have a field.
var poolerParameters = strings.Fields(`
application_name_add_host auth_type autodb_idle_timeout cancel_wait_timeout client_idle_timeout client_login_timeout
client_tls_sslmode disable_pqexec dns_max_ttl dns_nxdomain_ttl idle_transaction_timeout ignore_startup_parameters
listen_backlog log_connections log_disconnections log_pooler_errors log_stats max_db_connections max_packet_size
max_prepared_statements max_user_connections min_pool_size pkt_buf query_timeout query_wait_timeout
reserve_pool_timeout sbuf_loopcnt server_check_delay server_check_query server_connect_timeout server_fast_close
server_idle_timeout server_lifetime server_login_retry server_reset_query server_reset_query_always
server_round_robin server_tls_ciphers server_tls_protocols server_tls_sslmode stats_period suspend_timeout
tcp_defer_accept tcp_keepalive tcp_keepcnt tcp_keepidle tcp_keepintvl tcp_socket_buffer tcp_user_timeout
track_extra_parameters verbose`)

// poolerFields are the settings of PgBouncer that have a field, or would break the
// budget that follows from one.
var poolerFields = map[string]string{
	"default_pool_size": "PoolSize", "max_client_conn": "MaxClients", "pool_mode": "Mode", "reserve_pool_size": "PoolSize",
}

// poolerNumbers match those of the settings that are numbers: of seconds, bytes or
// connections.
var (
	poolerNumbers = regexp.MustCompile(
		`(_timeout|_ttl|_lifetime|_connections|_size|_retry|_delay|_period|_statements|_buffer|_loopcnt|_backlog|_buf)$`)
	poolerNumber = regexp.MustCompile(`^[0-9]+(\.[0-9]+)?$`)
)

func (p Pooler) validate(e *rule.Errors, given Pooler) {
	if !p.on() {
		return
	}
	if p.Mode == "" {
		e.Add("Pooler.Mode", "", "is required: transaction or session")
	} else {
		e.OneOf("Pooler.Mode", string(p.Mode), string(PoolTransaction), string(PoolSession))
	}
	e.Range("Pooler.Instances", p.Instances, 1, 100)
	e.Range("Pooler.PoolSize", p.PoolSize, 1, backends)
	e.Range("Pooler.MaxClients", p.MaxClients, 1, 100_000)
	if p.Image != "" {
		e.Image("Pooler.Image", p.Image)
	}
	for _, name := range rule.Keys(p.Parameters) {
		at, value := rule.Item("Pooler.Parameters", name), p.Parameters[name]
		switch own := poolerFields[name]; {
		case own != "":
			e.Add(at, value, "must not be given: set Pooler."+own+" instead")
		case !slices.Contains(poolerParameters, name):
			e.Add(at, value, "must not be given: the operator takes no such setting of PgBouncer")
		case poolerNumbers.MatchString(name) && !poolerNumber.MatchString(value):
			e.Add(at, value, "must be a number, without a unit")
		case strings.ContainsAny(value, "\r\n"):
			e.Add(at, value, "must be one line")
		default:
			e.Text(at, value)
		}
	}
	e.Join("Pooler.Resources", given.Resources.Validate())
}

func (c *Cluster) poolerName() string { return c.Name() + "-pooler" }

// poolerHosts are the names by which clients reach PgBouncer.
func (c *Cluster) poolerHosts() []string {
	hosts := []string{c.poolerName()}
	if namespace := c.node.Namespace(); namespace != "" {
		short := c.poolerName() + "." + namespace
		hosts = append(hosts, short, short+".svc")
	}
	return hosts
}

func (c *Cluster) pooler() *cloudnativepg.Pooler {
	p := c.props.Pooler
	parameters := map[string]string{
		"default_pool_size": strconv.Itoa(p.PoolSize), "max_client_conn": strconv.Itoa(p.MaxClients),
	}
	maps.Copy(parameters, p.Parameters)
	container := corev1.Container{Name: poolerContainer, Image: p.Image, Resources: kube.Resources(p.Resources)}
	return &cloudnativepg.Pooler{ObjectMeta: c.meta(c.poolerName()), Spec: cloudnativepg.PoolerSpec{
		Cluster:   corev1.LocalObjectReference{Name: c.Name()},
		Instances: new(int32(p.Instances)),
		Type:      "rw",
		PgBouncer: cloudnativepg.PgBouncer{PoolMode: string(p.Mode), Parameters: parameters},
		Template:  &cloudnativepg.PodTemplate{Spec: corev1.PodSpec{Containers: []corev1.Container{container}}},
	}}
}

// poolerFlow is what the pods of PgBouncer receive and send. While they are
// replaced there is one more of them, or a quarter more, as Kubernetes rounds up.
func (c *Cluster) poolerFlow() network.Flow {
	p := c.props.Pooler
	surge := (p.Instances + 3) / 4
	to := network.Endpoint{Host: c.node.ServiceHost(c.service()), Port: DefaultPort}
	to.Connections = (p.Instances + surge) * (p.PoolSize + 1)
	to.Formula = fmt.Sprintf("(%d+%d pods) x (%d connections + 1 for passwords)", p.Instances, surge, p.PoolSize)
	return network.Flow{
		Name: c.poolerName(), Pods: map[string]string{cloudnativepg.PoolerLabel: c.poolerName()},
		Metrics: poolerMetricsPort, To: []network.Endpoint{to, {APIServer: true}},
	}
}

func (c *Cluster) checkBudget() field.ErrorList {
	return budget{c.node, c.service(), c.props.limits, "the operator, its exporter and psql"}.check()
}

// checkPooler adds up the clients of the pooler. It runs when every one is known.
func (c *Cluster) checkPooler() field.ErrorList {
	var e rule.Errors
	p := c.props.Pooler
	if !p.on() || construct.Invalid(c) {
		return nil
	}
	sum, terms := addUp(&e, clientsOf(c.node, c.poolerName()))
	if sum > p.MaxClients {
		e.Add("Pooler.MaxClients", p.MaxClients, fmt.Sprintf("must be at least %d: %s", sum, strings.Join(terms, " + ")))
	}
	return e.Err()
}
