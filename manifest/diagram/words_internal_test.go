package diagram

import (
	"strings"
	"testing"
)

func TestSchedulesInWords(t *testing.T) {
	for cron, want := range map[string]string{
		"@daily":              "daily 00:00 UTC",
		"@hourly":             "hourly UTC",
		"@monthly":            "monthly, day 1 00:00 UTC",
		"@yearly":             "yearly UTC",
		"@weekly":             "Sunday 00:00 UTC",
		"@every 1h":           "@every 1h UTC",
		"30 2 * * *":          "daily 02:30 UTC",
		"5 4 * * 0":           "Sunday 04:05 UTC",
		"5 4 * * fri":         "Friday 04:05 UTC",
		"0 6 15 * *":          "monthly, day 15 06:00 UTC",
		"*/10 * * * *":        "every 10 minutes UTC",
		"*/10 8 * * *":        "*/10 8 * * * UTC",
		"0 7-19 * * MON-SAT":  "0 7-19 * * MON-SAT UTC",
		"0 6 15 1 *":          "0 6 15 1 * UTC",
		"0 6 1 * 1":           "0 6 1 * 1 UTC",
		"0 6 1-7 * *":         "0 6 1-7 * * UTC",
		"nonsense":            "nonsense UTC",
		"CRON_TZ=UTC 0 6 * *": "CRON_TZ=UTC 0 6 * * UTC",
	} {
		if got := schedule(cron, new("Etc/UTC")); got != want {
			t.Errorf("schedule(%q) = %q, want %q", cron, got, want)
		}
	}
	if got := schedule("@daily", nil); got != "daily 00:00" {
		t.Errorf("without a time zone: %q", got)
	}
}

func TestWrap(t *testing.T) {
	for text, want := range map[string]string{
		"":                                    "",
		"postgres":                            "postgres",
		"django-env-secret-generate":          "django-env-secret-|generate",
		"daily 04:30 Europe/Vienna":           "daily 04:30|Europe/Vienna",
		"a-name-that-is-long of b":            "a-name-that-is-long of b",
		"abcdefghijklmnopqrstuvwxyz0":         "abcdefghijklmnopqrstuvwxyz0",
		"allowed: namespace monitoring :9187": "allowed: namespace|monitoring :9187",
	} {
		if got := strings.Join(wrap(text), "|"); got != want {
			t.Errorf("wrap(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestLettersGoOnAfterZ(t *testing.T) {
	for i, want := range map[int]string{0: "A", 25: "Z", 26: "AA", 27: "AB", 52: "BA"} {
		if got := letters(i); got != want {
			t.Errorf("letters(%d) = %q, want %q", i, got, want)
		}
	}
}
