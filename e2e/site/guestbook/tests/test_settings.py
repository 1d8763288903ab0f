"""Each test starts Python anew: settings are read once in a process."""
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from unittest import TestCase

SITE = Path(__file__).resolve().parent.parent.parent
SHOW = """
import json, django
from django.conf import settings as s
django.setup()
print(json.dumps({name: getattr(s, name) for name in (
    "DEBUG", "ALLOWED_HOSTS", "SECURE_SSL_REDIRECT", "SECURE_PROXY_SSL_HEADER", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE",
    "SECURE_HSTS_SECONDS", "SECURE_REDIRECT_EXEMPT", "STATICFILES_BACKEND", "MEDIA_ROOT", "BROKER", "CELERY_BEAT_SCHEDULE",
    "CELERY_BROKER_TRANSPORT_OPTIONS")}))
"""
# What the manifests of a site behind HTTPS set.
BEHIND_HTTPS = {
    "ALLOWED_HOSTS": "a.example",
    "SECRET_KEY": "for-the-tests-only-and-longer-than-fifty-characters-0123456789",
    "SECURE_PROXY_SSL_HEADER": "HTTP_X_FORWARDED_PROTO,https",
    "SECURE_SSL_REDIRECT": "True",
    "SESSION_COOKIE_SECURE": "True",
    "CSRF_COOKIE_SECURE": "True",
    "SECURE_HSTS_SECONDS": "3600",
}


def run(*args, **env):
    basics = {
        "PATH": os.environ.get("PATH", ""),
        "PYTHONPATH": str(SITE),
        "PYTHONDONTWRITEBYTECODE": "1",
        "DJANGO_SETTINGS_MODULE": "guestbook.settings",
        "SECRET_KEY": "tests-only",
        "DATABASE_URL": "sqlite:///:memory:",
    }
    env = {k: v for k, v in {**basics, **env}.items() if v is not None}
    return subprocess.run([sys.executable, *args], cwd=SITE, env=env, capture_output=True, text=True)


def settings(**env):
    done = run("-c", SHOW, **env)
    if done.returncode:
        raise AssertionError(done.stderr)
    return json.loads(done.stdout)


class Settings(TestCase):
    def test_defaults_are_those_of_production(self):
        got = settings()
        self.assertIs(got["DEBUG"], False)
        self.assertEqual(got["ALLOWED_HOSTS"], [])
        self.assertIs(got["SECURE_SSL_REDIRECT"], False)
        self.assertIsNone(got["SECURE_PROXY_SSL_HEADER"])
        self.assertIs(got["SESSION_COOKIE_SECURE"], False)

    def test_https_by_either_name(self):
        for name in ("HTTPS", "SECURE_SSL_REDIRECT"):
            with self.subTest(name):
                got = settings(**{name: "1"})
                self.assertIs(got["SECURE_SSL_REDIRECT"], True)
                self.assertEqual(got["SECURE_PROXY_SSL_HEADER"], ["HTTP_X_FORWARDED_PROTO", "https"])
                self.assertIs(got["SESSION_COOKIE_SECURE"], True)
                self.assertIs(got["CSRF_COOKIE_SECURE"], True)
                self.assertEqual(got["SECURE_HSTS_SECONDS"], 3600)

    def test_https_without_the_redirect(self):
        got = settings(HTTPS="1", SECURE_SSL_REDIRECT="0")
        self.assertIs(got["SECURE_SSL_REDIRECT"], False)
        self.assertIs(got["SESSION_COOKIE_SECURE"], True)

    def test_each_by_its_own_name(self):
        for name, want in (("SECURE_PROXY_SSL_HEADER", ["HTTP_A", "on"]), ("SESSION_COOKIE_SECURE", True), ("CSRF_COOKIE_SECURE", True)):
            with self.subTest(name):
                got, rest = settings(**{name: "HTTP_A,on" if want is not True else "1"}), settings()
                self.assertEqual(got, {**rest, name: want})
        self.assertEqual(settings(SECURE_HSTS_SECONDS="60")["SECURE_HSTS_SECONDS"], 60)

    def test_each_wins_over_https(self):
        got = settings(HTTPS="1", SECURE_PROXY_SSL_HEADER="", SESSION_COOKIE_SECURE="0", CSRF_COOKIE_SECURE="0", SECURE_HSTS_SECONDS="0")
        self.assertIsNone(got["SECURE_PROXY_SSL_HEADER"])
        self.assertEqual((got["SESSION_COOKIE_SECURE"], got["CSRF_COOKIE_SECURE"]), (False, False))
        self.assertEqual((got["SECURE_HSTS_SECONDS"], got["SECURE_SSL_REDIRECT"]), (0, True))

    def test_redirect_exempt(self):
        got = settings(SECURE_REDIRECT_EXEMPT="^healthz$, ^readyz$")
        self.assertEqual(got["SECURE_REDIRECT_EXEMPT"], ["^healthz$", "^readyz$"])

    def test_check_deploy(self):
        check = ("manage.py", "check", "--deploy", "--fail-level", "WARNING")
        done = run(*check, **BEHIND_HTTPS)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        for changed, want in (
            ({"DEBUG": "1"}, "W018"),
            ({"SECURE_SSL_REDIRECT": "0"}, "W008"),
            ({"SESSION_COOKIE_SECURE": "0"}, "W012"),
            ({"CSRF_COOKIE_SECURE": "0"}, "W016"),
            ({"SECURE_HSTS_SECONDS": "0"}, "W004"),
            ({"SECRET_KEY": "short"}, "W009"),
            ({"ALLOWED_HOSTS": ""}, "W020"),
        ):
            with self.subTest(want):
                done = run(*check, **{**BEHIND_HTTPS, **changed})
                self.assertNotEqual(done.returncode, 0)
                self.assertIn("security." + want, done.stderr)

    def test_tasks(self):
        got = settings()
        self.assertEqual((got["BROKER"], got["CELERY_BEAT_SCHEDULE"]), (False, {}))
        self.assertEqual(got["CELERY_BROKER_TRANSPORT_OPTIONS"]["visibility_timeout"], 3600)
        got = settings(CELERY_BROKER_URL="redis://db", BEAT_TICK_SECONDS="3", CELERY_VISIBILITY_TIMEOUT="60")
        self.assertEqual(got["CELERY_BROKER_TRANSPORT_OPTIONS"]["visibility_timeout"], 60)
        self.assertEqual((got["BROKER"], got["CELERY_BEAT_SCHEDULE"]["tick"]["schedule"]), (True, 3))

    def test_media_root(self):
        self.assertEqual(settings()["MEDIA_ROOT"], str(SITE / "media"))
        self.assertEqual(settings(MEDIA_ROOT="/var/media")["MEDIA_ROOT"], "/var/media")

    def test_secret_key_is_required(self):
        done = run("manage.py", "check", SECRET_KEY=None)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("SECRET_KEY: must be set", done.stderr)

    def test_database_is_required(self):
        done = run("manage.py", "check", DATABASE_URL=None)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("POSTGRES_HOST or DATABASE_URL: one of them must be set", done.stderr)

    def test_migrations_are_complete(self):
        done = run("manage.py", "makemigrations", "--check", "--dry-run")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_collectstatic_needs_no_database_and_its_result_is_used(self):
        with tempfile.TemporaryDirectory() as root:
            self.assertIn("StaticFilesStorage", settings(STATIC_ROOT=root)["STATICFILES_BACKEND"])
            done = run("manage.py", "collectstatic", "--noinput", DATABASE_URL=None, STATIC_ROOT=root)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("Manifest", settings(STATIC_ROOT=root)["STATICFILES_BACKEND"])
            page = run(
                "-c",
                "import django; django.setup()\n"
                "from django.test import Client; from django.templatetags.static import static\n"
                "url = static('guestbook.css'); got = Client(HTTP_HOST='a.example').get(url)\n"
                "print(url); print(got.status_code); print(got['Cache-Control'])",
                STATIC_ROOT=root,
                ALLOWED_HOSTS="a.example",
                LOG_LEVEL="WARNING",
            )
        self.assertRegex(page.stdout, r"^/static/guestbook\.[0-9a-f]{12}\.css\n200\n.*immutable", page.stderr)


class Gunicorn(TestCase):
    def test_arguments_win_over_the_file(self):
        def config(**env):
            done = run("-m", "gunicorn", "--print-config", "guestbook.wsgi:application", **env)
            self.assertEqual(done.returncode, 0, done.stderr)
            lines = (line.partition("=") for line in done.stdout.splitlines())
            return {name.strip(): value.strip() for name, _, value in lines}

        got = config(WEB_CONCURRENCY="3")
        self.assertEqual((got["workers"], got["threads"], got["bind"]), ("3", "1", "['0.0.0.0:8000']"))
        got = config(GUNICORN_CMD_ARGS="--workers 4 --threads 5 --worker-tmp-dir /tmp --bind 0.0.0.0:9000")
        self.assertEqual((got["workers"], got["threads"], got["worker_tmp_dir"]), ("4", "5", "/tmp"))
        self.assertEqual(got["bind"], "['0.0.0.0:9000']")
