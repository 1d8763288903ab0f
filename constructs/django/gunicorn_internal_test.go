package django

import (
	"strings"
	"testing"

	"example.com/django-cdk8s/constructs/pod"
	"example.com/django-cdk8s/internal/construct"
	"example.com/django-cdk8s/internal/rule"
)

func TestDefaultWorkers(t *testing.T) {
	for _, tc := range []struct {
		cpu, memory string
		want        int
	}{
		{"1", "1Gi", 3},
		{"500m", "1Gi", 3},
		{"1m", "1Gi", 3},
		{"1001m", "1Gi", 5},
		{"1.5", "1Gi", 5},
		{"2", "1Gi", 5},
		{"4", "1Gi", 8}, // Nine would have less than 128Mi each.
		{"4", "2Gi", 9},
		{"8", "4Gi", 12},
		{"1k", "1Ti", 12},
		{"9223372036854775807", "9223372036854775807", 12},
		{"1", "384Mi", 3},
		{"1", "383Mi", 2},
		{"1", "256Mi", 2},
		{"1", "128Mi", 1},
		{"8", "100Mi", 1},
		{"8", "1Mi", 1},
		// What is no amount is reported itself.
		{"", "", 3},
		{"one", "much", 3},
		{"-1", "1Gi", 3},
		{"0", "1Gi", 3},
		{"1", "-1Gi", 1},
	} {
		if got := defaultWorkers(pod.Quantities{CPU: tc.cpu, Memory: tc.memory}); got != tc.want {
			t.Errorf("%d workers for %q and %q, want %d", got, tc.cpu, tc.memory, tc.want)
		}
	}
}

func TestCores(t *testing.T) {
	for cpu, want := range map[string]int64{"": 1, "x": 1, "-3": 1, "250m": 1, "1": 1, "1100m": 2, "64": 64, "1M": maxProcesses} {
		if got := cores(cpu); got != want {
			t.Errorf("%d cores in %q, want %d", got, cpu, want)
		}
	}
}

func TestGunicornArgs(t *testing.T) {
	const rest = "--timeout=30 --graceful-timeout=30 --worker-tmp-dir=/run/gunicorn"
	for name, tc := range map[string]struct {
		gunicorn Gunicorn
		given    string
		want     string
	}{
		"defaults":      {want: "--workers=3 --threads=1 " + rest},
		"given":         {given: " --access-logfile=- ", want: "--access-logfile=- --workers=3 --threads=1 " + rest},
		"blank":         {given: " \t", want: "--workers=3 --threads=1 " + rest},
		"few, threaded": {gunicorn: Gunicorn{Workers: 2, Threads: 8}, want: "--workers=2 --threads=8 " + rest},
		"times": {
			gunicorn: Gunicorn{TimeoutSeconds: 120, GracefulTimeoutSeconds: 60},
			want:     "--workers=3 --threads=1 --timeout=120 --graceful-timeout=60 --worker-tmp-dir=/run/gunicorn",
		},
		"replaced": {
			gunicorn: Gunicorn{MaxRequests: 1000},
			want:     "--workers=3 --threads=1 --timeout=30 --graceful-timeout=30 --max-requests=1000 --max-requests-jitter=100 --worker-tmp-dir=/run/gunicorn",
		},
		"replaced at other times": {
			gunicorn: Gunicorn{MaxRequests: 1000, MaxRequestsJitter: 500},
			want:     "--workers=3 --threads=1 --timeout=30 --graceful-timeout=30 --max-requests=1000 --max-requests-jitter=500 --worker-tmp-dir=/run/gunicorn",
		},
		"few requests": {
			gunicorn: Gunicorn{MaxRequests: 9},
			want:     "--workers=3 --threads=1 --timeout=30 --graceful-timeout=30 --max-requests=9 --max-requests-jitter=0 --worker-tmp-dir=/run/gunicorn",
		},
	} {
		t.Run(name, func(t *testing.T) {
			if got := tc.gunicorn.withDefaults(DefaultResources.Limits).args(tc.given); got != tc.want {
				t.Errorf("args(%q) =\n%s\nwant\n%s", tc.given, got, tc.want)
			}
		})
	}
}

func TestGunicornDefaultsAreStable(t *testing.T) {
	once := Gunicorn{MaxRequests: 1000}.withDefaults(DefaultResources.Limits)
	if again := once.withDefaults(pod.Quantities{CPU: "8", Memory: "8Gi"}); again != once {
		t.Errorf("the defaults of %+v are %+v", once, again)
	}
}

// Flags that the construct sets are refused, however they are written; others
// are not, however alike.
func TestValidateArgs(t *testing.T) {
	for args, flag := range map[string]string{
		"--workers=3":                 "--workers",
		"--workers 3":                 "--workers",
		"--workers":                   "--workers",
		"\t--workers\n3":              "--workers",
		"-w 3":                        "-w",
		"-w3":                         "-w",
		"-b :80":                      "-b",
		"--access-logfile=- -b:80":    "-b",
		"-t90":                        "-t",
		"--bind=:80":                  "--bind",
		"--preload --threads=2":       "--threads",
		"--timeout=5":                 "--timeout",
		"--graceful-timeout=5":        "--graceful-timeout",
		"--max-requests=5":            "--max-requests",
		"--max-requests-jitter=5":     "--max-requests-jitter",
		"--worker-tmp-dir=/dev/shm":   "--worker-tmp-dir",
		"--name 'a b' --threads='2'":  "--threads",
		`--name "a\"b" --threads "2"`: "--threads",
		"--bin=127.0.0.1:9":           "--bin",
		"--b :80":                     "--b",
		"--work 3":                    "--work",
		"--thr=2":                     "--thr",
		"--graceful 5":                "--graceful",
		"--max-requests-j=5":          "--max-requests-j",
		"--preload --t=9":             "--t",
	} {
		var e rule.Errors
		validateArgs(&e, "Env", args)
		problems := e.Err()
		if want := `Env: "` + flag + `": is managed; set Port and Gunicorn instead`; len(problems) != 1 || construct.Line(problems[0]) != want {
			t.Errorf("%q gives %v, want one line with %s", args, problems, want)
		}
	}
	for _, args := range []string{
		"", " ", "--preload", "--worker-class=gthread", "--worker-connections=9", "--threads-of-another-kind=2", "--timeouts=1",
		"--binding", "--backlog=64", "--max-requests-per-second=1", "---workers", "x--workers", "-k gthread", "-c conf.py",
		"--access-logformat '%(h)s -b %(t)s'", `--access-logformat "%(h)s --workers"`, `--name a\ -b`, `--name \"`,
	} {
		var e rule.Errors
		validateArgs(&e, "Env", args)
		if e.Err() != nil {
			t.Errorf("%q gives %v", args, e.Err())
		}
	}
	for _, args := range []string{"'", `"`, `\`, "--name 'a", `--name "a\"`, `--name "it's`, `--access-logformat "a" "b`} {
		var e rule.Errors
		validateArgs(&e, "Env", args)
		if problems := e.Err(); len(problems) != 1 || !strings.Contains(problems[0].Detail, "must close each quote") {
			t.Errorf("%q gives %v", args, problems)
		}
	}
}
