package reference

import "example.com/django-cdk8s/manifest/upgrade"

// chapter is a part of the index of messages that holds those of some packages.
type chapter struct {
	title, todo string
	packages    []string
}

// chapters are the parts for props and for the run itself.
var chapters = []chapter{
	{
		"Values of any field", "Checks that many fields share. The field in the message says which one; its page has " +
			"its meaning " +
			"and its default: see the [values](reference/values.md) and the [constructs](reference/README.md).",
		[]string{"internal/rule", "internal/host"},
	},
	{
		"Props: the Django project and its processes", "Change the field that the message names, on the construct " +
			"whose path begins it.",
		[]string{"constructs/django"},
	},
	{
		"Props: PostgreSQL", "Change the field that the message names, on the construct whose path begins it.",
		[]string{"constructs/postgres"},
	},
	{
		"Props: Secrets and namespaces", "Change the field that the message names. A key that a Secret lacks is added " +
			"where the Secret is " +
			"made, or taken out of the construct that asks for it.",
		[]string{"constructs/secret", "constructs/namespace", "constructs/stack"},
	},
	{
		"Props: broker", "Change the field that the message names, on the construct whose path begins it.",
		[]string{"constructs/broker", "constructs/valkey"},
	},
	{
		"Props: routes, monitoring and isolation", "Change the field that the message names; one of another construct, " +
			"such as `Hosts` of " +
			"the site, is changed there.",
		[]string{"constructs/route", "constructs/monitoring", "constructs/isolation"},
	},
	{
		"Props: objects of GitOps tools", "Change the field that the message names, on the construct whose path begins " +
			"it.",
		[]string{"constructs/argocd", "constructs/flux", "internal/repository"},
	},
	{
		"Props: pods of any workload", "Change the field that the message names: `Pod`, `Resources`, `Rollout`, " +
			"`Autoscaling` or " +
			"`Volumes` of the construct.",
		[]string{"constructs/pod", "internal/kube", "internal/single"},
	},
	{
		"The tree of constructs", "A construct stands in a wrong place, or an object was changed in a way that others " +
			"rely on.",
		[]string{"internal/construct", "constructs/object"},
	},
	{
		"The run", "Nothing was written. The first word says what it is about: the output directory, an environment, " +
			"Node.js, or " +
			"the upgrade guard.",
		[]string{"synth", "internal/jsii"},
	},
	{
		"Reading manifests", "A manifest is no valid object of Kubernetes: see what made it, which is most often a " +
			"patch or a custom " +
			"ApiObject.",
		[]string{"manifest"},
	},
}

// ruleAdvice says what to do about the messages of a rule.
var ruleAdvice = map[string]string{
	"names": "Rename the object, label or key.",
	"unique": "Two constructs make the same object: give one of them another `Name`, or its chart another " +
		"namespace.",
	"size":        "Split the object, or mount the data in another way.",
	"selectors":   "Leave selectors to the constructs; of two workloads with the same labels, rename one.",
	"ports":       "Name a port that the container has.",
	"references":  "Add the object, correct its name, or declare it `External`.",
	"environment": "Give the variable once.",
	"resources":   "Give every container requests and limits: `Resources`, or those of a sidecar.",
	"volumes":     "Give the mount a volume, and a path of its own.",
	"scaling":     "Let the autoscaler or `Replicas` set the number of pods, and keep pods of one claim to one.",
	"exposure":    "Give each route a host or path of its own.",
	"isolation": "Declare the traffic: `Egress`, `IngressFrom`, `MetricsFrom`, or `network.Source` of a " +
		"construct of your own.",
	"gitops": "Render the object to another directory, such as an environment of its own, or let it name the directory " +
		"of one environment.",
	"order": "Give the object the wave that the message names, by the annotation of Argo CD, or take the annotation " +
		"away: an object without one follows what refers to it.",
	"pod-security": "Change the pod, or the level that the namespace enforces.",
	"credentials":  "Take the value from a Secret, or render into a directory that git ignores.",
	"image-tags":   "Pin a version.",
	"disk":         "Give the volume a size limit.",
	"external-ips": "Take the empty list out of the Service.",
}

// rulePages are the pages that explain rules, by their names.
var rulePages = map[string]string{
	"names":        "checks.md",
	"unique":       "checks.md",
	"size":         "checks.md#what-the-rules-know",
	"selectors":    "checks.md#what-the-rules-know",
	"ports":        "checks.md",
	"references":   "checks.md#what-the-checks-are-told",
	"environment":  "pods.md#environment",
	"resources":    "checks.md#what-the-checks-are-told",
	"volumes":      "pods.md#volumes",
	"scaling":      "web.md#more-than-one-pod",
	"exposure":     "exposure.md#several-servers-behind-one-host",
	"isolation":    "isolation.md#opening-more",
	"gitops":       "gitops.md#environments",
	"order":        "gitops.md#order",
	"pod-security": "reference/namespace.md",
	"credentials":  "checks.md#what-the-rules-know",
	"image-tags":   "checks.md",
	"disk":         "pods.md#local-disk",
	"external-ips": "checks.md",
}

// upgradePages are the pages for the rules of the upgrade guard, by the names of
// their constants.
var upgradePages = map[string]string{
	"NamespaceRemoved": "data.md#what-leaves-dist",
	"ClaimRemoved":     "data.md#what-leaves-dist",
	"ClaimChanged":     "data.md#what-leaves-dist",
	"SecretRemoved":    "secrets.md#when-the-secret-is-lost-and-the-claim-stays",
	"MajorChanged":     "data.md#another-major-version-of-postgresql",
	"Immutable":        "data.md#what-leaves-dist",
}

// upgradeRules are the rules of package upgrade, by the names of their constants.
var upgradeRules = map[string]upgrade.Rule{
	"NamespaceRemoved": upgrade.NamespaceRemoved,
	"ClaimRemoved":     upgrade.ClaimRemoved,
	"ClaimChanged":     upgrade.ClaimChanged,
	"SecretRemoved":    upgrade.SecretRemoved,
	"MajorChanged":     upgrade.MajorChanged,
	"Immutable":        upgrade.Immutable,
}

// explains are the pages for the messages of a function, of a file, or of a package.
var explains = map[string]string{
	"constructs/argocd":                       "gitops.md#argo-cd",
	"constructs/flux":                         "gitops.md#flux",
	"internal/repository":                     "gitops.md",
	"constructs/broker":                       "broker.md#a-broker-elsewhere",
	"constructs/django":                       "reference/values.md#djangoproject",
	"constructs/django/beat.go":               "workers.md#beat",
	"constructs/django/checks.go":             "observability.md#metrics-of-the-project",
	"constructs/django/environment.go":        "pods.md#environment",
	"constructs/django/gunicorn.go":           "web.md#gunicorn",
	"constructs/django/media.go":              "web.md#uploaded-files",
	"constructs/django/migration.go":          "migrations.md",
	"constructs/django/process.go":            "workers.md#other-processes",
	"constructs/django/props.go":              "reference/django-web.md#props",
	"constructs/django/scheduledcommand.go":   "workers.md#commands",
	"constructs/django/worker.go":             "workers.md#how-a-worker-stops",
	"constructs/isolation":                    "isolation.md#allowed-traffic",
	"constructs/isolation/props.go":           "reference/isolation.md#props",
	"constructs/monitoring/prometheusrule.go": "observability.md#alerts-for-data",
	"constructs/monitoring/servicemonitor.go": "observability.md#servicemonitor",
	"constructs/namespace":                    "reference/namespace.md#props",
	"constructs/object":                       "pods.md#the-typed-way-out",
	"constructs/pod":                          "pods.md",
	"constructs/pod/autoscaling.go":           "web.md#more-than-one-pod",
	"constructs/pod/rollout.go":               "pods.md#updates",
	"constructs/pod/volume.go":                "pods.md#volumes",
	"constructs/postgres/backup.go":           "data.md#backup-drill-and-alert",
	"constructs/postgres/budget.go":           "database.md#connection-budget",
	"constructs/postgres/cluster.go":          "cloudnativepg.md#props",
	"constructs/postgres/clusterbackup.go":    "cloudnativepg.md#backups",
	"constructs/postgres/clusterobjects.go":   "cloudnativepg.md#props",
	"constructs/postgres/connection.go":       "database.md#a-server-elsewhere",
	"constructs/postgres/database.go":         "database.md#the-server-in-the-cluster",
	"constructs/postgres/drill.go":            "reference/postgres-restoredrill.md#props",
	"constructs/postgres/parameters.go":       "database.md#the-server-in-the-cluster",
	"constructs/postgres/pooler.go":           "cloudnativepg.md#the-pooler",
	"constructs/postgres/restore.go":          "data.md#restore",
	"constructs/postgres/rotation.go":         "secrets.md#rotation",
	"constructs/postgres/store.go":            "reference/values.md#postgresstore",
	"constructs/postgres/task.go":             "data.md#backup-drill-and-alert",
	"constructs/postgres/tls.go":              "database.md#tls",
	"constructs/route":                        "exposure.md#several-servers-behind-one-host",
	"constructs/route/httproute.go":           "exposure.md#gateway-api",
	"constructs/route/ingress.go":             "exposure.md#ingress",
	"constructs/secret":                       "secrets.md",
	"constructs/secret/external.go":           "secrets.md#from-a-vault",
	"constructs/secret/generated.go":          "secrets.md#generated-in-the-cluster",
	"constructs/stack":                        "reference/stack.md#props",
	"constructs/valkey":                       "reference/valkey-server.md#props",
	"internal/construct":                      "network.md",
	"internal/host":                           "exposure.md",
	"internal/jsii":                           "run.md",
	"internal/kube":                           "pods.md#further-containers",
	"internal/rule.(*Errors).AbsolutePath":    "pods.md#volumes",
	"internal/rule.(*Errors).Address":         "database.md#a-server-elsewhere",
	"internal/rule.(*Errors).Annotations":     "reference/values.md#podtemplate",
	"internal/rule.(*Errors).BucketName":      "reference/values.md#postgresobjectstore",
	"internal/rule.(*Errors).Bytes":           "reference/values.md#podquantities",
	"internal/rule.(*Errors).CPU":             "reference/values.md#podquantities",
	"internal/rule.(*Errors).DatabaseName":    "database.md#a-server-elsewhere",
	"internal/rule.(*Errors).EnvName":         "pods.md#environment",
	"internal/rule.(*Errors).IP":              "pods.md",
	"internal/rule.(*Errors).Image":           "reference/values.md#djangoproject",
	"internal/rule.(*Errors).Labels":          "reference/values.md#podtemplate",
	"internal/rule.(*Errors).MountPath":       "pods.md#volumes",
	"internal/rule.(*Errors).PythonName":      "workers.md",
	"internal/rule.(*Errors).Queue":           "workers.md#workers",
	"internal/rule.(*Errors).RoleName":        "cloudnativepg.md#props",
	"internal/rule.(*Errors).Schedule":        "workers.md#commands",
	"internal/rule.(*Errors).SecretKey":       "secrets.md#a-secret-of-your-own",
	"internal/rule.(*Errors).Text":            "pods.md#environment",
	"internal/rule.(*Errors).TimeZone":        "workers.md#commands",
	"internal/rule.(*Errors).URLPath":         "web.md#probes",
	"internal/rule.(*Errors).UserID":          "pods.md#identity",
	"internal/rule.(*Errors).Variable":        "pods.md#environment",
	"internal/rule.(*Errors).identifier":      "database.md#a-server-elsewhere",
	"internal/rule.(*Errors).quantity":        "reference/values.md#podquantities",
	"internal/rule.(*Errors).steps":           "workers.md#commands",
	"internal/rule":                           "reference/README.md#by-construct",
	"internal/single":                         "reference/README.md#by-construct",
	"manifest":                                "checks.md#what-the-checks-are-told",
	"manifest/check.go":                       "checks.md#what-the-checks-are-told",
	"synth":                                   "run.md",
	"synth/base.go":                           "data.md#what-leaves-dist",
}

// nothing marks a function that only puts a path before the message of another
// one, which the index has.
const nothing = "-"

// passedOn are the functions whose messages are those of other programs, or of other
// functions here.
var passedOn = map[string]string{
	"constructs/secret.external.validateStore": "*what is no value of JSON in the settings of the provider*",
	"internal/jsii.check":                      "*what the system says of the directory for temporary files*",
	"manifest.(*checker).isolation":            nothing,
	"manifest.Parse":                           "`FILE: ` *and what the reader of YAML says*",
	"manifest/changes.read":                    "`FILE: ` *and what the reader of YAML says*",
	"manifest.parseDocument":                   "`FILE: ` *and what the reader of YAML says*",
	"manifest.parseContent":                    "`OBJECT: ` *and what the types of Kubernetes say of a field*",
	"manifest.(*checker).monitorReferences":    "*what Kubernetes says of a selector that is none*",
	"manifest.(*checker).podSecurity":          "*what Pod Security admission says of the labels of a Namespace*",
	"manifest.(*checker).selectors":            "*what Kubernetes says of a selector that is none*",
	"manifest.(*checker).budgetSelector":       "*what Kubernetes says of a selector that is none*",
	"manifest/netpol.(*network).selector":      "*what Kubernetes says of a selector that is none*",
	"synth.validate":                           "`PATH: ` *and what a validation of cdk8s, or of your own, says*",
	"synth.rendered.locate":                    nothing,
	"synth.writer.guard":                       nothing,
	"synth.writer.check":                       nothing,
	"synth.checkAccepted":                      nothing,
	"synth.writer.render":                      nothing,
}

// hand is a message that is listed by hand: its fixed parts stand in the file.
type hand struct{ chapter, text, fields, file, page string }

// byHand are messages that are no argument of a call that records problems.
var byHand = []hand{
	{
		"The run", "output: ... belongs to another app, ... and would be removed: ... set CDK8S_OUTDIR to a directory " +
			"of this app's own, " +
			"or remove ... first", "", "synth/output.go", "run.md",
	},
	{
		"The run", "output: ... is not known to be this app's ... and would be removed: ... set CDK8S_OUTDIR to a " +
			"directory of this " +
			"app's own, or remove ... first", "", "synth/output.go", "run.md",
	},
	{
		"The run", "warning: output: ... was not written by this app: it is kept and not checked", "",
		"synth/synth.go", "run.md",
	},
	{
		"The run", "warning: output: ... is the directory of an environment that this app no longer has: ... " +
			"when no tool syncs from it, run the app with -clean to remove it", "",
		"synth/synth.go", "run.md#what-a-run-removes",
	},
	{
		"The run", "upgrade: the manifests of ... cannot be compared: ...", "", "synth/base.go", "data.md#what-leaves-dist",
	},
	{
		"The run", "upgrade: nothing was compared: git cannot read ...: ...",
		"see that git is installed, and trusts the directory", "synth/base.go", "data.md#what-leaves-dist",
	},
	{
		"The run", "upgrade: Environment.Accept: there is no change ... of ... against ...: remove the entry", "",
		"synth/base.go", "data.md#what-leaves-dist",
	},
	{"The run", "... (...=1 shows the stack)", "a panic in the app", "synth/panic.go", "troubleshooting.md"},
	{"The run", "synth: ... nothing was written", "", "synth/run.go", "run.md"},
	{
		"The run", "node: no answer for ... memory is the usual cause; ...=30m waits longer", "", "synth/run.go",
		"troubleshooting.md",
	},
	{
		"The run", "node: ended before the manifests were rendered ... memory is the usual cause: ... give it more, with " +
			"NODE_OPTIONS=--max-old-space-size=8192 where the machine has " +
			"it", "", "internal/jsii/stderr.go", "troubleshooting.md",
	},
}

// byHandInCluster are lines of programs that are no files of their own: the
// container, the line, where it stands, and what to do.
var byHandInCluster = []hand{
	{
		"", "waiting until every migration of this image is applied", "`wait-for-migrations` of every process",
		"constructs/django/project.go", "look at the Job: [migrations.md](migrations.md#when-a-migration-fails)",
	},
	{
		"", "waiting for the server before this one to end", "`postgres` and `valkey`", "internal/single/single.go",
		"nothing; the pod before still holds the volume: [database.md](database.md#the-server-in-the-cluster)",
	},
	{
		"", "the role keeps its password, which may be another than the " +
			"Secret's", "`postgres`", "constructs/postgres/database.go",
		"the role could not be changed; the lines before say why: [secrets.md](secrets.md#a-password-by-hand)",
	},
}

// program is a program in the cluster: the container that runs it, and what to do
// about its lines.
type program struct{ container, todo string }

// programs are those of internal/script, by their files.
var programs = map[string]program{
	"drill_check.sh": {"`check` of a RestoreDrill", "the log of the container says why: " +
		"[data.md](data.md#what-a-run-says)"},
	"drill_end.sh": {"`restore` of a RestoreDrill", "the line ends in what PostgreSQL says: " +
		"[data.md](data.md#what-a-run-says)"},
	"drill_restore.sh": {"`restore` of a RestoreDrill", "the line ends in what PostgreSQL says; often `DataSize` is " +
		"too small"},
	"drill_server.sh": {"`server` of a RestoreDrill", "look at the memory limit of `Resources`: " +
		"[data.md](data.md#what-a-run-says)"},
	"dump.sh": {"`dump` of a Backup", "the line ends in what the program says: " +
		"[data.md](data.md#what-a-run-says)"},
	"store.sh": {"`store` of a Backup", "the line ends in what rclone says: the store refused, is full, or " +
		"was not reached"},
	"remote.sh": {"`store` or `fetch`", "look at bucket, path and keys of the `Store`: " +
		"[data.md](data.md#what-a-run-says)"},
	"fetch.sh": {"`fetch` of a Restore or RestoreDrill", "look at bucket, path and keys of the `Store`: " +
		"[data.md](data.md#what-a-run-says)"},
	"gate.sh": {"the wait for a Restore", "look at the Job of the restore: " +
		"[data.md](data.md#restore)"},
	"restore.sh": {"`restore` of a Restore or RestoreDrill", "nothing was committed: " +
		"[data.md](data.md#what-a-run-says)"},
	"exclusive.py": {"`migrate`, and beat", "nothing, unless it stays: " +
		"[migrations.md](migrations.md#the-order), [workers.md](workers.md#beat)"},
	"generate.py": {"the Job that generates a Secret", "it tries again; look at the rights of its " +
		"ServiceAccount: [secrets.md](secrets.md#generated-in-the-cluster)"},
	"login.py": {"the probe of workers and beat", "the password, or the server: " +
		"[secrets.md](secrets.md#when-the-secret-is-lost-and-the-claim-stays)"},
	"prune.py": {"`prune` of a Migration", "old Jobs stay; the migration goes on: " +
		"[migrations.md](migrations.md#what-the-job-may-do)"},
	"release.py": {"`release` of a Migration", "nothing, unless it stays: " +
		"[migrations.md](migrations.md#when-a-migration-fails)"},
	"rotate.py": {"a Rotation", "the next pod or run goes on: [secrets.md](secrets.md#rotation)"},
}

// lineAdvice is what to do about single lines, by a part of their text.
var lineAdvice = map[string]string{
	"the dump cannot be read back": "the directory of the dump was full: raise `ScratchSize`",
	"the database has no table":    "name the right database, or migrate it first",
	"cannot read the media": "see that `RunAsUser` is that of the project: " +
		"[data.md](data.md#backup-drill-and-alert)",
	"cannot read the credentials":        "see that the Secret exists with its keys",
	"the store holds no complete backup": "no directory has a manifest: look at `Path` and the keys of the `Store`",
	"is not in the store, or not":        "name another `Backup`: one that has a manifest.json",
	"is older than":                      "the backup has not run: look at its CronJob, or raise `MaxAgeHours`",
	"differs from the SHA-256 sum in":    "the file was changed in the store: take another backup",
	"in the store differs from its":      "what the store holds is not what was sent; the next run tries again",
	"the manifest of backup":             "the password is not that of the backup, or the file was changed",
	"the claim of the media is not":      "give a new claim: a restore never writes over files",
	"is not empty: it has": "a restore never writes over tables: give a new `ClaimName`, or an empty " +
		"database",
	"rows, and":                          "the dump is not what was counted: take another backup",
	"of the manifest is not in the dump": "the dump is not what was counted: take another backup",
	"large objects, and":                 "the dump is not what was counted: take another backup",
	"waiting for the server":             "nothing, unless it stays: the database is not reached",
	"was restored before":                "nothing: the mark in the database keeps a second restore from doing anything",
	"could not analyze the tables":       "nothing was lost; run `ANALYZE` by hand",
	"the application does not take": "the image and the backup do not fit together: the log above says what is " +
		"missing",
	"is not wanted any more":        "nothing: another release was applied",
	"is too long: PostgreSQL takes": "give the owner a name of at most 61 characters",
	"waiting for the end of":        "nothing, or end the pods that it names: they still have the login before",
	"was not free within": "another migration runs; the Job tries again: " +
		"[migrations.md](migrations.md#the-order)",
	"is lost": "the database restarted, or the connection broke; the container starts again",
}
