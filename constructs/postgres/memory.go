package postgres

import (
	"cmp"
	"fmt"
	"maps"
	"strings"

	"example.com/django-cdk8s/internal/single"
)

// minWorkMemory is the least that PostgreSQL takes as work_mem.
const minWorkMemory = 64 * kilobyte

// sharedBuffers is the setting for the buffers that all processes share.
const sharedBuffers = "shared_buffers"

// autovacuumWorkers is PostgreSQL's own default of autovacuum_max_workers.
const autovacuumWorkers = 3

// memoryParameters returns the settings that follow from the memory limit, so
// that the kernel does not end the server before PostgreSQL refuses a query. A
// quarter of the limit each is for
//
//   - the buffers: shared_buffers,
//   - one sort or hash of each connection: work_mem times max_connections,
//   - maintenance: maintenance_work_mem for one command and for each of the
//     workers of autovacuum,
//   - the processes themselves, about 2 MB for each connection.
//
// effective_cache_size takes nothing: it tells the planner that half the limit
// holds pages of the tables, in the buffers or in the cache of the kernel.
func memoryParameters(limit string, connections int) map[string]string {
	bytes := single.Bytes(limit)
	if bytes < megabyte || connections < 1 {
		return nil // Reported as wrong.
	}
	quarter := bytes / 4
	return map[string]string{
		sharedBuffers:          amount(quarter),
		"work_mem":             amount(max(quarter/int64(connections), minWorkMemory)),
		"maintenance_work_mem": amount(quarter / (autovacuumWorkers + 1)),
		"effective_cache_size": amount(bytes / 2),
	}
}

// amount is n bytes as PostgreSQL reads them.
func amount(n int64) string {
	for _, unit := range []string{"GB", "MB"} {
		if size := int64(units[unit]); n%size == 0 {
			return fmt.Sprintf("%d%s", n/size, unit)
		}
	}
	return fmt.Sprintf("%dkB", n/kilobyte)
}

// oldNames are those that PostgreSQL still takes for settings of memory.
var oldNames = map[string]string{"sort_mem": "work_mem", "vacuum_mem": "maintenance_work_mem"}

// parameters returns the settings of the command line: those of the props, and
// those that follow from the memory limit.
func (r resolved) parameters() map[string]string {
	all := memoryParameters(r.Resources.Limits.Memory, r.limits.settings[maxConnections].value)
	for name := range r.Parameters {
		// PostgreSQL takes names in any case.
		name = strings.ToLower(name)
		delete(all, cmp.Or(oldNames[name], name))
	}
	maps.Copy(all, r.Parameters)
	return all
}
