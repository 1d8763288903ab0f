package externalsecrets_test

import (
	"fmt"

	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"

	"example.com/django-cdk8s/constructs/externalsecrets"
	"example.com/django-cdk8s/constructs/secret"
)

// The typed way to what the props do not offer.
func Example() {
	chart := cdk8s.NewChart(cdk8s.NewApp(nil), new("shop"), &cdk8s.ChartProps{Namespace: new("shop")})
	env := secret.New(chart, "secret", secret.Props{Source: secret.External(secret.ExternalProps{
		Store: secret.Store{Name: "vault"}, RemoteKey: "shop", Keys: []string{"SECRET_KEY"},
	})})
	env.ExternalSecret().Change(func(e *externalsecrets.ExternalSecret) { e.Spec.RefreshPolicy = "OnChange" })

	spec := env.ExternalSecret().Content().Spec
	fmt.Println(spec.Target.Name, spec.RefreshPolicy)
	// Output: django-env-secret OnChange
}
