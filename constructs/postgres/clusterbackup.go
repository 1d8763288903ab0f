package postgres

import (
	"cmp"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"example.com/django-cdk8s/constructs/cloudnativepg"
	"example.com/django-cdk8s/constructs/network"
	"example.com/django-cdk8s/constructs/secret"
	"example.com/django-cdk8s/internal/rule"
)

// Defaults of [ClusterBackup].
const (
	// DefaultClusterBackupSchedule is two in the morning, in the six fields of the
	// operator.
	DefaultClusterBackupSchedule = "0 0 2 * * *"

	// DefaultRetentionDays is how far back a cluster can be restored.
	DefaultRetentionDays = 30
)

// ClusterBackup keeps base backups of a [Cluster] and its write-ahead log in an
// object store, by the Barman Cloud plugin of the operator. A cluster can then be
// restored as it was at any second of the last RetentionDays. The zero value keeps
// none.
//
// The operator does not tell that the plugin is missing, or cert-manager, without
// which the plugin does not start: the Cluster has the phase "healthy" while its
// log stays on the volume until that is full. See docs/cloudnativepg.md for what
// to look at.
type ClusterBackup struct {
	// Destination is the place in the store, such as s3://BUCKET/PATH.
	//
	// Required.
	Destination string

	// PluginInstalled says that the Kubernetes cluster has the Barman Cloud plugin
	// and cert-manager. It must be true: nothing else would notice that they are
	// missing.
	//
	// Required.
	PluginInstalled bool

	// Endpoint is the URL of a store that speaks S3, without a path.
	//
	// Default: none, which means Amazon S3 itself.
	Endpoint string

	// Secret holds the access key of the store.
	//
	// Required.
	Secret *secret.Secret

	// AccessKeyIDKey is the key of Secret that holds the id of the access key.
	//
	// Default: [AccessKeyIDKey].
	AccessKeyIDKey string

	// SecretAccessKeyKey is the key of Secret that holds the access key.
	//
	// Default: [SecretAccessKeyKey].
	SecretAccessKeyKey string

	// Schedule is when a base backup is made, in six fields: seconds, minutes,
	// hours, days, months, days of the week. The time zone is that of the operator,
	// UTC.
	//
	// Default: [DefaultClusterBackupSchedule].
	Schedule string

	// RetentionDays is how many days back a restore can go. Older files are deleted.
	//
	// Default: [DefaultRetentionDays].
	RetentionDays int
}

func (b ClusterBackup) on() bool { return b != ClusterBackup{} }

func (b ClusterBackup) withDefaults() ClusterBackup {
	if !b.on() {
		return b
	}
	b.AccessKeyIDKey = cmp.Or(b.AccessKeyIDKey, AccessKeyIDKey)
	b.SecretAccessKeyKey = cmp.Or(b.SecretAccessKeyKey, SecretAccessKeyKey)
	b.Schedule = cmp.Or(b.Schedule, DefaultClusterBackupSchedule)
	b.RetentionDays = cmp.Or(b.RetentionDays, DefaultRetentionDays)
	return b
}

// destination matches a place in a store that speaks S3.
var destination = regexp.MustCompile(`^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9._-]+)*/?$`)

func (b ClusterBackup) validate(e *rule.Errors, namespace string) {
	if !b.on() {
		return
	}
	if !destination.MatchString(b.Destination) {
		e.Add("Backup.Destination", b.Destination, "must be s3://BUCKET or s3://BUCKET/PATH")
	}
	if !b.PluginInstalled {
		e.Add("Backup.PluginInstalled", false, "must be true, once the cluster has the Barman Cloud plugin and "+
			"cert-manager: without them the operator reports a healthy cluster and archives nothing")
	}
	if b.Endpoint != "" {
		address, err := url.Parse(b.Endpoint)
		if err != nil || address.Scheme != "http" && address.Scheme != "https" || address.Hostname() == "" ||
			address.User != nil || strings.Trim(address.Path, "/")+address.RawQuery+address.Fragment != "" {
			e.Add("Backup.Endpoint", b.Endpoint, "must be a URL without a path or credentials, "+
				"such as https://s3.example.com")
		}
	}
	e.Append(b.Secret.ValidateUse("Backup.Secret", "the Secret that holds the access key of the store", namespace))
	e.Append(b.Secret.ValidateKeys("Backup.AccessKeyIDKey", b.AccessKeyIDKey,
		"Backup.SecretAccessKeyKey", b.SecretAccessKeyKey))
	validateBackupSchedule(e, "Backup.Schedule", b.Schedule)
	e.Range("Backup.RetentionDays", b.RetentionDays, 1, 3650)
}

// validateBackupSchedule checks a schedule of the operator, which counts seconds,
// too; see https://pkg.go.dev/github.com/robfig/cron#hdr-CRON_Expression_Format.
func validateBackupSchedule(e *rule.Errors, at, value string) {
	fields := strings.Fields(value)
	second := -1
	if len(fields) > 0 {
		if n, err := strconv.Atoi(fields[0]); err == nil && n < 60 {
			second = n
		}
	}
	switch {
	case strings.HasPrefix(value, "@"):
		e.Schedule(at, value)
	case len(fields) != 6 || second < 0:
		e.Add(at, value, "must be six fields, a second first, such as \"0 30 4 * * *\" for 4:30: "+
			"the operator's schedule is not that of a CronJob")
	default:
		var rest rule.Errors
		rest.Schedule(at, strings.Join(fields[1:], " "))
		for _, problem := range rest.Err() {
			e.Add(at, value, problem.Detail+", behind the second")
		}
	}
}

// endpoint returns the store, for a [network.Flow].
func (b ClusterBackup) endpoint() network.Endpoint {
	const https = 443
	if b.Endpoint == "" {
		return network.Endpoint{Host: "s3.amazonaws.com", Port: https}
	}
	address, err := url.Parse(b.Endpoint)
	if err != nil {
		return network.Endpoint{Port: https} // It is reported.
	}
	port := https
	if address.Scheme == "http" {
		port = 80
	}
	if n, err := strconv.Atoi(address.Port()); err == nil {
		port = n
	}
	return network.Endpoint{Host: address.Hostname(), Port: port}
}

// plugins makes the Barman Cloud plugin archive the write-ahead log.
func (c *Cluster) plugins() []cloudnativepg.Plugin {
	if !c.props.Backup.on() {
		return nil
	}
	return []cloudnativepg.Plugin{{
		Name: cloudnativepg.BarmanPlugin, IsWALArchiver: new(true),
		Parameters: map[string]string{"barmanObjectName": c.Name()},
	}}
}

func (c *Cluster) store() *cloudnativepg.ObjectStore {
	b := c.props.Backup
	name := b.Secret.Name()
	gzip := &cloudnativepg.StoreOptions{Compression: "gzip"}
	return &cloudnativepg.ObjectStore{ObjectMeta: c.kept(), Spec: cloudnativepg.ObjectStoreSpec{
		RetentionPolicy: fmt.Sprintf("%dd", b.RetentionDays),
		Configuration: cloudnativepg.StoreConfiguration{
			DestinationPath: b.Destination, EndpointURL: b.Endpoint, WAL: gzip, Data: gzip,
			S3Credentials: &cloudnativepg.S3Credentials{
				AccessKeyID:     &cloudnativepg.KeySelector{Name: name, Key: b.AccessKeyIDKey},
				SecretAccessKey: &cloudnativepg.KeySelector{Name: name, Key: b.SecretAccessKeyKey},
			},
		},
	}}
}

func (c *Cluster) scheduledBackup() *cloudnativepg.ScheduledBackup {
	made := &cloudnativepg.ScheduledBackup{ObjectMeta: c.meta(c.Name())}
	made.Spec = cloudnativepg.ScheduledBackupSpec{
		Schedule: c.props.Backup.Schedule,
		// Without a first base backup the log alone restores nothing.
		Immediate:            new(true),
		BackupOwnerReference: "self",
		Method:               "plugin",
		PluginConfiguration:  &cloudnativepg.PluginConfiguration{Name: cloudnativepg.BarmanPlugin},
	}
	made.Spec.Cluster.Name = c.Name()
	return made
}
