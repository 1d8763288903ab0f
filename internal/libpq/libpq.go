// Package libpq says how PostgreSQL's client library learns of TLS in a pod: by
// environment variables, by parameters of a URL, and by files.
package libpq

import (
	corev1 "k8s.io/api/core/v1"

	"example.com/django-cdk8s/constructs/network"
	"example.com/django-cdk8s/constructs/pod"
	"example.com/django-cdk8s/internal/kube"
)

const (
	// Path is the directory of the certificates.
	Path = "/etc/postgresql-tls"

	// Volume is the name of the volume at Path.
	Volume = "database-tls"
)

// TLS are the fields of postgres.TLS, with their defaults.
type TLS struct{ Mode, CASecret, CAConfigMap, CAKey, CAFile, ClientSecret string }

// Setting is a setting of libpq, as a variable and as a parameter of a URL.
type Setting struct{ Variable, Parameter, Value string }

// Settings returns the settings of t.
func (t TLS) Settings() []Setting {
	var all []Setting
	add := func(variable, parameter, value string) { all = append(all, Setting{variable, parameter, value}) }
	if t.Mode != "" {
		add("PGSSLMODE", "sslmode", t.Mode)
	}
	switch {
	case t.CAFile != "":
		add("PGSSLROOTCERT", "sslrootcert", t.CAFile)
	case t.CAKey != "":
		add("PGSSLROOTCERT", "sslrootcert", Path+"/ca.crt")
	}
	if t.ClientSecret != "" {
		add("PGSSLCERT", "sslcert", Path+"/"+corev1.TLSCertKey)
		add("PGSSLKEY", "sslkey", Path+"/"+corev1.TLSPrivateKeyKey)
	}
	return all
}

// HasFiles reports whether there are certificates to mount at [Path].
func (t TLS) HasFiles() bool { return len(t.sources()) > 0 }

// Mount adds the certificates to mounts.
func (t TLS) Mount(mounts *kube.Mounts) {
	sources := t.sources()
	if len(sources) == 0 {
		return
	}
	// libpq refuses a key that every user may read; the group is that of the
	// pod.
	files := &corev1.ProjectedVolumeSource{Sources: sources, DefaultMode: new(int32(0o440))}
	mounts.Volume(Volume, pod.Volume{MountPath: Path, Projected: files})
}

func (t TLS) sources() (sources []corev1.VolumeProjection) {
	ca := []corev1.KeyToPath{{Key: t.CAKey, Path: "ca.crt"}}
	switch {
	case t.CASecret != "":
		sources = append(sources, secretFiles(t.CASecret, ca))
	case t.CAConfigMap != "":
		sources = append(sources, corev1.VolumeProjection{ConfigMap: &corev1.ConfigMapProjection{
			LocalObjectReference: corev1.LocalObjectReference{Name: t.CAConfigMap}, Items: ca,
		}})
	}
	if t.ClientSecret != "" {
		sources = append(sources, secretFiles(t.ClientSecret, []corev1.KeyToPath{
			{Key: corev1.TLSCertKey, Path: corev1.TLSCertKey},
			{Key: corev1.TLSPrivateKeyKey, Path: corev1.TLSPrivateKeyKey},
		}))
	}
	return sources
}

func secretFiles(name string, items []corev1.KeyToPath) corev1.VolumeProjection {
	return corev1.VolumeProjection{Secret: &corev1.SecretProjection{
		LocalObjectReference: corev1.LocalObjectReference{Name: name}, Items: items,
	}}
}

// References lists the objects with the certificates, in the given namespace.
func (t TLS) References(namespace string) (out []network.Object) {
	for _, one := range []struct{ kind, name string }{
		{"Secret", t.CASecret}, {"ConfigMap", t.CAConfigMap}, {"Secret", t.ClientSecret},
	} {
		if one.name != "" {
			out = append(out, network.Object{Kind: one.kind, Name: one.name, Namespace: namespace})
		}
	}
	return out
}
