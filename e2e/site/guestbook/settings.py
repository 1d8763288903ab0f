"""Settings of the guestbook: what differs from place to place comes from the environment. README.md has the table."""
import os
import socket
import sys
import tempfile
import warnings
from pathlib import Path

import django

from guestbook import environment
from guestbook.logs import logging_config

env = os.environ
BASE_DIR = Path(__file__).resolve().parent.parent
VERSION = (BASE_DIR / "VERSION").read_text().strip()

# An image is built without any database in reach; this is the one command that such a build runs.
COLLECTING_STATIC = sys.argv[1:2] == ["collectstatic"]

SECRET_KEY = environment.required(env, "SECRET_KEY")
DEBUG = environment.flag(env, "DEBUG")
ALLOWED_HOSTS = environment.words(env, "ALLOWED_HOSTS")
CSRF_TRUSTED_ORIGINS = environment.trusted_origins(env, django.VERSION)
E2E_HOOKS = env.get("E2E_HOOKS") == "1"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "entries",
]
MIDDLEWARE = [
    "guestbook.middleware.request_log",
    "guestbook.middleware.hang_when_told",
    "guestbook.middleware.metrics_for_any_host",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "guestbook.urls"
WSGI_APPLICATION = "guestbook.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
            ],
        },
    },
]

DATABASES = {} if COLLECTING_STATIC else {"default": environment.database(env, django.VERSION)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "account"
LOGOUT_REDIRECT_URL = "login"

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True

# HTTPS ends in front of the pod. HTTPS=1, or SECURE_SSL_REDIRECT=1, gives the rest a default; each can be set by itself.
HTTPS = environment.flag(env, "HTTPS") or environment.flag(env, "SECURE_SSL_REDIRECT")
SECURE_SSL_REDIRECT = environment.flag(env, "SECURE_SSL_REDIRECT", default=HTTPS)
SECURE_REDIRECT_EXEMPT = environment.words(env, "SECURE_REDIRECT_EXEMPT")
# To be believed only because nothing but a proxy that sets it reaches the pod. Django trusts whoever sends it: the proxy must
# drop what a client sends under that name.
SECURE_PROXY_SSL_HEADER = environment.header(
    env, "SECURE_PROXY_SSL_HEADER", default=("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
)
SESSION_COOKIE_SECURE = environment.flag(env, "SESSION_COOKIE_SECURE", default=HTTPS)
CSRF_COOKIE_SECURE = environment.flag(env, "CSRF_COOKIE_SECURE", default=HTTPS)
# An hour is enough to show it and short enough to take it back.
SECURE_HSTS_SECONDS = environment.number(env, "SECURE_HSTS_SECONDS", 3600 if HTTPS else 0)
# Both want a promise about every other host of the domain, which is not this site's to make.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]

STATIC_URL = "/static/"
STATIC_ROOT = env.get("STATIC_ROOT") or str(BASE_DIR / "staticfiles")
if COLLECTING_STATIC or os.path.exists(os.path.join(STATIC_ROOT, "staticfiles.json")):
    STATICFILES_BACKEND = "whitenoise.storage.CompressedManifestStaticFilesStorage"
else:
    # Nothing was collected: serve the files from where they lie in the source, under their plain names.
    STATICFILES_BACKEND = "django.contrib.staticfiles.storage.StaticFilesStorage"
    WHITENOISE_USE_FINDERS = True
    warnings.filterwarnings("ignore", message="No directory at")

# Uploads are served by a view, as attachments: no MEDIA_URL.
MEDIA_ROOT = env.get("MEDIA_ROOT") or str(BASE_DIR / "media")

if django.VERSION >= (4, 2):
    STORAGES = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": STATICFILES_BACKEND},
    }
else:
    STATICFILES_STORAGE = STATICFILES_BACKEND

LOGGING = logging_config()

# Celery itself reads CELERY_BROKER_URL; the view of /tasks wants to know whether it is there.
BROKER = bool(env.get("CELERY_BROKER_URL"))
CELERY_TASK_IGNORE_RESULT = True
# At least once: the broker forgets a task when it is done, not when it is handed out. The task of a worker that is killed
# goes to another one, at once when only a child process died, otherwise after the visibility timeout. The price is a task
# that kills its worker each time: nothing but a person stops it. A task whose second run does harm sets acks_late=False.
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
# A worker that starts before its broker waits for it. Older versions do so anyway and ignore the name.
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    # Seconds. Longer than any task, or Redis hands a running one out again.
    "visibility_timeout": environment.number(env, "CELERY_VISIBILITY_TIMEOUT", 3600),
    # For whoever sends: without them, an answer waits as long as the broker is gone. A worker tries again on its own.
    "max_retries": 1,
    "socket_connect_timeout": 2,
    # A worker asks for a second at a time; what takes five is a broker that hangs.
    "socket_timeout": 5,
}
# Beat remembers here when it sent what: nothing that has to outlive the pod, in a directory that is writable.
CELERY_BEAT_SCHEDULE_FILENAME = os.path.join(tempfile.gettempdir(), "celerybeat-schedule")
CELERY_BEAT_SCHEDULE = {}
BEAT_TICK_SECONDS = environment.number(env, "BEAT_TICK_SECONDS", 0)
if BEAT_TICK_SECONDS:
    CELERY_BEAT_SCHEDULE["tick"] = {
        "task": "entries.tasks.tick",
        "schedule": BEAT_TICK_SECONDS,
        # Settings are read in the pod of beat.
        "args": [socket.gethostname()],
    }
