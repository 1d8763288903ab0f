package postgres

import (
	"cmp"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"example.com/django-cdk8s/internal/rule"
)

// SSLMode is what a client asks of the server's TLS, in the words of libpq; see
// https://www.postgresql.org/docs/current/libpq-ssl.html#LIBPQ-SSL-PROTECTION.
// The modes "allow" and "prefer" are left out: they fall back to plain text
// silently.
type SSLMode string

// The modes, from the weakest.
const (
	// SSLDisable does not encrypt.
	SSLDisable SSLMode = "disable"
	// SSLRequire encrypts, and takes any certificate.
	SSLRequire SSLMode = "require"
	// SSLVerifyCA takes a certificate that the authority has signed, for any
	// host.
	SSLVerifyCA SSLMode = "verify-ca"
	// SSLVerifyFull takes a certificate that the authority has signed for Host.
	SSLVerifyFull SSLMode = "verify-full"
)

// DefaultCAKey is the key under which cert-manager and CloudNativePG keep the
// certificate of an authority.
const DefaultCAKey = "ca.crt"

// SystemCA as CAFile stands for the authorities that the image trusts. The
// image needs libpq 16 or later.
const SystemCA = "system"

// TLS is how a client of a [Connection] talks TLS to the server. The zero value
// leaves it to libpq, which takes TLS where the server offers it, and checks
// nothing.
//
// At most one of CASecret, CAConfigMap and CAFile is given. Secrets and the
// ConfigMap are in the namespace of the client, and may be made outside the
// app.
type TLS struct {
	// Mode is what the client asks of the server.
	//
	// Default: [SSLVerifyFull] with the certificate of an authority,
	// [SSLRequire] with ClientSecret alone.
	Mode SSLMode

	// CASecret is the name of a Secret with the certificate of the authority.
	//
	// Default: none.
	CASecret string

	// CAConfigMap is the name of a ConfigMap with the certificate of the
	// authority.
	//
	// Default: none.
	CAConfigMap string

	// CAKey is the key of CASecret or CAConfigMap that holds the certificate.
	//
	// Default: [DefaultCAKey].
	CAKey string

	// CAFile is the absolute path of the certificate in the image or in a
	// volume of the project, or [SystemCA].
	//
	// Default: none.
	CAFile string

	// ClientSecret is the name of a Secret of type kubernetes.io/tls with the
	// certificate and the key of the client.
	//
	// Default: none.
	ClientSecret string
}

func (t TLS) hasCA() bool { return t.CASecret != "" || t.CAConfigMap != "" || t.CAFile != "" }

// WithDefaults returns t with its defaults filled in. The zero value stays as
// it is.
func (t TLS) WithDefaults() TLS {
	switch {
	case t.hasCA():
		t.Mode = cmp.Or(t.Mode, SSLVerifyFull)
	case t.ClientSecret != "":
		t.Mode = cmp.Or(t.Mode, SSLRequire)
	}
	if t.CASecret != "" || t.CAConfigMap != "" {
		t.CAKey = cmp.Or(t.CAKey, DefaultCAKey)
	}
	return t
}

// Validate reports every invalid field.
func (t TLS) Validate() field.ErrorList {
	var e rule.Errors
	mode := t.WithDefaults().Mode
	if mode != "" {
		e.OneOf("Mode", string(mode),
			string(SSLDisable), string(SSLRequire), string(SSLVerifyCA), string(SSLVerifyFull))
	}
	verifies := mode == SSLVerifyCA || mode == SSLVerifyFull
	switch {
	case verifies && !t.hasCA():
		e.Add("Mode", string(mode), "needs the certificate of an authority: CASecret, CAConfigMap or CAFile")
	case mode == SSLRequire && t.hasCA():
		e.Add("Mode", string(mode), "checks no certificate: use verify-full, or remove CASecret, CAConfigMap and CAFile")
	case mode == SSLDisable && t != (TLS{Mode: SSLDisable}):
		e.Add("Mode", string(mode), "must be given alone")
	case t.CAFile == SystemCA && mode == SSLVerifyCA:
		e.Add("Mode", string(mode),
			"must be verify-full with CAFile system: anybody gets a certificate of those authorities")
	}
	t.validateCA(&e)
	if t.ClientSecret != "" {
		e.Name("ClientSecret", t.ClientSecret)
	}
	return e.Err()
}

func (t TLS) validateCA(e *rule.Errors) {
	given := 0
	for _, name := range []string{t.CASecret, t.CAConfigMap, t.CAFile} {
		if name != "" {
			given++
		}
	}
	if given > 1 {
		e.Add("CASecret", cmp.Or(t.CASecret, t.CAConfigMap), "at most one of CASecret, CAConfigMap and CAFile may be given")
	}
	if t.CASecret != "" {
		e.Name("CASecret", t.CASecret)
	}
	if t.CAConfigMap != "" {
		e.Name("CAConfigMap", t.CAConfigMap)
	}
	if t.CAFile != "" && t.CAFile != SystemCA {
		e.MountPath("CAFile", t.CAFile)
	}
	switch {
	case t.CAKey != "" && t.CASecret == "" && t.CAConfigMap == "":
		e.Add("CAKey", t.CAKey, "must not be given without CASecret or CAConfigMap")
	case t.CAKey != "":
		e.SecretKey("CAKey", t.CAKey)
	}
}
