package reference

// facts are what a page says besides the comments and the manifest.
type facts struct {
	// golden is the file below constructs/PACKAGE/testdata with the manifest of the
	// smallest case in full.
	golden string
	// explained are the pages below docs that explain the construct, with their
	// headings.
	explained []string
	// shown are the tests of the suite in e2e that show it on a cluster.
	shown []string
	// traps are what surprises, in Markdown. Each is in a comment of the package or
	// on a page of docs.
	traps []string
}

// constructFacts has one entry for each construct.
var constructFacts = map[string]facts{
	"argocd.AppProject": {
		golden:    "appproject/minimal.yaml",
		explained: []string{"gitops.md#argo-cd"},
		shown:     []string{"TestOracle"},
		traps: []string{
			"Its namespace is that of Argo CD, and its Applications are there, too.",
			"Of the objects without a namespace it allows the Namespace alone; others are named in `ClusterKinds`.",
		},
	},
	"argocd.Application": {
		golden:    "application/minimal.yaml",
		explained: []string{"gitops.md#argo-cd"},
		shown:     []string{"TestOracle"},
		traps: []string{
			"It is rendered to another directory than the one that it names, such as an environment of its own.",
			"`Replace` and `Force` are refused, because they delete Jobs and claims to apply them; so is " +
				"`ApplyOutOfSyncOnly=true`, with which a sync that is tried again passes a migration that has failed.",
			"Without `Cascade` the objects stay when the Application is deleted.",
		},
	},
	"argocd.ApplicationSet": {
		golden:    "applicationset/minimal.yaml",
		explained: []string{"gitops.md#argo-cd"},
		shown:     []string{"TestOracle"},
		traps: []string{
			"The objects of an environment that is taken out stay in the cluster, unless `Cascade` is set.",
			"All environments have the same settings: what differs takes an Application for each.",
		},
	},
	"flux.GitRepository": {
		golden:    "gitrepository/minimal.yaml",
		explained: []string{"gitops.md#flux"},
		shown:     []string{"TestOracle"},
		traps: []string{
			"A private repository takes `SecretName`: a Secret that Flux reads, in the namespace of the object.",
		},
	},
	"flux.Kustomization": {
		golden:    "kustomization/minimal.yaml",
		explained: []string{"gitops.md#flux"},
		shown:     []string{"TestOracle"},
		traps: []string{
			"Flux reads `Path` with all directories in it: name the directory of one environment, not that of several.",
			"The timeout must be above that of the migration, or a long one counts as a failure.",
			"`postBuild` of Flux replaces `${...}`, but not in objects with the annotation that this library gives to " +
				"those with scripts.",
		},
	},
	"django.Beat": {
		golden:    "beat/minimal.yaml",
		explained: []string{"workers.md#beat"},
		shown:     []string{"TestBeatIsOne", "TestWorkerWithAWrongPasswordIsNotReady", "TestProduction"},
		traps: []string{
			"There is one beat for each `App` and database. A second one in the same app fails synthesis; one of another " +
				"app waits for the lock.",
			"It needs the database for its lock, whatever its `Scheduler` is. Behind a pooler in transaction mode it " +
				"connects to the server itself.",
			"Celery's own scheduler keeps the last runs in a file that goes with the pod; `DatabaseScheduler` of " +
				"django-celery-beat keeps them in the database.",
			"Nothing is sent while a new pod waits for migrations, because the old pod goes first.",
		},
	},
	"django.MediaClaim": {
		golden:    "mediaclaim/minimal.yaml",
		explained: []string{"web.md#uploaded-files"},
		shown:     []string{"TestStaticFilesAndMedia", "TestBackups"},
		traps: []string{
			"With `ReadWriteOnce`, the default, the site has one pod, its updates are `Recreate`, so nobody answers in " +
				"between, and workers do not see the files.",
			"`ReadWriteMany` takes a network file system, such as NFS or CephFS, and the name of its `StorageClass`.",
			"Django does not hand uploaded files out by itself outside `DEBUG`: a view or a web server must.",
			"Pruning tools leave the claim in the cluster when it leaves the manifests.",
		},
	},
	"django.Migration": {
		golden:    "migration/minimal.yaml",
		explained: []string{"migrations.md"},
		shown: []string{
			"TestMigrationUnderLoadLosesNoRequest", "TestFailingMigrationKeepsOldPodsServing",
			"TestMigrationsTakeTurnsAndAreBounded", "TestRolledBackReleaseDoesNotMigrate",
		},
		traps: []string{
			"`Project.WaitForMigrations` must be set: it is what keeps new pods from starting on an old schema.",
			"Under a tag that moves, such as `latest`, a new image makes no new Job, and its pods may wait for ever.",
			"The Job's name ends in a hash of its content. Do not change the Job after synthesis, such as by kustomize's " +
				"`images:`.",
			"A Job that has failed stays. After a repair outside the image, delete it and apply again.",
			"Old pods serve on the new schema until the new ones are ready: a release may only change what the one before " +
				"survives.",
		},
	},
	"django.Process": {
		golden:    "process/minimal.yaml",
		explained: []string{"workers.md#other-processes"},
		shown:     []string{"TestSitesOfOneProject", "TestClinic"},
		traps: []string{
			"The budget counts `Connections` of each pod, 10 by default; a consumer that holds one says so.",
			"Without `Port` there are no probes: a process that hangs is not restarted.",
			"With `Port`, the image needs a `sleep` program, and a pod is ready when it accepts TCP connections.",
		},
	},
	"django.ScheduledCommand": {
		golden:    "command/minimal.yaml",
		explained: []string{"workers.md#commands"},
		shown:     []string{"TestCommandRunsOnSchedule", "TestClinic"},
		traps: []string{
			"A CronJob may, rarely, start a run twice or not at all: the command must bear both.",
			"Project name and `NameSuffix` have at most 52 characters together, because Kubernetes names the Jobs after them.",
			"The wait for migrations counts against `ActiveDeadlineSeconds`.",
			"In a zone with summer time, a time between two and three in the morning is left out once a year, and may " +
				"come twice once.",
		},
	},
	"django.Web": {
		golden:    "web/minimal.yaml",
		explained: []string{"web.md", "exposure.md#https-behind-a-proxy", "database.md#connection-budget"},
		shown: []string{
			"TestFirstStart", "TestRollingUpdateLosesNoRequest", "TestBadImageKeepsOldPodsServing", "TestHangingPodIsRestarted",
			"TestDatabaseOutageRestartsNoWebPod", "TestAutoscalingFollowsTheLoad", "TestDrainsGoOnAndLeaveAPod",
			"TestStaticFilesAndMedia", "TestDeployCheckHoldsARelease", "TestGunicornRunsAsTold",
		},
		traps: []string{
			"The image has `python3` with psycopg or psycopg2, `manage.py` in its working directory, gunicorn and a " +
				"`sleep` program, and runs as a user that is not root.",
			"Every probe asks for `/login` until `HealthPath` names another page. A `LivenessPath` that needs the " +
				"database lets an outage restart every pod.",
			"Django does not read `ALLOWED_HOSTS`, `SECURE_SSL_REDIRECT` and the like from the environment: the settings " +
				"must.",
			"A flag on gunicorn's command line in the image wins over `Gunicorn`.",
			"Pods × workers × threads are connections; more than the database takes fail synthesis.",
		},
	},
	"django.Worker": {
		golden:    "worker/minimal.yaml",
		explained: []string{"workers.md#workers", "workers.md#how-a-worker-stops"},
		shown:     []string{"TestNoTaskIsLost", "TestWorkerWithAWrongPasswordIsNotReady", "TestProduction"},
		traps: []string{
			"By default Celery acknowledges a task when it begins: one that is killed is lost unless it has `task_acks_late`.",
			"With Valkey or Redis, an `acks_late` task that takes longer than the visibility timeout, an hour, runs twice.",
			"`Autoscaling` follows the CPU: a queue of tasks that wait for the network adds no pods.",
			"Workers of different queues need different `Name`s.",
			"There is no liveness probe; a worker is unready while the database does not let it log in.",
		},
	},
	"isolation.Isolation": {
		golden:    "isolation/minimal.yaml",
		explained: []string{"isolation.md", "network.md#what-a-flow-says"},
		shown:     []string{"TestStrangersReachNothing", "TestCloudNativePGLosesNoAcknowledgedWrite", "TestClinic"},
		traps: []string{
			"Without a network plugin that enforces NetworkPolicies, they are accepted and do nothing.",
			"A NetworkPolicy cannot name a host: a server elsewhere is opened at every IPv4 address, on its port.",
			"Without `IngressFrom`, no Ingress controller reaches the site.",
			"IPv6 addresses are open only where a prop lists them.",
			"Plugins compare the port of the pods, not that of their Service.",
		},
	},
	"monitoring.PrometheusRule": {
		golden:    "prometheusrule/minimal.yaml",
		explained: []string{"observability.md#alerts-for-data", "data.md#backup-drill-and-alert"},
		shown:     []string{"TestProduction"},
		traps: []string{
			"The cluster needs the Prometheus Operator and kube-state-metrics.",
			"`Labels` must match the `ruleSelector` of the Prometheus; with kube-prometheus-stack, `release: RELEASE`.",
			"`MaxAgeHours` of a CronJob must be above the time between two of its runs: a weekly drill takes more than " +
				"the default.",
		},
	},
	"monitoring.ServiceMonitor": {
		golden:    "servicemonitor/minimal.yaml",
		explained: []string{"observability.md#servicemonitor"},
		shown:     []string{"TestProduction", "TestMetricsAnswerByAddress"},
		traps: []string{
			"The cluster needs the Prometheus Operator, and `Labels` must match the `serviceMonitorSelector` of its " +
				"Prometheus.",
			"A target without metrics fails synthesis: `Metrics` of a site and `Exporter` of a database turn them on.",
			"In an isolated namespace Prometheus gets in by `MetricsFrom` alone.",
		},
	},
	"namespace.Namespace": {
		golden:    "namespace/minimal.yaml",
		explained: []string{"checks.md", "data.md#what-leaves-dist"},
		shown:     []string{"TestPodSecurity", "TestTwoStacksSideBySide"},
		traps: []string{
			"Constructs live in the namespace of their chart, `cdk8s.ChartProps.Namespace`; this construct only makes the " +
				"object.",
			"Under \"restricted\", pods of others that need more, such as root, are not admitted.",
			"Pruning tools leave the Namespace in the cluster when it leaves the manifests.",
		},
	},
	"postgres.Backup": {
		golden:    "backup/minimal.yaml",
		explained: []string{"data.md#backup-drill-and-alert", "data.md#what-a-run-says"},
		shown:     []string{"TestBackups"},
		traps: []string{
			"A claim as `Store` is lost with the namespace, the cluster, or the disk that it shares with the database; a " +
				"bucket elsewhere is not.",
			"What was written since the last run is lost with the database: a day, by default.",
			"Keep the password of `Encryption` outside the cluster too: without it the backups are lost.",
			"`MediaClaim` on a `ReadWriteOnce` claim needs `Pod.Affinity` to the pods of the site.",
			"A run that never starts fails nobody: alert on the age of the last success.",
		},
	},
	"postgres.BackupClaim": {
		golden:    "backupclaim/minimal.yaml",
		explained: []string{"data.md#what-is-protected-against-what"},
		shown:     []string{"TestBackups"},
		traps: []string{
			"It does not protect against the loss of the namespace, of the cluster, or of a disk that both claims are on.",
			"`Storage` holds one backup more than are kept.",
			"A pod that has ended still holds the claim: its deletion waits until the finished Jobs are gone.",
		},
	},
	"postgres.Cluster": {
		golden:    "cluster/minimal.yaml",
		explained: []string{"cloudnativepg.md"},
		shown:     []string{"TestCloudNativePGLosesNoAcknowledgedWrite"},
		traps: []string{
			"The CloudNativePG operator must be there; without it `kubectl apply` says `no matches for kind \"Cluster\"`.",
			"The operator's Secret has no `SECRET_KEY`: `Project.Secret` must be given.",
			"Standbys are no backup: they follow a `DELETE` at once.",
			"`Locale` and `RunAsUser` are fixed when the cluster is made; the default locale is C, not that of the " +
				"official image.",
			"Without the Barman Cloud plugin and cert-manager, `Backup` does nothing, and nothing says so.",
		},
	},
	"postgres.Database": {
		golden:    "database/minimal.yaml",
		explained: []string{"database.md", "data.md"},
		shown: []string{
			"TestAcknowledgedWritesSurvivePodLoss", "TestDataSurvivesReinstall", "TestServerTakesEveryConnection",
			"TestVolumeRunsFull", "TestPasswordWithSpecialCharacters",
		},
		traps: []string{
			"One pod on one claim, and `Recreate`: every update is an outage of seconds, and a lost node one of minutes.",
			"It has no backup of its own: the claim is all there is until a `postgres.Backup` exists.",
			"Another major version does not start on the same claim: the way is a restore into a new `ClaimName`.",
			"The Debian release in the tag matters: another C library sorts text differently and corrupts indexes.",
			"An exporter whose image cannot be pulled takes the database out of its Service.",
		},
	},
	"postgres.Restore": {
		golden:    "restore/minimal.yaml",
		explained: []string{"data.md#restore", "data.md#a-copy-of-production-for-tests"},
		shown:     []string{"TestBackups"},
		traps: []string{
			"The database must have no table: a restore never writes over data.",
			"Processes wait for it only where a `Migration` has it as `Restore` and the project has `WaitForMigrations`.",
			"Owners and privileges are not restored; the role of `Database` owns everything.",
			"The old claim leaves the manifests: the upgrade guard asks for an `Accept` entry.",
			"With a rotation, the new server has no login roles yet: run its CronJob once.",
		},
	},
	"postgres.RestoreDrill": {
		golden:    "drill/minimal.yaml",
		explained: []string{"data.md#backup-drill-and-alert"},
		shown:     []string{"TestBackups"},
		traps: []string{
			"The node's disk takes the dump and the restored data: `ScratchSize` and `DataSize` are limits, above which " +
				"the pod is evicted.",
			"`Image` is that of the database, with the same extensions; the default is not read from it.",
			"A drill that never runs fails nobody: alert on the age of the last success.",
			"A backup older than `MaxAgeHours` is refused, so a stopped backup fails the drill.",
		},
	},
	"postgres.Rotation": {
		golden:    "rotation/minimal.yaml",
		explained: []string{"secrets.md#rotation"},
		shown:     []string{"TestRotationUnderLoadLosesNothing", "TestRotationSurvivesItsPods"},
		traps: []string{
			"`Project.Database` is the Rotation, not the server behind it: only its clients have the login that changes.",
			"Without `Schedule`, the CronJob is suspended, and runs on demand.",
			"A Deployment that is not part of the app is not restarted; a run waits until its pods have ended, or fails.",
			"After a restore into a new claim, run it once: the new server has no login roles.",
		},
	},
	"route.HTTPRoute": {
		golden:    "httproute/minimal.yaml",
		explained: []string{"exposure.md#gateway-api"},
		shown:     []string{"TestProduction"},
		traps: []string{
			"The cluster needs the Gateway API, v1, and a Gateway whose listener takes in routes of this namespace.",
			"Without `SectionName`, a site with HTTPS is answered on the listener for http, too.",
			"Certificates and the redirect to https belong to the Gateway.",
			"A route leads to a Service of its own namespace: the site and its route share a chart's namespace.",
		},
	},
	"route.Ingress": {
		golden:    "ingress/minimal.yaml",
		explained: []string{"exposure.md#ingress", "exposure.md#several-servers-behind-one-host"},
		shown:     []string{"TestProduction", "TestSitesOfOneProject", "TestStrangersReachNothing"},
		traps: []string{
			"A site without `Hosts` has no route, and a certificate for a site without `HTTPS` fails synthesis.",
			"With `HTTPS` and no certificate, TLS ends before the Ingress, or with the controller's own certificate.",
			"`SECURE_PROXY_SSL_HEADER` is safe only where the proxy sets `X-Forwarded-Proto` itself.",
			"nginx refuses uploads above 1 MiB until an annotation allows them.",
			"A list of `Paths` without `/` exposes those paths alone.",
		},
	},
	"secret.Secret": {
		golden:    "secret/generated-minimal.yaml",
		explained: []string{"secrets.md"},
		shown: []string{
			"TestFirstStart", "TestOnlyTheJobReachesItsSecret", "TestLostSecretIsMendedAsDocumented",
			"TestPasswordWithSpecialCharacters",
		},
		traps: []string{
			"`kubectl replace`, or `Replace=true` in Argo CD, drops the generated keys.",
			"A Secret that is deleted comes back with new values: restart PostgreSQL first, then what reads the Secret.",
			"The image of `Generated` needs `python3` of version 3.6 or later.",
			"`Literal` writes values into the manifest, and is refused where git tracks the output.",
			"A file that ends in a newline makes a password that ends in one.",
		},
	},
	"stack.Stack": {
		golden:    "stack/minimal.yaml",
		explained: []string{"web.md", "secrets.md", "database.md"},
		shown:     []string{"TestFirstStart", "TestTwoStacksSideBySide", "TestDataSurvivesReinstall", "TestNames"},
		traps: []string{
			"Two stacks in one cluster need different namespaces: `Namespace.Name`.",
			"Without `Web.Project.WaitForMigrations`, nothing migrates the database.",
			"Without `Web.Project.Hosts`, the site answers inside the cluster only.",
			"A `Database` of `Web.Project` takes the place of the PostgreSQL of the stack; both at once is an error.",
		},
	},
	"valkey.Server": {
		golden:    "server/minimal.yaml",
		explained: []string{"broker.md#in-the-cluster", "broker.md#durability", "broker.md#when-it-is-full"},
		shown:     []string{"TestNoTaskIsLost", "TestProduction"},
		traps: []string{
			"The password becomes part of a URL: letters, digits, `-`, `_`, `.` and `~` only.",
			"At three quarters of the memory limit, Valkey refuses new messages; the code that sends a task gets an error.",
			"`Storage` must be three times the memory limit.",
			"Server and clients read the password when they start; after a change, restart the server first.",
			"Images of Redis and of Bitnami are refused. The way back to an older Valkey is not given.",
		},
	},
}

// want is a row of the index by task.
type want struct {
	// task is what somebody wants, construct what gives it, and prop the field of its
	// props, with the function that makes its value where there are several, or a
	// method with ().
	task, construct, prop string
}

// wants is the index by task.
var wants = []want{
	{"the whole system as one chart", "stack.Stack", "Web.Project.Image"},
	{"a namespace that admits restricted pods only", "namespace.Namespace", "Enforce"},
	{"credentials that nobody has to make", "secret.Secret", "Source: secret.Generated"},
	{"a Secret from a vault, by its name and keys", "secret.Secret", "Source: secret.Existing"},
	{"values for a cluster on my own machine", "secret.Secret", "Source: secret.Literal"},
	{"PostgreSQL in the cluster, on one volume", "postgres.Database", "Secret"},
	{"PostgreSQL on several nodes, with failover", "postgres.Cluster", "Instances"},
	{"PostgreSQL that runs elsewhere", "django.Web", "Project.Database"},
	{"a larger volume for the database", "postgres.Database", "Storage"},
	{"another volume, for another major version", "postgres.Database", "ClaimName"},
	{"more connections, or other settings of the server", "postgres.Database", "Parameters"},
	{"metrics of PostgreSQL", "postgres.Database", "Exporter"},
	{"a connection pooler", "postgres.Cluster", "Pooler"},
	{"a restore to any second of the last weeks", "postgres.Cluster", "Backup"},
	{"a nightly backup", "postgres.Backup", "Schedule"},
	{"backups in a bucket", "postgres.Backup", "Store.Bucket"},
	{"backups on a claim", "postgres.BackupClaim", "Storage"},
	{"encrypted backups", "postgres.Backup", "Store.Encryption"},
	{"uploaded files in the backup", "postgres.Backup", "MediaClaim"},
	{"the proof that a backup can be restored", "postgres.RestoreDrill", "Check"},
	{"the data back", "postgres.Restore", "Backup"},
	{"a copy of production without personal data", "postgres.Restore", "Scrub"},
	{"a database password that changes by itself", "postgres.Rotation", "Schedule"},
	{"the site", "django.Web", "Project.Image"},
	{"the site's host names", "django.Web", "Project.Hosts"},
	{"the site behind https", "django.Web", "Project.HTTPS"},
	{"more pods", "django.Web", "Replicas"},
	{"as many pods as the load asks for", "django.Web", "Autoscaling"},
	{"more requests at a time in each pod", "django.Web", "Gunicorn.Threads"},
	{"more CPU or memory", "django.Web", "Resources"},
	{"another health page than /login", "django.Web", "HealthPath"},
	{"more time for a slow start", "django.Web", "Probes.Startup"},
	{"static files collected in the pod", "django.Web", "StaticRoot"},
	{"a release that fails \"check --deploy\" kept out", "django.Web", "DeployCheck"},
	{"metrics of the project", "django.Web", "Metrics"},
	{"a second site of the same project", "django.Web", "Name"},
	{"an environment variable for every process", "django.Web", "Project.Env"},
	{"uploaded files on a volume", "django.MediaClaim", "AccessMode"},
	{"uploaded files in a bucket", "django.Web", "Project.Media"},
	{"migrations before new pods start", "django.Migration", "Project.WaitForMigrations"},
	{"more time for a long migration", "django.Migration", "ActiveDeadlineSeconds"},
	{"Celery workers", "django.Worker", "App"},
	{"a worker for some queues only", "django.Worker", "Queues"},
	{"tasks that may take long, and no longer", "django.Worker", "TimeLimitSeconds"},
	{"periodic tasks", "django.Beat", "Scheduler"},
	{"a management command on a schedule", "django.ScheduledCommand", "Schedule"},
	{"websockets, or any other process", "django.Process", "Command"},
	{"a broker in the cluster", "valkey.Server", "Secret"},
	{"a broker elsewhere", "django.Worker", "Project.Broker"},
	{"the site on the internet, by Ingress", "route.Ingress", "Site"},
	{"a certificate from cert-manager", "route.Ingress", "ClusterIssuer"},
	{"the site on the internet, by Gateway API", "route.HTTPRoute", "Gateways"},
	{"several servers behind one host", "route.Ingress", "Paths"},
	{"Argo CD to apply a directory", "argocd.Application", "Path"},
	{"Argo CD to apply many environments alike", "argocd.ApplicationSet", "Environments"},
	{"a limit to what Applications may touch", "argocd.AppProject", "Destinations"},
	{"Flux to apply a directory", "flux.Kustomization", "Path"},
	{"Flux to follow a branch or a tag", "flux.GitRepository", "Branch"},
	{"credentials from a vault", "secret.Secret", "Source"},
	{"pods that restart when a Secret changes", "secret.Secret", "Reload"},
	{"a last backup before Argo CD deletes the application", "postgres.Backup", "BeforeDeletion"},
	{"a namespace that is closed but for what is declared", "isolation.Isolation", "IngressFrom"},
	{"a mail or payment server reached from a closed namespace", "isolation.Isolation", "Egress"},
	{"Prometheus scraping the site", "monitoring.ServiceMonitor", "Target"},
	{"an alert when a backup is too old", "monitoring.PrometheusRule", "CronJobs"},
	{"an alert when a volume fills", "monitoring.PrometheusRule", "Claims"},
	{"pods on certain nodes", "django.Web", "Pod.NodeSelector"},
	{"a sidecar", "django.Web", "Pod.Containers"},
	{"a cloud identity for pods", "django.Web", "Pod.ServiceAccount"},
	{"a field that no prop has", "django.Web", "Deployment()"},
}

// notConstructs are struct types that props take by an interface or a value, and
// for which somebody may look in the index of constructs.
var notConstructs = []string{
	"broker.Connection", "django.ObjectStore", "django.Project", "pod.Template", "postgres.Connection", "postgres.Store",
}
