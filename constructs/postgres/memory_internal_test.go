package postgres

import (
	"maps"
	"testing"
)

// A quarter of the limit each, and what is given stays.
func TestMemoryParameters(t *testing.T) {
	for name, one := range map[string]struct {
		limit string
		given map[string]string
		want  map[string]string
	}{
		"the default": {"1Gi", nil, map[string]string{
			"shared_buffers": "256MB", "work_mem": "2621kB", "maintenance_work_mem": "64MB",
			"effective_cache_size": "512MB",
		}},
		"many connections": {"8Gi", map[string]string{"max_connections": "1000"}, map[string]string{
			"shared_buffers": "2GB", "work_mem": "2097kB", "maintenance_work_mem": "512MB",
			"effective_cache_size": "4GB", "max_connections": "1000",
		}},
		"as little as PostgreSQL takes": {"64Mi", map[string]string{"max_connections": "5000"}, map[string]string{
			"shared_buffers": "16MB", "work_mem": "64kB", "maintenance_work_mem": "4MB",
			"effective_cache_size": "32MB", "max_connections": "5000",
		}},
		"some given": {"1Gi", map[string]string{"SHARED_BUFFERS": "128MB", "sort_mem": "8MB"}, map[string]string{
			"SHARED_BUFFERS": "128MB", "sort_mem": "8MB", "maintenance_work_mem": "64MB", "effective_cache_size": "512MB",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			props := DatabaseProps{Parameters: one.given}
			props.Resources.Limits.Memory, props.Resources.Requests.Memory = one.limit, one.limit
			r, _ := props.resolve("")
			if got := r.parameters(); !maps.Equal(got, one.want) {
				t.Errorf("got %v\nwant %v", got, one.want)
			}
		})
	}
}
