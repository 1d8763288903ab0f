package postgres

import "example.com/django-cdk8s/internal/declare"

type Client struct {
	Name        string
	Connections int
	Why         string
}

func (d *Database) AddClient(c Client) {}

func Destination(c Connector) declare.Destination { return declare.Destination{} }
