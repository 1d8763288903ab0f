//go:build no_runtime_type_checking

package djangocdk8s_monitoringcoreoscom

// Building without runtime type checking enabled, so all the below just return nil

func validatePrometheusRuleSpecGroupsRulesExpr_FromNumberParameters(value *float64) error {
	return nil
}

func validatePrometheusRuleSpecGroupsRulesExpr_FromStringParameters(value *string) error {
	return nil
}

