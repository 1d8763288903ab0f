package postgres

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/constructs-go/constructs/v10"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"example.com/django-cdk8s/constructs/network"
	"example.com/django-cdk8s/internal/construct"
	"example.com/django-cdk8s/internal/rule"
)

const (
	// DefaultMaxConnections is PostgreSQL's own default of max_connections.
	DefaultMaxConnections = 100

	// SpareConnections are kept free of the budget of a server, besides
	// those that PostgreSQL reserves itself: one for the probe; three for the
	// exporter, which keeps one and opens one for each of two Prometheus
	// servers; three for a person with psql or pg_dump.
	SpareConnections = 7
)

// MaxConnections returns the number of connections that the server allows: the
// parameter max_connections, or [DefaultMaxConnections].
func (d *Database) MaxConnections() int {
	return cmp.Or(d.get().props.limits.settings[maxConnections].value, DefaultMaxConnections)
}

// The settings of PostgreSQL that count connections.
const (
	maxConnections       = "max_connections"
	superuserConnections = "superuser_reserved_connections"
	reservedConnections  = "reserved_connections"
)

// backends is the highest number that PostgreSQL takes for each of them, as
// max_val of its view pg_settings says.
const backends = 1<<18 - 1

// connectionLimits are the settings that count connections.
type connectionLimits struct {
	settings map[string]setting
	// wrong is whether one of them has been reported, so that no sum holds.
	wrong bool
}

// setting is a number, the lowest that it may be, and the field that it comes
// from.
type setting struct {
	field      string
	low, value int
}

func newConnectionLimits() connectionLimits {
	at := func(name string) string { return rule.Item("Parameters", name) }
	return connectionLimits{settings: map[string]setting{
		maxConnections:       {at(maxConnections), 1, DefaultMaxConnections},
		superuserConnections: {at(superuserConnections), 0, 3},
		reservedConnections:  {at(reservedConnections), 0, 0},
	}}
}

// set reads the setting called name, which the field says. It takes plain
// decimal digits only: PostgreSQL reads 0100 as octal.
func (l *connectionLimits) set(e *rule.Errors, field, name, text string) {
	low := l.settings[name].low
	value, err := strconv.Atoi(text)
	if err != nil || strconv.Itoa(value) != text || value < low || value > backends {
		e.Add(field, text,
			fmt.Sprintf("must be a whole number between %d and %d, without leading zeros", low, backends))
		l.wrong = true
		return
	}
	l.settings[name] = setting{field, low, value}
}

// validate checks that the server starts, which compares the three.
func (l *connectionLimits) validate(e *rule.Errors) {
	limit := l.settings[maxConnections]
	superuser, reserved := l.settings[superuserConnections].value, l.settings[reservedConnections].value
	if !l.wrong && limit.value <= superuser+reserved {
		e.Add(limit.field, limit.value, fmt.Sprintf(
			"must be above %s + %s = %d + %d = %d, or the server does not start",
			superuserConnections, reservedConnections, superuser, reserved, superuser+reserved))
		l.wrong = true
	}
}

// client is a workload that opens connections, and how many at most.
type client struct {
	name, formula string
	connections   int
}

// term returns the client as one of the sum.
func (c client) term() string {
	if c.formula == "" {
		return fmt.Sprintf("%s [%d]", c.name, c.connections)
	}
	return fmt.Sprintf("%s [%s = %d]", c.name, c.formula, c.connections)
}

func (d *Database) checkBudget() field.ErrorList {
	return budget{d.node, d.props.Name, d.props.limits, "the probe, the exporter and psql"}.check()
}

// budget is what a server allows, and the Service that its clients connect to.
type budget struct {
	node    *construct.Node
	service string
	limits  connectionLimits
	// spare is what [SpareConnections] are for.
	spare string
}

// check adds up what the workloads of the app need. It runs when every one is
// known.
func (b budget) check() field.ErrorList {
	var e rule.Errors
	if b.limits.wrong {
		return nil
	}
	sum, terms := addUp(&e, append(slices.Clone(clientsOf(b.node, b.service)), b.reserve()))
	if limit := b.limits.settings[maxConnections]; sum > limit.value {
		e.Add(limit.field, limit.value, atLeast(sum)+": "+strings.Join(terms, " + "))
	}
	return e.Err()
}

// addUp returns what clients need together, and the terms of the sum.
func addUp(e *rule.Errors, clients []client) (sum int, terms []string) {
	for _, c := range clients {
		switch {
		case strings.ContainsAny(c.name, "\r\n"):
			e.Add("Flows.Name", c.name, "must not contain a line break")
			continue
		case strings.ContainsAny(c.formula, "\r\n"):
			e.Add(rule.Item("Flows", c.name)+".To.Formula", c.formula, "must not contain a line break")
			continue
		case c.connections < 0:
			e.Add(rule.Item("Flows", c.name)+".To.Connections", c.connections, "must not be negative")
			continue
		}
		sum = min(sum, math.MaxInt-c.connections) + c.connections
		terms = append(terms, c.term())
	}
	return sum, terms
}

// address is the Service of a database, as its clients resolve it.
type address struct{ namespace, service string }

// index are the clients of every database of one app, by its address. It is
// read from the app's constructs once, however many databases there are.
type index struct {
	of      []constructs.IConstruct
	clients map[address][]client
}

var lastIndex index

// clientsOf returns the clients of the Service called service, in the namespace of
// n.
func clientsOf(n *construct.Node, service string) []client {
	all := n.App().All()
	if len(lastIndex.of) != len(all) || &lastIndex.of[0] != &all[0] {
		lastIndex = newIndex(all)
	}
	return lastIndex.clients[address{n.Namespace(), service}]
}

func newIndex(all []constructs.IConstruct) index {
	i := index{all, map[address][]client{}}
	for _, c := range all {
		source, ok := c.(network.Source)
		if !ok || construct.Invalid(c) {
			continue
		}
		namespace := construct.NamespaceOf(c)
		for _, flow := range source.Flows() {
			for _, to := range flow.To {
				service, in := to.Resolve(namespace)
				if service == "" || to.Port != DefaultPort || to.Connections == 0 {
					continue
				}
				at := address{in, service}
				i.clients[at] = append(i.clients[at], client{flow.Name, to.Formula, to.Connections})
			}
		}
	}
	return i
}

func atLeast(sum int) string {
	if sum > backends {
		const text = "must be at least %d, and PostgreSQL takes at most %d, so the clients must open fewer"
		return fmt.Sprintf(text, sum, backends)
	}
	return fmt.Sprintf("must be at least %d", sum)
}

// reserve is what no client may use.
func (b budget) reserve() client {
	c := client{name: "reserve", connections: SpareConnections}
	var terms []string
	for _, name := range []string{superuserConnections, reservedConnections} {
		if n := b.limits.settings[name].value; n > 0 {
			c.connections += n
			terms = append(terms, fmt.Sprintf("%d %s", n, name))
		}
	}
	terms = append(terms, fmt.Sprintf("%d for %s", SpareConnections, b.spare))
	c.formula = strings.Join(terms, " + ")
	return c
}
