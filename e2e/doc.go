// Package e2e shows on a real cluster what no snapshot can: that the system
// starts, survives, and fails in a way that its users understand. It holds
// tests only.
//
// The tests run against the cluster that KUBECONFIG names, and fail when it
// names none:
//
//	KUBECONFIG=~/.kube/config go test -count 1 -parallel 5 -timeout 50m -v .
//
// Each test synthesises the app that it needs with this project's own library,
// applies the written files as a user would, and works in namespaces of its
// own, e2e-NAME-RANDOM, which it removes afterwards. On failure it prints the
// events, pods and logs of its namespaces.
//
// The tests that measure the site under load run one by one, then the others
// side by side. A node with two cores is enough.
//
// Variables replace what the tests run, and how much of it:
//
//	E2E_IMAGE                the site in site/             guestbook:1.0.0
//	E2E_POSTGRES_IMAGE       PostgreSQL                    the library's default
//	E2E_NEXT_POSTGRES_IMAGE  a later major version of it   postgres:17-trixie
//	E2E_VALKEY_IMAGE         Valkey                        the library's default
//	E2E_EXPORTER_IMAGE       postgres_exporter             as in docs/database.md
//	E2E_RCLONE_IMAGE         rclone                        the library's default
//	E2E_STORE_IMAGE          a store that speaks S3        versity/versitygw:v1.8.0
//	E2E_RATE                 requests a second under load  300
//	ORACLE_DRAWS             props that TestOracle draws   2000
//
// TestOracle prints the seed of its draws; the flag -rapid.seed brings them
// back.
package e2e
