package cloudnativepg_test

import (
	"fmt"

	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"

	"example.com/django-cdk8s/constructs/cloudnativepg"
	"example.com/django-cdk8s/constructs/postgres"
)

// The typed way to what the props do not offer.
func Example() {
	chart := cdk8s.NewChart(cdk8s.NewApp(nil), new("shop"), &cdk8s.ChartProps{Namespace: new("shop")})
	db := postgres.NewCluster(chart, "database", postgres.ClusterProps{})
	db.Object().Change(func(c *cloudnativepg.Cluster) { c.Spec.FailoverDelay = 30 })

	spec := db.Object().Content().Spec
	fmt.Println(spec.Instances, "instances, failover after", spec.FailoverDelay, "s")
	// Output: 3 instances, failover after 30 s
}
