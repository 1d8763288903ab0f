package djangocdk8s_monitoringcoreoscom


// Specification of desired alerting rule definitions for Prometheus.
type PrometheusRuleSpec struct {
	// Content of Prometheus rule file.
	Groups *[]*PrometheusRuleSpecGroups `field:"optional" json:"groups" yaml:"groups"`
}

