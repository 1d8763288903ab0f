package django

import (
	"cmp"

	"github.com/aws/constructs-go/constructs/v10"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"example.com/django-cdk8s/constructs/network"
	"example.com/django-cdk8s/constructs/object"
	"example.com/django-cdk8s/constructs/secret"
	"example.com/django-cdk8s/internal/clone"
	"example.com/django-cdk8s/internal/construct"
	"example.com/django-cdk8s/internal/host"
	"example.com/django-cdk8s/internal/kube"
	"example.com/django-cdk8s/internal/labels"
	"example.com/django-cdk8s/internal/rule"
)

// Media is where a project's uploaded files go: a [MediaClaim] or an
// [ObjectStore].
type Media interface {
	// environment adds the variables by which the settings find the files.
	environment(env *kube.Env)
}

// AccessMode is the access mode of a claim.
type AccessMode string

// The access modes of a [MediaClaim]. Most storage classes have the first one
// only; the second one takes a network file system.
const (
	// ReadWriteOnce lets the pods of one node mount the claim.
	ReadWriteOnce AccessMode = "ReadWriteOnce"

	// ReadWriteMany lets the pods of any node mount it.
	ReadWriteMany AccessMode = "ReadWriteMany"
)

// Defaults of [MediaClaimProps].
const (
	// DefaultMediaName is the name of the claim.
	DefaultMediaName = "django-media"

	// DefaultMediaStorage is the size of the claim.
	DefaultMediaStorage = "5Gi"

	// DefaultMediaPath is where the claim is mounted.
	DefaultMediaPath = "/app/media"
)

// MediaClaimProps configures [NewMediaClaim]. The zero value of every field
// means its default.
type MediaClaimProps struct {
	// Name is the name of the claim.
	//
	// Default: [DefaultMediaName].
	Name string

	// AccessMode is the access mode of the claim. With
	// [ReadWriteOnce], the site has one pod, which stops before the next one
	// starts, and workers do not see the files.
	//
	// Default: [ReadWriteOnce].
	AccessMode AccessMode

	// Storage is the size of the claim, such as "5Gi".
	//
	// Default: [DefaultMediaStorage].
	Storage string

	// StorageClass is the name of the claim's storage class.
	//
	// Default: the cluster's default class.
	StorageClass string

	// MountPath is where the claim is mounted. MEDIA_ROOT names it to the
	// settings.
	//
	// Default: [DefaultMediaPath].
	MountPath string
}

// Validate reports every invalid field.
func (p MediaClaimProps) Validate() field.ErrorList {
	p = p.withDefaults()
	var e rule.Errors
	e.Label("Name", p.Name)
	e.OneOf("AccessMode", string(p.AccessMode), string(ReadWriteOnce), string(ReadWriteMany))
	e.Bytes("Storage", p.Storage)
	if p.StorageClass != "" {
		e.Name("StorageClass", p.StorageClass)
	}
	e.AbsolutePath("MountPath", p.MountPath)
	return e.Err()
}

func (p MediaClaimProps) withDefaults() MediaClaimProps {
	p.Name = cmp.Or(p.Name, DefaultMediaName)
	p.AccessMode = cmp.Or(p.AccessMode, ReadWriteOnce)
	p.Storage = cmp.Or(p.Storage, DefaultMediaStorage)
	p.MountPath = cmp.Or(p.MountPath, DefaultMediaPath)
	return p
}

// MediaClaim is a PersistentVolumeClaim that holds uploaded files.
type MediaClaim struct {
	constructs.Construct

	node  *construct.Node
	props MediaClaimProps
	claim *object.Object[*corev1.PersistentVolumeClaim]
}

var _ Media = (*MediaClaim)(nil)

// NewMediaClaim adds a [MediaClaim] called id to scope. Invalid props fail
// synthesis with the construct's path.
func NewMediaClaim(scope constructs.Construct, id string, props MediaClaimProps) *MediaClaim {
	props = clone.Of(props)
	m := &MediaClaim{}
	m.node = construct.Init(m, scope, id)
	m.node.Report(props.Validate())

	m.props = props.withDefaults()
	m.claim = kube.NewClaim(m.node, kube.Claim{
		Name: m.props.Name, Owner: m.props.Name, Part: labels.Media,
		AccessMode: corev1.PersistentVolumeAccessMode(m.props.AccessMode), Storage: m.props.Storage,
		StorageClass: m.props.StorageClass,
	})
	return m
}

// Name returns the name of the claim.
func (m *MediaClaim) Name() string { return m.props.Name }

// Claim returns the PersistentVolumeClaim.
func (m *MediaClaim) Claim() *object.Object[*corev1.PersistentVolumeClaim] { return m.claim }

func (m *MediaClaim) environment(env *kube.Env) { env.Set("MEDIA_ROOT", m.props.MountPath) }

// Defaults of [ObjectStore]: keys of a Secret, and the variables that S3 clients
// read.
const (
	// AccessKeyIDKey is the name that S3 clients know the access key's id by.
	AccessKeyIDKey = "AWS_ACCESS_KEY_ID"

	// SecretAccessKeyKey is the name that S3 clients know the access key by.
	SecretAccessKeyKey = "AWS_SECRET_ACCESS_KEY"
)

// ObjectStore is a bucket of an S3-compatible store. It becomes the variables
// AWS_STORAGE_BUCKET_NAME, AWS_S3_ENDPOINT_URL and AWS_S3_REGION_NAME, for the
// settings of django-storages of these names, and AWS_ACCESS_KEY_ID and
// AWS_SECRET_ACCESS_KEY, which django-storages and boto3 read by themselves; see
// https://django-storages.readthedocs.io/en/latest/backends/amazon-S3.html.
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
	// Default: none; what the client takes.
	Region string

	// Secret holds the credentials, in the namespace of the site.
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
}

var _ Media = ObjectStore{}

// Validate reports every invalid field, and every key that Secret lacks.
func (o ObjectStore) Validate() field.ErrorList {
	o = o.withDefaults()
	var e rule.Errors
	e.BucketName("Bucket", o.Bucket)
	if _, _, err := o.address(); err != nil {
		e.Add("Endpoint", o.Endpoint, "must be a URL such as https://s3.example.com:9000, without user or path")
	}
	if o.Region != "" {
		e.Text("Region", o.Region)
	}
	if o.Secret == nil {
		e.Add("Secret", "", "is required: the Secret that holds the access key")
		return e.Err()
	}
	e.Append(o.Secret.ValidateKeys("AccessKeyIDKey", o.AccessKeyIDKey, "SecretAccessKeyKey", o.SecretAccessKeyKey))
	return e.Err()
}

func (o ObjectStore) withDefaults() ObjectStore {
	o.AccessKeyIDKey = cmp.Or(o.AccessKeyIDKey, AccessKeyIDKey)
	o.SecretAccessKeyKey = cmp.Or(o.SecretAccessKeyKey, SecretAccessKeyKey)
	return o
}

// address returns the host and the port of the store.
func (o ObjectStore) address() (string, int, error) {
	if o.Endpoint == "" {
		return "s3.amazonaws.com", 443, nil
	}
	return host.OfURL(o.Endpoint)
}

func (o ObjectStore) environment(env *kube.Env) {
	o = o.withDefaults()
	env.Set("AWS_STORAGE_BUCKET_NAME", o.Bucket)
	if o.Endpoint != "" {
		env.Set("AWS_S3_ENDPOINT_URL", o.Endpoint)
	}
	if o.Region != "" {
		env.Set("AWS_S3_REGION_NAME", o.Region)
	}
	env.FromSecret(AccessKeyIDKey, o.Secret.Name(), o.AccessKeyIDKey)
	env.FromSecret(SecretAccessKeyKey, o.Secret.Name(), o.SecretAccessKeyKey)
}

func (o ObjectStore) endpoint() network.Endpoint {
	name, port, _ := o.address()
	return network.Endpoint{Host: name, Port: port}
}
