package postgres

import (
	"fmt"
	"math"
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

	// SpareConnections are kept free of the budget of a [Database], besides
	// those that PostgreSQL reserves itself: one for the probe; three for the
	// exporter, which keeps one and opens one for each of two Prometheus
	// servers; three for a person with psql or pg_dump.
	SpareConnections = 7
)

// MaxConnections returns the number of connections that the server allows: the
// parameter max_connections, or [DefaultMaxConnections].
func (d *Database) MaxConnections() int { return d.props.setting(maxConnections).value }

// The settings of PostgreSQL that count connections.
const (
	maxConnections       = "max_connections"
	superuserConnections = "superuser_reserved_connections"
	reservedConnections  = "reserved_connections"
)

// backends is the highest number that PostgreSQL takes for each of them, as
// max_val of its view pg_settings says.
const backends = 1<<18 - 1

// connectionSettings are the lowest value and the default of each.
var connectionSettings = map[string]struct{ low, byDefault int }{
	maxConnections:       {1, DefaultMaxConnections},
	superuserConnections: {0, 3},
	reservedConnections:  {0, 0},
}

// setting is the number that a setting has, and the field that it comes from.
type setting struct {
	field string
	value int
}

// setting returns the setting called name. A wrong value, which
// validateConnections reports, counts as the default.
func (p DatabaseProps) setting(name string) setting {
	s := setting{rule.Item("Parameters", name), connectionSettings[name].byDefault}
	for _, given := range rule.Keys(p.Parameters) {
		if strings.ToLower(given) != name {
			continue
		}
		if value, ok := parseNumber(name, p.Parameters[given]); ok {
			s = setting{rule.Item("Parameters", given), value}
		}
	}
	return s
}

// parseNumber takes plain decimal digits only: PostgreSQL reads 0100 as octal.
func parseNumber(name, text string) (int, bool) {
	value, err := strconv.Atoi(text)
	return value, err == nil && strconv.Itoa(value) == text && connectionSettings[name].low <= value && value <= backends
}

// validateConnections checks the settings that count connections, as
// PostgreSQL does when it starts.
func (p DatabaseProps) validateConnections(e *rule.Errors) {
	wrong := false
	for _, given := range rule.Keys(p.Parameters) {
		name, field, text := strings.ToLower(given), rule.Item("Parameters", given), p.Parameters[given]
		if _, counts := connectionSettings[name]; !counts {
			continue
		}
		if _, ok := parseNumber(name, text); !ok {
			e.Add(field, text, fmt.Sprintf("must be a whole number between %d and %d, without leading zeros", connectionSettings[name].low, backends))
			wrong = true
		} else if name == reservedConnections && p.Major != 0 && p.Major < 16 {
			e.Add(field, text, fmt.Sprintf("must not be given: PostgreSQL %d does not know it, 16 is the first that does", p.Major))
			wrong = true
		}
	}
	limit, superuser, reserved := p.setting(maxConnections), p.setting(superuserConnections).value, p.setting(reservedConnections).value
	if !wrong && limit.value <= superuser+reserved {
		e.Add(limit.field, limit.value, fmt.Sprintf("must be above %s + %s = %d + %d = %d, or the server does not start",
			superuserConnections, reservedConnections, superuser, reserved, superuser+reserved))
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

// checkBudget adds up what the workloads of the app need. It runs when every one
// is known.
func (d *Database) checkBudget() field.ErrorList {
	var e rule.Errors
	if d.props.validateConnections(&e); len(e.Err()) > 0 {
		return nil // They are reported with the other props.
	}
	sum := 0
	var terms []string
	for _, c := range append(d.clients(), d.reserve()) {
		switch {
		case c.connections < 0:
			e.Add(rule.Item("Flow", c.name)+".Connections", c.connections, "must not be negative")
			continue
		case strings.ContainsAny(c.name+c.formula, "\r\n"):
			e.Add(rule.Item("Flow", c.name), c.formula, "must not contain a line break")
			continue
		}
		sum = min(sum, math.MaxInt-c.connections) + c.connections
		terms = append(terms, c.term())
	}
	if limit := d.props.setting(maxConnections); sum > limit.value {
		e.Add(limit.field, limit.value, atLeast(sum)+": "+strings.Join(terms, " + "))
	}
	return e.Err()
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

func (d *Database) clients() []client {
	all := d.node.App().All()
	if len(lastIndex.of) != len(all) || &lastIndex.of[0] != &all[0] {
		lastIndex = newIndex(all)
	}
	return lastIndex.clients[address{d.node.Namespace(), d.props.Name}]
}

func newIndex(all []constructs.IConstruct) index {
	i := index{all, map[address][]client{}}
	for _, c := range all {
		source, ok := c.(network.Source)
		if !ok {
			continue
		}
		namespace := construct.NamespaceOf(c)
		for _, flow := range source.Flows() {
			for _, to := range flow.To {
				if service, in := to.Resolve(namespace); service != "" && to.Port == DefaultPort && to.Connections != 0 {
					at := address{in, service}
					i.clients[at] = append(i.clients[at], client{flow.Name, to.Formula, to.Connections})
				}
			}
		}
	}
	return i
}

func atLeast(sum int) string {
	if sum > backends {
		return fmt.Sprintf("must be at least %d, and PostgreSQL takes at most %d, so the clients must open fewer", sum, backends)
	}
	return fmt.Sprintf("must be at least %d", sum)
}

// reserve is what no client may use.
func (d *Database) reserve() client {
	c := client{name: "reserve", connections: SpareConnections}
	var terms []string
	for _, name := range []string{superuserConnections, reservedConnections} {
		if n := d.props.setting(name).value; n > 0 {
			c.connections += n
			terms = append(terms, fmt.Sprintf("%d %s", n, name))
		}
	}
	c.formula = strings.Join(append(terms, fmt.Sprintf("%d for the probe, the exporter and psql", SpareConnections)), " + ")
	return c
}
