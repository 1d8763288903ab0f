"""Settings of the guestbook: what differs from place to place comes from the environment. README.md has the table."""
import os
import sys
import warnings
from pathlib import Path

import django

from guestbook import environment
from guestbook.logs import logging_config

env = os.environ
BASE_DIR = Path(__file__).resolve().parent.parent

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

# HTTPS ends in front of the pod. The header is to be believed only because nothing but a proxy that sets it reaches the
# pod. Django trusts whoever sends it: the proxy must drop what a client sends under that name.
HTTPS = environment.flag(env, "HTTPS") or environment.flag(env, "SECURE_SSL_REDIRECT")
SECURE_SSL_REDIRECT = environment.flag(env, "SECURE_SSL_REDIRECT", default=HTTPS)
if HTTPS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    # Seconds. An hour is enough to show it and short enough to take it back.
    SECURE_HSTS_SECONDS = environment.number(env, "SECURE_HSTS_SECONDS", 3600)

STATIC_URL = "/static/"
STATIC_ROOT = env.get("STATIC_ROOT") or str(BASE_DIR / "staticfiles")
if COLLECTING_STATIC or os.path.exists(os.path.join(STATIC_ROOT, "staticfiles.json")):
    STATICFILES_BACKEND = "whitenoise.storage.CompressedManifestStaticFilesStorage"
else:
    # Nothing was collected: serve the files from where they lie in the source, under their plain names.
    STATICFILES_BACKEND = "django.contrib.staticfiles.storage.StaticFilesStorage"
    WHITENOISE_USE_FINDERS = True
    warnings.filterwarnings("ignore", message="No directory at")
if django.VERSION >= (4, 2):
    STORAGES = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": STATICFILES_BACKEND},
    }
else:
    STATICFILES_STORAGE = STATICFILES_BACKEND

LOGGING = logging_config()
