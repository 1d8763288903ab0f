package postgres

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

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

// Client is a workload that opens connections to a [Database].
type Client struct {
	// Name is the name of the workload, for the message.
	//
	// Required.
	Name string

	// Connections is how many connections all pods of the workload hold at
	// once, at most: while it is updated, and scaled up as far as it may be.
	//
	// Required.
	Connections int

	// Why shows how that number comes about, such as "(6+1 pods) x 3 workers x 2
	// threads".
	//
	// Default: none; the number stands alone.
	Why string
}

// AddClient puts c into the budget: synthesis fails when the clients together
// may open more connections than the server allows. The constructs of this
// library add themselves.
func (d *Database) AddClient(c Client) { d.clients = append(d.clients, c) }

// MaxConnections returns how many connections the server allows: the parameter
// max_connections, or [DefaultMaxConnections].
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

// validateBudget adds up what the clients need. It runs at synthesis, when
// every client is known.
func (d *Database) validateBudget() error {
	var e rule.Errors
	if d.props.validateConnections(&e); e.Err() != nil {
		return nil // They are reported with the other props.
	}
	sum := 0
	var terms []string
	for _, c := range slices.Concat(d.clients, []Client{d.reserve()}) {
		if c.Connections < 0 {
			e.Add(rule.Item("Client", c.Name)+".Connections", c.Connections, "must not be negative")
			continue
		}
		sum = min(sum, math.MaxInt-c.Connections) + c.Connections
		terms = append(terms, c.term())
	}
	if limit := d.props.setting(maxConnections); sum > limit.value {
		e.Add(limit.field, limit.value, atLeast(sum)+": "+strings.Join(terms, " + "))
	}
	return e.Err()
}

func atLeast(sum int) string {
	if sum > backends {
		return fmt.Sprintf("must be at least %d, and PostgreSQL takes at most %d, so the clients must open fewer", sum, backends)
	}
	return fmt.Sprintf("must be at least %d", sum)
}

// reserve is what no client may use.
func (d *Database) reserve() Client {
	c := Client{Name: "reserve", Connections: SpareConnections}
	var terms []string
	for _, name := range []string{superuserConnections, reservedConnections} {
		if n := d.props.setting(name).value; n > 0 {
			c.Connections += n
			terms = append(terms, fmt.Sprintf("%d %s", n, name))
		}
	}
	c.Why = strings.Join(append(terms, fmt.Sprintf("%d for the probe, the exporter and psql", SpareConnections)), " + ")
	return c
}

// term returns the client as one of the sum.
func (c Client) term() string {
	if c.Why == "" {
		return fmt.Sprintf("%s [%d]", c.Name, c.Connections)
	}
	return fmt.Sprintf("%s [%s = %d]", c.Name, c.Why, c.Connections)
}
