#!/usr/bin/env python3
"""Says which parts of the contract with django-cdk8s a Django project misses.

Run it beside manage.py, in a checkout or in the image of the project. It imports the settings several times, each time
in a process of its own with the variables that the library would set, and looks at what follows them. It opens no
connection to the database, and changes no file. Python 3.8 or later, Django 3.2 or later, nothing else.

Exit status: 0, nothing required is missing; 1, something is; 2, the project could not be examined at all.
"""
import argparse
import ast
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

OK, ADVICE, MISSING = "ok", "advice", "missing"

# What a child process runs. It writes what it has seen to the file argv[2] as JSON, because the project may print.
PROBE = r'''
import importlib, importlib.util, json, logging, os, sys, traceback

request, out = json.loads(sys.argv[1]), sys.argv[2]
root = os.path.realpath(os.getcwd())
sys.path.insert(0, root)
seen = {"python": "%d.%d" % sys.version_info[:2], "written": []}


def below(path):
    """The path below the project, or None for one that is elsewhere or belongs to Python."""
    path = os.fsdecode(path)
    if path.startswith("<"):
        return None
    path = os.path.realpath(path)
    inside = path.startswith(root + os.sep) and "site-packages" not in path and "dist-packages" not in path
    return os.path.relpath(path, root) if inside and "__pycache__" not in path else None


def audit(event, args):
    try:
        if event == "open" and args[2] & (os.O_WRONLY | os.O_RDWR) and not isinstance(args[0], int):
            path = below(args[0])
            if path and path not in seen["written"]:
                seen["written"].append(path)
    except Exception:
        pass


def plain(value):
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    return value if value is None or isinstance(value, (str, int, float, bool)) else str(value)


def describe(error):
    frames = [f for f in traceback.extract_tb(error.__traceback__) if below(f.filename)]
    where = "%s:%d" % (below(frames[-1].filename), frames[-1].lineno) if frames else ""
    variable = error.args[0] if isinstance(error, KeyError) and frames and "environ" in str(frames[-1].line) else ""
    text = " ".join(str(error).split())[:300]
    return {"type": type(error).__name__, "text": text, "where": where, "variable": variable}


def importable(name):
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):
        return False


def logs():
    """The handlers that an error in a view reaches."""
    logger, found = logging.getLogger("django.request"), []
    while logger:
        for handler in logger.handlers:
            stream = getattr(handler, "stream", None)
            name = {id(sys.stdout): "stdout", id(sys.stderr): "stderr"}.get(id(stream), "")
            filters = [type(item).__name__ for item in handler.filters]
            silent = handler.level > logging.ERROR or "RequireDebugTrue" in filters
            found.append({"class": type(handler).__name__, "stream": name, "silent": silent})
        logger = logger.parent if logger.propagate else None
    return found


def celery(package):
    """The Celery application that "celery --app PACKAGE" finds."""
    if not (importable("celery") and importable(package + ".celery")):
        return None
    from celery import Celery

    module = importlib.import_module(package + ".celery")
    apps = [value for value in vars(module).values() if isinstance(value, Celery)]
    return {"app": package, "broker": str(apps[0].conf.broker_url)} if apps else None


def without_database():
    """Makes every connection fail, and returns a list that grows with each."""
    from django.db import OperationalError
    from django.db.backends.base.base import BaseDatabaseWrapper

    tries = []

    def connect(self):
        tries.append(self.alias)
        raise OperationalError("the doctor opens no connection")

    BaseDatabaseWrapper.connect = connect
    return tries


def answer(tries):
    """What the path of the probes answers, whatever the Host."""
    from django.conf import settings
    from django.test import Client

    settings.ALLOWED_HOSTS = ["*"]
    del tries[:]
    headers = {"HTTP_HOST": request["host"]}
    if request["https"]:
        headers["HTTP_X_FORWARDED_PROTO"] = "https"
    response = Client(raise_request_exception=False).get(request["path"], **headers)
    result = {"status": response.status_code, "location": response.get("Location", ""), "database": bool(tries)}
    if getattr(response, "exc_info", None):
        result["error"] = describe(response.exc_info[1])
    return result


def attempt(name, function, *args):
    try:
        seen[name] = function(*args)
    except (Exception, SystemExit) as error:
        seen[name] = None
        seen.setdefault("errors", {})[name] = describe(error)


def main():
    import django
    from django.conf import settings

    seen["django"] = django.get_version()
    names = [name for name in dir(settings) if name.isupper()]
    seen["settings"] = {name: plain(getattr(settings, name, None)) for name in names}
    seen["own"] = [name for name in names if settings.is_overridden(name)]
    files = [getattr(module, "__file__", None) for module in list(sys.modules.values())]
    seen["files"] = [below(file) for file in files if file and below(file)]
    seen["modules"] = {name: importable(name) for name in request["modules"]}
    if request["stage"] == "settings":
        return
    if request["stage"] == "collect":
        from django.core.management import call_command

        settings.STATIC_ROOT = request["static"]
        without_database()
        django.setup()
        call_command("collectstatic", interactive=False, verbosity=0)
        return
    if not seen["modules"]["psycopg"] and not seen["modules"]["psycopg2"]:
        settings.DATABASES["default"] = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
    tries = without_database()
    django.setup()
    from django.apps import apps
    from django.db.models import FileField
    from django.utils.module_loading import import_string

    seen["uploads"] = [
        "%s.%s" % (model._meta.label, field.name)
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if isinstance(field, FileField)
    ]
    seen["logs"] = logs()
    attempt("wsgi", lambda: bool(import_string(settings.WSGI_APPLICATION)) if settings.WSGI_APPLICATION else None)
    attempt("celery", celery, os.environ["DJANGO_SETTINGS_MODULE"].split(".")[0])
    attempt("answer", answer, tries)


sys.addaudithook(audit)
sys.argv = ["manage.py"] + (["collectstatic", "--noinput"] if request["stage"] == "collect" else [])
try:
    main()
except (Exception, SystemExit) as error:
    seen["error"] = describe(error)
with open(out, "w") as file:
    json.dump(seen, file)
'''

SERVERS = ("gunicorn", "uvicorn", "daphne", "hypercorn", "waitress", "uwsgi")
MODULES = SERVERS + ("psycopg", "psycopg2", "whitenoise", "storages", "celery")
BOOLEANS = ("SECURE_SSL_REDIRECT", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE")


class Unable(Exception):
    """The project cannot be examined."""


class Finding:
    """One line of the report: the part of the contract, what is wrong with it, where, and the line to add."""

    def __init__(self, name, status, message, where="", add=""):
        self.name, self.status, self.message, self.where, self.add = name, status, message, where, add


def environment(letter, https=False, path="/tmp"):
    """The variables that the library sets; two letters give two environments that differ in every value."""
    host, password = "database-%s.invalid" % letter, "password-%s" % letter
    hosts = ["site-%s.example.com" % letter, "django"]
    port = {"a": "5432", "b": "5433"}[letter]
    scheme = "https" if https else "http"
    variables = {
        "SECRET_KEY": letter * 60,
        "POSTGRES_HOST": host,
        "POSTGRES_PORT": port,
        "POSTGRES_DB": "name-" + letter,
        "POSTGRES_USER": "user-" + letter,
        "POSTGRES_PASSWORD": password,
        "PGUSER": "user-" + letter,
        "PGPASSWORD": password,
        "DATABASE_URL": "postgres://%s:%s/name-%s" % (host, port, letter),
        "ALLOWED_HOSTS": ",".join(hosts),
        "CSRF_TRUSTED_ORIGINS": "%s://%s" % (scheme, hosts[0]),
        "CELERY_BROKER_URL": "redis://:password-%s@broker-%s.invalid:6379/0" % (letter, letter),
        "STATIC_ROOT": os.path.join(path, "static-" + letter),
        "MEDIA_ROOT": os.path.join(path, "media-" + letter),
        "PORT": "8000",
    }
    if https:
        variables.update({name: "true" for name in BOOLEANS}, SECURE_PROXY_SSL_HEADER="HTTP_X_FORWARDED_PROTO,https")
    return variables


class Project:
    """What was seen of a project: one dictionary for each run of PROBE, by its name, and the text of its files."""

    def __init__(self, runs, sources=None, path="/login", https=False, settings="", python3="python3"):
        self.runs, self.sources, self.path, self.https = runs, sources or {}, path, https
        self.module, self.python3 = settings, python3

    def value(self, run, name):
        return self.runs[run].get("settings", {}).get(name)

    def version(self):
        """Django's, such as (4, 2)."""
        return tuple(int(part) for part in re.findall(r"\d+", self.runs["a"].get("django", ""))[:2])

    def has(self, module):
        return self.runs["a"].get("modules", {}).get(module, False)

    def where(self, name):
        """The last place where the settings assign the name, or the file of the settings."""
        found, own = "", self.module.replace(".", "/")
        names = sorted(self.sources, key=lambda file: file.startswith(own))
        for file in names:
            for node in ast.walk(ast.parse(self.sources[file])):
                targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
                if any(isinstance(target, ast.Name) and target.id == name for target in targets):
                    found = "%s:%d" % (file, node.lineno)
        return found or next((file for file in names if file.startswith(own)), "")


def check_secret_key(p):
    where, add = p.where("SECRET_KEY"), 'SECRET_KEY = os.environ["SECRET_KEY"]'
    if p.value("a", "SECRET_KEY") == p.value("b", "SECRET_KEY"):
        yield Finding("secret-key", MISSING, "SECRET_KEY does not follow its variable; the code has it", where, add)
    elif p.value("keyless", "SECRET_KEY") and "error" not in p.runs["keyless"]:
        yield Finding("secret-key", ADVICE, "without the variable, a key from the code is used", where, add)
    else:
        yield Finding("secret-key", OK, "from SECRET_KEY")


def check_debug(p):
    if p.value("a", "DEBUG"):
        add = 'DEBUG = os.environ.get("DEBUG") == "1"'
        yield Finding("debug", MISSING, "DEBUG is on when no variable asks for it", p.where("DEBUG"), add)
    else:
        yield Finding("debug", OK, "off by default")


def check_hosts(p):
    where = p.where("ALLOWED_HOSTS")
    add = 'ALLOWED_HOSTS = os.environ.get("ALLOWED_HOSTS", "localhost").split(",")'
    given = [p.value(run, "ALLOWED_HOSTS") for run in "ab"]
    if isinstance(given[0], list) and "*" in given[0]:
        yield Finding("hosts", ADVICE, "ALLOWED_HOSTS takes any Host header", where, add)
    elif all(isinstance(g, list) and "django" in g and "site-%s.example.com" % run in g for g, run in zip(given, "ab")):
        yield Finding("hosts", OK, "from ALLOWED_HOSTS")
    else:
        message = "ALLOWED_HOSTS does not follow its variable, a list between commas; the probes get 400"
        yield Finding("hosts", MISSING, message, where, add)


def check_csrf(p):
    scheme = "https://" if p.https else "http://"
    for run in "ab":
        host = "site-%s.example.com" % run
        given = p.value(run, "CSRF_TRUSTED_ORIGINS")
        # Before 4.0, Django wants hosts, without the scheme.
        if not isinstance(given, list) or not {host, scheme + host}.intersection(given):
            message = "CSRF_TRUSTED_ORIGINS does not follow its variable; forms behind a proxy may get 403"
            add = 'CSRF_TRUSTED_ORIGINS = os.environ.get("CSRF_TRUSTED_ORIGINS", "http://localhost").split(",")'
            if p.version() < (4, 0):
                add += '\nCSRF_TRUSTED_ORIGINS = [origin.split("://")[1] for origin in CSRF_TRUSTED_ORIGINS]'
            yield Finding("csrf", MISSING, message, p.where("CSRF_TRUSTED_ORIGINS"), add)
            return
    yield Finding("csrf", OK, "from CSRF_TRUSTED_ORIGINS")


def check_https(p):
    status, wrong = MISSING if p.https else ADVICE, False
    if p.value("https", "SECURE_PROXY_SSL_HEADER") != ["HTTP_X_FORWARDED_PROTO", "https"]:
        wrong = True
        message = "SECURE_PROXY_SSL_HEADER is not set; with HTTPS, each request is redirected for ever"
        add = (
            'if "SECURE_PROXY_SSL_HEADER" in os.environ:\n'
            '    SECURE_PROXY_SSL_HEADER = tuple(os.environ["SECURE_PROXY_SSL_HEADER"].split(","))'
        )
        yield Finding("https", status, message, p.where("SECURE_PROXY_SSL_HEADER"), add)
    for name in BOOLEANS:
        add = '%s = os.environ.get("%s") == "true"' % (name, name)
        if not p.value("https", name):
            wrong = True
            yield Finding("https", status, name + " does not follow its variable", p.where(name), add)
        elif p.value("a", name) and not p.https:
            wrong = True
            message = name + " is on without HTTPS, too: nobody can log in over http"
            yield Finding("https", ADVICE, message, p.where(name), add)
    if not wrong:
        yield Finding("https", OK, "the proxy's header, redirect and cookies from their variables")


DATABASE_KEYS = (("HOST", "HOST"), ("PORT", "PORT"), ("NAME", "DB"), ("USER", "USER"), ("PASSWORD", "PASSWORD"))


def check_database(p):
    where = p.where("DATABASES")
    lines = ['    "%s": os.environ.get("POSTGRES_%s"),' % pair for pair in DATABASE_KEYS]
    add = "\n".join(['DATABASES = {"default": {', '    "ENGINE": "django.db.backends.postgresql",'] + lines + ["}}"])
    wrong, engine = set(), ""
    for run in "ab":
        databases = p.value(run, "DATABASES")
        default = databases.get("default") or {} if isinstance(databases, dict) else {}
        engine = str(default.get("ENGINE", ""))
        expected = environment(run)
        for key, variable in DATABASE_KEYS:
            given = str(default.get(key) or "")
            # libpq reads PGUSER and PGPASSWORD where Django passes nothing.
            absent = not given and key in ("USER", "PASSWORD")
            if given != expected["POSTGRES_" + variable] and not absent:
                wrong.add(key)
    if "postgresql" not in engine and "postgis" not in engine:
        message = "the default database is %s, not PostgreSQL" % (engine or "none")
        yield Finding("database", MISSING, message, where, add)
    elif wrong:
        message = "the default database does not follow the variables: %s" % ", ".join(sorted(wrong))
        yield Finding("database", MISSING, message, where, add)
    else:
        yield Finding("database", OK, "from POSTGRES_* or DATABASE_URL")


def check_driver(p):
    if p.has("psycopg2") or (p.has("psycopg") and p.version() >= (4, 2)):
        yield Finding("driver", OK, "psycopg2" if p.has("psycopg2") else "psycopg")
    else:
        name = "psycopg[binary]" if p.version() >= (4, 2) else "psycopg2-binary"
        yield Finding("driver", MISSING, "no driver of PostgreSQL can be imported", "requirements.txt", name)


def check_static(p):
    where = p.where("STATIC_ROOT")
    if "django.contrib.staticfiles" not in (p.value("a", "INSTALLED_APPS") or []):
        yield Finding("static", OK, "not used")
        return
    error = p.runs["collect"].get("error")
    if not p.value("a", "STATIC_ROOT"):
        add = 'STATIC_ROOT = os.environ.get("STATIC_ROOT", BASE_DIR / "staticfiles")'
        yield Finding("static", MISSING, "STATIC_ROOT is not set: collectstatic has no place", where, add)
    elif error:
        message = "collectstatic fails where SECRET_KEY is the only variable: %(type)s: %(text)s" % error
        # An error outside the project is no matter of its settings.
        add = "settings that load without the other variables, as in a docker build" if error["where"] else ""
        yield Finding("static", MISSING, message, error["where"], add)
    else:
        yield Finding("static", OK, "collectstatic works without a database")
    middleware = p.value("a", "MIDDLEWARE") or []
    url = p.value("a", "STATIC_URL") or ""
    if url.startswith(("http:", "https:", "//")):
        yield Finding("static-served", OK, "elsewhere, at " + url)
    elif not any("whitenoise" in name.lower() for name in middleware):
        message = "outside DEBUG nothing serves the static files"
        add = '"whitenoise.middleware.WhiteNoiseMiddleware",  # in MIDDLEWARE, below SecurityMiddleware'
        yield Finding("static-served", MISSING, message, p.where("MIDDLEWARE"), add)
    elif not p.has("whitenoise"):
        yield Finding("static-served", MISSING, "whitenoise cannot be imported", "requirements.txt", "whitenoise")
    else:
        yield Finding("static-served", OK, "WhiteNoise")


def storage(p):
    """The class that stores uploaded files."""
    storages = p.value("a", "STORAGES") or {}
    default = storages.get("default", {}).get("BACKEND", "")
    if "STORAGES" not in p.runs["a"].get("own", []):
        default = p.value("a", "DEFAULT_FILE_STORAGE") or default
    return default


def check_media(p):
    uploads, local = p.runs["a"].get("uploads") or [], storage(p).endswith("FileSystemStorage")
    if local and not uploads:
        yield Finding("media", OK, "no model has a FileField")
    elif local and p.value("a", "MEDIA_ROOT") == p.value("b", "MEDIA_ROOT"):
        message = "MEDIA_ROOT does not follow its variable; %s would be lost with the pod" % uploads[0]
        add = 'MEDIA_ROOT = os.environ.get("MEDIA_ROOT", BASE_DIR / "media")'
        yield Finding("media", MISSING, message, p.where("MEDIA_ROOT"), add)
    else:
        yield Finding("media", OK, "from MEDIA_ROOT" if local else "in " + storage(p))


def check_logs(p):
    handlers = p.runs["a"].get("logs")
    if handlers is None:
        return
    if any(handler["stream"] and not handler["silent"] for handler in handlers):
        yield Finding("logs", OK, "errors reach standard output")
        return
    add = (
        'LOGGING = {\n    "version": 1,\n    "disable_existing_loggers": False,\n'
        '    "handlers": {"stdout": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout"}},\n'
        '    "root": {"handlers": ["stdout"], "level": "INFO"},\n}'
    )
    yield Finding("logs", MISSING, "errors in views are not written to standard output", p.where("LOGGING"), add)


def check_celery(p):
    prefixed = [name for name in p.runs["a"].get("own", []) if name.startswith("CELERY_")]
    found, package = p.runs["a"].get("celery"), p.module.split(".")[0]
    error = p.runs["a"].get("errors", {}).get("celery")
    if found and found["broker"] == environment("a")["CELERY_BROKER_URL"]:
        yield Finding("celery", OK, 'App is "%s"' % found["app"])
    elif found:
        add = 'CELERY_BROKER_URL = os.environ.get("CELERY_BROKER_URL")'
        yield Finding("celery", MISSING, "the broker does not follow its variable", package + "/celery.py", add)
    elif error:
        yield Finding("celery", MISSING, "%s.celery: %s: %s" % (package, error["type"], error["text"]), error["where"])
    elif package + "/celery.py" in p.sources and not p.has("celery"):
        yield Finding("celery", MISSING, "celery cannot be imported", "requirements.txt", "celery[redis]")
    elif prefixed:
        message = "%s is set, and there is no Celery application" % prefixed[0]
        add = 'app = Celery("%s")\napp.config_from_object("django.conf:settings", namespace="CELERY")' % package
        yield Finding("celery", MISSING, message, package + "/celery.py", add)
    else:
        yield Finding("celery", OK, "not used")


def check_health(p):
    result, errors = p.runs["a"].get("answer"), p.runs["a"].get("errors", {})
    urls = str(p.value("a", "ROOT_URLCONF") or "").replace(".", "/") + ".py"
    error = errors.get("answer") or (result or {}).get("error") or {}
    reason = ": %(type)s: %(text)s" % error if error else ""
    if not result:
        if error:
            yield Finding("health", MISSING, "%s cannot be asked for%s" % (p.path, reason), error["where"] or urls)
        return
    status, answers = result["status"], "%s answers %d" % (p.path, result["status"])
    if status == 200:
        yield Finding("health", OK, answers + " without a database")
    elif status == 404:
        add = 'path("%s", lambda request: HttpResponse("ok")),  # in urlpatterns' % p.path.lstrip("/")
        if p.path == "/login":
            add = 'path("login", admin.site.login),  # in urlpatterns; or HealthPath in the app, and --path here'
        yield Finding("health", MISSING, answers, urls, add)
    elif 300 <= status < 400:
        message = "%s to %s, which counts as healthy and proves nothing" % (answers, result["location"])
        yield Finding("health", MISSING, message, urls, "a page that answers 200, in HealthPath and --path")
    elif result["database"]:
        message = answers + " without a database: good for HealthPath, bad for LivenessPath"
        yield Finding("health", OK if status == 503 else ADVICE, message)
    else:
        yield Finding("health", MISSING, answers + reason, error.get("where") or urls)


def check_server(p):
    found = [name for name in SERVERS if p.has(name)]
    if "gunicorn" in found:
        yield Finding("server", OK, "gunicorn")
    elif found:
        yield Finding("server", ADVICE, "%s instead of gunicorn: WebProps.Gunicorn has no effect" % found[0])
    else:
        yield Finding("server", MISSING, "gunicorn cannot be imported", "requirements.txt", "gunicorn")
    if not p.python3:
        message = "there is no python3 on PATH, with which the pods run manage.py"
        yield Finding("python3", MISSING, message, "Dockerfile", "RUN ln -s python /usr/local/bin/python3")


def check_wsgi(p):
    application, error = p.value("a", "WSGI_APPLICATION"), p.runs["a"].get("errors", {}).get("wsgi")
    if p.runs["a"].get("wsgi"):
        yield Finding("wsgi", OK, application)
    elif error:
        yield Finding("wsgi", MISSING, "%s: %s: %s" % (application, error["type"], error["text"]), error["where"])
    elif "wsgi" in p.runs["a"] and not p.value("a", "ASGI_APPLICATION"):
        package = p.module.split(".")[0]
        add = 'WSGI_APPLICATION = "%s.wsgi.application"' % package
        yield Finding("wsgi", MISSING, "WSGI_APPLICATION is not set", p.where("WSGI_APPLICATION"), add)


def check_writes(p):
    """Paths below the project: there, the file system of a pod is read-only."""
    found = []
    for alias, database in sorted((p.value("a", "DATABASES") or {}).items()):
        if "sqlite3" in str(database.get("ENGINE", "")) and "memory" not in str(database.get("NAME", "")):
            found.append(("DATABASES", "database %r" % alias, database.get("NAME")))
    for name, handler in sorted(((p.value("a", "LOGGING") or {}).get("handlers") or {}).items()):
        if isinstance(handler, dict) and handler.get("filename"):
            found.append(("LOGGING", "handler %r" % name, handler["filename"]))
    for name, cache in sorted((p.value("a", "CACHES") or {}).items()):
        if "filebased" in str(cache.get("BACKEND", "")):
            found.append(("CACHES", "cache %r" % name, cache.get("LOCATION")))
    here = os.getcwd() + os.sep
    found = [item for item in found if not str(item[2]).startswith("/tmp/") or str(item[2]).startswith(here)]
    for setting, what, path in found:
        message = "%s writes %s: a pod writes to /tmp and mounted volumes only" % (what, os.path.basename(str(path)))
        add = "PostgreSQL, standard output or a path in /tmp instead"
        yield Finding("writes", MISSING, message, p.where(setting), add)
    known = [os.path.basename(str(path)) for _, _, path in found]
    others = [path for path in p.runs["a"].get("written", []) if os.path.basename(path) not in known]
    for path in others:
        message = "the project writes %s when it starts: a pod writes to /tmp and mounted volumes only" % path
        yield Finding("writes", MISSING, message, "", "a path in /tmp, or Project.Volumes")
    if not found and not others:
        yield Finding("writes", OK, "nothing below the project is written")


CHECKS = (
    check_secret_key, check_debug, check_hosts, check_csrf, check_https, check_database, check_driver, check_static,
    check_media, check_logs, check_celery, check_health, check_server, check_wsgi, check_writes,
)


def examine(p):
    """The findings about a project, in the order of the page of the contract."""
    error = p.runs["a"].get("error")
    if error and "settings" not in p.runs["a"]:
        message, add = "%s cannot be imported: %s: %s" % (p.module, error["type"], error["text"]), ""
        if error["variable"]:
            message = "the settings need the variable %s, which the library does not set" % error["variable"]
            add = 'Env: map[string]string{"%s": "..."} in django.Project' % error["variable"]
            add += "; here --env %s=..." % error["variable"]
        return [Finding("settings", MISSING, message, error["where"], add)]
    if not error:
        return [finding for check in CHECKS for finding in check(p)]
    message = "the project does not start: %s: %s" % (error["type"], error["text"])
    findings = [Finding("start", MISSING, message, error["where"])]
    # The others ask a project that has started.
    return findings + [f for check in CHECKS if check not in (check_static, check_celery) for f in check(p)]


def probe(module, variables, request):
    """What PROBE sees with these variables."""
    # Whatever the shell or the pod has of these must not fill a gap.
    known = set(environment("a", https=True)).union(["DEBUG", "DJANGO_DEBUG"])
    base = {name: value for name, value in os.environ.items() if name not in known}
    base.update(variables, DJANGO_SETTINGS_MODULE=module, PYTHONDONTWRITEBYTECODE="1")
    with tempfile.TemporaryDirectory() as directory:
        out = os.path.join(directory, "seen.json")
        request = dict({"modules": MODULES, "static": os.path.join(directory, "static")}, **request)
        command = [sys.executable, "-W", "ignore", "-c", PROBE, json.dumps(request), out]
        done = subprocess.run(command, env=base, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        if not os.path.exists(out):
            end = done.stderr[-500:].decode(errors="replace")
            raise Unable("Python ended with status %d: %s" % (done.returncode, end))
        with open(out) as file:
            return json.load(file)


def settings_module():
    if os.environ.get("DJANGO_SETTINGS_MODULE"):
        return os.environ["DJANGO_SETTINGS_MODULE"]
    with open("manage.py") as file:
        found = re.search(r"""DJANGO_SETTINGS_MODULE['"]\s*,\s*['"]([\w.]+)['"]""", file.read())
    return found.group(1) if found else ""


def fill_in(value, variables):
    """The value with each $(NAME) replaced, as Kubernetes does it."""
    return re.sub(r"\$\((\w+)\)", lambda found: variables.get(found.group(1), found.group(0)), value)


def look(options):
    """Runs PROBE in every environment that the checks compare."""
    if not os.path.exists("manage.py"):
        raise Unable("there is no manage.py in %s" % os.getcwd())
    module = options.settings or settings_module()
    if not module:
        raise Unable("manage.py names no DJANGO_SETTINGS_MODULE; give --settings")
    extra = dict(item.split("=", 1) for item in options.env)

    def run(letter, stage="settings", https=False, without=()):
        variables = environment(letter, https)
        variables.update({name: fill_in(value, variables) for name, value in extra.items()})
        for name in without:
            variables.pop(name, None)
        request = {"stage": stage, "path": options.path, "https": https, "host": "django"}
        return probe(module, variables, request)

    # docker build has a key, and nothing else of it.
    build = [name for name in list(environment("a")) + list(extra) if name != "SECRET_KEY"]
    first = run("a", "full", options.https)
    if "django" not in first:
        raise Unable("%s cannot import Django: %s" % (sys.executable, first["error"]["text"]))
    runs = {
        "a": first,
        "b": run("b", https=options.https),
        "https": run("a", https=True),
        "keyless": run("a", without=["SECRET_KEY"]),
        "collect": {} if "static" in options.skip else run("a", "collect", without=build),
    }
    sources = {}
    for name in set(runs["a"].get("files", []) + [module.split(".")[0] + "/celery.py"]):
        if name.endswith(".py") and os.path.exists(name):
            with open(name, encoding="utf-8") as file:
                text = file.read()
            try:
                ast.parse(text)
            except SyntaxError:
                continue
            sources[name.replace(os.sep, "/")] = text
    python3 = os.name != "posix" or shutil.which("python3")
    return Project(runs, sources, options.path, options.https, module, python3)


def report(p, findings):
    lines = ["%s with Django %s, Python %s" % (p.module, p.runs["a"].get("django", "?"), p.runs["a"]["python"]), ""]
    for finding in findings:
        where = finding.where + ": " if finding.where else ""
        lines.append("%-8s %-14s %s%s" % (finding.status, finding.name, where, finding.message))
        if finding.status != OK:
            lines += ["         " + line for line in finding.add.splitlines()]
    if any("os.environ" in f.add and f.status != OK for f in findings) and not any(
        re.search(r"^import os\b", text, re.M) for text in p.sources.values()
    ):
        lines += ["", "These lines need another one at the top of the settings: import os"]
    counts = [sum(finding.status == status for finding in findings) for status in (MISSING, ADVICE, OK)]
    lines += ["", "%d missing, %d advised, %d in order" % tuple(counts)]
    return "\n".join(lines)


def main(arguments=None):
    parser = argparse.ArgumentParser(
        prog="doctor.py", formatter_class=argparse.RawDescriptionHelpFormatter, description=__doc__
    )
    parser.add_argument("--path", default="/login", help="HealthPath of the site (default /login)")
    parser.add_argument("--https", action="store_true", help="the project has HTTPS: true; what it needs is required")
    parser.add_argument("--settings", help="module of the settings (default: DJANGO_SETTINGS_MODULE, or manage.py's)")
    parser.add_argument("--env", action="append", default=[], metavar="NAME=VALUE",
                        help="a variable of Project.Env, which may contain $(NAME) of another; may be repeated")
    parser.add_argument("--skip", action="append", default=[], metavar="NAME",
                        help="a check to leave out; may be repeated")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    options = parser.parse_args(arguments)
    if any("=" not in item for item in options.env):
        parser.error("--env: must read NAME=VALUE")
    try:
        p = look(options)
    except Unable as error:
        print("doctor: %s" % error, file=sys.stderr)
        return 2
    findings = [finding for finding in examine(p) if finding.name not in options.skip]
    missing = sum(finding.status == MISSING for finding in findings)
    if options.json:
        checks = [vars(finding) for finding in findings]
        whole = {"settings": p.module, "django": p.runs["a"].get("django"), "missing": missing, "checks": checks}
        print(json.dumps(whole, indent=2))
    else:
        print(report(p, findings))
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
