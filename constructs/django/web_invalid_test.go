package django_test

import (
	"math"
	"strings"
	"testing"

	"github.com/aws/constructs-go/constructs/v10"
	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"

	"example.com/django-cdk8s/cdktest"
	"example.com/django-cdk8s/constructs/broker"
	"example.com/django-cdk8s/constructs/django"
	"example.com/django-cdk8s/constructs/pod"
	"example.com/django-cdk8s/constructs/postgres"
)

// withWeb builds a server on a database in the cluster, which counts its
// connections.
func withWeb(props django.WebProps) cdktest.Build {
	return func(chart cdk8s.Chart) {
		props := props
		props.Project.Image = "shop:1"
		if props.Project.Database == nil {
			props.Project.Database = postgres.NewDatabase(chart, "database", postgres.DatabaseProps{Secret: environment(chart, "django-env-secret")})
		}
		_ = django.NewWeb(chart, "web", props).Service().Path()
	}
}

func withProject(p django.Project) cdktest.Build { return withWeb(django.WebProps{Project: p}) }

func withPod(t pod.Template) cdktest.Build { return withWeb(django.WebProps{Pod: t}) }

func withGunicorn(g django.Gunicorn) cdktest.Build { return withWeb(django.WebProps{Gunicorn: g}) }

func withArgs(args string) cdktest.Build {
	return withProject(django.Project{Env: map[string]string{"GUNICORN_CMD_ARGS": args}})
}

func withAutoscaling(a pod.Autoscaling) cdktest.Build {
	return withWeb(django.WebProps{Autoscaling: a})
}

func withMetrics(m django.Metrics) cdktest.Build { return withWeb(django.WebProps{Metrics: m}) }

// withClaim builds a claim and a server that mounts it.
func withClaim(props django.MediaClaimProps, change ...func(props *django.WebProps)) cdktest.Build {
	return func(chart cdk8s.Chart) {
		web := django.WebProps{Project: django.Project{Media: django.NewMediaClaim(chart, "media", props)}}
		for _, c := range change {
			c(&web)
		}
		withWeb(web)(chart)
	}
}

// withStore builds a server whose media are in an object store that is right
// but for what change does.
func withStore(change func(store *django.ObjectStore)) cdktest.Build {
	return func(chart cdk8s.Chart) {
		store := django.ObjectStore{Bucket: "shop-media", Secret: holding(chart, "media", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")}
		change(&store)
		withProject(django.Project{Media: store})(chart)
	}
}

func withEndpoint(endpoint string) cdktest.Build {
	return withStore(func(store *django.ObjectStore) { store.Endpoint = endpoint })
}

func withBroker(change func(c *broker.Connection), more ...func(props *django.WebProps)) cdktest.Build {
	return func(chart cdk8s.Chart) {
		connection := broker.Connection{
			URL: "redis://:$(REDIS_PASSWORD)@redis:6379/0", PasswordKey: "REDIS_PASSWORD",
			Secret: holding(chart, "redis", "REDIS_PASSWORD", "POSTGRES_PASSWORD", "POD_IP"),
		}
		change(&connection)
		props := django.WebProps{Project: django.Project{Broker: connection}}
		for _, m := range more {
			m(&props)
		}
		withWeb(props)(chart)
	}
}

// elsewhere is a chart of another namespace.
func elsewhere(chart cdk8s.Chart) cdk8s.Chart {
	return cdk8s.NewChart(constructs.Node_Of(chart).Root().(constructs.Construct), new("elsewhere"),
		&cdk8s.ChartProps{Namespace: new("elsewhere")})
}

const overMax = "must be between 1 and 2147483647"

// wrongWebs are one mistake each, with the one line that it must give.
var wrongWebs = map[string]struct {
	build cdktest.Build
	line  string
}{
	"gunicorn: no workers":        {withGunicorn(django.Gunicorn{Workers: -1}), `test/web: Gunicorn.Workers: -1: must be between 1 and 1000`},
	"gunicorn: workers":           {withGunicorn(django.Gunicorn{Workers: math.MaxInt}), `test/web: Gunicorn.Workers: 9223372036854775807: must be between 1 and 1000`},
	"gunicorn: no threads":        {withGunicorn(django.Gunicorn{Threads: -8}), `test/web: Gunicorn.Threads: -8: must be between 1 and 1000`},
	"gunicorn: threads":           {withGunicorn(django.Gunicorn{Threads: 1001}), `test/web: Gunicorn.Threads: 1001: must be between 1 and 1000`},
	"gunicorn: timeout":           {withGunicorn(django.Gunicorn{TimeoutSeconds: -1}), `test/web: Gunicorn.TimeoutSeconds: -1: must be between 1 and 86400`},
	"gunicorn: long timeout":      {withGunicorn(django.Gunicorn{TimeoutSeconds: 86401}), `test/web: Gunicorn.TimeoutSeconds: 86401: must be between 1 and 86400`},
	"gunicorn: graceful timeout":  {withGunicorn(django.Gunicorn{GracefulTimeoutSeconds: -30}), `test/web: Gunicorn.GracefulTimeoutSeconds: -30: must be between 1 and 86400`},
	"gunicorn: endless grace":     {withGunicorn(django.Gunicorn{GracefulTimeoutSeconds: math.MaxInt}), `test/web: Gunicorn.GracefulTimeoutSeconds: 9223372036854775807: must be between 1 and 86400`},
	"gunicorn: grace beyond sums": {withGunicorn(django.Gunicorn{GracefulTimeoutSeconds: math.MaxInt - 15}), `test/web: Gunicorn.GracefulTimeoutSeconds: 9223372036854775792: must be`},
	"gunicorn: no grace at all":   {withGunicorn(django.Gunicorn{GracefulTimeoutSeconds: math.MinInt}), `test/web: Gunicorn.GracefulTimeoutSeconds: -9223372036854775808: must be`},
	"gunicorn: negative grace that is not given time": {
		withWeb(django.WebProps{Gunicorn: django.Gunicorn{GracefulTimeoutSeconds: -30}, TerminationGracePeriodSeconds: 30, PreStopSeconds: 40}),
		`test/web: Gunicorn.GracefulTimeoutSeconds: -30: must be between 1 and 86400`,
	},
	"gunicorn: preStop beyond sums": {withWeb(django.WebProps{PreStopSeconds: math.MaxInt - 35}), `test/web: PreStopSeconds: 9223372036854775772: must be between 1 and 86400`},
	"gunicorn: negative period":     {withWeb(django.WebProps{TerminationGracePeriodSeconds: -1}), `test/web: TerminationGracePeriodSeconds: -1: must be above PreStopSeconds + Gunicorn.GracefulTimeoutSeconds = 10 + 30 = 40`},
	"gunicorn: max requests":        {withGunicorn(django.Gunicorn{MaxRequests: -100}), `test/web: Gunicorn.MaxRequests: -100: must be between 0 and 1000000000`},
	"gunicorn: jitter":              {withGunicorn(django.Gunicorn{MaxRequests: 100, MaxRequestsJitter: -1}), `test/web: Gunicorn.MaxRequestsJitter: -1: must be between 0 and 1000000000`},
	"gunicorn: jitter of nothing":   {withGunicorn(django.Gunicorn{MaxRequestsJitter: 10}), `test/web: Gunicorn.MaxRequestsJitter: 10: has no effect without MaxRequests`},
	"gunicorn: workers in Env":      {withArgs("--workers=3"), `test/web: Project.Env[GUNICORN_CMD_ARGS]: "--workers": is managed; set Port and Gunicorn instead`},
	"gunicorn: threads in Env":      {withArgs("--preload --threads 4"), `test/web: Project.Env[GUNICORN_CMD_ARGS]: "--threads": is managed; set Port and Gunicorn instead`},
	"gunicorn: heartbeat in Env":    {withArgs("--worker-tmp-dir=/dev/shm"), `test/web: Project.Env[GUNICORN_CMD_ARGS]: "--worker-tmp-dir": is managed; set Port and Gunicorn instead`},
	"gunicorn: open quote in Env":   {withArgs("--access-logformat '%(h)s"), `test/web: Project.Env[GUNICORN_CMD_ARGS]: "...": must close each quote`},
	"gunicorn: WEB_CONCURRENCY":     {withProject(django.Project{Env: map[string]string{"WEB_CONCURRENCY": "3"}}), `test/web: Project.Env[WEB_CONCURRENCY]: "...": is managed; set Gunicorn.Workers instead`},

	"autoscaling: negative":        {withAutoscaling(pod.Autoscaling{MaxReplicas: -1}), `test/web: Autoscaling.MaxReplicas: -1: ` + overMax},
	"autoscaling: no end":          {withAutoscaling(pod.Autoscaling{MaxReplicas: 1 << 31}), `test/web: Autoscaling.MaxReplicas: 2147483648: ` + overMax},
	"autoscaling: absurd":          {withAutoscaling(pod.Autoscaling{MaxReplicas: math.MaxInt}), `test/web: Autoscaling.MaxReplicas: 9223372036854775807: ` + overMax},
	"autoscaling: lower end alone": {withAutoscaling(pod.Autoscaling{MinReplicas: 3}), `test/web: Autoscaling.MaxReplicas: 0: ` + overMax},
	"autoscaling: percent alone":   {withAutoscaling(pod.Autoscaling{CPUPercent: 50}), `test/web: Autoscaling.MaxReplicas: 0: ` + overMax},
	"autoscaling: crossed ends":    {withAutoscaling(pod.Autoscaling{MinReplicas: 5, MaxReplicas: 3}), `test/web: Autoscaling.MinReplicas: 5: must not be above MaxReplicas, 3`},
	"autoscaling: negative end":    {withAutoscaling(pod.Autoscaling{MinReplicas: -1, MaxReplicas: 3}), `test/web: Autoscaling.MinReplicas: -1: ` + overMax},
	"autoscaling: no percent":      {withAutoscaling(pod.Autoscaling{MaxReplicas: 3, CPUPercent: -80}), `test/web: Autoscaling.CPUPercent: -80: must be between 1 and 1000`},
	"autoscaling: percent":         {withAutoscaling(pod.Autoscaling{MaxReplicas: 3, CPUPercent: 1001}), `test/web: Autoscaling.CPUPercent: 1001: must be between 1 and 1000`},
	"autoscaling: and replicas":    {withWeb(django.WebProps{Autoscaling: pod.Autoscaling{MaxReplicas: 3}, Replicas: new(2)}), `test/web: Replicas: 2: must not be given with Autoscaling, which sets it`},
	"replicas: negative":           {withWeb(django.WebProps{Replicas: new(-1)}), `test/web: Replicas: -1: must be between 0 and 2147483647`},
	"replicas: absurd":             {withWeb(django.WebProps{Replicas: new(math.MaxInt)}), `test/web: Replicas: 9223372036854775807: must be between 0`},
	"replicas: negative on one node": {
		withClaim(django.MediaClaimProps{}, func(props *django.WebProps) { props.Replicas = new(-1) }), `test/web: Replicas: -1: must be between 0`,
	},

	"priority class: upper case": {withPod(pod.Template{PriorityClassName: "Storefront"}), `test/web: Pod.PriorityClassName: "Storefront": must be 1 to 253 lower-case`},
	"priority class: blank":      {withPod(pod.Template{PriorityClassName: " "}), `test/web: Pod.PriorityClassName: " ": must be 1 to 253 lower-case`},
	"priority class: underscore": {withPod(pod.Template{PriorityClassName: "store_front"}), `test/web: Pod.PriorityClassName: "store_front": must be`},
	"priority class: too long":   {withPod(pod.Template{PriorityClassName: strings.Repeat("a", 254)}), `must be 1 to 253 lower-case`},
	"priority class: a number":   {withPod(pod.Template{PriorityClassName: "0o17"}), `test/web: Pod.PriorityClassName: "0o17": would be parsed as a YAML number`},

	"check: lower case": {withWeb(django.WebProps{DeployCheck: "warning"}), `test/web: DeployCheck: "warning": must be one of DEBUG, INFO, WARNING, ERROR, CRITICAL`},
	"check: blank":      {withWeb(django.WebProps{DeployCheck: " "}), `test/web: DeployCheck: " ": must be one of`},
	"check: a number":   {withWeb(django.WebProps{DeployCheck: "30"}), `test/web: DeployCheck: "30": must be one of`},
	"check: true":       {withWeb(django.WebProps{DeployCheck: "true"}), `test/web: DeployCheck: "true": must be one of`},
	"check: two levels": {withWeb(django.WebProps{DeployCheck: "ERROR,WARNING"}), `test/web: DeployCheck: "ERROR,WARNING": must be one of`},

	"static files: relative":            {withWeb(django.WebProps{StaticRoot: "static"}), `test/web: StaticRoot: "static": must be an absolute path`},
	"static files: root":                {withWeb(django.WebProps{StaticRoot: "/"}), `test/web: StaticRoot: "/": must be an absolute path`},
	"static files: slash at the end":    {withWeb(django.WebProps{StaticRoot: "/app/static/"}), `test/web: StaticRoot: "/app/static/": must be an absolute path`},
	"static files: in /tmp":             {withWeb(django.WebProps{StaticRoot: "/tmp"}), `test/web: StaticRoot: "/tmp": must be another path: the construct mounts a writable directory there`},
	"static files: on the heartbeat":    {withWeb(django.WebProps{StaticRoot: "/run/gunicorn"}), `test/web: StaticRoot: "/run/gunicorn": must be another path: the construct mounts gunicorn's heartbeat there`},
	"static files: above the heartbeat": {withWeb(django.WebProps{StaticRoot: "/run"}), `test/web: StaticRoot: "/run": must be another path: a volume there hides what the image or Kubernetes puts there`},
	"static files: on media": {
		withClaim(django.MediaClaimProps{}, func(props *django.WebProps) { props.StaticRoot = "/app/media" }),
		`test/web: StaticRoot: "/app/media": must be another path: the construct mounts Media there`,
	},
	"static files: above media": {
		withClaim(django.MediaClaimProps{}, func(props *django.WebProps) { props.StaticRoot = "/app" }),
		`test/web: StaticRoot: "/app": must be another path: /app/media is in it`,
	},
	"static files: on a volume": {
		withWeb(django.WebProps{Project: django.Project{Volumes: []pod.Volume{{MountPath: "/srv", EmptyDir: "1Gi"}}}, StaticRoot: "/srv"}),
		`test/web: Project.Volumes[0].MountPath: "/srv": must be another path: the construct mounts StaticRoot there`,
	},
	"static files: above volumes": {
		withWeb(django.WebProps{Project: django.Project{Volumes: []pod.Volume{{MountPath: "/srv/a", EmptyDir: "1Gi"}, {MountPath: "/srv/b", EmptyDir: "1Gi"}}}, StaticRoot: "/srv"}),
		`test/web: StaticRoot: "/srv": must be another path: /srv/a is in it`,
	},
	"static files: STATIC_ROOT": {
		withWeb(django.WebProps{Project: django.Project{Env: map[string]string{"STATIC_ROOT": "/srv"}}, StaticRoot: "/srv"}),
		`test/web: Project.Env[STATIC_ROOT]: "...": is managed; set StaticRoot instead`,
	},
	"heartbeat: a volume": {
		withProject(django.Project{Volumes: []pod.Volume{{MountPath: "/run/gunicorn", EmptyDir: "1Gi"}}}),
		`test/web: Project.Volumes[0].MountPath: "/run/gunicorn": must be another path: the construct mounts gunicorn's heartbeat there`,
	},

	"metrics: relative":      {withMetrics(django.Metrics{Path: "metrics"}), `test/web: Metrics.Path: "metrics": must be a URL path that starts with one '/'`},
	"metrics: a host":        {withMetrics(django.Metrics{Path: "//metrics"}), `test/web: Metrics.Path: "//metrics": must be a URL path that starts with one '/'`},
	"metrics: a query":       {withMetrics(django.Metrics{Path: "/metrics?x=1"}), `test/web: Metrics.Path: "/metrics?x=1": must be a URL path without '?', '%' or ','`},
	"metrics: encoded":       {withMetrics(django.Metrics{Path: "/metrics%2F"}), `test/web: Metrics.Path: "/metrics%2F": must be a URL path without`},
	"metrics: port alone":    {withMetrics(django.Metrics{Port: 9100}), `test/web: Metrics.Path: "": is required with Metrics.Port`},
	"metrics: no port":       {withMetrics(django.Metrics{Path: "/metrics", Port: -1}), `test/web: Metrics.Port: -1: must be between 1024 and 65535`},
	"metrics: port":          {withMetrics(django.Metrics{Path: "/metrics", Port: 65536}), `test/web: Metrics.Port: 65536: must be between 1024 and 65535`},
	"metrics: server's port": {withWeb(django.WebProps{Port: 70000, Metrics: django.Metrics{Path: "/metrics"}}), `test/web: Port: 70000: must be between 1024 and 65535`},
	"metrics: POD_IP": {
		withWeb(django.WebProps{Project: django.Project{Env: map[string]string{"POD_IP": "a"}}, Metrics: django.Metrics{Path: "/metrics"}}),
		`test/web: Project.Env[POD_IP]: "...": is managed; set Metrics instead`,
	},

	"claim: name":          {withClaim(django.MediaClaimProps{Name: "My_Media"}), `test/media: Name: "My_Media": must be 1 to 63 lower-case`},
	"claim: access mode":   {withClaim(django.MediaClaimProps{AccessMode: "RWX"}), `test/media: AccessMode: "RWX": must be one of ReadWriteOnce, ReadWriteMany`},
	"claim: read only":     {withClaim(django.MediaClaimProps{AccessMode: "ReadOnlyMany"}, threePods), `test/media: AccessMode: "ReadOnlyMany": must be one of`},
	"claim: storage":       {withClaim(django.MediaClaimProps{Storage: "5GB"}), `test/media: Storage: "5GB": must be a positive Kubernetes quantity`},
	"claim: no storage":    {withClaim(django.MediaClaimProps{Storage: "-1Gi"}), `test/media: Storage: "-1Gi": must be a positive`},
	"claim: storage class": {withClaim(django.MediaClaimProps{StorageClass: "Fast SSD"}), `test/media: StorageClass: "Fast SSD": must be 1 to 253 lower-case`},
	"claim: path":          {withClaim(django.MediaClaimProps{MountPath: "media"}), `test/media: MountPath: "media": must be an absolute path`},
	"claim: path of /tmp":  {withClaim(django.MediaClaimProps{MountPath: "/tmp"}), `test/web: Project.Media.MountPath: "/tmp": must be another path: the construct mounts a writable directory there`},
	"claim: path of a volume": {
		withClaim(django.MediaClaimProps{}, func(props *django.WebProps) {
			props.Project.Volumes = []pod.Volume{{MountPath: "/app/media", EmptyDir: "1Gi"}}
		}),
		`test/web: Project.Volumes[0].MountPath: "/app/media": must be another path: the construct mounts Media there`,
	},
	"claim: three pods": {withClaim(django.MediaClaimProps{}, threePods), `test/web: Project.Media: "django-media": is a ReadWriteOnce claim, which pods on two nodes cannot share, and there may be 3 pods`},
	"claim: up to four pods": {
		withClaim(django.MediaClaimProps{}, func(props *django.WebProps) { props.Autoscaling.MaxReplicas = 4 }),
		`and there may be 4 pods: use ReadWriteMany or an ObjectStore, or one pod`,
	},
	"claim: MEDIA_ROOT": {
		withClaim(django.MediaClaimProps{}, func(props *django.WebProps) { props.Project.Env = map[string]string{"MEDIA_ROOT": "/a"} }),
		`test/web: Project.Env[MEDIA_ROOT]: "...": is managed; set Media instead`,
	},
	"claim: nil": {
		func(chart cdk8s.Chart) {
			var none *django.MediaClaim
			withProject(django.Project{Media: none})(chart)
		},
		`test/web: Project.Media: "": must not be nil: leave it out, or name a MediaClaim or an ObjectStore`,
	},
	"claim: of another namespace": {
		func(chart cdk8s.Chart) {
			withProject(django.Project{Media: django.NewMediaClaim(elsewhere(chart), "media", django.MediaClaimProps{})})(chart)
		},
		`test/web: Project.Media: "django-media": is in namespace "elsewhere", and pods of namespace "test" cannot mount it`,
	},

	"store: nil": {
		func(chart cdk8s.Chart) {
			var none *django.ObjectStore
			withProject(django.Project{Media: none})(chart)
		},
		`test/web: Project.Media: "": must not be nil`,
	},
	"store: wrong by pointer": {
		func(chart cdk8s.Chart) {
			withProject(django.Project{Media: &django.ObjectStore{Secret: holding(chart, "media", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")}})(chart)
		},
		`test/web: Project.Media.Bucket: "": must be 3 to 63 lower-case`,
	},
	"store: bucket":        {withStore(func(store *django.ObjectStore) { store.Bucket = "Media" }), `test/web: Project.Media.Bucket: "Media": must be 3 to 63 lower-case`},
	"store: no bucket":     {withStore(func(store *django.ObjectStore) { store.Bucket = "" }), `test/web: Project.Media.Bucket: "": must be 3 to 63 lower-case`},
	"store: bucket number": {withStore(func(store *django.ObjectStore) { store.Bucket = "0o17" }), `test/web: Project.Media.Bucket: "0o17": would be parsed as a YAML number`},
	"store: no scheme":     {withEndpoint("s3.example.com"), `test/web: Project.Media.Endpoint: "s3.example.com": must be a URL such as https://s3.example.com:9000`},
	"store: other scheme":  {withEndpoint("s3://s3.example.com"), `test/web: Project.Media.Endpoint: "s3://s3.example.com": must be a URL`},
	"store: path":          {withEndpoint("https://s3.example.com/media"), `test/web: Project.Media.Endpoint: "https://s3.example.com/media": must be a URL`},
	"store: user":          {withEndpoint("https://id@s3.example.com"), `test/web: Project.Media.Endpoint: "https://id@s3.example.com": must be a URL`},
	"store: port":          {withEndpoint("https://s3.example.com:90000"), `test/web: Project.Media.Endpoint: "https://s3.example.com:90000": must be a URL`},
	"store: control":       {withEndpoint("https://s3.example.com\x00"), `test/web: Project.Media.Endpoint: "https://s3.example.com\x00": must be a URL`},
	"store: region":        {withStore(func(store *django.ObjectStore) { store.Region = "a\x00" }), `test/web: Project.Media.Region: "...": must be UTF-8 text`},
	"store: no secret":     {withStore(func(store *django.ObjectStore) { store.Secret = nil }), `test/web: Project.Media.Secret: "": is required: the Secret that holds the access key`},
	"store: id":            {withStore(func(store *django.ObjectStore) { store.AccessKeyIDKey = "id" }), `test/web: Project.Media.AccessKeyIDKey: "id": is not a key of Secret "media"`},
	"store: key":           {withStore(func(store *django.ObjectStore) { store.SecretAccessKeyKey = "key" }), `test/web: Project.Media.SecretAccessKeyKey: "key": is not a key of Secret "media"`},
	"store: secret of another namespace": {
		func(chart cdk8s.Chart) {
			credentials := holding(elsewhere(chart), "media", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
			withProject(django.Project{Media: django.ObjectStore{Bucket: "shop-media", Secret: credentials}})(chart)
		},
		`test/web: Project.Media.Secret: "media": is in namespace "elsewhere", and pods of namespace "test" cannot read it`,
	},

	"broker: no secret": {withBroker(func(c *broker.Connection) { c.Secret = nil }), `test/web: Project.Broker.Secret: "": is required`},
	"broker: nil": {
		func(chart cdk8s.Chart) {
			var none *broker.Connection
			withProject(django.Project{Broker: none})(chart)
		},
		`test/web: Project.Broker: "": must not be nil: leave it out, or name a valkey.Server or a broker.Connection`,
	},
	"broker: wrong by pointer": {
		func(chart cdk8s.Chart) {
			withProject(django.Project{Broker: &broker.Connection{Secret: holding(chart, "redis", "URL")}})(chart)
		},
		`test/web: Project.Broker.URLKey: "CELERY_BROKER_URL": is not a key of Secret "redis"`,
	},
	"broker: port":         {withBroker(func(c *broker.Connection) { c.Port = -1 }), `test/web: Project.Broker.Port: -1: must be between 1 and 65535`},
	"broker: no password":  {withBroker(func(c *broker.Connection) { c.URL = "redis://redis:6379/0" }), `test/web: Project.Broker.URL: "...": must be a URL such as`},
	"broker: password key": {withBroker(func(c *broker.Connection) { c.URL, c.PasswordKey = "redis://:$(OTHER)@redis", "OTHER" }), `test/web: Project.Broker.PasswordKey: "OTHER": is not a key of Secret "redis"`},
	"broker: database's key": {withBroker(func(c *broker.Connection) {
		c.URL, c.PasswordKey = "redis://:$(POSTGRES_PASSWORD)@redis", "POSTGRES_PASSWORD"
	}), `test/web: Project.Broker.PasswordKey: "POSTGRES_PASSWORD": must be another key: the variable of that name is set from Database`},
	"broker: password in Env":   {withBroker(right, inEnv("REDIS_PASSWORD")), `test/web: Project.Env[REDIS_PASSWORD]: "...": is managed; set Broker instead`},
	"broker: CELERY_BROKER_URL": {withBroker(right, inEnv("CELERY_BROKER_URL")), `test/web: Project.Env[CELERY_BROKER_URL]: "...": is managed; set Broker instead`},
	"broker: nameless in Env": {
		func(chart cdk8s.Chart) {
			connection := broker.Connection{Secret: holding(chart, "redis", "CELERY_BROKER_URL")}
			withProject(django.Project{Broker: connection, Env: map[string]string{"": "a"}})(chart)
		},
		`test/web: Project.Env[]: "": must be 1 to 253 letters`,
	},
	"broker: secret of another namespace": {
		func(chart cdk8s.Chart) {
			withProject(django.Project{Broker: broker.Connection{Secret: holding(elsewhere(chart), "redis", "CELERY_BROKER_URL")}})(chart)
		},
		`test/web: Project.Broker.Secret: "redis": is in namespace "elsewhere", and pods of namespace "test" cannot read it`,
	},
}

func right(*broker.Connection) {}

func inEnv(name string) func(props *django.WebProps) {
	return func(props *django.WebProps) { props.Project.Env = map[string]string{name: "a"} }
}

func threePods(props *django.WebProps) { props.Replicas = new(3) }

func TestWrongWebs(t *testing.T) {
	for name, tc := range wrongWebs {
		t.Run(name, func(t *testing.T) {
			got := cdktest.Problems(t, tc.build)
			if len(got) != 1 || !strings.Contains(got[0], tc.line) || strings.Contains(got[0], "\n") {
				t.Errorf("problems:\n%s\nwant one line with\n%s", strings.Join(got, "\n"), tc.line)
			}
		})
	}
}

// The settings of HTTPS may be set in Env, and so may the variables of features
// that are off.
func TestVariablesThatAreTheUsers(t *testing.T) {
	env := map[string]string{
		"SECURE_SSL_REDIRECT": "false", "SECURE_PROXY_SSL_HEADER": "HTTP_X_SCHEME,https", "SESSION_COOKIE_SECURE": "false",
		"CSRF_COOKIE_SECURE": "false", "SECURE_REDIRECT_EXEMPT": "^healthz$", "STATIC_ROOT": "/app/static", "MEDIA_ROOT": "/app/media",
		"AWS_ACCESS_KEY_ID": "a", "AWS_S3_ENDPOINT_URL": "https://s3.example.com", "CELERY_BROKER_URL": "memory://", "POD_IP": "a",
	}
	for name, props := range map[string]django.WebProps{
		"nothing is on":         {Project: django.Project{HTTPS: true, Env: env}},
		"metrics are elsewhere": {Project: django.Project{HTTPS: true, Env: env}, Metrics: django.Metrics{Path: "/metrics", Port: 9100}},
		"visitors use http":     {Project: django.Project{Env: env}},
	} {
		t.Run(name, func(t *testing.T) {
			got := cdktest.Render(t, withWeb(props))
			for name := range env {
				if n := strings.Count(got, "- name: "+name+"\n"); n != 1 {
					t.Errorf("the server gets %s %d times", name, n)
				}
			}
		})
	}
}
