// Package cloudnativepg holds the custom resources of the CloudNativePG operator
// as Go types, with the fields that this library sets. They are written by hand:
// those that cdk8s generates are thousands of types for a dozen fields.
//
// They are the way to what [example.com/django-cdk8s/constructs/postgres.ClusterProps]
// does not offer:
//
//	db.Object().Change(func(c *cloudnativepg.Cluster) {
//		c.Spec.FailoverDelay = 30
//	})
//
// A field that the types lack is set by a JSON patch, which loses no value:
//
//	db.Object().AddJsonPatch(cdk8s.JsonPatch_Add(new("/spec/enablePDB"), false))
//
// The operator's reference describes every field:
// https://cloudnative-pg.io/documentation/1.27/cloudnative-pg.v1/.
package cloudnativepg

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"example.com/django-cdk8s/internal/clone"
)

// The API groups and versions of the types.
var (
	// GroupVersion is that of the operator.
	GroupVersion = schema.GroupVersion{Group: "postgresql.cnpg.io", Version: "v1"}

	// BarmanGroupVersion is that of the plugin for backups, Barman Cloud.
	BarmanGroupVersion = schema.GroupVersion{Group: "barmancloud.cnpg.io", Version: "v1"}

	// MonitoringGroupVersion is that of the Prometheus Operator.
	MonitoringGroupVersion = schema.GroupVersion{Group: "monitoring.coreos.com", Version: "v1"}
)

// BarmanPlugin is the name by which a Cluster calls the plugin for backups.
const BarmanPlugin = "barman-cloud.cloudnative-pg.io"

// The labels that the operator gives pods.
const (
	// ClusterLabel holds the name of the Cluster, also on the pods of a Pooler and
	// of Jobs.
	ClusterLabel = "cnpg.io/cluster"

	// PodRoleLabel is [InstanceRole] on the pods of the servers.
	PodRoleLabel = "cnpg.io/podRole"

	// PoolerLabel holds the name of the Pooler.
	PoolerLabel = "cnpg.io/poolerName"
)

// InstanceRole is the value of [PodRoleLabel] on the pods of the servers.
const InstanceRole = "instance"

// Cluster is a primary and its standbys.
type Cluster struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitzero"`

	Spec ClusterSpec `json:"spec"`
}

// ClusterSpec describes a [Cluster].
type ClusterSpec struct {
	Instances             int                           `json:"instances"`
	ImageName             string                        `json:"imageName,omitempty"`
	ImagePullSecrets      []corev1.LocalObjectReference `json:"imagePullSecrets,omitempty"`
	PostgresUID           int64                         `json:"postgresUID,omitempty"`
	PostgresGID           int64                         `json:"postgresGID,omitempty"`
	PostgreSQL            PostgreSQL                    `json:"postgresql,omitzero"`
	Bootstrap             *Bootstrap                    `json:"bootstrap,omitempty"`
	ExternalClusters      []ExternalCluster             `json:"externalClusters,omitempty"`
	Storage               Storage                       `json:"storage"`
	WALStorage            *Storage                      `json:"walStorage,omitempty"`
	Resources             corev1.ResourceRequirements   `json:"resources,omitzero"`
	Affinity              Affinity                      `json:"affinity,omitzero"`
	PriorityClassName     string                        `json:"priorityClassName,omitempty"`
	Certificates          *Certificates                 `json:"certificates,omitempty"`
	Plugins               []Plugin                      `json:"plugins,omitempty"`
	PrimaryUpdateStrategy string                        `json:"primaryUpdateStrategy,omitempty"`

	TopologySpreadConstraints []corev1.TopologySpreadConstraint `json:"topologySpreadConstraints,omitempty"`

	// SmartShutdownTimeout, FailoverDelay and the like are in seconds.
	SmartShutdownTimeout *int32 `json:"smartShutdownTimeout,omitempty"`
	StopDelay            int32  `json:"stopDelay,omitempty"`
	SwitchoverDelay      int32  `json:"switchoverDelay,omitempty"`
	FailoverDelay        int32  `json:"failoverDelay,omitempty"`
}

// PostgreSQL are the settings of the servers.
type PostgreSQL struct {
	Parameters             map[string]string `json:"parameters,omitempty"`
	Synchronous            *Synchronous      `json:"synchronous,omitempty"`
	HBA                    []string          `json:"pg_hba,omitempty"`
	SharedPreloadLibraries []string          `json:"shared_preload_libraries,omitempty"`
}

// Synchronous says how many standbys hold a transaction before it is
// acknowledged.
type Synchronous struct {
	Method         string `json:"method"`
	Number         int    `json:"number"`
	DataDurability string `json:"dataDurability,omitempty"`
}

// Bootstrap says what the first server starts with.
type Bootstrap struct {
	InitDB *InitDB `json:"initdb,omitempty"`
}

// InitDB is a new database, empty or imported.
type InitDB struct {
	Database      string  `json:"database,omitempty"`
	Owner         string  `json:"owner,omitempty"`
	DataChecksums *bool   `json:"dataChecksums,omitempty"`
	Encoding      string  `json:"encoding,omitempty"`
	LocaleCollate string  `json:"localeCollate,omitempty"`
	LocaleCType   string  `json:"localeCType,omitempty"`
	Import        *Import `json:"import,omitempty"`
}

// Import is the database of another server, which is dumped and restored.
type Import struct {
	Type      string       `json:"type"`
	Databases []string     `json:"databases"`
	Source    ImportSource `json:"source"`
}

// ImportSource names one of the external clusters.
type ImportSource struct {
	ExternalCluster string `json:"externalCluster"`
}

// ExternalCluster is another server.
type ExternalCluster struct {
	Name                 string                    `json:"name"`
	ConnectionParameters map[string]string         `json:"connectionParameters,omitempty"`
	Password             *corev1.SecretKeySelector `json:"password,omitempty"`
}

// Storage is the claim of each server.
type Storage struct {
	Size         string  `json:"size,omitempty"`
	StorageClass *string `json:"storageClass,omitempty"`
}

// Affinity says where the pods of the servers run.
type Affinity struct {
	EnablePodAntiAffinity *bool               `json:"enablePodAntiAffinity,omitempty"`
	PodAntiAffinityType   string              `json:"podAntiAffinityType,omitempty"`
	TopologyKey           string              `json:"topologyKey,omitempty"`
	NodeSelector          map[string]string   `json:"nodeSelector,omitempty"`
	Tolerations           []corev1.Toleration `json:"tolerations,omitempty"`
}

// Certificates are those of the servers.
type Certificates struct {
	ServerAltDNSNames []string `json:"serverAltDNSNames,omitempty"`
}

// Plugin is a plugin that the servers use.
type Plugin struct {
	Name          string            `json:"name"`
	IsWALArchiver *bool             `json:"isWALArchiver,omitempty"`
	Parameters    map[string]string `json:"parameters,omitempty"`
}

// ScheduledBackup makes base backups of a [Cluster].
type ScheduledBackup struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitzero"`

	Spec ScheduledBackupSpec `json:"spec"`
}

// ScheduledBackupSpec describes a [ScheduledBackup].
type ScheduledBackupSpec struct {
	Schedule             string                      `json:"schedule"`
	Immediate            *bool                       `json:"immediate,omitempty"`
	Suspend              *bool                       `json:"suspend,omitempty"`
	BackupOwnerReference string                      `json:"backupOwnerReference,omitempty"`
	Cluster              corev1.LocalObjectReference `json:"cluster"`
	Method               string                      `json:"method,omitempty"`
	PluginConfiguration  *PluginConfiguration        `json:"pluginConfiguration,omitempty"`
}

// PluginConfiguration names the plugin that makes a backup.
type PluginConfiguration struct {
	Name string `json:"name"`
}

// Pooler is a Deployment of PgBouncer in front of a [Cluster].
type Pooler struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitzero"`

	Spec PoolerSpec `json:"spec"`
}

// PoolerSpec describes a [Pooler].
type PoolerSpec struct {
	Cluster   corev1.LocalObjectReference `json:"cluster"`
	Instances *int32                      `json:"instances,omitempty"`
	Type      string                      `json:"type,omitempty"`
	PgBouncer PgBouncer                   `json:"pgbouncer"`
	Template  *PodTemplate                `json:"template,omitempty"`
}

// PgBouncer are the settings of a [Pooler].
type PgBouncer struct {
	PoolMode   string            `json:"poolMode,omitempty"`
	Parameters map[string]string `json:"parameters,omitempty"`
}

// PodTemplate is the template of the pods of a [Pooler].
type PodTemplate struct {
	Metadata PodMetadata    `json:"metadata,omitzero"`
	Spec     corev1.PodSpec `json:"spec"`
}

// PodMetadata are the labels and annotations of the pods.
type PodMetadata struct {
	Labels      map[string]string `json:"labels,omitempty"`
	Annotations map[string]string `json:"annotations,omitempty"`
}

// ObjectStore is where the Barman Cloud plugin keeps backups and the write-ahead
// log.
type ObjectStore struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitzero"`

	Spec ObjectStoreSpec `json:"spec"`
}

// ObjectStoreSpec describes an [ObjectStore].
type ObjectStoreSpec struct {
	Configuration   StoreConfiguration `json:"configuration"`
	RetentionPolicy string             `json:"retentionPolicy,omitempty"`
}

// StoreConfiguration is the address of an [ObjectStore] and its credentials.
type StoreConfiguration struct {
	DestinationPath string         `json:"destinationPath"`
	EndpointURL     string         `json:"endpointURL,omitempty"`
	S3Credentials   *S3Credentials `json:"s3Credentials,omitempty"`
	WAL             *StoreOptions  `json:"wal,omitempty"`
	Data            *StoreOptions  `json:"data,omitempty"`
}

// S3Credentials are keys of Secrets.
type S3Credentials struct {
	AccessKeyID     *KeySelector `json:"accessKeyId,omitempty"`
	SecretAccessKey *KeySelector `json:"secretAccessKey,omitempty"`
}

// KeySelector is a key of a Secret.
type KeySelector struct {
	Name string `json:"name"`
	Key  string `json:"key"`
}

// StoreOptions says how files are stored.
type StoreOptions struct {
	Compression string `json:"compression,omitempty"`
}

// PodMonitor adds pods to the targets of Prometheus.
type PodMonitor struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitzero"`

	Spec PodMonitorSpec `json:"spec"`
}

// PodMonitorSpec describes a [PodMonitor].
type PodMonitorSpec struct {
	Selector            metav1.LabelSelector `json:"selector"`
	PodMetricsEndpoints []PodMetricsEndpoint `json:"podMetricsEndpoints"`
}

// PodMetricsEndpoint is a port of a container.
type PodMetricsEndpoint struct {
	Port string `json:"port"`
}

// DeepCopyObject implements [runtime.Object].
func (c *Cluster) DeepCopyObject() runtime.Object { return new(clone.Of(*c)) }

// DeepCopyObject implements [runtime.Object].
func (b *ScheduledBackup) DeepCopyObject() runtime.Object { return new(clone.Of(*b)) }

// DeepCopyObject implements [runtime.Object].
func (p *Pooler) DeepCopyObject() runtime.Object { return new(clone.Of(*p)) }

// DeepCopyObject implements [runtime.Object].
func (s *ObjectStore) DeepCopyObject() runtime.Object { return new(clone.Of(*s)) }

// DeepCopyObject implements [runtime.Object].
func (m *PodMonitor) DeepCopyObject() runtime.Object { return new(clone.Of(*m)) }

// ResourceKind returns the kind, for [example.com/django-cdk8s/constructs/object.Custom].
func (*Cluster) ResourceKind() schema.GroupVersionKind { return GroupVersion.WithKind("Cluster") }

// ResourceKind returns the kind.
func (*ScheduledBackup) ResourceKind() schema.GroupVersionKind {
	return GroupVersion.WithKind("ScheduledBackup")
}

// ResourceKind returns the kind.
func (*Pooler) ResourceKind() schema.GroupVersionKind { return GroupVersion.WithKind("Pooler") }

// ResourceKind returns the kind.
func (*ObjectStore) ResourceKind() schema.GroupVersionKind {
	return BarmanGroupVersion.WithKind("ObjectStore")
}

// ResourceKind returns the kind.
func (*PodMonitor) ResourceKind() schema.GroupVersionKind {
	return MonitoringGroupVersion.WithKind("PodMonitor")
}
