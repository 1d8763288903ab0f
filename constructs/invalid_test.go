package constructs_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws/constructs-go/constructs/v10"
	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"
	kplus "github.com/cdk8s-team/cdk8s-plus-go/cdk8splus28/v2"

	"example.com/django-cdk8s/cdktest"
	"example.com/django-cdk8s/constructs/django"
	"example.com/django-cdk8s/constructs/namespace"
	"example.com/django-cdk8s/constructs/pod"
	"example.com/django-cdk8s/constructs/postgres"
	"example.com/django-cdk8s/constructs/secret"
	"example.com/django-cdk8s/constructs/stack"
)

func TestMain(m *testing.M) { cdktest.Main(m) }

// environment is a Secret with all that the constructs ask for.
func environment(chart cdk8s.Chart) *secret.Secret {
	return secret.New(chart, "secret", secret.Props{
		Source: secret.Existing("POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD", "SECRET_KEY"),
	})
}

func withNamespace(props namespace.Props) cdktest.Build {
	return func(chart cdk8s.Chart) { namespace.New(chart, "namespace", props) }
}

func withSecret(props secret.Props) cdktest.Build {
	return func(chart cdk8s.Chart) { secret.New(chart, "secret", props) }
}

func withGenerated(props secret.GeneratedProps) cdktest.Build {
	if props.Image == "" {
		props.Image = "shop:1"
	}
	return withSecret(secret.Props{Source: secret.Generated(props)})
}

func withDatabase(props postgres.DatabaseProps) cdktest.Build {
	return func(chart cdk8s.Chart) {
		props := props
		props.Secret = environment(chart)
		// A wrong database must not break what is built on it.
		db := postgres.NewDatabase(chart, "database", props)
		_ = db.Service().Path()
		django.NewWeb(chart, "web", django.WebProps{Project: django.Project{Image: "shop:1", Database: db}})
	}
}

func withWeb(props django.WebProps) cdktest.Build {
	return func(chart cdk8s.Chart) {
		props := props
		if props.Project.Image == "" {
			props.Project.Image = "shop:1"
		}
		props.Project.Database = postgres.Connection{Host: "db.example.com", Secret: environment(chart)}
		_ = django.NewWeb(chart, "web", props).Service().Path()
	}
}

func withProject(p django.Project) cdktest.Build { return withWeb(django.WebProps{Project: p}) }

func withConnection(change func(c *postgres.Connection)) cdktest.Build {
	return func(chart cdk8s.Chart) {
		connection := postgres.Connection{Host: "db.example.com", Secret: environment(chart)}
		change(&connection)
		django.NewWeb(chart, "web", django.WebProps{Project: django.Project{Image: "shop:1", Database: connection}})
	}
}

func limits(cpu, memory string) pod.Resources {
	return pod.Resources{Limits: pod.Quantities{CPU: cpu, Memory: memory}}
}

func requests(cpu, memory string) pod.Resources {
	return pod.Resources{Requests: pod.Quantities{CPU: cpu, Memory: memory}}
}

// withExternal is an External Secret that change makes wrong.
func withExternal(change func(p *secret.ExternalProps)) cdktest.Build {
	props := secret.ExternalProps{Store: secret.Store{Name: "vault"}, RemoteKey: "shop", Keys: []string{"A", "B"}}
	change(&props)
	return withSecret(secret.Props{Source: secret.External(props)})
}

// withProvider is an External Secret whose store is made.
func withProvider(provider map[string]any) cdktest.Build {
	return withExternal(func(p *secret.ExternalProps) { p.Store.Provider = provider })
}

// wrong are one mistake each, with the one line that it must give: construct
// path, field, value, and enough of the rule to tell it from others.
var wrong = map[string]struct {
	build cdktest.Build
	line  string
}{
	"namespace: upper case":       {withNamespace(namespace.Props{Name: "Shop"}), `test/namespace: Name: "Shop": must be 1 to 63 lower-case`},
	"namespace: dot":              {withNamespace(namespace.Props{Name: "shop.prod"}), `test/namespace: Name: "shop.prod": must be 1 to 63 lower-case`},
	"namespace: too long":         {withNamespace(namespace.Props{Name: strings.Repeat("a", 64)}), `must be 1 to 63 lower-case`},
	"namespace: enforce":          {withNamespace(namespace.Props{Enforce: "strict"}), `test/namespace: Enforce: "strict": must be one of restricted, baseline, privileged`},
	"namespace: audit":            {withNamespace(namespace.Props{Audit: "Restricted"}), `test/namespace: Audit: "Restricted": must be one of`},
	"namespace: warn":             {withNamespace(namespace.Props{Warn: "none"}), `test/namespace: Warn: "none": must be one of`},
	"namespace: label key":        {withNamespace(namespace.Props{Labels: map[string]string{"a b": "c"}}), `test/namespace: Labels[a b]: "c": has a key that is no label key`},
	"namespace: label value":      {withNamespace(namespace.Props{Labels: map[string]string{"a": "b c"}}), `test/namespace: Labels[a]: "b c": must be at most 63`},
	"namespace: label of a level": {withNamespace(namespace.Props{Labels: map[string]string{"pod-security.kubernetes.io/enforce": "baseline"}}), `Labels[pod-security.kubernetes.io/enforce]: "baseline": is set by Enforce, Audit and Warn`},
	"secret: no source":           {withSecret(secret.Props{}), `test/secret: Source: "": is required: secret.Existing, External, Generated, Filled or Literal`},
	"secret: name":                {withSecret(secret.Props{Name: "django_env", Source: secret.Existing("A")}), `test/secret: Name: "django_env": must be 1 to 253 lower-case`},
	"secret: existing keys":       {withSecret(secret.Props{Source: secret.Existing()}), `test/secret: Source: "Existing()": must name the keys`},
	"secret: existing key":        {withSecret(secret.Props{Source: secret.Existing("A B")}), `test/secret: Source.Keys[0]: "A B": must be 1 to 253 letters`},
	"secret: existing key twice":  {withSecret(secret.Props{Source: secret.Existing("A", "A")}), `test/secret: Source.Keys: "A": is listed twice`},
	"secret: literal values":      {withSecret(secret.Props{Source: secret.Literal(nil)}), `test/secret: Source: "Literal()": must hold at least one value`},
	"secret: literal key":         {withSecret(secret.Props{Source: secret.Literal(map[string]string{"a/b": "c"})}), `test/secret: Source.Values[a/b]: "a/b": must be 1 to 253 letters`},
	"secret: literal control":     {withSecret(secret.Props{Source: secret.Literal(map[string]string{"a": "\u009b"})}), `test/secret: Source.Values[a]: "...": must be UTF-8 text`},
	"secret: reload of literals":  {withSecret(secret.Props{Source: secret.Literal(map[string]string{"a": "b"}), Reload: true}), `test/secret: Reload: true: must not be given with Literal or Filled`},
	"secret: reload of filled":    {withSecret(secret.Props{Source: secret.Filled("A"), Reload: true}), `test/secret: Reload: true: must not be given with Literal or Filled`},
	"secret: reload beside a wrong claim": {
		func(chart cdk8s.Chart) {
			env := secret.New(chart, "secret", secret.Props{
				Reload: true, Source: secret.Existing("POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD"),
			})
			postgres.NewDatabase(chart, "database", postgres.DatabaseProps{Secret: env, SharedMemory: "B"})
		},
		`test/database: SharedMemory: "B": must be`,
	},
	"external: long name": {withSecret(secret.Props{Name: strings.Repeat("a", 64), Source: secret.External(secret.ExternalProps{Store: secret.Store{Name: "vault"}, RemoteKey: "shop", Keys: []string{"A"}})}), `must be at most 63 characters, because it is a label of the ExternalSecret`},
	"external: no store":  {withExternal(func(p *secret.ExternalProps) { p.Store.Name = "" }), `test/secret: Source.Store.Name: "": must be 1 to 253 lower-case`},
	"external: store":     {withExternal(func(p *secret.ExternalProps) { p.Store.Name = "My_Vault" }), `test/secret: Source.Store.Name: "My_Vault": must be 1 to 253 lower-case`},
	"external: provider of a cluster's store": {
		withExternal(func(p *secret.ExternalProps) {
			p.Store.Cluster, p.Store.Provider = true, map[string]any{"vault": map[string]any{"server": "a"}}
		}),
		`test/secret: Source.Store.Provider: "...": must not be given with Cluster`,
	},
	"external: no provider":       {withProvider(map[string]any{}), `test/secret: Source.Store.Provider: "[]": must have one entry: the settings of a provider`},
	"external: two providers":     {withProvider(map[string]any{"vault": map[string]any{"server": "a"}, "aws": map[string]any{"region": "b"}}), `test/secret: Source.Store.Provider: "[aws vault]": must have one entry`},
	"external: provider of text":  {withProvider(map[string]any{"vault": "https://vault"}), `test/secret: Source.Store.Provider[vault]: "...": must be the settings of the provider`},
	"external: empty provider":    {withProvider(map[string]any{"vault": map[string]any{}}), `test/secret: Source.Store.Provider[vault]: "...": must be the settings of the provider`},
	"external: provider of code":  {withProvider(map[string]any{"vault": func() {}}), `test/secret: Source.Store.Provider: "...": must be plain values, as JSON knows them`},
	"external: control character": {withProvider(map[string]any{"vault": map[string]any{"tags": []any{"\x01"}}}), `test/secret: Source.Store.Provider[vault][tags][0]: "...": must be UTF-8 text`},
	"external: no keys":           {withExternal(func(p *secret.ExternalProps) { p.Keys = nil }), `test/secret: Source.Keys: "": is required: the keys that the Secret is to hold`},
	"external: key":               {withExternal(func(p *secret.ExternalProps) { p.Keys[1] = "B C" }), `test/secret: Source.Keys[1]: "B C": must be 1 to 253 letters`},
	"external: key twice":         {withExternal(func(p *secret.ExternalProps) { p.Keys[1] = "A" }), `test/secret: Source.Keys: "A": is listed twice`},
	"external: no entry":          {withExternal(func(p *secret.ExternalProps) { p.RemoteKey = "" }), `test/secret: Source.RemoteKey: "": is required, or Remotes[A].Key: the entry of the store`},
	"external: no entry of one key": {
		withExternal(func(p *secret.ExternalProps) {
			p.RemoteKey, p.Remotes = "", map[string]secret.Remote{"A": {Key: "a"}, "B": {Property: "b"}}
		}),
		`test/secret: Source.RemoteKey: "": is required, or Remotes[B].Key: the entry of the store`,
	},
	"external: no entry to extract": {
		withExternal(func(p *secret.ExternalProps) { p.RemoteKey, p.Extract = "", true }),
		`test/secret: Source.RemoteKey: "": is required with Extract`,
	},
	"external: entry":           {withExternal(func(p *secret.ExternalProps) { p.RemoteKey = "a\x00" }), `test/secret: Source.RemoteKey: "...": must be UTF-8 text`},
	"external: entry of no key": {withExternal(func(p *secret.ExternalProps) { p.Remotes = map[string]secret.Remote{"C": {}} }), `test/secret: Source.Remotes[C]: "C": must be one of Keys`},
	"external: property":        {withExternal(func(p *secret.ExternalProps) { p.Remotes = map[string]secret.Remote{"A": {Property: "\x01"}} }), `test/secret: Source.Remotes[A].Property: "...": must be UTF-8 text`},
	"external: version":         {withExternal(func(p *secret.ExternalProps) { p.Remotes = map[string]secret.Remote{"A": {Version: "0o7"}} }), `test/secret: Source.Remotes[A].Version: "0o7": would be parsed as a YAML number`},
	"external: interval":        {withExternal(func(p *secret.ExternalProps) { p.RefreshIntervalSeconds = -1 }), `test/secret: Source.RefreshIntervalSeconds: -1: must be between 1 and`},
	"external: key that is not there": {
		func(chart cdk8s.Chart) {
			env := secret.New(chart, "secret", secret.Props{Source: secret.External(secret.ExternalProps{
				Store: secret.Store{Name: "vault"}, RemoteKey: "shop", Keys: []string{"POSTGRES_DB", "POSTGRES_USER"},
			})})
			postgres.NewDatabase(chart, "database", postgres.DatabaseProps{Secret: env})
		},
		`test/database: PasswordKey: "POSTGRES_PASSWORD": is not a key of Secret "django-env-secret", which holds POSTGRES_DB, POSTGRES_USER`,
	},
	"web: env with a separator":    {withProject(django.Project{Env: map[string]string{"A": "a\u2028b"}}), `test/web: Project.Env[A]: "...": must be UTF-8 text`},
	"web: env in octal":            {withProject(django.Project{Env: map[string]string{"UMASK": "0o022"}}), `test/web: Project.Env[UMASK]: "0o022": would be parsed as a YAML number`},
	"web: env in odd digits":       {withProject(django.Project{Env: map[string]string{"A": "1e_1"}}), `test/web: Project.Env[A]: "1e_1": would be parsed as a YAML number`},
	"web: env that is no UTF-8":    {withProject(django.Project{Env: map[string]string{"A": "\xff"}}), `test/web: Project.Env[A]: "...": must be UTF-8 text`},
	"secret: generated image":      {withSecret(secret.Props{Source: secret.Generated(secret.GeneratedProps{})}), `test/secret: Source.Image: "": is required`},
	"secret: generated bad image":  {withGenerated(secret.GeneratedProps{Image: "Shop:1"}), `test/secret: Source.Image: "Shop:1": must be an image reference`},
	"secret: generated key":        {withGenerated(secret.GeneratedProps{Keys: []string{"1ST"}}), `test/secret: Source.Keys[1ST]: "1ST": must be 1 to 253 letters, digits and '_'`},
	"secret: generated key twice":  {withGenerated(secret.GeneratedProps{Keys: []string{"SECRET_KEY"}}), `test/secret: Source.Keys: "SECRET_KEY": is listed twice`},
	"secret: generated value name": {withGenerated(secret.GeneratedProps{Values: map[string]string{"A-B": "c"}}), `test/secret: Source.Values[A-B]: "A-B": must be 1 to 253 letters`},
	"secret: generated and given":  {withGenerated(secret.GeneratedProps{Values: map[string]string{"SECRET_KEY": "not-a-secret"}}), `test/secret: Source.Values[SECRET_KEY]: "...": must not be given: it is generated`},
	"secret: database name":        {withGenerated(secret.GeneratedProps{Values: map[string]string{"POSTGRES_DB": "my shop"}}), `test/secret: Source.Values[POSTGRES_DB]: "my shop": must be 1 to 63 letters`},
	"secret: database user":        {withGenerated(secret.GeneratedProps{Values: map[string]string{"POSTGRES_USER": "shop@db"}}), `test/secret: Source.Values[POSTGRES_USER]: "shop@db": must be 1 to 63 letters`},
	"secret: generated as root":    {withGenerated(secret.GeneratedProps{RunAsUser: -1}), `test/secret: Source.RunAsUser: -1: must be between 1 and`},
	"secret: generated long name": {
		withSecret(secret.Props{Name: strings.Repeat("a", 46), Source: secret.Generated(secret.GeneratedProps{Image: "shop:1"})}),
		`must be at most 45 characters`,
	},
	"secret: used without a source": {
		func(chart cdk8s.Chart) {
			env := secret.New(chart, "secret", secret.Props{})
			django.NewWeb(chart, "web", django.WebProps{Project: django.Project{Image: "shop:1", Database: postgres.NewDatabase(chart, "database", postgres.DatabaseProps{Secret: env})}})
		},
		`test/secret: Source: "": is required`,
	},
	"secret: generated longer name": {
		withSecret(secret.Props{Name: strings.Repeat("a", 254), Source: secret.Generated(secret.GeneratedProps{Image: "shop:1"})}),
		`must be at most 45 characters`,
	},
	"secret: existing long name": {
		withSecret(secret.Props{Name: strings.Repeat("a", 254), Source: secret.Existing("A")}),
		`must be 1 to 253 lower-case`,
	},
	"secret: literal longer name": {
		withSecret(secret.Props{Name: strings.Repeat("a", 254), Source: secret.Literal(map[string]string{"A": "b"})}),
		`must be at most 63 characters`,
	},
	"database: name":               {withDatabase(postgres.DatabaseProps{Name: "my_db"}), `test/database: Name: "my_db": must be 1 to 63 lower-case`},
	"database: name of digits":     {withDatabase(postgres.DatabaseProps{Name: "1db"}), `test/database: Name: "1db": must be 1 to 63 lower-case`},
	"database: long name":          {withDatabase(postgres.DatabaseProps{Name: strings.Repeat("d", 60)}), `must be at most 59 characters`},
	"database: image":              {withDatabase(postgres.DatabaseProps{Image: "postgres:"}), `test/database: Image: "postgres:": must be an image reference`},
	"database: image of digits":    {withDatabase(postgres.DatabaseProps{Image: "17"}), `test/database: Image: "17": must not look like a number`},
	"database: no work_mem":        {withDatabase(postgres.DatabaseProps{Parameters: map[string]string{"work_mem": "0"}}), `test/database: Parameters[work_mem]: "0": must be at least 64kB`},
	"connection: no address":       {withConnection(func(c *postgres.Connection) { c.Host = "10.0.0" }), `test/web: Project.Database.Host: "10.0.0": must be a host name or an IPv4 address, and is neither`},
	"connection: hexadecimal":      {withConnection(func(c *postgres.Connection) { c.Host = "0x7f000001" }), `test/web: Project.Database.Host: "0x7f000001": must be a host name or an IPv4 address, and is neither`},
	"connection: pool mode":        {withConnection(func(c *postgres.Connection) { c.PoolMode = "statement" }), `test/web: Project.Database.PoolMode: "statement": must be one of transaction, session`},
	"web: metrics of root":         {withWeb(django.WebProps{Metrics: django.Metrics{Path: "/metrics", Port: 80}}), `test/web: Metrics.Port: 80: must be between 1024 and 65535`},
	"web: fewest above int32":      {withWeb(django.WebProps{Autoscaling: pod.Autoscaling{MinReplicas: 1 << 31, MaxReplicas: 5}}), `test/web: Autoscaling.MinReplicas: 2147483648: must be between 1 and`},
	"secret: tmp of no size":       {withGenerated(secret.GeneratedProps{Pod: pod.Template{TmpSize: "much"}}), `test/secret: Source.Pod.TmpSize: "much": must be`},
	"database: latest":             {withDatabase(postgres.DatabaseProps{Image: "postgres:latest"}), `test/database: Image: "postgres:latest": must have a tag that starts with its PostgreSQL major version`},
	"database: untagged":           {withDatabase(postgres.DatabaseProps{Image: "postgres"}), `test/database: Image: "postgres": must have a tag`},
	"database: digest only":        {withDatabase(postgres.DatabaseProps{Image: "postgres@sha256:" + strings.Repeat("a", 64)}), `must have a tag`},
	"database: old version":        {withDatabase(postgres.DatabaseProps{Image: "postgres:9.6"}), `test/database: Image: "postgres:9.6": must have a tag`},
	"database: major":              {withDatabase(postgres.DatabaseProps{Image: "shop/db:1", Major: 9}), `test/database: Major: 9: must be between 14 and 99`},
	"database: contradiction":      {withDatabase(postgres.DatabaseProps{Image: "postgres:17", Major: 16}), `test/database: Major: 16: contradicts the tag of the official image postgres:17`},
	"database: storage":            {withDatabase(postgres.DatabaseProps{Storage: "5GB"}), `test/database: Storage: "5GB": must be a positive Kubernetes quantity`},
	"database: no storage":         {withDatabase(postgres.DatabaseProps{Storage: "0"}), `test/database: Storage: "0": must be a positive Kubernetes quantity`},
	"database: negative storage":   {withDatabase(postgres.DatabaseProps{Storage: "-5Gi"}), `test/database: Storage: "-5Gi": must be a positive Kubernetes quantity`},
	"database: milli storage":      {withDatabase(postgres.DatabaseProps{Storage: "500m"}), `test/database: Storage: "500m": must be a whole number of bytes`},
	"database: storage class":      {withDatabase(postgres.DatabaseProps{StorageClass: "Fast SSD"}), `test/database: StorageClass: "Fast SSD": must be 1 to 253 lower-case`},
	"database: cpu":                {withDatabase(postgres.DatabaseProps{Resources: limits("one", "")}), `test/database: Resources.Limits.CPU: "one": must be a positive Kubernetes quantity`},
	"database: memory":             {withDatabase(postgres.DatabaseProps{Resources: requests("", "512M i")}), `test/database: Resources.Requests.Memory: "512M i": must be a positive Kubernetes quantity`},
	"database: shared memory":      {withDatabase(postgres.DatabaseProps{SharedMemory: "1Gi"}), `test/database: SharedMemory: "1Gi": must be below the memory limit 1Gi`},
	"database: shared memory typo": {withDatabase(postgres.DatabaseProps{SharedMemory: "lots"}), `test/database: SharedMemory: "lots": must be a positive Kubernetes quantity`},
	"database: parameter":          {withDatabase(postgres.DatabaseProps{Parameters: map[string]string{"max-connections": "1"}}), `test/database: Parameters[max-connections]: "max-connections": must be the name of a PostgreSQL setting`},
	"database: root":               {withDatabase(postgres.DatabaseProps{RunAsUser: -999}), `test/database: RunAsUser: -999: must be between 1 and`},
	"database: no secret": {
		func(chart cdk8s.Chart) { postgres.NewDatabase(chart, "database", postgres.DatabaseProps{}) },
		`test/database: Secret: "": is required`,
	},
	"database: secret without its keys": {
		func(chart cdk8s.Chart) {
			env := secret.New(chart, "secret", secret.Props{Source: secret.Existing("POSTGRES_DB", "POSTGRES_USER")})
			postgres.NewDatabase(chart, "database", postgres.DatabaseProps{Secret: env})
		},
		`test/database: PasswordKey: "POSTGRES_PASSWORD": is not a key of Secret "django-env-secret", which holds POSTGRES_DB, POSTGRES_USER`,
	},
	"connection: no host":      {withConnection(func(c *postgres.Connection) { c.Host = "" }), `test/web: Project.Database.Host: "": must be a lower-case host name`},
	"connection: url":          {withConnection(func(c *postgres.Connection) { c.Host = "postgres://db" }), `test/web: Project.Database.Host: "postgres://db": must be a lower-case host name`},
	"connection: port":         {withConnection(func(c *postgres.Connection) { c.Port = 65536 }), `test/web: Project.Database.Port: 65536: must be between 1 and 65535`},
	"connection: name":         {withConnection(func(c *postgres.Connection) { c.Name = "shop?sslmode=off" }), `test/web: Project.Database.Name: "shop?sslmode=off": must be 1 to 63 letters`},
	"connection: no secret":    {withConnection(func(c *postgres.Connection) { c.Secret = nil }), `test/web: Project.Database.Secret: "": is required`},
	"connection: user key":     {withConnection(func(c *postgres.Connection) { c.UserKey = "username" }), `test/web: Project.Database.UserKey: "username": is not a key of Secret "django-env-secret"`},
	"connection: password key": {withConnection(func(c *postgres.Connection) { c.PasswordKey = "password" }), `test/web: Project.Database.PasswordKey: "password": is not a key of Secret`},
	"connection: name key":     {withConnection(func(c *postgres.Connection) { c.NameKey = "dbname" }), `test/web: Project.Database.NameKey: "dbname": is not a key of Secret`},
	"web: no image": {
		func(chart cdk8s.Chart) {
			django.NewWeb(chart, "web", django.WebProps{Project: django.Project{Database: postgres.Connection{Host: "db", Secret: environment(chart)}}})
		},
		`test/web: Project.Image: "": is required`,
	},
	"web: image with a scheme":     {withProject(django.Project{Image: "https://example.com/shop:1"}), `test/web: Project.Image: "https://example.com/shop:1": must be an image reference`},
	"web: image with a space":      {withProject(django.Project{Image: "shop: 1"}), `test/web: Project.Image: "shop: 1": must be an image reference`},
	"web: name":                    {withProject(django.Project{Name: "-shop"}), `test/web: Project.Name: "-shop": must be 1 to 63 lower-case`},
	"web: host with scheme":        {withProject(django.Project{Hosts: []string{"https://example.com"}}), `test/web: Project.Hosts[0]: "https://example.com": must be a lower-case host name`},
	"web: host with port":          {withProject(django.Project{Hosts: []string{"a.example.com", "example.com:8000"}}), `test/web: Project.Hosts[1]: "example.com:8000": must be a lower-case host name`},
	"web: every host":              {withProject(django.Project{Hosts: []string{"*"}}), `test/web: Project.Hosts[0]: "*": would turn Django's check of the Host header off`},
	"web: empty host":              {withProject(django.Project{Hosts: []string{""}}), `test/web: Project.Hosts[0]: "": must be a lower-case host name`},
	"web: upper-case host":         {withProject(django.Project{Hosts: []string{"Example.com"}}), `test/web: Project.Hosts[0]: "Example.com": must be a lower-case host name`},
	"web: host with a path":        {withProject(django.Project{Hosts: []string{"example.com/shop"}}), `test/web: Project.Hosts[0]: "example.com/shop": must be a lower-case host name`},
	"web: two hosts in one":        {withProject(django.Project{Hosts: []string{"a.example.com,b.example.com"}}), `must be a lower-case host name`},
	"web: host twice":              {withProject(django.Project{Hosts: []string{"example.com", "example.com"}}), `test/web: Project.Hosts: "example.com": is listed twice`},
	"web: port too high":           {withWeb(django.WebProps{Port: 70000}), `test/web: Port: 70000: must be between 1024 and 65535`},
	"web: negative port":           {withWeb(django.WebProps{Port: -1}), `test/web: Port: -1: must be between 1024 and 65535`},
	"web: replicas":                {withWeb(django.WebProps{Replicas: new(-1)}), `test/web: Replicas: -1: must be between 0 and 2147483647`},
	"web: request above limit":     {withWeb(django.WebProps{Resources: pod.Resources{Requests: pod.Quantities{Memory: "2Gi"}, Limits: pod.Quantities{Memory: "1Gi"}}}), `test/web: Resources.Requests.Memory: "2Gi": must not be above its limit 1Gi`},
	"web: cpu above limit":         {withWeb(django.WebProps{Resources: pod.Resources{Requests: pod.Quantities{CPU: "1500m"}, Limits: pod.Quantities{CPU: "1"}}}), `test/web: Resources.Requests.CPU: "1500m": must not be above its limit 1`},
	"web: cpu":                     {withWeb(django.WebProps{Resources: requests("half", "")}), `test/web: Resources.Requests.CPU: "half": must be a positive Kubernetes quantity`},
	"web: cpu below a thousandth":  {withWeb(django.WebProps{Resources: requests("0.1m", "")}), `test/web: Resources.Requests.CPU: "0.1m": must be at least 1m`},
	"web: parts of a byte":         {withWeb(django.WebProps{Resources: requests("", "1.1Gi")}), `test/web: Resources.Requests.Memory: "1.1Gi": must be a whole number of bytes: write it in a smaller unit`},
	"web: memory in thousandths":   {withWeb(django.WebProps{Resources: requests("", "512m")}), `test/web: Resources.Requests.Memory: "512m": must be a whole number of bytes`},
	"web: health path":             {withWeb(django.WebProps{HealthPath: "login"}), `test/web: HealthPath: "login": must be a URL path that starts with one '/'`},
	"web: health path spaces":      {withWeb(django.WebProps{HealthPath: "/log in", LivenessPath: "/healthz"}), `test/web: HealthPath: "/log in": must be a URL path`},
	"web: liveness path":           {withWeb(django.WebProps{LivenessPath: "http://django/healthz"}), `test/web: LivenessPath: "http://django/healthz": must be a URL path`},
	"web: root":                    {withProject(django.Project{RunAsUser: -1}), `test/web: Project.RunAsUser: -1: must be between 1 and 2147483647: Pod Security "restricted" refuses root`},
	"web: user too high":           {withProject(django.Project{RunAsUser: 1 << 31}), `test/web: Project.RunAsUser: 2147483648: must be between 1 and 2147483647`},
	"web: env name":                {withProject(django.Project{Env: map[string]string{"MY-VAR": "1"}}), `test/web: Project.Env[MY-VAR]: "MY-VAR": must be 1 to 253 letters, digits and '_'`},
	"web: env of the construct":    {withProject(django.Project{Env: map[string]string{"ALLOWED_HOSTS": "*"}}), `test/web: Project.Env[ALLOWED_HOSTS]: "...": is managed; set Hosts instead`},
	"web: env of the database":     {withProject(django.Project{Env: map[string]string{"DATABASE_URL": "sqlite://"}}), `test/web: Project.Env[DATABASE_URL]: "...": is managed; set Database instead`},
	"web: env of the secret":       {withProject(django.Project{Env: map[string]string{"SECRET_KEY": "x"}}), `test/web: Project.Env[SECRET_KEY]: "...": is managed; set Secret instead`},
	"web: env with NUL":            {withProject(django.Project{Env: map[string]string{"A": "\x00"}}), `test/web: Project.Env[A]: "...": must be UTF-8 text without control characters`},
	"web: secret key":              {withProject(django.Project{SecretKeys: []string{"STRIPE_API_KEY"}}), `test/web: Project.SecretKeys[0]: "STRIPE_API_KEY": is not a key of Secret "django-env-secret", which holds POSTGRES_DB, POSTGRES_PASSWORD, POSTGRES_USER, SECRET_KEY`},
	"web: secret key twice":        {withProject(django.Project{SecretKeys: []string{"SECRET_KEY", "SECRET_KEY"}}), `test/web: Project.SecretKeys: "SECRET_KEY": is listed twice`},
	"web: volume path":             {withProject(django.Project{Volumes: []pod.Volume{{MountPath: "media", EmptyDir: "1Gi"}}}), `test/web: Project.Volumes[0].MountPath: "media": must be an absolute path`},
	"web: volume on the root":      {withProject(django.Project{Volumes: []pod.Volume{{MountPath: "/", EmptyDir: "1Gi"}}}), `test/web: Project.Volumes[0].MountPath: "/": must be an absolute path`},
	"web: volume on /tmp":          {withProject(django.Project{Volumes: []pod.Volume{{MountPath: "/tmp", EmptyDir: "1Gi"}}}), `test/web: Project.Volumes[0].MountPath: "/tmp": must be another`},
	"web: volume of nothing":       {withProject(django.Project{Volumes: []pod.Volume{{MountPath: "/media"}}}), `test/web: Project.Volumes[0].MountPath: "/media": needs exactly one of EmptyDir, Claim, ConfigMap, Secret, Projected and Ephemeral`},
	"web: volume of two":           {withProject(django.Project{Volumes: []pod.Volume{{MountPath: "/media", Claim: "a", Secret: "b"}}}), `test/web: Project.Volumes[0].MountPath: "/media": needs exactly one of`},
	"web: volume size":             {withProject(django.Project{Volumes: []pod.Volume{{MountPath: "/cache", EmptyDir: "big"}}}), `test/web: Project.Volumes[0].EmptyDir: "big": must be a positive Kubernetes quantity`},
	"web: volume claim name":       {withProject(django.Project{Volumes: []pod.Volume{{MountPath: "/media", Claim: "My Media", External: true}}}), `test/web: Project.Volumes[0].Claim: "My Media": must be 1 to 253 lower-case`},
	"web: external empty volume":   {withProject(django.Project{Volumes: []pod.Volume{{MountPath: "/cache", EmptyDir: "1Gi", External: true}}}), `test/web: Project.Volumes[0].External: true: must not be set for a volume of kind EmptyDir`},
	"web: volume nobody makes":     {withProject(django.Project{Volumes: []pod.Volume{{MountPath: "/media", Claim: "media"}}}), `test/web/Deployment: spec.template.spec.volumes[1].persistentVolumeClaim.claimName: "media": no PersistentVolumeClaim of that name`},
	"web: preStop above grace":     {withWeb(django.WebProps{PreStopSeconds: 30, TerminationGracePeriodSeconds: 20, Gunicorn: django.Gunicorn{GracefulTimeoutSeconds: 5}}), `test/web: TerminationGracePeriodSeconds: 20: must be above PreStopSeconds + Gunicorn.GracefulTimeoutSeconds = 30 + 5 = 35`},
	"web: grace equal to both":     {withWeb(django.WebProps{PreStopSeconds: 5, Gunicorn: django.Gunicorn{GracefulTimeoutSeconds: 30}, TerminationGracePeriodSeconds: 35}), `TerminationGracePeriodSeconds: 35: must be above`},
	"web: endless grace":           {withWeb(django.WebProps{TerminationGracePeriodSeconds: 1 << 62}), `test/web: TerminationGracePeriodSeconds: 4611686018427387904: must be at most two days`},
	"web: too many replicas":       {withWeb(django.WebProps{Replicas: new(1 << 31)}), `test/web: Replicas: 2147483648: must be between 0 and 2147483647`},
	"web: negative preStop":        {withWeb(django.WebProps{PreStopSeconds: -1}), `test/web: PreStopSeconds: -1: must be between 1 and 86400`},
	"web: negative timeout":        {withWeb(django.WebProps{Gunicorn: django.Gunicorn{GracefulTimeoutSeconds: -30}, TerminationGracePeriodSeconds: 30}), `test/web: Gunicorn.GracefulTimeoutSeconds: -30: must be between 1 and 86400`},
	"web: command with NUL":        {withWeb(django.WebProps{Command: []string{"a\x00"}}), `test/web: Command[0]: "...": must be UTF-8 text without control characters`},
	"web: args with NUL":           {withWeb(django.WebProps{Args: []string{"ok", "a\x00"}}), `test/web: Args[1]: "...": must be UTF-8 text`},
	"web: env too long":            {withProject(django.Project{Env: map[string]string{"A": strings.Repeat("a", 1<<17)}}), `test/web: Project.Env[A]: "...": must be at most 128 KiB`},
	"web: env name too long":       {withProject(django.Project{Env: map[string]string{strings.Repeat("A", 254): ""}}), `must be 1 to 253 letters, digits and '_'`},
	"web: gunicorn's port":         {withProject(django.Project{Env: map[string]string{"GUNICORN_CMD_ARGS": "--access-logfile=- -b :80"}}), `test/web: Project.Env[GUNICORN_CMD_ARGS]: "-b": is managed; set Port and Gunicorn instead`},
	"web: gunicorn's shutdown":     {withProject(django.Project{Env: map[string]string{"GUNICORN_CMD_ARGS": "--graceful-timeout=90"}}), `test/web: Project.Env[GUNICORN_CMD_ARGS]: "--graceful-timeout": is managed; set Port and Gunicorn instead`},
	"web: memory without unit":     {withWeb(django.WebProps{Resources: limits("", "512")}), `test/web: Resources.Limits.Memory: "512": must be at least 1Mi`},
	"web: path of another host":    {withWeb(django.WebProps{HealthPath: "//example.com/x"}), `test/web: HealthPath: "//example.com/x": must be a URL path`},
	"web: bad percent encoding":    {withWeb(django.WebProps{HealthPath: "/%zz"}), `test/web: HealthPath: "/%zz": must be a URL path`},
	"web: path YAML cannot carry":  {withProject(django.Project{Volumes: []pod.Volume{{MountPath: "/a\u2028b", EmptyDir: "1Gi"}}}), `test/web: Project.Volumes[0].MountPath: "/a\u2028b": must be an absolute path`},
	"web: two volumes on a path":   {withProject(django.Project{Volumes: []pod.Volume{{MountPath: "/a", EmptyDir: "1Gi"}, {MountPath: "/a", EmptyDir: "1Gi"}}}), `test/web: Volumes.MountPath: "/a": is listed twice`},
	"secret: literal long name":    {withSecret(secret.Props{Name: strings.Repeat("a", 64), Source: secret.Literal(map[string]string{"a": "b"})}), `must be at most 63 characters`},
	"secret: system role":          {withGenerated(secret.GeneratedProps{Values: map[string]string{"POSTGRES_USER": "pg_admin"}}), `test/secret: Source.Values[POSTGRES_USER]: "pg_admin": must not be public, none or start with pg_`},
	"secret: template database":    {withGenerated(secret.GeneratedProps{Values: map[string]string{"POSTGRES_DB": "template0"}}), `test/secret: Source.Values[POSTGRES_DB]: "template0": must not be a template`},
	"database: tag of a year":      {withDatabase(postgres.DatabaseProps{Image: "example/db:24.04"}), `test/database: Image: "example/db:24.04": must have a tag`},
	"database: mirror contradicts": {withDatabase(postgres.DatabaseProps{Image: "mirror.example.com/library/postgres:17", Major: 18}), `test/database: Major: 18: contradicts the tag`},
	"database: own parameter":      {withDatabase(postgres.DatabaseProps{Parameters: map[string]string{"Port": "5433"}}), `test/database: Parameters[Port]: "5433": must not be given: the probes, the Service and the volume depend on it`},
	"database: parameter twice":    {withDatabase(postgres.DatabaseProps{Parameters: map[string]string{"TimeZone": "UTC", "timezone": "UTC"}}), `test/database: Parameters[timezone]: "UTC": is listed twice, in different case`},
	"database: storage in bytes":   {withDatabase(postgres.DatabaseProps{Storage: "5"}), `test/database: Storage: "5": must be at least 1Mi`},
	"web: pull secret":             {withProject(django.Project{ImagePullSecrets: []string{"my registry"}}), `test/web: Project.ImagePullSecrets[0]: "my registry": must be 1 to 253 lower-case`},
	"web: pull secret twice":       {withProject(django.Project{ImagePullSecrets: []string{"a", "a"}}), `test/web: Project.ImagePullSecrets: "a": is listed twice`},
	"web: env of libpq":            {withProject(django.Project{Env: map[string]string{"PGHOST": "db"}}), `test/web: Project.Env[PGHOST]: "...": is managed; set Database instead`},
	"database: pull secret":        {withDatabase(postgres.DatabaseProps{ImagePullSecrets: []string{""}}), `test/database: ImagePullSecrets[0]: "": must be 1 to 253 lower-case`},
	"secret: pull secret":          {withGenerated(secret.GeneratedProps{ImagePullSecrets: []string{"A"}}), `test/secret: Source.ImagePullSecrets[0]: "A": must be 1 to 253 lower-case`},
	"web: path with dots":          {withWeb(django.WebProps{HealthPath: "/a/../login"}), `test/web: HealthPath: "/a/../login": must be a URL path`},
	"web: colon in a mount path":   {withProject(django.Project{Volumes: []pod.Volume{{MountPath: "/a:b", EmptyDir: "1Gi"}}}), `test/web: Project.Volumes[0].MountPath: "/a:b": must be an absolute path`},
	"web: preStop of days":         {withWeb(django.WebProps{PreStopSeconds: 86401}), `test/web: PreStopSeconds: 86401: must be between 1 and 86400`},
	"web: grace of days":           {withWeb(django.WebProps{TerminationGracePeriodSeconds: 172811}), `test/web: TerminationGracePeriodSeconds: 172811: must be at most two days`},
	"web: secret key as a name": {
		func(chart cdk8s.Chart) {
			env := secret.New(chart, "secret", secret.Props{
				Source: secret.Existing("POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD", "api.key"),
			})
			django.NewWeb(chart, "web", django.WebProps{
				Project: django.Project{
					Image:      "shop:1",
					SecretKeys: []string{"api.key"},
					Database:   postgres.Connection{Host: "db.example.com", Secret: env},
				},
			})
		},
		`test/web: Project.SecretKeys[0]: "api.key": must be 1 to 253 letters, digits and '_'`,
	},
	"database: memory in bytes":   {withDatabase(postgres.DatabaseProps{Resources: limits("", "512")}), `test/database: Resources.Limits.Memory: "512": must be at least 1Mi`},
	"database: parameter control": {withDatabase(postgres.DatabaseProps{Parameters: map[string]string{"application_name": "a\x01"}}), `test/database: Parameters[application_name]: "...": must be UTF-8 text`},
	"secret: generated control":   {withGenerated(secret.GeneratedProps{Values: map[string]string{"A": "\x01"}}), `test/secret: Source.Values[A]: "...": must be UTF-8 text`},
	"stack: secret of the web": {
		func(chart cdk8s.Chart) {
			stack.New(chart, "stack", stack.Props{Web: django.WebProps{Project: django.Project{Image: "shop:1", Secret: environment(chart)}}})
		},
		`test/stack/database: Secret: "django-env-secret": is in namespace "test", and pods of namespace "django-app" cannot read it (also test/stack/web)`,
	},
	"stack: secret of the database": {
		func(chart cdk8s.Chart) {
			stack.New(chart, "stack", stack.Props{
				Web: django.WebProps{Project: django.Project{Image: "shop:1"}}, Database: postgres.DatabaseProps{Secret: environment(chart)},
			})
		},
		`test/stack/database: Secret: "django-env-secret": is in namespace "test", and pods of namespace "django-app" cannot read it (also test/stack/web)`,
	},
	"web: no database": {
		func(chart cdk8s.Chart) {
			django.NewWeb(chart, "web", django.WebProps{Project: django.Project{Image: "shop:1"}})
		},
		`test/web: Project.Database: "": is required`,
	},
	"web: nil database": {
		func(chart cdk8s.Chart) {
			var db *postgres.Database
			django.NewWeb(chart, "web", django.WebProps{Project: django.Project{Image: "shop:1", Database: db}})
		},
		`test/web: Project.Database: "": is required`,
	},
	"stack: database of its own": {
		func(chart cdk8s.Chart) {
			stack.New(chart, "stack", stack.Props{
				Namespace: namespace.Props{Name: cdktest.Namespace},
				Database:  postgres.DatabaseProps{Storage: "20Gi"},
				Web: django.WebProps{Project: django.Project{
					Image: "shop:1", Database: postgres.Connection{Host: "db.example.com", Secret: environment(chart)},
				}},
			})
		},
		`test/stack: Database: "...": has no effect: Web.Project.Database names another server`,
	},
	"stack: database of its own without a secret": {
		func(chart cdk8s.Chart) {
			stack.New(chart, "stack", stack.Props{Web: django.WebProps{Project: django.Project{Image: "shop:1", Database: postgres.Connection{Host: "db"}}}})
		},
		`test/stack/web: Project.Database.Secret: "": is required: the Secret that holds the credentials`,
	},
	"stack: no image": {func(chart cdk8s.Chart) { stack.New(chart, "stack", stack.Props{}) }, `test/stack/web: Project.Image: "": is required: the container image, such as docker.io/OWNER/NAME:TAG (also test/stack/secret)`},
	"stack: wrong image": {func(chart cdk8s.Chart) {
		stack.New(chart, "stack", stack.Props{Web: django.WebProps{Project: django.Project{Image: "A"}}})
	}, `test/stack/web: Project.Image: "A": must be an image reference such as docker.io/OWNER/NAME:TAG; names are lower case, without a scheme (also test/stack/secret)`},
	"stack: namespace": {func(chart cdk8s.Chart) {
		stack.New(chart, "stack", stack.Props{Namespace: namespace.Props{Name: "A"}, Web: django.WebProps{Project: django.Project{Image: "shop:1"}}})
	}, `test/stack/namespace: Name: "A": must be 1 to 63 lower-case`},
	"duplicate construct": {func(chart cdk8s.Chart) { environment(chart); environment(chart) }, `test/secret-2: id: "secret": is used twice in this scope`},
	"duplicate object": {
		func(chart cdk8s.Chart) {
			props := django.WebProps{Project: django.Project{Image: "shop:1", Database: postgres.Connection{Host: "db", Secret: environment(chart)}}}
			django.NewWeb(chart, "blog", props)
			props.Name = "shop"
			django.NewWeb(chart, "shop", props)
			kplus.NewService(chart, new("other"), &kplus.ServiceProps{
				Metadata: &cdk8s.ApiObjectMetadata{Name: new("shop")},
				Ports:    &[]*kplus.ServicePort{{Port: new(80.0)}},
			})
		},
		`test/other: metadata.name: "shop": Service test/shop is also made by test/shop/Service`,
	},
	"no chart": {
		func(chart cdk8s.Chart) {
			app := constructs.Node_Of(chart).Root().(constructs.Construct)
			db := postgres.NewDatabase(app, "database", postgres.DatabaseProps{Secret: environment(chart)})
			_ = db.Connection().Host
		},
		`database: scope: "App": must be a chart, or a construct in one`,
	},
	"nil connection": {
		func(chart cdk8s.Chart) {
			var none *postgres.Connection
			django.NewWeb(chart, "web", django.WebProps{Project: django.Project{Image: "shop:1", Database: none}})
		},
		`test/web: Project.Database: "": is required`,
	},
	"secret of another namespace": {
		func(chart cdk8s.Chart) {
			elsewhere := cdk8s.NewChart(chart, new("elsewhere"), &cdk8s.ChartProps{Namespace: new("elsewhere")})
			django.NewWeb(chart, "web", django.WebProps{
				Project: django.Project{Image: "shop:1", Database: postgres.Connection{Host: "db.example.com", Secret: environment(elsewhere)}},
			})
		},
		`test/web: Project.Database.Secret: "django-env-secret": is in namespace "elsewhere", and pods of namespace "test" cannot read it`,
	},
	"empty id": {func(chart cdk8s.Chart) { namespace.New(chart, "", namespace.Props{}) }, `test/unnamed: id: "": must not be empty`},
}

func TestWrongValues(t *testing.T) {
	if len(wrong) < 60 {
		t.Errorf("%d wrong values", len(wrong))
	}
	for name, tc := range wrong {
		t.Run(name, func(t *testing.T) {
			got := cdktest.Problems(t, tc.build)
			if len(got) != 1 || !strings.Contains(got[0], tc.line) || strings.Contains(got[0], "\n") {
				t.Errorf("problems:\n%s\nwant one line with\n%s", strings.Join(got, "\n"), tc.line)
			}
		})
	}
}

func TestEveryMistakeIsReportedAtOnce(t *testing.T) {
	got := cdktest.Problems(t, func(chart cdk8s.Chart) {
		namespace.New(chart, "namespace", namespace.Props{Enforce: "strict"})
		db := postgres.NewDatabase(chart, "database", postgres.DatabaseProps{Image: "postgres", Storage: "5GB", Secret: environment(chart)})
		django.NewWeb(chart, "web", django.WebProps{Project: django.Project{Hosts: []string{"*"}, Database: db}, Port: 70000})
	})
	for _, want := range []string{
		"test/namespace: Enforce: ", "test/database: Image: ", "test/database: Storage: ",
		"test/web: Project.Image: ", "test/web: Port: ", "test/web: Project.Hosts[0]: ",
	} {
		if !slices.ContainsFunc(got, func(line string) bool { return strings.HasPrefix(line, want) }) {
			t.Errorf("no line starts with %q", want)
		}
	}
	if len(got) != 6 {
		t.Errorf("%d lines, want 6:\n%s", len(got), strings.Join(got, "\n"))
	}
}

// Each variable that the server gets from another field is refused in Env.
func TestVariablesOfTheConstructAreRefused(t *testing.T) {
	manifest := cdktest.Render(t, withWeb(django.WebProps{}))
	for _, name := range []string{
		"ALLOWED_HOSTS", "CSRF_TRUSTED_ORIGINS", "PORT", "DATABASE_URL", "POSTGRES_HOST", "POSTGRES_PORT", "POSTGRES_DB",
		"POSTGRES_USER", "POSTGRES_PASSWORD", "PGUSER", "PGPASSWORD", "SECRET_KEY",
	} {
		if !strings.Contains(manifest, "- name: "+name+"\n") {
			t.Errorf("the server does not get %s", name)
		}
		got := cdktest.Problems(t, withProject(django.Project{Env: map[string]string{name: "x"}}))
		if want := "test/web: Project.Env[" + name + `]: "...": is managed; set `; len(got) != 1 || !strings.HasPrefix(got[0], want) {
			t.Errorf("problems: %q, want one that starts with %q", got, want)
		}
	}
}

// The id of a chart without a namespace becomes a label, and may be any text.
func TestChartsOfAnyID(t *testing.T) {
	for _, id := range []string{"My shop (staging)", "_shop_", "säule", strings.Repeat("a", 64)} {
		t.Run(id, func(t *testing.T) {
			got := cdktest.ProblemsApp(t, func(app cdk8s.App) {
				chart := cdk8s.NewChart(app, &id, nil)
				postgres.NewDatabase(chart, "database", postgres.DatabaseProps{Secret: environment(chart)})
			})
			if len(got) > 0 {
				t.Errorf("problems:\n%s\nwant none", strings.Join(got, "\n"))
			}
		})
	}
}

// A namespace that Kubernetes refuses is reported once, whatever is in it.
func TestChartOfAWrongNamespace(t *testing.T) {
	got := cdktest.ProblemsApp(t, func(app cdk8s.App) {
		chart := cdk8s.NewChart(app, new("shop"), &cdk8s.ChartProps{Namespace: new("My_Shop")})
		postgres.NewDatabase(chart, "database", postgres.DatabaseProps{Secret: environment(chart)})
	})
	if len(got) != 1 || !strings.Contains(got[0], `metadata.namespace: "My_Shop": must be 1 to 63 lower-case`) {
		t.Errorf("problems:\n%s\nwant one about the namespace", strings.Join(got, "\n"))
	}
}

// A scope that is nil has no app to report it, and is told with its place.
func TestNilScopes(t *testing.T) {
	for name, build := range map[string]func(){
		"nil":            func() { secret.New(nil, "secret", secret.Props{}) },
		"nil pointer":    func() { namespace.New((*namespace.Namespace)(nil), "namespace", namespace.Props{}) },
		"nil of a stack": func() { stack.New(nil, "stack", stack.Props{}) },
	} {
		t.Run(name, func(t *testing.T) {
			got := cdktest.Problems(t, func(cdk8s.Chart) { build() })
			if len(got) != 1 || !strings.HasPrefix(got[0], "invalid_test.go:") || !strings.Contains(got[0], "is required: the chart") {
				t.Errorf("problems %q, want one line with its place", got)
			}
		})
	}
}
