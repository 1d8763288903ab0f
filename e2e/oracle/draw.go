package oracle

import (
	"cmp"
	"maps"
	"strings"

	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"
	"pgregory.net/rapid"

	"example.com/django-cdk8s/constructs/broker"
	"example.com/django-cdk8s/constructs/django"
	"example.com/django-cdk8s/constructs/namespace"
	"example.com/django-cdk8s/constructs/pod"
	"example.com/django-cdk8s/constructs/postgres"
	"example.com/django-cdk8s/constructs/secret"
	"example.com/django-cdk8s/constructs/stack"
)

// field draws the value of one field: usually the zero value, often a tame
// one, which the documentation invites, and about once in a hundred times a
// wild one, so that every second draw has none. Zero and the largest number
// come up more often than the others.
func field[T any](t *rapid.T, name string, tame, wild *rapid.Generator[T]) T {
	var zero T
	switch n := rapid.IntRange(0, 150).Draw(t, name+"?"); {
	case n >= 140 && n < 144:
		return wild.Draw(t, name)
	case n > 75:
		return tame.Draw(t, name)
	}
	return zero
}

// The strings that break things: empty, with blanks at the ends, in the wrong
// case, just too long, and those that YAML takes for something else.
var awkward = rapid.SampledFrom([]string{
	" ", "a ", " a", "A", "-a", "a-", "a.b", "a..b", ".a", "a.", "a_b", "a/b", "/", "//", "..", "0", "-1", "1a", "é", "日本",
	"\x00", "a\x00b", "\n", "a\nb", "\t", "\u2028", "\ufeff", "\u0085", "\x7f", `"`, "'", `\`, "`", "$", "$(A)", "$$(A)", "${A}",
	"*", "&a", "!!str", "|", ">", "%", "@", "#", "a #b", ": ", "- a", "? ", "{}", "[]", "{{.}}", "<<", "---", "...",
	"null", "Null", "~", "true", "True", "yes", "on", "NO", "1", "1.0", "1e3", "0x1F", "0o17", "0X1F", "1e_1", "017", "1_000", "12:30:45", ".inf", ".nan",
	"2001-01-01", "=", "http://a", "a:b", "a=b", "a,b", "1Gi", "500m", "0", "1e400", "-1Gi", "1.5", "0.1m", "1n",
	strings.Repeat("a", 63), strings.Repeat("a", 64), strings.Repeat("a", 253), strings.Repeat("a", 254), strings.Repeat("a.", 130) + "a",
})

var anything = rapid.OneOf(awkward, rapid.String(), rapid.StringMatching(`[A-Za-z0-9._/:@-]{0,70}`))

var (
	label     = rapid.StringMatching(`[a-z]([-a-z0-9]{0,20}[a-z0-9])?|[a-z]{1,2}[-a-z0-9]{40,60}[a-z0-9]`)
	dnsName   = rapid.StringMatching(`[a-z0-9]{1,9}([.-][a-z0-9]{1,9}){0,4}`)
	envName   = rapid.StringMatching(`[A-Za-z_][A-Za-z0-9_]{0,30}`)
	key       = rapid.StringMatching(`[A-Za-z0-9._-]{1,40}`)
	role      = rapid.StringMatching(`[A-Za-z_][A-Za-z0-9_-]{0,62}`)
	path      = rapid.StringMatching(`(/[a-z0-9._-]{1,10}){1,4}`)
	urlPath   = rapid.StringMatching(`(/[A-Za-z0-9_~:+-][A-Za-z0-9._~@:+-]{0,9}(%2[0-9A-F])?){1,4}/?(\?[a-z0-9=&;,/]{0,10})?`)
	host      = rapid.StringMatching(`\.?[a-z0-9]{1,9}([.-][a-z0-9]{1,9}){0,4}`)
	imageName = rapid.StringMatching(`([a-z0-9.-]{1,12}[a-z0-9](:[0-9]{2,5})?/)?[a-z0-9]{1,9}([._/-][a-z0-9]{1,9}){0,2}:[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}|[a-z]{1,9}@sha256:[0-9a-f]{64}|[a-z]{1,9}`)
	database  = rapid.StringMatching(`(docker\.io/library/)?postgres:(1[4-9]|2[01])(\.[0-9]{1,2})?(-alpine|-bookworm)?|[a-z]{1,9}:pg1[4-9]`)
	cpu       = rapid.StringMatching(`[1-9][0-9]{0,3}m|[1-9]|[1-9]\.[0-9]{1,3}|[1-9]e[0-3]|[1-9]k`)
	bytes     = rapid.StringMatching(`[1-9][0-9]{0,3}(Mi|Gi|Ti|G)|[2-9][0-9]{0,2}M|[1-9]\.5[GM]i|[1-9][0-9]{3}Ki|[2-9]e[6-9]`)
	word      = rapid.OneOf(awkward.Filter(noNUL), rapid.StringMatching(`[ -~]{0,20}`), rapid.String().Filter(noNUL))
	id        = rapid.IntRange(1, 1<<31-1)
	number    = rapid.OneOf(rapid.SampledFrom([]int{-1, 1, 2, 1<<31 - 1, 1 << 31, 1<<32 - 1, 1<<53 + 1, 1<<63 - 1, -1 << 63, 65535, 65536}), rapid.Int())
	seconds   = rapid.IntRange(1, 3600)
)

func noNUL(s string) bool { return !strings.ContainsRune(s, 0) }

func list[T any](g *rapid.Generator[T]) *rapid.Generator[[]T] { return rapid.SliceOfN(g, 0, 3) }

func table(keys, values *rapid.Generator[string]) *rapid.Generator[map[string]string] {
	return rapid.MapOfN(keys, values, 0, 3)
}

func drawNamespace(t *rapid.T) namespace.Props {
	level := rapid.SampledFrom([]namespace.Level{namespace.Restricted, namespace.Baseline, namespace.Privileged})
	other := rapid.Custom(func(t *rapid.T) namespace.Level { return namespace.Level(anything.Draw(t, "level")) })
	return namespace.Props{
		Name:    field(t, "Namespace.Name", label, anything),
		Enforce: field(t, "Namespace.Enforce", level, other),
		Audit:   field(t, "Namespace.Audit", level, other),
		Warn:    field(t, "Namespace.Warn", level, other),
		Labels: field(t, "Namespace.Labels",
			table(rapid.StringMatching(`([a-z]{1,9}\.example/)?[A-Za-z0-9]([A-Za-z0-9._-]{0,20}[A-Za-z0-9])?`), rapid.StringMatching(`([A-Za-z0-9]([A-Za-z0-9._-]{0,20}[A-Za-z0-9])?)?`)),
			table(anything, anything)),
	}
}

// required are the keys that PostgreSQL and Django ask for.
var required = []string{secret.DatabaseKey, secret.UserKey, secret.PasswordKey, secret.DjangoSecretKey}

// drawSecret also returns the values that become part of the manifest.
func drawSecret(t *rapid.T, image string) (props secret.Props, values map[string]string) {
	props.Name = field(t, "Secret.Name", dnsName, anything)
	switch rapid.IntRange(0, 15).Draw(t, "Secret.Source") {
	case 9: // The default of a stack; missing elsewhere.
	case 1, 2, 3:
		props.Source = secret.Existing(append(field(t, "Existing", list(key), list(anything)), required...)...)
	case 4, 5, 6:
		values = map[string]string{}
		for _, k := range required {
			values[k] = "x"
		}
		maps.Copy(values, field(t, "Literal", table(key, word), table(anything, anything)))
		props.Source = secret.Literal(values)
	default:
		values = field(t, "Generated.Values", table(envName, word), table(anything, anything))
		props.Source = secret.Generated(secret.GeneratedProps{
			Image:     cmp.Or(field(t, "Generated.Image", imageName, anything), image),
			Values:    values,
			Keys:      field(t, "Generated.Keys", list(envName), list(anything)),
			RunAsUser: field(t, "Generated.RunAsUser", id, number),
		})
	}
	return props, values
}

func drawResources(t *rapid.T, name string) pod.Resources {
	return pod.Resources{
		Requests: pod.Quantities{
			CPU:    field(t, name+".Requests.CPU", cpu, anything),
			Memory: field(t, name+".Requests.Memory", bytes, anything),
		},
		Limits: pod.Quantities{
			CPU:    field(t, name+".Limits.CPU", cpu, anything),
			Memory: field(t, name+".Limits.Memory", bytes, anything),
		},
	}
}

func drawDatabase(t *rapid.T) postgres.DatabaseProps {
	return postgres.DatabaseProps{
		Name:         field(t, "Database.Name", label, anything),
		Image:        field(t, "Database.Image", database, anything),
		Major:        field(t, "Database.Major", rapid.Just(15), number),
		Storage:      field(t, "Database.Storage", bytes, anything),
		StorageClass: field(t, "Database.StorageClass", dnsName, anything),
		Resources:    drawResources(t, "Database"),
		SharedMemory: field(t, "Database.SharedMemory", bytes, anything),
		Parameters:   field(t, "Database.Parameters", table(rapid.StringMatching(`[a-z_]{1,20}`), word), table(anything, anything)),
		RunAsUser:    field(t, "Database.RunAsUser", id, number),
	}
}

func drawVolume(t *rapid.T) pod.Volume {
	v := pod.Volume{
		MountPath: cmp.Or(field(t, "MountPath", path, anything), path.Draw(t, "MountPath")),
		ReadOnly:  rapid.Bool().Draw(t, "ReadOnly"),
		External:  true,
	}
	switch rapid.IntRange(0, 20).Draw(t, "source") {
	case 1:
		v.Claim = cmp.Or(field(t, "Claim", dnsName, anything), "files")
	case 2:
		v.ConfigMap = cmp.Or(field(t, "ConfigMap", dnsName, anything), "files")
	case 3:
		v.Secret = cmp.Or(field(t, "Secret", dnsName, anything), "files")
	case 20:
		v.EmptyDir, v.Claim = field(t, "EmptyDir", bytes, anything), field(t, "Claim", dnsName, anything)
	default:
		v.EmptyDir, v.External = cmp.Or(field(t, "EmptyDir", bytes, anything), "1Gi"), false
	}
	return v
}

func drawGunicorn(t *rapid.T) django.Gunicorn {
	few := rapid.IntRange(1, 64)
	g := django.Gunicorn{
		Workers:                field(t, "Gunicorn.Workers", few, number),
		Threads:                field(t, "Gunicorn.Threads", few, number),
		TimeoutSeconds:         field(t, "Gunicorn.TimeoutSeconds", seconds, number),
		GracefulTimeoutSeconds: field(t, "Gunicorn.GracefulTimeoutSeconds", seconds, number),
		MaxRequests:            field(t, "Gunicorn.MaxRequests", rapid.IntRange(1, 100_000), number),
	}
	if g.MaxRequests != 0 {
		g.MaxRequestsJitter = field(t, "Gunicorn.MaxRequestsJitter", rapid.IntRange(1, 100_000), number)
	}
	return g
}

func drawAutoscaling(t *rapid.T) pod.Autoscaling {
	return pod.Autoscaling{
		MinReplicas: field(t, "Autoscaling.MinReplicas", rapid.IntRange(1, 10), number),
		MaxReplicas: cmp.Or(field(t, "Autoscaling.MaxReplicas", rapid.IntRange(10, 1000), number), 10),
		CPUPercent:  field(t, "Autoscaling.CPUPercent", rapid.IntRange(1, 1000), number),
	}
}

func drawMetrics(t *rapid.T) django.Metrics {
	plain := rapid.StringMatching(`(/[A-Za-z0-9_~:+-][A-Za-z0-9._~@:+$()*-]{0,9}){1,4}/?`)
	return django.Metrics{
		Path: cmp.Or(field(t, "Metrics.Path", plain, anything), "/metrics"),
		Port: field(t, "Metrics.Port", rapid.IntRange(1, 65535), number),
	}
}

// drawMedia draws a claim or a bucket, made in the chart that it is given.
func drawMedia(t *rapid.T) func(chart cdk8s.Chart) django.Media {
	switch rapid.IntRange(0, 5).Draw(t, "Media") {
	case 1:
		mode := rapid.SampledFrom([]django.AccessMode{django.ReadWriteOnce, django.ReadWriteMany})
		other := rapid.Custom(func(t *rapid.T) django.AccessMode { return django.AccessMode(anything.Draw(t, "mode")) })
		props := django.MediaClaimProps{
			Name:         field(t, "Media.Name", label, anything),
			AccessMode:   cmp.Or(field(t, "Media.AccessMode", mode, other), django.ReadWriteMany),
			Storage:      field(t, "Media.Storage", bytes, anything),
			StorageClass: field(t, "Media.StorageClass", dnsName, anything),
			MountPath:    field(t, "Media.MountPath", path, anything),
		}
		return func(chart cdk8s.Chart) django.Media { return django.NewMediaClaim(chart, "media", props) }
	case 2:
		store := django.ObjectStore{
			Bucket:   cmp.Or(field(t, "Media.Bucket", rapid.StringMatching(`[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]`), anything), "media"),
			Endpoint: field(t, "Media.Endpoint", rapid.StringMatching(`https?://[a-z0-9]{1,9}(\.[a-z0-9]{1,9}){0,3}(:[1-9][0-9]{0,3})?/?`), anything),
			Region:   field(t, "Media.Region", dnsName, anything),
		}
		return func(chart cdk8s.Chart) django.Media {
			store.Secret = secret.New(chart, "store", secret.Props{
				Name: "store", Source: secret.Existing(django.AccessKeyIDKey, django.SecretAccessKeyKey),
			})
			return store
		}
	}
	return nil
}

// drawBroker draws a broker that runs elsewhere, whose Secret is made in the
// chart that it is given.
func drawBroker(t *rapid.T) func(chart cdk8s.Chart) broker.Connector {
	var c broker.Connection
	switch rapid.IntRange(0, 5).Draw(t, "Broker") {
	case 1:
		c.URLKey = field(t, "Broker.URLKey", key, anything)
	case 2:
		c.PasswordKey = cmp.Or(field(t, "Broker.PasswordKey", envName, anything), "BROKER_PASSWORD")
		c.URL = "redis://:$(" + c.PasswordKey + ")@" + dnsName.Draw(t, "Broker.URL") + ":6379/0"
	default:
		return nil
	}
	return func(chart cdk8s.Chart) broker.Connector {
		c.Secret = secret.New(chart, "broker", secret.Props{
			Name: "broker", Source: secret.Existing(cmp.Or(c.PasswordKey, c.URLKey, broker.URLVariable)),
		})
		return c
	}
}

// drawBeside draws what a server uses besides its database, and returns a function
// that makes it in a chart.
func drawBeside(t *rapid.T) func(chart cdk8s.Chart, web *django.WebProps) {
	media, connector := drawMedia(t), drawBroker(t)
	return func(chart cdk8s.Chart, web *django.WebProps) {
		if media != nil {
			web.Media = media(chart)
		}
		if connector != nil {
			web.Broker = connector(chart)
		}
	}
}

func drawWeb(t *rapid.T) django.WebProps {
	levels := rapid.SampledFrom([]django.CheckLevel{
		django.CheckDebug, django.CheckInfo, django.CheckWarning, django.CheckError, django.CheckCritical,
	})
	other := rapid.Custom(func(t *rapid.T) django.CheckLevel { return django.CheckLevel(anything.Draw(t, "level")) })
	web := django.WebProps{
		Project: django.Project{
			Name:              field(t, "Web.Name", label, anything),
			Image:             cmp.Or(field(t, "Web.Image", imageName, anything), "site:1"),
			Hosts:             field(t, "Web.Hosts", list(host), list(anything)),
			HTTPS:             rapid.Bool().Draw(t, "Web.HTTPS"),
			SecretKeys:        field(t, "Web.SecretKeys", rapid.Just([]string{secret.DjangoSecretKey}), list(anything)),
			Env:               field(t, "Web.Env", table(envName, word), table(anything, anything)),
			ImagePullSecrets:  field(t, "Web.ImagePullSecrets", list(dnsName), list(anything)),
			RunAsUser:         field(t, "Web.RunAsUser", id, number),
			Volumes:           field(t, "Web.Volumes", list(rapid.Custom(drawVolume)), list(rapid.Custom(drawVolume))),
			WaitForMigrations: rapid.Bool().Draw(t, "Web.WaitForMigrations"),
		},
		Command:                       field(t, "Web.Command", list(word), list(anything)),
		Args:                          field(t, "Web.Args", list(word), list(anything)),
		Port:                          field(t, "Web.Port", rapid.IntRange(1, 65535), number),
		Replicas:                      field(t, "Web.Replicas", rapid.Ptr(rapid.IntRange(0, 1000), false), rapid.Ptr(number, false)),
		Resources:                     drawResources(t, "Web"),
		HealthPath:                    field(t, "Web.HealthPath", urlPath, anything),
		LivenessPath:                  field(t, "Web.LivenessPath", urlPath, anything),
		PreStopSeconds:                field(t, "Web.PreStopSeconds", seconds, number),
		TerminationGracePeriodSeconds: field(t, "Web.TerminationGracePeriodSeconds", rapid.IntRange(7300, 90_000), number),
		Gunicorn:                      drawGunicorn(t),
		DeployCheck:                   field(t, "Web.DeployCheck", levels, other),
		StaticRoot:                    field(t, "Web.StaticRoot", path, anything),
	}
	if rapid.IntRange(0, 3).Draw(t, "Web.Metrics?") == 3 {
		web.Metrics = drawMetrics(t)
	}
	if web.Replicas == nil && rapid.Bool().Draw(t, "Web.Autoscaling?") {
		web.Autoscaling = drawAutoscaling(t)
	}
	return web
}

func drawConnection(t *rapid.T) postgres.Connection {
	return postgres.Connection{
		Host:        cmp.Or(field(t, "Connection.Host", dnsName, anything), "db.example.com"),
		Port:        field(t, "Connection.Port", rapid.IntRange(1, 65535), number),
		Name:        field(t, "Connection.Name", role, anything),
		NameKey:     field(t, "Connection.NameKey", rapid.SampledFrom(required), anything),
		UserKey:     field(t, "Connection.UserKey", rapid.SampledFrom(required), anything),
		PasswordKey: field(t, "Connection.PasswordKey", rapid.SampledFrom(required), anything),
	}
}

// drawn is what was drawn: a function that adds it to an app, and the texts
// that must come out as they went in.
type drawn struct {
	build  func(app cdk8s.App)
	env    map[string]string
	args   []string
	values map[string]string
}

// draw draws a stack, or its parts around a database that runs elsewhere, in a
// chart with or without a namespace.
func draw(t *rapid.T) drawn {
	d := drawn{}
	web := drawWeb(t)
	d.env, d.args = web.Env, web.Args
	id := cmp.Or(field(t, "id", label, anything), "app")
	var credentials secret.Props
	credentials, d.values = drawSecret(t, web.Image)
	ns := drawNamespace(t)
	more := drawBeside(t)
	if rapid.Bool().Draw(t, "parts?") {
		d.build = parts(t, id, ns, credentials, web, more)
		return d
	}
	props := stack.Props{Namespace: ns, Secret: credentials, Database: drawDatabase(t), Web: web}
	d.build = func(app cdk8s.App) {
		props := props
		more(cdk8s.NewChart(app, new("beside the stack"), &cdk8s.ChartProps{
			Namespace: new(cmp.Or(ns.Name, namespace.DefaultName)), DisableResourceNameHashes: new(true),
		}), &props.Web)
		stack.New(app, id, props)
	}
	return d
}

func parts(t *rapid.T, id string, ns namespace.Props, credentials secret.Props, web django.WebProps,
	more func(chart cdk8s.Chart, web *django.WebProps),
) func(app cdk8s.App) {
	connection := drawConnection(t)
	scoped := rapid.Bool().Draw(t, "namespace?")
	return func(app cdk8s.App) {
		options := &cdk8s.ChartProps{DisableResourceNameHashes: new(true)}
		if scoped {
			options.Namespace = new(cmp.Or(ns.Name, namespace.DefaultName))
		}
		chart := cdk8s.NewChart(app, new("parts"), options)
		if scoped {
			namespace.New(chart, "namespace", ns)
		}
		connection.Secret = secret.New(chart, "secret", credentials)
		web := web
		web.Database = connection
		more(chart, &web)
		django.NewWeb(chart, id, web)
	}
}
