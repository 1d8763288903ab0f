// Package postgres holds the constructs for PostgreSQL: a [Database] of one pod or
// a [Cluster] of the CloudNativePG operator, a [Backup], a [Restore] and a
// [RestoreDrill], and the [Rotation] of the login. A [Connection] is the address
// of a server that the app does not make.
package postgres

import (
	"cmp"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"example.com/django-cdk8s/constructs/network"
	"example.com/django-cdk8s/constructs/secret"
	"example.com/django-cdk8s/internal/rule"
)

// DefaultPort is the port on which PostgreSQL listens.
const DefaultPort = 5432

// Connector is a PostgreSQL database that a workload can use: a [Database], a
// [Rotation] of one, a [Cluster], or a [Connection] to a server elsewhere.
type Connector interface {
	// Connection returns the address and the credentials of the database.
	Connection() Connection
}

// Connection is the address of a PostgreSQL database and the names of its
// credentials.
type Connection struct {
	// Host is the DNS name or IPv4 address of the server.
	//
	// Required.
	Host string

	// Port is the server's TCP port.
	//
	// Default: [DefaultPort].
	Port int

	// Name is the name of the database.
	//
	// Default: what Secret holds under NameKey.
	Name string

	// Secret holds the credentials, in the namespace of the client.
	//
	// Required.
	Secret *secret.Secret

	// NameKey is the key of Secret that holds the name of the database. It is
	// not read when Name is given.
	//
	// Default: [secret.DatabaseKey].
	NameKey string

	// UserKey is the key of Secret that holds the name of the role.
	//
	// Default: [secret.UserKey].
	UserKey string

	// PasswordKey is the key of Secret that holds the role's password.
	//
	// Default: [secret.PasswordKey].
	PasswordKey string

	// TLS is how the client talks TLS to the server. A [Database] has none.
	//
	// Default: what libpq does by itself; see [TLS].
	TLS TLS

	// PoolMode is the mode of the connection pooler at Host, such as PgBouncer.
	//
	// Processes then get what the mode asks for: in transaction mode the variable
	// DISABLE_SERVER_SIDE_CURSORS, in session mode CONN_MAX_AGE. Migrations and beat,
	// which hold advisory locks, connect to ServerHost.
	//
	// Default: none; Host is the server itself.
	PoolMode PoolMode

	// ServerHost is the DNS name or IPv4 address of the server behind the pooler.
	//
	// Required with PoolMode.
	ServerHost string

	// ServerPort is the TCP port of the server behind the pooler.
	//
	// Default: [DefaultPort] with PoolMode.
	ServerPort int
}

// PoolMode says when a pooler takes a connection back from a client; see
// https://www.pgbouncer.org/features.html.
type PoolMode string

const (
	// PoolTransaction lends a connection for one transaction. What belongs to a
	// session is lost between two: advisory locks, server-side cursors, LISTEN,
	// SET, temporary tables.
	PoolTransaction PoolMode = "transaction"

	// PoolSession lends a connection for as long as the client stays. A client
	// that stays for ever keeps it for ever.
	PoolSession PoolMode = "session"
)

// Connection returns c with its defaults. It makes a Connection a [Connector].
func (c Connection) Connection() Connection { return c.WithDefaults() }

// WithDefaults returns c with its defaults filled in.
func (c Connection) WithDefaults() Connection {
	c.Port = cmp.Or(c.Port, DefaultPort)
	c.NameKey = cmp.Or(c.NameKey, secret.DatabaseKey)
	c.UserKey = cmp.Or(c.UserKey, secret.UserKey)
	c.PasswordKey = cmp.Or(c.PasswordKey, secret.PasswordKey)
	c.TLS = c.TLS.WithDefaults()
	if c.PoolMode != "" {
		c.ServerPort = cmp.Or(c.ServerPort, DefaultPort)
	}
	return c
}

// Direct returns the connection to the server itself, around its pooler: for
// whatever holds an advisory lock, or anything else that belongs to a session.
func (c Connection) Direct() Connection {
	if c = c.WithDefaults(); c.PoolMode != "" {
		c.Host, c.Port = c.ServerHost, c.ServerPort
		c.PoolMode, c.ServerHost, c.ServerPort = "", "", 0
	}
	return c
}

// Endpoint returns the address of the server, for a [network.Flow].
func (c Connection) Endpoint() network.Endpoint {
	return network.Endpoint{Host: c.Host, Port: c.WithDefaults().Port}
}

// Validate reports every invalid field, and every key that Secret lacks.
func (c Connection) Validate() field.ErrorList {
	c = c.WithDefaults()
	var e rule.Errors
	e.Address("Host", c.Host)
	e.Port("Port", c.Port)
	if c.Name != "" {
		e.DatabaseName("Name", c.Name)
	}
	e.Append(c.Secret.ValidateUse("Secret", needSecret, ""))
	e.Append(c.validateKeys())
	e.Join("TLS", c.TLS.Validate())
	c.validatePooler(&e)
	return e.Err()
}

func (c Connection) validatePooler(e *rule.Errors) {
	if c.PoolMode == "" {
		if c.ServerHost != "" {
			e.Add("ServerHost", c.ServerHost, "must not be given without PoolMode")
		}
		if c.ServerPort != 0 {
			e.Add("ServerPort", c.ServerPort, "must not be given without PoolMode")
		}
		return
	}
	if c.PoolMode != PoolTransaction && c.PoolMode != PoolSession {
		e.OneOf("PoolMode", string(c.PoolMode), string(PoolTransaction), string(PoolSession))
		return
	}
	if c.ServerHost == "" {
		e.Add("ServerHost", "", "is required with PoolMode: "+
			"migrations and beat hold advisory locks, which a pooler may lose")
	} else {
		e.Address("ServerHost", c.ServerHost)
	}
	e.Port("ServerPort", c.ServerPort)
}

// needSecret says what the Secret of a database is for.
const needSecret = "the Secret that holds the credentials"

func (c Connection) validateKeys() field.ErrorList {
	keys := []string{"UserKey", c.UserKey, "PasswordKey", c.PasswordKey}
	if c.Name == "" {
		keys = append([]string{"NameKey", c.NameKey}, keys...)
	}
	return c.Secret.ValidateKeys(keys...)
}
