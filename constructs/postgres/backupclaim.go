package postgres

import (
	"cmp"

	"github.com/aws/constructs-go/constructs/v10"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"example.com/django-cdk8s/constructs/object"
	"example.com/django-cdk8s/internal/clone"
	"example.com/django-cdk8s/internal/construct"
	"example.com/django-cdk8s/internal/kube"
	"example.com/django-cdk8s/internal/labels"
	"example.com/django-cdk8s/internal/rule"
)

// AccessMode is the access mode of a claim.
type AccessMode string

// The access modes of a [BackupClaim]. Most storage classes have the first one
// only; the second one takes a network file system.
const (
	// ReadWriteOnce lets the pods of one node mount the claim.
	ReadWriteOnce AccessMode = "ReadWriteOnce"

	// ReadWriteMany lets the pods of any node mount it.
	ReadWriteMany AccessMode = "ReadWriteMany"
)

// Defaults of [BackupClaimProps].
const (
	// DefaultBackupClaimName is the name of the claim.
	DefaultBackupClaimName = "postgres-backups"

	// DefaultBackupStorage is the size of the claim.
	DefaultBackupStorage = "20Gi"
)

// BackupClaimProps configures [NewBackupClaim]. The zero value of every field
// means its default.
type BackupClaimProps struct {
	// Name is the name of the claim.
	//
	// Default: [DefaultBackupClaimName].
	Name string

	// Storage is the size of the claim, such as "20Gi": room for one backup more
	// than are kept.
	//
	// Default: [DefaultBackupStorage].
	Storage string

	// StorageClass is the name of the claim's storage class.
	//
	// Default: the cluster's default class.
	StorageClass string

	// AccessMode is the access mode of the claim.
	//
	// Default: [ReadWriteOnce].
	AccessMode AccessMode
}

// Validate reports every invalid field.
func (p BackupClaimProps) Validate() field.ErrorList {
	p = p.withDefaults()
	var e rule.Errors
	e.Label("Name", p.Name)
	e.Bytes("Storage", p.Storage)
	e.OptionalName("StorageClass", p.StorageClass)
	e.OneOf("AccessMode", string(p.AccessMode), string(ReadWriteOnce), string(ReadWriteMany))
	return e.Err()
}

func (p BackupClaimProps) withDefaults() BackupClaimProps {
	p.Name = cmp.Or(p.Name, DefaultBackupClaimName)
	p.Storage = cmp.Or(p.Storage, DefaultBackupStorage)
	p.AccessMode = cmp.Or(p.AccessMode, ReadWriteOnce)
	return p
}

// BackupClaim is a PersistentVolumeClaim that holds backups. It protects against
// the loss of the database's own claim, and against a mistake in the data. It does
// not protect against the loss of the namespace, of the cluster, or of a disk that
// both claims are on: a bucket elsewhere does.
type BackupClaim struct {
	constructs.Construct

	props BackupClaimProps
	claim *object.Object[*corev1.PersistentVolumeClaim]
}

// NewBackupClaim adds a [BackupClaim] called id to scope. Invalid props fail
// synthesis with the construct's path.
func NewBackupClaim(scope constructs.Construct, id string, props BackupClaimProps) *BackupClaim {
	props = clone.Of(props)
	b := &BackupClaim{}
	n := construct.Init(b, scope, id)
	n.Report(props.Validate())

	b.props = props.withDefaults()
	b.claim = kube.NewClaim(n, kube.Claim{
		Name: b.props.Name, Owner: b.props.Name, Part: labels.Backup,
		AccessMode: corev1.PersistentVolumeAccessMode(b.props.AccessMode), Storage: b.props.Storage,
		StorageClass: b.props.StorageClass,
	})
	return b
}

// Name returns the name of the claim, for [Store.Claim].
func (b *BackupClaim) Name() string { return b.props.Name }

// Claim returns the PersistentVolumeClaim.
func (b *BackupClaim) Claim() *object.Object[*corev1.PersistentVolumeClaim] { return b.claim }
