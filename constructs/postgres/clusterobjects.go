package postgres

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"example.com/django-cdk8s/constructs/cloudnativepg"
	"example.com/django-cdk8s/constructs/network"
	"example.com/django-cdk8s/internal/kube"
	"example.com/django-cdk8s/internal/labels"
	"example.com/django-cdk8s/internal/rule"
	"example.com/django-cdk8s/internal/single"
)

// The TCP ports of an instance besides that of PostgreSQL.
const (
	// statusPort is where the operator asks for the state of an instance, and
	// instances for each other's.
	statusPort = 8000

	// instanceMetricsPort is where an instance answers Prometheus.
	instanceMetricsPort = 9187
)

// smartShutdown is how long a server that is told to end waits for its clients, in
// seconds. Django keeps its connections, so that the operator's own 180 would be
// waited in vain while new connections are refused.
const smartShutdown = 5

// operatorPods are the labels of the operator.
var operatorPods = map[string]string{labels.Name: "cloudnative-pg"}

// operatorParameters are the settings that the operator keeps to itself, besides
// [ownParameters]. Its webhook refuses them, too.
var operatorParameters = []string{
	"allow_system_table_mods", "archive_cleanup_command", "archive_command", "archive_mode", "bonjour", "bonjour_name",
	"cluster_name", "data_sync_retry", "event_source", "hot_standby", "jit_provider", "log_destination",
	"log_directory", "log_file_mode", "log_filename", "log_rotation_age", "log_rotation_size",
	"log_truncate_on_rotation", "logging_collector", "pg_failover_slots.primary_dsn",
	"pg_failover_slots.standby_slot_names", "primary_conninfo", "primary_slot_name", "promote_trigger_file",
	"recovery_end_command", "recovery_min_apply_delay", "recovery_target", "recovery_target_action",
	"recovery_target_inclusive", "recovery_target_lsn", "recovery_target_name", "recovery_target_time",
	"recovery_target_timeline", "recovery_target_xid", "restart_after_crash", "restore_command",
	"shared_preload_libraries", "ssl", "ssl_ca_file", "ssl_cert_file", "ssl_crl_file", "ssl_dh_params_file",
	"ssl_ecdh_curve", "ssl_key_file", "ssl_passphrase_command", "ssl_passphrase_command_supports_reload",
	"ssl_prefer_server_ciphers", "stats_temp_directory", "synchronized_standby_slots", "synchronous_standby_names",
	"syslog_facility", "syslog_ident", "syslog_sequence_numbers", "syslog_split_messages", "temp_tablespaces",
	"unix_socket_group", "unix_socket_permissions",
}

// resolveParameters reports every parameter that keeps a server from starting, or
// that the operator refuses, and returns the settings that count connections.
func (r cluster) resolveParameters(e *rule.Errors) connectionLimits {
	rest := maps.Clone(r.Parameters)
	for _, name := range rule.Keys(r.Parameters) {
		if slices.Contains(operatorParameters, strings.ToLower(name)) {
			e.Add(rule.Item("Parameters", name), r.Parameters[name], "must not be given: it is the operator's own")
			delete(rest, name)
		}
	}
	server := resolved{DatabaseProps: DatabaseProps{
		Image: r.Image, Major: layoutOf(r.Image, 0).major, Parameters: rest, Resources: r.Resources,
	}}
	limits := server.resolveParameters(e)
	for name, value := range rest {
		buffers, ok := parseAmount(value, page)
		request := single.Bytes(r.Resources.Requests.Memory)
		if strings.EqualFold(name, sharedBuffers) && ok && request > 0 && buffers > float64(request) &&
			buffers < float64(single.Bytes(r.Resources.Limits.Memory)) {
			e.Add(rule.Item("Parameters", name), value, "must not be above the memory request "+
				r.Resources.Requests.Memory+": the operator refuses it")
		}
	}
	return limits
}

// parameters are those of each server. The operator refuses buffers above the
// memory request.
func (r cluster) parameters() map[string]string {
	server := resolved{DatabaseProps: DatabaseProps{Parameters: r.Parameters, Resources: r.Resources}, limits: r.limits}
	all := server.parameters()
	request := single.Bytes(r.Resources.Requests.Memory)
	if _, derived := all[sharedBuffers]; derived && request < single.Bytes(r.Resources.Limits.Memory)/4 {
		all[sharedBuffers] = amount(request / 2)
	}
	maps.Copy(all, r.Parameters)
	return all
}

func (c *Cluster) meta(name string) metav1.ObjectMeta {
	return kube.Meta(c.node, name, labels.Database)
}

// kept returns metadata of an object whose loss cannot be undone.
func (c *Cluster) kept() metav1.ObjectMeta {
	m := c.meta(c.Name())
	m.Annotations = labels.KeepData()
	return m
}

func (c *Cluster) cluster() *cloudnativepg.Cluster {
	p := c.props
	made := &cloudnativepg.Cluster{ObjectMeta: c.kept(), Spec: cloudnativepg.ClusterSpec{
		Instances:        p.Instances,
		ImageName:        p.Image,
		ImagePullSecrets: kube.PullSecrets(p.ImagePullSecrets),
		PostgresUID:      int64(p.RunAsUser),
		PostgresGID:      int64(p.RunAsUser),
		PostgreSQL:       cloudnativepg.PostgreSQL{Parameters: p.parameters(), Synchronous: p.synchronous()},
		Bootstrap:        &cloudnativepg.Bootstrap{InitDB: p.initDB()},
		Storage:          *p.storage(p.Storage),
		Resources:        kube.Resources(p.Resources),
		Affinity: cloudnativepg.Affinity{
			EnablePodAntiAffinity: new(true),
			PodAntiAffinityType:   string(p.AntiAffinity.Nodes),
			TopologyKey:           corev1.LabelHostname,
			NodeSelector:          maps.Clone(p.NodeSelector),
			Tolerations:           slices.Clone(p.Tolerations),
		},
		TopologySpreadConstraints: c.zones(),
		PriorityClassName:         p.PriorityClassName,
		SmartShutdownTimeout:      new(int32(smartShutdown)),
		Plugins:                   c.plugins(),
	}}
	if p.WALStorage != "" {
		made.Spec.WALStorage = p.storage(p.WALStorage)
	}
	if p.Import.From != nil {
		made.Spec.ExternalClusters = []cloudnativepg.ExternalCluster{p.externalCluster()}
	}
	if p.Pooler.on() {
		// PgBouncer shows its clients the certificate of the servers.
		made.Spec.Certificates = &cloudnativepg.Certificates{ServerAltDNSNames: c.poolerHosts()}
	}
	return made
}

func (r cluster) storage(size string) *cloudnativepg.Storage {
	s := &cloudnativepg.Storage{Size: size}
	if r.StorageClass != "" {
		s.StorageClass = &r.StorageClass
	}
	return s
}

func (r cluster) synchronous() *cloudnativepg.Synchronous {
	if r.Durability == "" || r.Durability == DurabilityAsync {
		return nil
	}
	return &cloudnativepg.Synchronous{Method: "any", Number: 1, DataDurability: string(r.Durability)}
}

// importSource is the name of the server to import from.
const importSource = "import-source"

func (r cluster) initDB() *cloudnativepg.InitDB {
	db := &cloudnativepg.InitDB{
		Database: r.Database, Owner: r.Owner, Encoding: "UTF8", LocaleCollate: r.Locale, LocaleCType: r.Locale,
		// As in a Database; the operator's default is off.
		DataChecksums: new(true),
	}
	if r.Import.From != nil {
		db.Import = &cloudnativepg.Import{
			Type: "microservice", Databases: []string{r.Import.Database},
			Source: cloudnativepg.ImportSource{ExternalCluster: importSource},
		}
	}
	return db
}

func (r cluster) externalCluster() cloudnativepg.ExternalCluster {
	return cloudnativepg.ExternalCluster{
		Name: importSource,
		ConnectionParameters: map[string]string{
			"host": r.source.Host, "port": strconv.Itoa(r.source.Port), "user": r.Import.User, "dbname": r.Import.Database,
		},
		Password: &corev1.SecretKeySelector{
			LocalObjectReference: corev1.LocalObjectReference{Name: r.source.Secret.Name()}, Key: r.source.PasswordKey,
		},
	}
}

// zones spreads the instances over the zones.
func (c *Cluster) zones() []corev1.TopologySpreadConstraint {
	unsatisfiable := corev1.ScheduleAnyway
	if c.props.AntiAffinity.Zones == AntiAffinityRequired {
		unsatisfiable = corev1.DoNotSchedule
	}
	return []corev1.TopologySpreadConstraint{{
		MaxSkew: 1, TopologyKey: corev1.LabelTopologyZone, WhenUnsatisfiable: unsatisfiable,
		LabelSelector: &metav1.LabelSelector{MatchLabels: c.Selector()},
	}}
}

func (c *Cluster) podMonitor() *cloudnativepg.PodMonitor {
	m := &cloudnativepg.PodMonitor{ObjectMeta: kube.Meta(c.node, c.Name(), labels.Monitoring)}
	maps.Copy(m.Labels, c.props.PodMonitorLabels)
	m.Spec.Selector.MatchLabels = c.Selector()
	m.Spec.PodMetricsEndpoints = []cloudnativepg.PodMetricsEndpoint{{Port: labels.MetricsPort}}
	return m
}

// Flows implements [network.Source]. The pods of the servers include those of the
// operator's Jobs, which make the first server and join the others. Instances ask
// each other and the API server; the operator asks every one of them.
func (c *Cluster) Flows() []network.Flow {
	c = c.get()
	if c.node == nil {
		return nil
	}
	pods := map[string]string{cloudnativepg.ClusterLabel: c.Name()}
	flow := network.Flow{
		Name: c.service(), Pods: pods, Metrics: instanceMetricsPort,
		To: []network.Endpoint{
			{Host: c.node.ServiceHost(c.service()), Port: DefaultPort},
			{Pods: pods, Namespace: c.node.Namespace(), Port: statusPort},
			{APIServer: true},
		},
	}
	for _, port := range []int{DefaultPort, statusPort} {
		flow.From = append(flow.From, network.Client{
			Namespace: c.props.OperatorNamespace, Pods: operatorPods, Port: port,
		})
	}
	if c.props.Backup.on() {
		flow.To = append(flow.To, c.props.Backup.endpoint())
	}
	if c.props.Import.From != nil {
		source := c.props.source.Endpoint()
		source.Connections, source.Formula = importConnections, "pg_dump and its check"
		flow.To = append(flow.To, source)
	}
	flows := []network.Flow{flow}
	if c.props.Pooler.on() {
		flows = append(flows, c.poolerFlow())
	}
	return flows
}

// importConnections is how many an import opens.
const importConnections = 2
