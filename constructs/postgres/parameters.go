package postgres

import (
	_ "embed"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"example.com/django-cdk8s/internal/rule"
	"example.com/django-cdk8s/internal/single"
)

// ownParameters are the settings that the construct relies on.
var ownParameters = []string{
	"config_file", "data_directory", "external_pid_file", "hba_file", "ident_file", "listen_addresses", "port",
	"unix_socket_directories",
}

// resolveParameters reports every parameter that keeps the server from starting,
// and returns the settings that count connections.
func (r resolved) resolveParameters(e *rule.Errors) connectionLimits {
	limits := newConnectionLimits()
	given := map[string]bool{}
	for _, name := range rule.Keys(r.Parameters) {
		at, value := rule.Item("Parameters", name), r.Parameters[name]
		// PostgreSQL takes names in any case.
		lower := strings.ToLower(name)
		_, isMemory := memorySettings[lower]
		_, counts := limits.settings[lower]
		switch {
		case r.unknown(e, at, name):
			limits.wrong = limits.wrong || counts
		case slices.Contains(ownParameters, lower):
			e.Add(at, value, "must not be given: the probes, the Service and the volume depend on it")
		case counts:
			limits.set(e, at, lower, value)
		case isMemory:
			r.validateMemory(e, at, lower, value)
		default:
			e.Text(at, value)
		}
		if given[lower] {
			e.Add(at, value, "is listed twice, in different case")
		}
		given[lower] = true
	}
	limits.validate(e)
	return limits
}

var parameterName = regexp.MustCompile(`(?i)^[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)?$`)

// unknown reports a parameter whose name the server does not know.
func (r resolved) unknown(e *rule.Errors, at, name string) bool {
	if !parameterName.MatchString(name) {
		e.Add(at, name, "must be the name of a PostgreSQL setting, such as max_connections")
		return true
	}
	if r.Major < minMajor || strings.Contains(name, ".") {
		return false // An unknown version is reported itself.
	}
	const reason = "must not be given: PostgreSQL %d does not know it, %d is the %s that does"
	known, ok := settings()[strings.ToLower(name)]
	switch {
	case !ok && r.Major <= newestKnown:
		e.Add(at, name, fmt.Sprintf("must be a setting that PostgreSQL %d takes at its start, "+
			"or one of an extension, with a dot in its name", r.Major))
	case r.Major < known.first:
		e.Add(at, r.Parameters[name], fmt.Sprintf(reason, r.Major, known.first, "first"))
	case known.last != 0 && r.Major > known.last:
		e.Add(at, r.Parameters[name], fmt.Sprintf(reason, r.Major, known.last, "last"))
	default:
		return false
	}
	return true
}

// newestKnown is the newest major version in settings.txt. A newer one may have
// further settings.
const newestKnown = 18

//go:embed settings.txt
var settingsText string

// versions are the first and the last major version that knows a setting; 0
// stands for every one before, or after.
type versions struct{ first, last int }

var settings = sync.OnceValue(func() map[string]versions {
	all := map[string]versions{}
	for line := range strings.Lines(settingsText) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		name, span, _ := strings.Cut(strings.TrimSpace(line), " ")
		first, last, _ := strings.Cut(span, "-")
		var v versions
		v.first, _ = strconv.Atoi(first)
		v.last, _ = strconv.Atoi(last)
		all[name] = v
	}
	return all
})

// The units of amounts of memory; see
// https://www.postgresql.org/docs/current/config-setting.html#CONFIG-SETTING-NAMES-VALUES.
var units = map[string]float64{"B": 1, "kB": kilobyte, "MB": megabyte, "GB": 1 << 30, "TB": 1 << 40}

const (
	kilobyte = 1 << 10
	megabyte = 1 << 20
	// page is what a buffer holds.
	page = 8 << 10
)

// memorySetting is the unit of a plain number of a setting, and the least amount
// with which the server starts, as min_val of its view pg_settings says.
type memorySetting struct{ unit, least float64 }

// memorySettings are the settings that are amounts of memory.
var memorySettings = map[string]memorySetting{
	"autovacuum_work_mem":       {kilobyte, 0},
	"logical_decoding_work_mem": {kilobyte, 64 * kilobyte},
	"maintenance_work_mem":      {kilobyte, 64 * kilobyte},
	"min_dynamic_shared_memory": {megabyte, 0},
	"shared_buffers":            {page, 16 * page},
	"temp_buffers":              {page, 100 * page},
	"vacuum_buffer_usage_limit": {kilobyte, 0},
	"wal_buffers":               {page, 0},
	"wal_decode_buffer_size":    {1, 64 * kilobyte},
	"work_mem":                  {kilobyte, 64 * kilobyte},
}

// automatic are those of them that take -1, which makes the value follow from
// others.
var automatic = []string{"autovacuum_work_mem", "wal_buffers"}

// validateMemory reports an amount of memory that PostgreSQL does not read, or
// that the container does not have.
func (r resolved) validateMemory(e *rule.Errors, at, name, value string) {
	if value == "-1" && slices.Contains(automatic, name) {
		return
	}
	setting, limit := memorySettings[name], r.Resources.Limits.Memory
	amount, ok := parseAmount(value, setting.unit)
	switch {
	case !ok:
		e.Add(at, value, "must be an amount of memory such as 64MB, in B, kB, MB, GB or TB")
	case amount < setting.least:
		e.Add(at, value, fmt.Sprintf("must be at least %gkB, or the server does not start", setting.least/kilobyte))
	case single.Bytes(limit) > 0 && amount >= float64(single.Bytes(limit)):
		e.Add(at, value, "must be below the memory limit "+limit)
	}
}

var amountText = regexp.MustCompile(
	`^\s*((?:0[xX][0-9a-fA-F]+|[0-9]+|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?))\s*(B|kB|MB|GB|TB)?\s*$`)

// parseAmount reads an amount as PostgreSQL does, which takes octal and
// hexadecimal numbers, too. unit is that of a plain number.
func parseAmount(text string, unit float64) (bytes float64, ok bool) {
	parts := amountText.FindStringSubmatch(text)
	if parts == nil {
		return 0, false
	}
	if parts[2] != "" {
		unit = units[parts[2]]
	}
	if whole, err := strconv.ParseInt(parts[1], 0, 64); err == nil {
		return float64(whole) * unit, true
	}
	number, err := strconv.ParseFloat(parts[1], 64)
	return number * unit, err == nil && strings.ContainsAny(parts[1], ".eE")
}
