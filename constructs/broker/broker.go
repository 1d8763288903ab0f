// Package broker holds the connection of Django and its workers to the broker
// of Celery's messages, wherever that runs.
package broker

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"example.com/django-cdk8s/constructs/network"
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
	// Broker returns the address and the credentials of the broker.
	Broker() Connection
}

// Connection is the address of a broker and the names of its credentials.
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
	// '-', '_', '.' and '~' only, because nothing encodes it. [Connection.Validate]
	// checks a password in a manifest, but none in a Secret that is made
	// elsewhere.
	//
	// Default: what Secret holds under URLKey.
	URL string

	// PasswordKey is the key of Secret that holds the password in URL, and the
	// name of the environment variable that carries it.
	//
	// Required with URL.
	PasswordKey string

	// Port is the broker's TCP port, for network policies.
	//
	// Default: the port in URL. An unknown port is a problem of network
	// policies.
	Port int
}

// Broker returns c with its defaults filled in. It makes a Connection a
// [Connector].
func (c Connection) Broker() Connection {
	c.URLKey = cmp.Or(c.URLKey, URLVariable)
	c.Port = cmp.Or(c.Port, c.urlPort())
	return c
}

// Endpoint returns the broker's host and port, as far as they are known.
func (c Connection) Endpoint() network.Endpoint {
	c = c.Broker()
	to := network.Endpoint{Port: c.Port}
	if u, err := c.parse(); err == nil {
		to.Host = u.Hostname()
	}
	return to
}

// Validate reports every invalid field, and every key that Secret lacks.
func (c Connection) Validate() field.ErrorList {
	c = c.Broker()
	var e rule.Errors
	if c.Port < 0 || c.Port > 65535 {
		e.Port("Port", c.Port)
	} else if port := c.urlPort(); port != 0 && port != c.Port {
		e.Add("Port", c.Port, fmt.Sprintf("contradicts URL, whose port is %d", port))
	}
	e.Append(c.Secret.ValidateUse("Secret", "the Secret that holds the broker's URL, or its password", ""))
	if c.URL != "" {
		c.validateURL(&e)
		return e.Err()
	}
	if c.PasswordKey != "" {
		e.Add("PasswordKey", c.PasswordKey, "must not be given without URL: the URL under URLKey holds the password")
		return e.Err()
	}
	e.Append(c.Secret.ValidateKeys("URLKey", c.URLKey))
	return e.Err()
}

func (c Connection) validateURL(e *rule.Errors) {
	if c.PasswordKey == "" {
		e.Add("PasswordKey", "", "is required with URL: the key of Secret that holds the password")
		return
	}
	if problems := c.ValidatePassword(); len(problems) > 0 {
		e.Append(problems)
		return
	}
	u, err := c.parse()
	switch {
	case err != nil || passwordOf(u) != "$("+c.PasswordKey+")" || strings.Count(c.URL, "$") > 1:
		// The text may hold a password, and is not shown.
		e.Add("URL", "...", fmt.Sprintf("must be a URL such as redis://:$(%[1]s)@redis.example.com:6379/0, "+
			"with $(%[1]s) in place of the password, no other '$', and other characters percent-encoded",
			c.PasswordKey))
	case u.Port() != "" && strings.Trim(u.Port(), "0") == "":
		e.Add("URL", "...", "must not have port 0")
	}
}

// ValidatePassword reports a PasswordKey that is no name of a variable, that
// Secret lacks, or whose value does not fit into a URL.
func (c Connection) ValidatePassword() field.ErrorList {
	var e rule.Errors
	e.EnvName("PasswordKey", c.PasswordKey)
	if c.PasswordKey == URLVariable {
		e.Add("PasswordKey", c.PasswordKey, "must be another key: the environment variable of that name carries the URL")
	}
	e.Append(c.Secret.ValidateKeys("PasswordKey", c.PasswordKey))
	e.Append(c.Secret.ValidateURLSafe("PasswordKey", c.PasswordKey))
	return e.Err()
}

// text matches what a URL is made of, with the scheme of one of Celery's
// transports.
var text = regexp.MustCompile(`^[a-z][a-z0-9+.-]*://[[:graph:]]+$`)

func (c Connection) parse() (*url.URL, error) {
	if !text.MatchString(c.URL) {
		return nil, errors.New("no URL")
	}
	u, err := url.Parse(c.URL)
	if err == nil && u.Hostname() == "" {
		err = errors.New("no host")
	}
	return u, err
}

func passwordOf(u *url.URL) string {
	password, _ := u.User.Password()
	return password
}

// urlPort returns the port in URL, or 0.
func (c Connection) urlPort() int {
	u, err := c.parse()
	if err != nil {
		return 0
	}
	port, _ := strconv.Atoi(u.Port())
	return port
}
