// Package postgres holds the construct that runs PostgreSQL in the cluster, and
// the value by which a workload is told how to reach a PostgreSQL database,
// wherever that runs.
package postgres

import (
	"cmp"

	"example.com/django-cdk8s/constructs/secret"
	"example.com/django-cdk8s/internal/bind"
	"example.com/django-cdk8s/internal/declare"
	"example.com/django-cdk8s/internal/rule"
)

// DefaultPort is the port on which PostgreSQL listens.
const DefaultPort = 5432

// Connector is a PostgreSQL database that a workload can use: a [Database], or
// a [Connection] to a server that runs elsewhere.
type Connector interface {
	Connection() Connection
}

// Connection is all that a client needs to reach a PostgreSQL database. The
// credentials are named, not contained.
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

	// server is the Database whose Connection this is, or a changed copy of.
	server *Database
}

// Connection returns c with its defaults filled in. It makes a Connection a
// [Connector].
func (c Connection) Connection() Connection {
	c.Port = cmp.Or(c.Port, DefaultPort)
	c.NameKey = cmp.Or(c.NameKey, secret.DatabaseKey)
	c.UserKey = cmp.Or(c.UserKey, secret.UserKey)
	c.PasswordKey = cmp.Or(c.PasswordKey, secret.PasswordKey)
	return c
}

// database returns the [Database] that c leads to, or nil where that is not
// known: c did not come from one, or its Host or Port was changed since.
func (c Connection) database() *Database {
	if c.server == nil {
		return nil
	}
	c = c.Connection()
	if own := c.server.Connection(); own.Host != c.Host || own.Port != c.Port {
		return nil
	}
	return c.server
}

// AddClient puts client into the budget of the [Database] that c leads to. It
// does nothing for a server elsewhere.
func (c Connection) AddClient(client Client) {
	if d := c.database(); d != nil {
		d.AddClient(client)
	}
}

// Destination implements the declaration of what the clients connect to.
func (c Connection) Destination() declare.Destination {
	if d := c.database(); d != nil {
		return declare.Destination{Pods: d.Selector(), Namespace: bind.Namespace(d), Port: DefaultPort}
	}
	c = c.Connection()
	return declare.Destination{Host: c.Host, Port: c.Port}
}

// Validate reports every invalid field, and every key that Secret lacks.
func (c Connection) Validate() error {
	c = c.Connection()
	var e rule.Errors
	e.Address("Host", c.Host)
	e.Port("Port", c.Port)
	if c.Name != "" {
		e.DatabaseName("Name", c.Name)
	}
	if c.Secret == nil {
		e.Add("Secret", "", "is required: the Secret that holds the credentials")
		return e.Err()
	}
	c.requireKeys(&e)
	return e.Err()
}

func (c Connection) requireKeys(e *rule.Errors) {
	if c.Name == "" {
		e.HeldKey("NameKey", c.Secret, c.NameKey)
	}
	e.HeldKey("UserKey", c.Secret, c.UserKey)
	e.HeldKey("PasswordKey", c.Secret, c.PasswordKey)
}
