package postgres

import (
	"maps"
	"slices"
	"testing"
)

// PostgreSQL 17 shows these in pg_settings after postgres -c work_mem=TEXT.
func TestAmountsOfMemory(t *testing.T) {
	for text, want := range map[string]float64{
		"4096": 4096 << 10, "8MB": 8 << 20, " 16 MB ": 16 << 20, "1.5MB": 1536 << 10, ".5GB": 512 << 20, "1e3": 1000 << 10,
		"0100": 64 << 10, "0x100": 256 << 10, "2048B": 2048, "1TB": 1 << 40,
		"8mb": -1, "8M": -1, "8Mi": -1, "08": -1, "lots": -1, "": -1, "1_000": -1, "0b1": -1, "1 2": -1, "-5": -1,
	} {
		if got, ok := parseAmount(text, kilobyte); ok != (want >= 0) || ok && got != want {
			t.Errorf("parseAmount(%q) = %v, %v; want %v", text, got, ok, want)
		}
	}
}

func TestSettingsOfEachVersion(t *testing.T) {
	for name, want := range map[string]versions{
		"max_connections":     {},
		"timezone":            {},
		"force_parallel_mode": {0, 15},
		"io_method":           {18, 0},
	} {
		if got, ok := settings()[name]; !ok || got != want {
			t.Errorf("%s: %v, %v; want %v", name, got, ok, want)
		}
	}
	for _, name := range []string{"server_version", "data_checksums", "#", ""} {
		if _, ok := settings()[name]; ok {
			t.Errorf("%q is a setting", name)
		}
	}
	own := slices.Concat(ownParameters, automatic, slices.Collect(maps.Keys(memorySettings)),
		slices.Collect(maps.Keys(newConnectionLimits().settings)))
	for _, name := range own {
		if _, ok := settings()[name]; !ok {
			t.Errorf("%s is not in settings.txt", name)
		}
	}
}
