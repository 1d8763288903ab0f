package rule_test

import (
	"strings"
	"testing"

	"example.com/django-cdk8s/internal/rule"
)

func TestNamesAndTimesOfJobs(t *testing.T) {
	for _, tc := range []struct {
		name         string
		check        func(e *rule.Errors, value string)
		right, wrong []string
	}{
		{
			"PythonName",
			func(e *rule.Errors, value string) { e.PythonName("F", value) },
			[]string{"shop", "shop.celery", "shop.celery:app", "_a.b2", "django_celery_beat.schedulers:DatabaseScheduler"},
			[]string{"", ".", "shop.", ".shop", "2shop", "shop:", "shop:a:b", "shop-a", "shop celery", "shop/celery.py", "shop\n", "--help"},
		},
		{
			"Queue",
			func(e *rule.Errors, value string) { e.Queue("F", value) },
			[]string{"celery", "mail", "reports.weekly", "a:b", "a-b", "_a", "1", strings.Repeat("q", 255)},
			[]string{"", "a,b", "a b", "-a", ".a", ":a", "a*", "a\n", strings.Repeat("q", 256)},
		},
		{
			"Schedule",
			func(e *rule.Errors, value string) { e.Schedule("F", value) },
			[]string{"30 4 * * *", "*/15 * * * *", "0 8-18/2 * * MON-FRI", "0 0 29 2 *", "@hourly", "@yearly", "@every 90m", " 30  4\t* * *"},
			[]string{
				"", "* * * *", "* * * * * *", "60 * * * *", "*/0 * * * *", "@never", "TZ=UTC * * * * *", "CRON_TZ=0", "TZ=", "0 0 31 4 *",
				"30 4 * * *\n", "0 0 * * 7", "*/100 * * * *", "0 */24 * * *", "@every 1s", "@every", "@Daily",
			},
		},
		{
			"TimeZone",
			func(e *rule.Errors, value string) { e.TimeZone("F", value) },
			[]string{"UTC", "Etc/UTC", "Europe/Vienna", "America/Argentina/Buenos_Aires"},
			[]string{"", "Local", "local", "Vienna", "+01:00", "../etc/passwd", "Europe/Vienna ", "posix/Europe/Vienna", "localtime", "europe/Vienna"},
		},
	} {
		for _, value := range tc.right {
			var e rule.Errors
			if tc.check(&e, value); e.Err() != nil {
				t.Errorf("%s(%q): %v, want nothing", tc.name, value, e.Err())
			}
		}
		for _, value := range tc.wrong {
			var e rule.Errors
			if tc.check(&e, value); len(e.Err()) != 1 {
				t.Errorf("%s(%q): %v, want one line", tc.name, value, e.Err())
			}
		}
	}
}
