package oracle

import (
	"pgregory.net/rapid"

	"example.com/django-cdk8s/constructs/broker"
	"example.com/django-cdk8s/constructs/django"
	"example.com/django-cdk8s/constructs/pod"
	"example.com/django-cdk8s/constructs/postgres"
	"example.com/django-cdk8s/constructs/secret"
)

// drawProject draws a project with everything that a process may need.
func drawProject(d drawer) django.Project {
	d = d.of("Project")
	p := django.Project{
		Name:              field(d, "Name", label.Filter(fits(25)), anything),
		Image:             required(d, "Image", imageName, anything),
		Hosts:             field(d, "Hosts", some(host), wildList),
		HTTPS:             d.flag("HTTPS"),
		SecretKeys:        field(d, "SecretKeys", rapid.Just([]string{secret.DjangoSecretKey}), wildList),
		Broker:            drawBroker(d),
		Env:               field(d, "Env", envTable, wildTable),
		Media:             drawMedia(d),
		ImagePullSecrets:  field(d, "ImagePullSecrets", some(dnsName), wildList),
		RunAsUser:         field(d, "RunAsUser", id, number),
		Volumes:           elements(d, "Volumes", drawVolume),
		WaitForMigrations: d.flag("WaitForMigrations"),
	}
	if !d.chance("Database", d.wild) {
		p.Database = drawConnector(d)
	}
	if d.flag("Secret") {
		p.Secret = aSecret
	}
	return p
}

// fits reports whether a text has at most n characters.
func fits(n int) func(s string) bool { return func(s string) bool { return len(s) <= n } }

// drawConnector draws a database in the app, or one elsewhere.
func drawConnector(d drawer) postgres.Connector {
	if d.chance("Database made", 64) {
		if d.chance("Database rotated", 16) {
			return aRotation
		}
		return aDatabase
	}
	return drawConnection(d.of("Database"))
}

// drawConnection draws a database elsewhere.
func drawConnection(d drawer) postgres.Connection {
	one := rapid.SampledFrom(credentialKeys)
	c := postgres.Connection{
		Host:        required(d, "Host", server, anything),
		Port:        field(d, "Port", port, number),
		Name:        field(d, "Name", role, anything),
		Secret:      aSecret,
		NameKey:     field(d, "NameKey", one, anything),
		UserKey:     field(d, "UserKey", one, anything),
		PasswordKey: field(d, "PasswordKey", one, anything),
		TLS:         drawTLS(d),
	}
	if d.flag("Pooler") {
		c.PoolMode = oneOf(d, "PoolMode", postgres.PoolTransaction, postgres.PoolSession)
	}
	if c.PoolMode != "" {
		c.ServerHost = required(d, "ServerHost", server, anything)
		c.ServerPort = field(d, "ServerPort", port, number)
	}
	return c
}

func drawTLS(d drawer) postgres.TLS {
	if !d.flag("TLS") {
		return postgres.TLS{}
	}
	d = d.of("TLS")
	var t postgres.TLS
	switch rapid.IntRange(0, 4).Draw(d.T, d.name+"CA") {
	case 1:
		t.CASecret = required(d, "CASecret", dnsName, anything)
		t.CAConfigMap = field(d.onlyWild(), "CAConfigMap", dnsName, anything)
		t.CAKey = field(d, "CAKey", key, anything)
	case 2:
		t.CAConfigMap = required(d, "CAConfigMap", dnsName, anything)
		t.CAKey = field(d, "CAKey", key, anything)
	case 3:
		t.CAFile = required(d, "CAFile", path, anything)
	case 4:
		t.CAFile = postgres.SystemCA
	default:
		t.Mode = oneOf(d, "Mode", postgres.SSLDisable, postgres.SSLRequire)
		if t.Mode == postgres.SSLDisable && d.tame() {
			return t
		}
	}
	if t.Mode == "" && t.CAFile != postgres.SystemCA && t != (postgres.TLS{}) {
		t.Mode = oneOf(d, "Mode", postgres.SSLVerifyCA, postgres.SSLVerifyFull)
	}
	t.ClientSecret = field(d, "ClientSecret", dnsName, anything)
	return t
}

// drawBroker draws a broker in the app, one elsewhere, or none.
func drawBroker(d drawer) broker.Connector {
	switch rapid.IntRange(0, 4).Draw(d.T, d.name+"Broker") {
	case 0:
		return nil
	case 1:
		return aServer
	}
	d = d.of("Broker")
	c := broker.Connection{Secret: aSecret, Port: field(d, "Port", rapid.Just(6379), number)}
	if d.chance("URL?", 64) {
		c.PasswordKey = required(d, "PasswordKey", envName, anything)
		c.URL = required(d, "URL", rapid.Map(dnsName, func(host string) string {
			return "redis://:$(" + c.PasswordKey + ")@" + host + ":6379/0"
		}), anything)
	} else {
		c.URLKey = field(d, "URLKey", key, anything)
		c.PasswordKey = field(d.onlyWild(), "PasswordKey", envName, anything)
	}
	return c
}

// drawMedia draws a claim in the app, a bucket, or none.
func drawMedia(d drawer) django.Media {
	switch rapid.IntRange(0, 4).Draw(d.T, d.name+"Media") {
	case 1:
		return aClaim
	case 2:
	default:
		return nil
	}
	d = d.of("Media")
	return django.ObjectStore{
		Bucket: required(d, "Bucket", pattern(`[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]`), anything),
		Endpoint: field(d, "Endpoint",
			pattern(`https?://[a-z0-9]{1,9}(\.[a-z0-9]{1,9}){0,3}(:[1-9][0-9]{0,3})?/?`), anything),
		Region:             field(d, "Region", dnsName, anything),
		Secret:             aSecret,
		AccessKeyIDKey:     field(d, "AccessKeyIDKey", key, anything),
		SecretAccessKeyKey: field(d, "SecretAccessKeyKey", key, anything),
	}
}

func drawClaim(d drawer) django.MediaClaimProps {
	return django.MediaClaimProps{
		Name:         field(d, "Name", label, anything),
		AccessMode:   oneOf(d, "AccessMode", django.ReadWriteMany, django.ReadWriteOnce),
		Storage:      field(d, "Storage", bytes, anything),
		StorageClass: field(d, "StorageClass", dnsName, anything),
		MountPath:    field(d, "MountPath", path, anything),
	}
}

func drawWeb(d drawer) django.WebProps {
	web := django.WebProps{
		Name:                          field(d, "Name", label, anything),
		Hosts:                         field(d, "Hosts", some(host), wildList),
		Env:                           field(d, "Env", envTable, wildTable),
		Command:                       field(d, "Command", program, wildList),
		Args:                          field(d, "Args", words, wildList),
		Port:                          field(d, "Port", serverPort, number),
		Rollout:                       drawRollout(d),
		Resources:                     drawResources(d),
		Gunicorn:                      drawGunicorn(d),
		DeployCheck:                   drawLevel(d),
		StaticRoot:                    field(d, "StaticRoot", path, anything),
		Metrics:                       drawMetrics(d),
		HealthPath:                    field(d, "HealthPath", urlPath, anything),
		LivenessPath:                  field(d, "LivenessPath", urlPath, anything),
		Probes:                        drawProbes(d),
		PreStopSeconds:                field(d, "PreStopSeconds", seconds, number),
		TerminationGracePeriodSeconds: field(d, "TerminationGracePeriodSeconds", rapid.IntRange(7300, 90_000), number),
		Service:                       drawService(d),
		Pod:                           drawTemplate(d),
	}
	web.Replicas, web.Autoscaling = drawScale(d)
	return web
}

// program is a program and its arguments.
var program = rapid.Map(words, func(args []string) []string { return append([]string{"serve"}, args...) })

func drawLevel(d drawer) django.CheckLevel {
	return oneOf(d, "DeployCheck",
		django.CheckDebug, django.CheckInfo, django.CheckWarning, django.CheckError, django.CheckCritical)
}

func drawGunicorn(d drawer) django.Gunicorn {
	d = d.of("Gunicorn")
	g := django.Gunicorn{
		Workers:                field(d, "Workers", rapid.IntRange(1, 12), number),
		Threads:                field(d, "Threads", rapid.IntRange(1, 8), number),
		TimeoutSeconds:         field(d, "TimeoutSeconds", seconds, number),
		GracefulTimeoutSeconds: field(d, "GracefulTimeoutSeconds", seconds, number),
		MaxRequests:            field(d, "MaxRequests", rapid.IntRange(1, 100_000), number),
	}
	if g.MaxRequests != 0 {
		g.MaxRequestsJitter = field(d, "MaxRequestsJitter", rapid.IntRange(1, 100_000), number)
	}
	return g
}

func drawMetrics(d drawer) django.Metrics {
	if !d.flag("Metrics") {
		return django.Metrics{}
	}
	d = d.of("Metrics")
	plain := pattern(`(/[A-Za-z0-9_~:+-][A-Za-z0-9._~@:+$()*-]{0,9}){1,4}/?`)
	return django.Metrics{
		Path: required(d, "Path", plain, anything),
		Port: field(d, "Port", serverPort, number),
	}
}

func drawProbes(d drawer) django.Probes {
	d = d.of("Probes").rarely()
	probe := func(d drawer) django.Probe {
		return django.Probe{
			PeriodSeconds:    field(d, "PeriodSeconds", seconds, number),
			TimeoutSeconds:   field(d, "TimeoutSeconds", seconds, number),
			FailureThreshold: field(d, "FailureThreshold", rapid.IntRange(1, 100), number),
		}
	}
	return django.Probes{
		Startup: probe(d.of("Startup")), Readiness: probe(d.of("Readiness")), Liveness: probe(d.of("Liveness")),
	}
}

var (
	python    = pattern(`[A-Za-z_][A-Za-z0-9_]{0,9}(\.[A-Za-z_][A-Za-z0-9_]{0,9}){0,2}(:[A-Za-z_][A-Za-z0-9_]{0,9})?`)
	queue     = pattern(`[A-Za-z0-9_][A-Za-z0-9_.:-]{0,30}`)
	logLevels = []string{"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"}
)

func drawWorker(d drawer) django.WorkerProps {
	w := django.WorkerProps{
		App:              required(d, "App", python, anything),
		Name:             field(d, "Name", label, anything),
		Env:              field(d, "Env", envTable, wildTable),
		Queues:           field(d, "Queues", some(queue), wildList),
		Concurrency:      field(d, "Concurrency", rapid.IntRange(1, 16), number),
		Pool:             oneOf(d, "Pool", "prefork", "solo", "threads", "gevent", "eventlet"),
		MaxTasksPerChild: field(d, "MaxTasksPerChild", rapid.IntRange(1, 1000), number),
		LogLevel:         oneOf(d, "LogLevel", logLevels...),
		Args:             field(d, "Args", words, wildList),
		Rollout:          drawRollout(d),
		Resources:        drawResources(d),
		TimeLimitSeconds: field(d, "TimeLimitSeconds", seconds, number),
		TerminationGracePeriodSeconds: field(d, "TerminationGracePeriodSeconds",
			rapid.IntRange(3630, 90_000), number),
		Pod: drawTemplate(d),
	}
	w.Replicas, w.Autoscaling = drawScale(d)
	return w
}

func drawBeat(d drawer) django.BeatProps {
	return django.BeatProps{
		App:       required(d, "App", python, anything),
		Name:      field(d, "Name", label, anything),
		Env:       field(d, "Env", envTable, wildTable),
		Scheduler: field(d, "Scheduler", python, anything),
		LogLevel:  oneOf(d, "LogLevel", logLevels...),
		Resources: drawResources(d),
		Pod:       drawTemplate(d),
	}
}

// few is a number that may be zero where the default is another.
func few(d drawer, name string) *int {
	return field(d, name, rapid.Ptr(rapid.IntRange(0, 20), false), rapid.Ptr(number, false))
}

func drawMigration(d drawer) django.MigrationProps {
	m := django.MigrationProps{
		Name:                  field(d, "Name", label.Filter(fits(54)), anything),
		Env:                   field(d, "Env", envTable, wildTable),
		Resources:             drawResources(d),
		HistoryLimit:          few(d, "HistoryLimit"),
		BackoffLimit:          few(d, "BackoffLimit"),
		ActiveDeadlineSeconds: field(d, "ActiveDeadlineSeconds", seconds, number),
		Pod:                   drawTemplate(d),
	}
	if d.flag("Restore") {
		m.Restore = aRestore
	}
	return m
}

var (
	// No date is left out of every year.
	schedule = pattern(`[1-5]?[0-9] (1?[0-9]|2[0-3]|\*/[2-9]) (\*|[1-9]|1-5) (\*|[1-9]|1[0-2]) (\*|[0-6]|1-5)` +
		`|\*/[2-9] \*  \* \* \*|@(hourly|daily|midnight|weekly|monthly|yearly|annually)|@every [1-9][0-9]m`)
	wildSchedule = rapid.OneOf(anything, pattern(`[0-9*/,-]{1,4}( [0-9*/,-]{1,3}){3,5}|@[a-z]{2,8}( -?[0-9]{1,3}[smh])?`))
	zone         = rapid.SampledFrom([]string{"Etc/UTC", "UTC", "Europe/Vienna", "America/Argentina/Buenos_Aires"})
	notZones     = []string{"Local", "utc", "europe/vienna", "posix/UTC", "Factory", "+00ZZ"}
	wildZone     = rapid.OneOf(anything, rapid.SampledFrom(notZones))
)

func drawCommand(d drawer) django.ScheduledCommandProps {
	return django.ScheduledCommandProps{
		NameSuffix: required(d, "NameSuffix", short, anything),
		Env:        field(d, "Env", envTable, wildTable),
		Args:       required(d, "Args", program, wildList),
		Schedule:   required(d, "Schedule", schedule, wildSchedule),
		TimeZone:   field(d, "TimeZone", zone, wildZone),
		Suspend:    d.flag("Suspend"),
		ConcurrencyPolicy: oneOf(d, "ConcurrencyPolicy",
			django.ForbidConcurrent, django.ReplaceConcurrent, django.AllowConcurrent),
		StartingDeadlineSeconds: field(d, "StartingDeadlineSeconds", rapid.IntRange(10, 3600), number),
		ActiveDeadlineSeconds:   field(d, "ActiveDeadlineSeconds", seconds, number),
		BackoffLimit:            field(d, "BackoffLimit", rapid.IntRange(1, 20), number),
		HistoryLimit:            few(d, "HistoryLimit"),
		Resources:               drawResources(d),
		Pod:                     drawTemplate(d),
	}
}

func drawProcess(d drawer) django.ProcessProps {
	p := django.ProcessProps{
		NameSuffix:  required(d, "NameSuffix", short, anything),
		Env:         field(d, "Env", envTable, wildTable),
		Command:     required(d, "Command", program, wildList),
		Port:        field(d, "Port", serverPort, number),
		Connections: field(d, "Connections", rapid.IntRange(1, 100), number),
		Rollout:     drawRollout(d),
		Resources:   drawResources(d),
		TerminationGracePeriodSeconds: field(d, "TerminationGracePeriodSeconds",
			rapid.IntRange(60, 3600), number),
		Service: drawService(d),
		Pod:     drawTemplate(d),
	}
	if d.tame() && p.Port == 0 {
		p.Service = pod.Service{}
	}
	p.Replicas, p.Autoscaling = drawScale(d)
	return p
}
