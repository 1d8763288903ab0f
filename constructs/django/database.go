package django

import (
	"fmt"
	"net/url"

	corev1 "k8s.io/api/core/v1"

	"example.com/django-cdk8s/constructs/network"
	"example.com/django-cdk8s/constructs/pod"
	"example.com/django-cdk8s/constructs/postgres"
	"example.com/django-cdk8s/constructs/secret"
	"example.com/django-cdk8s/internal/kube"
)

// databaseEnv names the database in each of the ways that Django projects read
// it. DATABASE_URL leaves the credentials out: in a URL a password needs its
// special characters encoded, which Kubernetes cannot do, while libpq takes
// PGUSER and PGPASSWORD as they are.
func (p project) databaseEnv(env *kube.Env) {
	c := p.connection
	name := c.Secret.Name()
	env.From("Database")
	env.Set("POSTGRES_HOST", c.Host)
	env.Set("POSTGRES_PORT", fmt.Sprint(c.Port))
	if c.Name != "" {
		env.Set(secret.DatabaseKey, c.Name)
	} else {
		env.FromSecret(secret.DatabaseKey, name, c.NameKey)
	}
	env.FromSecret(secret.UserKey, name, c.UserKey)
	env.FromSecret(secret.PasswordKey, name, c.PasswordKey)
	env.FromSecret("PGUSER", name, c.UserKey)
	env.FromSecret("PGPASSWORD", name, c.PasswordKey)
	query := url.Values{}
	env.From("Database.TLS")
	for _, s := range tlsSettings(c.TLS) {
		env.Set(s.variable, s.value)
		query.Set(s.parameter, s.value)
	}
	env.From("Database")
	address := "postgres://$(POSTGRES_HOST):$(POSTGRES_PORT)/$(POSTGRES_DB)"
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	env.Set("DATABASE_URL", address)
	p.poolerEnv(env)
}

// poolerEnv names the settings of Django that the mode of a connection pooler
// asks for, by variables of their names; see
// https://docs.djangoproject.com/en/stable/ref/databases/#transaction-pooling-and-server-side-cursors.
func (p project) poolerEnv(env *kube.Env) {
	env.From("Database")
	switch p.connection.PoolMode {
	case postgres.PoolTransaction:
		// A cursor of the server belongs to a session, and the next query may
		// reach another one.
		env.Set("DISABLE_SERVER_SIDE_CURSORS", "true")
	case postgres.PoolSession:
		// A thread that keeps its connection keeps one of the pool, for ever.
		env.Set("CONN_MAX_AGE", "0")
	}
}

// tlsPath is the directory of the certificates for the database.
const tlsPath = "/etc/postgresql-tls"

// tlsVolume is the name of the volume at tlsPath.
const tlsVolume = "database-tls"

// tlsSetting is a setting of libpq, as a variable and as a parameter of a URL.
type tlsSetting struct{ variable, parameter, value string }

func tlsSettings(t postgres.TLS) []tlsSetting {
	var all []tlsSetting
	add := func(variable, parameter, value string) { all = append(all, tlsSetting{variable, parameter, value}) }
	if t.Mode != "" {
		add("PGSSLMODE", "sslmode", string(t.Mode))
	}
	switch {
	case t.CAFile != "":
		add("PGSSLROOTCERT", "sslrootcert", t.CAFile)
	case t.CAKey != "":
		add("PGSSLROOTCERT", "sslrootcert", tlsPath+"/ca.crt")
	}
	if t.ClientSecret != "" {
		add("PGSSLCERT", "sslcert", tlsPath+"/"+corev1.TLSCertKey)
		add("PGSSLKEY", "sslkey", tlsPath+"/"+corev1.TLSPrivateKeyKey)
	}
	return all
}

// tlsFiles adds the certificates for the database to mounts.
func (p project) tlsFiles(mounts *kube.Mounts) {
	sources := tlsSources(p.connection.TLS)
	if len(sources) == 0 {
		return
	}
	// libpq refuses a key that every user may read; the group is that of the
	// pod.
	files := &corev1.ProjectedVolumeSource{Sources: sources, DefaultMode: new(int32(0o440))}
	mounts.Volume(tlsVolume, pod.Volume{MountPath: tlsPath, Projected: files})
}

func tlsSources(t postgres.TLS) (sources []corev1.VolumeProjection) {
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

// tlsReferences lists the objects with the certificates.
func (p project) tlsReferences() (out []network.Object) {
	t := p.connection.TLS
	for _, one := range []struct{ kind, name string }{
		{"Secret", t.CASecret}, {"ConfigMap", t.CAConfigMap}, {"Secret", t.ClientSecret},
	} {
		if one.name != "" {
			out = append(out, network.Object{Kind: one.kind, Name: one.name, Namespace: p.namespace})
		}
	}
	return out
}
