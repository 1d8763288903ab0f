"""Tests of the checks on what the doctor has seen, without Django. doctor_test.go runs them, and the doctor itself."""
import ast
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import doctor  # noqa: E402


def settings(letter, https=False, **other):
    """The settings of a project that follows the contract."""
    env = doctor.environment(letter, https)
    default = {key: env["POSTGRES_" + variable] for key, variable in doctor.DATABASE_KEYS}
    return dict(
        {
            "SECRET_KEY": env["SECRET_KEY"],
            "DEBUG": False,
            "ALLOWED_HOSTS": env["ALLOWED_HOSTS"].split(","),
            "CSRF_TRUSTED_ORIGINS": env["CSRF_TRUSTED_ORIGINS"].split(","),
            "SECURE_PROXY_SSL_HEADER": ["HTTP_X_FORWARDED_PROTO", "https"] if https else None,
            "SECURE_SSL_REDIRECT": https,
            "SESSION_COOKIE_SECURE": https,
            "CSRF_COOKIE_SECURE": https,
            "DATABASES": {"default": dict(default, ENGINE="django.db.backends.postgresql")},
            "INSTALLED_APPS": ["django.contrib.staticfiles"],
            "MIDDLEWARE": ["whitenoise.middleware.WhiteNoiseMiddleware"],
            "STATIC_URL": "/static/",
            "STATIC_ROOT": env["STATIC_ROOT"],
            "STORAGES": {"default": {"BACKEND": "django.core.files.storage.FileSystemStorage"}},
            "MEDIA_ROOT": env["MEDIA_ROOT"],
            "WSGI_APPLICATION": "shop.wsgi.application",
            "ROOT_URLCONF": "shop.urls",
        },
        **other,
    )


def healthy(https=False, **other):
    """What is seen of such a project; other are settings that it has in every run."""
    first = {
        "django": "5.2.1",
        "python": "3.13",
        "settings": settings("a", https, **other),
        "own": ["STORAGES"] + list(other),
        "modules": {"psycopg": True, "whitenoise": True, "gunicorn": True, "celery": True},
        "uploads": [],
        "written": [],
        "logs": [{"class": "StreamHandler", "stream": "stdout", "silent": False}],
        "wsgi": True,
        "celery": {"app": "shop", "broker": doctor.environment("a")["CELERY_BROKER_URL"]},
        "answer": {"status": 200, "location": "", "database": False},
    }
    runs = {
        "a": first,
        "b": {"settings": settings("b", https, **other)},
        "https": {"settings": settings("a", True, **other)},
        "keyless": {"error": {"type": "KeyError", "text": "'SECRET_KEY'", "where": "", "variable": "SECRET_KEY"}},
        "collect": {},
    }
    return doctor.Project(runs, {"shop/settings.py": "DEBUG = False\n"}, https=https, settings="shop.settings")


def found(project, status=doctor.MISSING):
    """The names of the findings of that status."""
    return sorted({finding.name for finding in doctor.examine(project) if finding.status == status})


class Checks(unittest.TestCase):
    def test_a_healthy_project_has_nothing_to_report(self):
        for https in False, True:
            project = healthy(https)
            self.assertEqual(found(project) + found(project, doctor.ADVICE), [])
            self.assertGreater(len(found(project, doctor.OK)), 13)

    def test_each_wrong_setting_has_its_own_line(self):
        sqlite = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "/app/db.sqlite3"}}
        fixed = {"default": dict(settings("a")["DATABASES"]["default"], HOST="db")}
        log = {"handlers": {"file": {"class": "logging.FileHandler", "filename": "/var/log/shop.log"}}}
        for names, wrong in (
            (["secret-key"], {"SECRET_KEY": "literal"}),
            (["debug"], {"DEBUG": True}),
            (["hosts"], {"ALLOWED_HOSTS": ["shop.example.com"]}),
            (["hosts"], {"ALLOWED_HOSTS": "site-a.example.com,django"}),
            (["csrf"], {"CSRF_TRUSTED_ORIGINS": []}),
            (["database", "writes"], {"DATABASES": sqlite}),
            (["database"], {"DATABASES": fixed}),
            (["database"], {"DATABASES": {}}),
            (["static"], {"STATIC_ROOT": None}),
            (["static-served"], {"MIDDLEWARE": []}),
            (["writes"], {"LOGGING": log}),
        ):
            with self.subTest(wrong=wrong):
                self.assertEqual(found(healthy(**wrong)), names)

    def test_a_missing_line_says_where_and_what(self):
        finding = next(f for f in doctor.examine(healthy(DEBUG=True)) if f.name == "debug")
        self.assertEqual(finding.where, "shop/settings.py:1")
        self.assertEqual(finding.add, 'DEBUG = os.environ.get("DEBUG") == "1"')

    def test_what_no_setting_says(self):
        for name, change in (
            ("driver", lambda seen: seen["modules"].update(psycopg=False)),
            ("static-served", lambda seen: seen["modules"].update(whitenoise=False)),
            ("server", lambda seen: seen["modules"].update(gunicorn=False)),
            ("logs", lambda seen: seen["logs"][0].update(silent=True)),
            ("logs", lambda seen: seen["logs"][0].update(stream="")),
            ("celery", lambda seen: seen["celery"].update(broker="redis://redis")),
            ("health", lambda seen: seen["answer"].update(status=404)),
            ("health", lambda seen: seen["answer"].update(status=301)),
            ("health", lambda seen: seen["answer"].update(status=500)),
            ("wsgi", lambda seen: seen.update(wsgi=None)),
            ("writes", lambda seen: seen["written"].append("cache.bin")),
        ):
            with self.subTest(name=name):
                project = healthy()
                change(project.runs["a"])
                self.assertEqual(found(project), [name])

    def test_https_is_required_where_it_is_asked_for(self):
        for https, status in (True, doctor.MISSING), (False, doctor.ADVICE):
            project = healthy(https)
            project.runs["https"]["settings"]["SECURE_PROXY_SSL_HEADER"] = None
            self.assertEqual(found(project, status), ["https"])

    def test_old_versions_of_django(self):
        project = healthy()
        project.runs["a"]["django"] = "3.2.25"
        for run in "ab":
            project.runs[run]["settings"]["CSRF_TRUSTED_ORIGINS"] = ["site-%s.example.com" % run]
        self.assertEqual(found(project), ["driver"], "psycopg 3 is for Django 4.2 and later")

    def test_uploads_need_a_place(self):
        project = healthy(MEDIA_ROOT="/app/media")
        self.assertEqual(found(project), [])
        project.runs["a"]["uploads"] = ["shop.Product.photo"]
        self.assertEqual(found(project), ["media"])
        project = healthy(MEDIA_ROOT="/app/media", STORAGES={"default": {"BACKEND": "storages.backends.s3.S3Storage"}})
        project.runs["a"]["uploads"] = ["shop.Product.photo"]
        self.assertEqual(found(project), [])

    def test_credentials_may_be_left_to_libpq(self):
        project = healthy()
        for run in "ab":
            project.runs[run]["settings"]["DATABASES"]["default"].update(USER="", PASSWORD="")
        self.assertEqual(found(project), [])

    def test_a_key_from_the_code_is_advised_against(self):
        project = healthy()
        project.runs["keyless"] = {"settings": {"SECRET_KEY": "fallback"}}
        self.assertEqual(found(project, doctor.ADVICE), ["secret-key"])

    def test_settings_that_do_not_load(self):
        project = healthy()
        project.runs["a"] = {
            "django": "5.2.1",
            "python": "3.13",
            "error": dict(type="KeyError", text="'SENTRY_DSN'", where="shop/settings.py:3", variable="SENTRY_DSN"),
        }
        finding, = doctor.examine(project)
        self.assertEqual((finding.name, finding.where), ("settings", "shop/settings.py:3"))
        self.assertIn("SENTRY_DSN", finding.add)

    def test_references_are_filled_in_as_kubernetes_does(self):
        self.assertEqual(doctor.fill_in("$(POSTGRES_HOST)/$(NONE)", {"POSTGRES_HOST": "db"}), "db/$(NONE)")

    def test_the_file_is_python_3_8(self):
        with open(doctor.__file__) as file:
            ast.parse(file.read(), feature_version=(3, 8))
        ast.parse(doctor.PROBE, feature_version=(3, 8))


if __name__ == "__main__":
    unittest.main()
