// Package broker holds the value by which Django and its workers are told where
// Celery's messages go, wherever the broker runs.
package broker

import (
	"cmp"
	"strings"

	"example.com/django-cdk8s/constructs/secret"
	"example.com/django-cdk8s/internal/rule"
)

// URLVariable is the environment variable that Celery reads the broker's URL
// from; see
// https://docs.celeryq.dev/en/stable/userguide/configuration.html#broker-url.
const URLVariable = "CELERY_BROKER_URL"

// Connector is a broker that a workload can use: a valkey.Server, or a
// [Connection] to one that runs elsewhere.
type Connector interface {
	Broker() Connection
}

// Connection is all that a client needs to reach a broker. The credentials are
// named, not contained.
type Connection struct {
	// Secret holds the credentials, in the namespace of the client.
	//
	// Required.
	Secret *secret.Secret

	// URLKey is the key of Secret that holds the broker's URL, with user and
	// password percent-encoded: amqps://user:password@host:5671/vhost. It is not
	// read when URL is given.
	//
	// Default: [URLVariable].
	URLKey string

	// URL is the broker's URL where only its password is secret: $(NAME) of
	// PasswordKey stands for it. The password must then hold letters, digits,
	// '-' and '_' only, because nothing encodes it.
	//
	// Default: what Secret holds under URLKey.
	URL string

	// PasswordKey is the key of Secret that holds the password in URL, and the
	// name of the environment variable that carries it.
	PasswordKey string

	// Port is the broker's TCP port, for network policies.
	//
	// Default: unknown, which network policies report.
	Port int
}

// Broker returns c with its defaults filled in. It makes a Connection a
// [Connector].
func (c Connection) Broker() Connection {
	c.URLKey = cmp.Or(c.URLKey, URLVariable)
	return c
}

// Validate reports every invalid field, and every key that Secret lacks.
func (c Connection) Validate() error {
	c = c.Broker()
	var e rule.Errors
	if c.Port != 0 {
		e.Port("Port", c.Port)
	}
	if c.Secret == nil {
		e.Add("Secret", "", "is required: the Secret that holds the broker's URL, or its password")
		return e.Err()
	}
	if c.URL == "" {
		e.HeldKey("URLKey", c.Secret, c.URLKey)
		if c.PasswordKey != "" {
			e.Add("PasswordKey", c.PasswordKey, "must not be given without URL: the URL under URLKey holds the password")
		}
		return e.Err()
	}
	e.Text("URL", c.URL)
	e.EnvName("PasswordKey", c.PasswordKey)
	e.HeldKey("PasswordKey", c.Secret, c.PasswordKey)
	if !strings.Contains(c.URL, "://") || !strings.Contains(c.URL, "$("+c.PasswordKey+")") {
		e.Add("URL", c.URL, "must be a URL such as redis://:$(VALKEY_PASSWORD)@valkey:6379/0, with $(NAME) of PasswordKey in place of the password")
	}
	return e.Err()
}
