package postgres

import (
	"cmp"
	"path"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"example.com/django-cdk8s/constructs/network"
	"example.com/django-cdk8s/constructs/pod"
	"example.com/django-cdk8s/constructs/secret"
	"example.com/django-cdk8s/internal/host"
	"example.com/django-cdk8s/internal/kube"
	"example.com/django-cdk8s/internal/rule"
)

// Defaults of [Store], [ObjectStore] and [Encryption].
const (
	// DefaultStoreImage is the official image of rclone.
	DefaultStoreImage = "rclone/rclone:1.76.0"

	// DefaultStorePath is the directory of the backups on a claim.
	DefaultStorePath = "postgres"

	// AccessKeyIDKey is the name that S3 clients know the access key's id by.
	AccessKeyIDKey = "AWS_ACCESS_KEY_ID"

	// SecretAccessKeyKey is the name that S3 clients know the access key by.
	SecretAccessKeyKey = "AWS_SECRET_ACCESS_KEY"

	// DefaultEncryptionPasswordKey is the key of a Secret that holds the password of the
	// backups.
	DefaultEncryptionPasswordKey = "BACKUP_PASSWORD"
)

// DefaultStoreResources are the resources of rclone, which keeps parts of a file
// in memory while it copies them.
var DefaultStoreResources = pod.Resources{
	Requests: pod.Quantities{CPU: "50m", Memory: "64Mi"},
	Limits:   pod.Quantities{CPU: "1", Memory: "512Mi"},
}

// Store is where backups are: a claim, or a bucket of an S3-compatible store. It
// is a plain value. [Backup], [Restore] and [RestoreDrill] get the same one, with
// other keys where the store can tell them apart: a backup writes and deletes, the
// others read.
//
// A backup is the directory PATH/ID with database.dump, maybe media.tar and
// credentials.tar, and manifest.json. The manifest is written last, so that a
// backup without one is incomplete and counts as none. IDs start with the time in
// UTC, such as 20261125T023000Z-5f0c1d.
type Store struct {
	// Claim is the name of a PersistentVolumeClaim, such as that of a
	// [BackupClaim], in the namespace of the pods. Exactly one of Claim and
	// Bucket is given. Pods that mount it at the same time run on one node.
	//
	// Default: none.
	Claim string

	// External marks a Claim that is made outside this app. Without it, one that
	// the app does not make is an error.
	//
	// Default: false.
	External bool

	// Bucket is a bucket of an S3-compatible store.
	//
	// Default: none.
	Bucket ObjectStore

	// Path is the directory of the backups, which belongs to one database alone:
	// letters, digits, '.', '_', '-' and '/'.
	//
	// Required with Bucket. Default with Claim: [DefaultStorePath].
	Path string

	// Encryption encrypts the contents of the files before they reach the store.
	// The names show.
	//
	// Default: none.
	Encryption Encryption

	// Image is an image with rclone of version 1.60 or later, and a shell.
	//
	// Default: [DefaultStoreImage].
	Image string

	// Resources are the requests and limits of rclone.
	//
	// Default: [DefaultStoreResources].
	Resources pod.Resources
}

// ObjectStore is a bucket of an S3-compatible store. The bucket exists; nothing
// makes it.
type ObjectStore struct {
	// Bucket is the name of the bucket.
	//
	// Required.
	Bucket string

	// Endpoint is the URL of the store, without a path.
	//
	// Default: none, which means Amazon S3 itself.
	Endpoint string

	// Region is the region that requests are signed for.
	//
	// Default: none; what rclone takes.
	Region string

	// Provider is the name that rclone has for the vendor, such as Minio, Ceph or
	// Cloudflare; see https://rclone.org/s3/#s3-provider.
	//
	// Default: Other, or AWS without Endpoint.
	Provider string

	// Secret holds the credentials, in the namespace of the pods.
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

	// CASecret is the name of a Secret with the certificate of the authority that
	// signed that of the store. It may be made outside the app.
	//
	// Default: none; the authorities that the image trusts.
	CASecret string

	// CAKey is the key of CASecret that holds the certificate.
	//
	// Default: [DefaultCAKey].
	CAKey string
}

// Encryption is how backups are encrypted: by rclone crypt, with NaCl SecretBox
// and a key that scrypt makes of the password; see https://rclone.org/crypt/.
// Without the password the backups are lost: keep a copy outside the cluster.
type Encryption struct {
	// Secret holds the password, in the namespace of the pods.
	//
	// Required.
	Secret *secret.Secret

	// PasswordKey is the key of Secret that holds the password.
	//
	// Default: [DefaultEncryptionPasswordKey].
	PasswordKey string

	// SaltKey is the key of Secret that holds a second password, the salt.
	//
	// Default: none; the salt of rclone.
	SaltKey string
}

func (x Encryption) on() bool { return x != Encryption{} }

// Validate reports every invalid field.
func (s Store) Validate() field.ErrorList {
	_, problems := s.resolve("")
	return problems
}

// resolve fills in the defaults and reports every invalid field. namespace is
// that of the pods.
func (s Store) resolve(namespace string) (Store, field.ErrorList) {
	var e rule.Errors
	given := s
	s = s.withDefaults()
	bucket := given.Bucket != ObjectStore{}
	switch {
	case bucket == (s.Claim != ""):
		e.Add("Claim", s.Claim, "exactly one of Claim and Bucket must be given")
	case bucket:
		e.Join("Bucket", s.Bucket.validate(namespace))
	default:
		e.Label("Claim", s.Claim)
	}
	if s.External && s.Claim == "" {
		e.Add("External", true, "must not be set without Claim")
	}
	switch {
	case bucket && s.Path == "":
		e.Add("Path", "", "is required with Bucket: the directory of the backups of this database")
	case s.Path != "" && (!storePath.MatchString(s.Path) || path.Clean(s.Path) != s.Path ||
		slices.Contains(strings.Split(s.Path, "/"), "..")):
		e.Add("Path", s.Path, "must be a relative path of letters, digits, '.', '_' and '-', "+
			"without '..' or a slash at either end")
	}
	if s.Encryption.on() {
		e.Join("Encryption", s.Encryption.validate(namespace))
	}
	e.Image("Image", s.Image)
	e.Join("Resources", given.Resources.Validate())
	return s, e.Err()
}

var storePath = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._/-]{0,254}$`)

// validateMediaClaim reports the claim of uploaded files, if there is one, where it
// cannot be.
func (s Store) validateMediaClaim(e *rule.Errors, claim string) {
	if claim == "" {
		return
	}
	e.Name("MediaClaim", claim)
	if claim == s.Claim {
		e.Add("MediaClaim", claim, "must be another claim than that of the backups")
	}
}

func (s Store) withDefaults() Store {
	if s.Claim != "" {
		s.Path = cmp.Or(s.Path, DefaultStorePath)
	}
	if b := &s.Bucket; *b != (ObjectStore{}) {
		b.AccessKeyIDKey = cmp.Or(b.AccessKeyIDKey, AccessKeyIDKey)
		b.SecretAccessKeyKey = cmp.Or(b.SecretAccessKeyKey, SecretAccessKeyKey)
		if b.Endpoint == "" {
			b.Provider = cmp.Or(b.Provider, "AWS")
		}
		b.Provider = cmp.Or(b.Provider, "Other")
		if b.CASecret != "" {
			b.CAKey = cmp.Or(b.CAKey, DefaultCAKey)
		}
	}
	if s.Encryption.on() {
		s.Encryption.PasswordKey = cmp.Or(s.Encryption.PasswordKey, DefaultEncryptionPasswordKey)
	}
	s.Image = cmp.Or(s.Image, DefaultStoreImage)
	s.Resources = s.Resources.WithDefaults(DefaultStoreResources)
	return s
}

var providerName = regexp.MustCompile(`^[A-Za-z0-9]+$`)

func (o ObjectStore) validate(namespace string) field.ErrorList {
	var e rule.Errors
	e.BucketName("Bucket", o.Bucket)
	if _, _, err := o.address(); err != nil {
		e.Add("Endpoint", o.Endpoint, "must be a URL such as https://s3.example.com:9000, without user or path")
	}
	if o.Region != "" {
		e.Text("Region", o.Region)
	}
	if !providerName.MatchString(o.Provider) {
		e.Add("Provider", o.Provider, "must be a name that rclone has for a vendor: letters and digits")
	}
	e.Append(o.Secret.ValidateUse("Secret", "the Secret that holds the access key", namespace))
	e.Append(o.Secret.ValidateKeys("AccessKeyIDKey", o.AccessKeyIDKey, "SecretAccessKeyKey", o.SecretAccessKeyKey))
	e.OptionalName("CASecret", o.CASecret)
	switch {
	case o.CAKey != "" && o.CASecret == "":
		e.Add("CAKey", o.CAKey, "must not be given without CASecret")
	case o.CAKey != "":
		e.SecretKey("CAKey", o.CAKey)
	}
	return e.Err()
}

// address returns the host and the port of the store.
func (o ObjectStore) address() (string, int, error) {
	if o.Endpoint == "" {
		return "s3.amazonaws.com", 443, nil
	}
	return host.OfURL(o.Endpoint)
}

func (x Encryption) validate(namespace string) field.ErrorList {
	var e rule.Errors
	e.Append(x.Secret.ValidateUse("Secret", "the Secret that holds the password of the backups", namespace))
	keys := []string{"PasswordKey", x.PasswordKey}
	if x.SaltKey != "" {
		keys = append(keys, "SaltKey", x.SaltKey)
	}
	if x.SaltKey == x.PasswordKey {
		e.Add("SaltKey", x.SaltKey, "must be another key than that of the password")
		keys = keys[:2]
	}
	e.Append(x.Secret.ValidateKeys(keys...))
	return e.Err()
}

// servers returns what rclone connects to; nothing for a claim.
func (s Store) servers() []network.Endpoint {
	if s.Claim != "" {
		return nil
	}
	name, port, _ := s.Bucket.address()
	return []network.Endpoint{{Host: name, Port: port}}
}

// references lists objects that the store needs and the app does not make.
func (s Store) references(namespace string) (out []network.Object) {
	if s.External {
		out = append(out, network.Object{Kind: "PersistentVolumeClaim", Name: s.Claim, Namespace: namespace})
	}
	if s.Bucket.CASecret != "" {
		out = append(out, network.Object{Kind: "Secret", Name: s.Bucket.CASecret, Namespace: namespace})
	}
	return out
}

// Where rclone finds things in its container.
const (
	storeMount  = "/backups"
	storeVolume = "backups"
	storeCAPath = "/etc/store-tls"
	storeCA     = "store-tls"
)

// mount adds the claim or the certificate of the store to mounts.
func (s Store) mount(mounts *kube.Mounts, readOnly bool) {
	if s.Claim != "" {
		mounts.Volume(storeVolume, pod.Volume{MountPath: storeMount, Claim: s.Claim, ReadOnly: readOnly})
	}
	if s.Bucket.CASecret != "" {
		mounts.Volume(storeCA, pod.Volume{
			MountPath: storeCAPath, Secret: s.Bucket.CASecret,
			Items: []corev1.KeyToPath{{Key: s.Bucket.CAKey, Path: "ca.crt"}},
		})
	}
}

// environment returns what rclone is configured by. STORE ends where the id of a
// backup follows.
func (s Store) environment() (env kube.Env) {
	env.From("Store")
	env.Set("SCRATCH", scratchPath)
	env.Set("HOME", kube.TmpPath)
	// There is no file of configuration.
	env.Set("RCLONE_CONFIG", "/dev/null")
	env.Set("RCLONE_LOG_LEVEL", "ERROR")
	env.Set("RCLONE_CONTIMEOUT", "20s")
	env.Set("RCLONE_LOW_LEVEL_RETRIES", "3")
	base := storeMount + "/" + s.Path + "/"
	if b := s.Bucket; s.Claim == "" {
		base = "bucket:" + b.Bucket + "/" + s.Path + "/"
		env.Set("RCLONE_CONFIG_BUCKET_TYPE", "s3")
		env.Set("RCLONE_CONFIG_BUCKET_PROVIDER", b.Provider)
		if b.Endpoint != "" {
			env.Set("RCLONE_CONFIG_BUCKET_ENDPOINT", b.Endpoint)
		}
		if b.Region != "" {
			env.Set("RCLONE_CONFIG_BUCKET_REGION", b.Region)
		}
		// The bucket exists; keys for objects alone may not ask for it.
		env.Set("RCLONE_CONFIG_BUCKET_NO_CHECK_BUCKET", "true")
		env.FromSecret("RCLONE_CONFIG_BUCKET_ACCESS_KEY_ID", b.Secret.Name(), b.AccessKeyIDKey)
		env.FromSecret("RCLONE_CONFIG_BUCKET_SECRET_ACCESS_KEY", b.Secret.Name(), b.SecretAccessKeyKey)
		if b.CASecret != "" {
			env.Set("RCLONE_CA_CERT", storeCAPath+"/ca.crt")
		}
	}
	if x := s.Encryption; x.on() {
		env.Set("RCLONE_CONFIG_CRYPT_TYPE", "crypt")
		env.Set("RCLONE_CONFIG_CRYPT_REMOTE", base)
		// Names tell the time of a backup, and no more.
		env.Set("RCLONE_CONFIG_CRYPT_FILENAME_ENCRYPTION", "off")
		env.Set("RCLONE_CONFIG_CRYPT_DIRECTORY_NAME_ENCRYPTION", "false")
		env.FromSecret("ENCRYPTION_PASSWORD", x.Secret.Name(), x.PasswordKey)
		if x.SaltKey != "" {
			env.FromSecret("ENCRYPTION_SALT", x.Secret.Name(), x.SaltKey)
		}
		base = "crypt:"
	}
	env.Set("STORE", base)
	return env
}
