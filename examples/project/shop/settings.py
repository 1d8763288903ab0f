"""Settings of the shop. What differs from place to place comes from environment variables."""
import os
import sys
from pathlib import Path

env = os.environ
BASE_DIR = Path(__file__).resolve().parent.parent


def flag(name):
    """Whether the variable says yes."""
    return env.get(name, "").lower() in ("1", "true", "yes", "on")


def words(name):
    """The parts of the variable between its commas."""
    return [word.strip() for word in env.get(name, "").split(",") if word.strip()]


# DEBUG=1 is for your own machine: pages with source code, a key that everybody knows, a database in a file.
DEBUG = flag("DEBUG")
SECRET_KEY = env.get("SECRET_KEY") or ("local" if DEBUG else "")

# Hosts and CSRF. DEBUG with no host at all answers on localhost.
ALLOWED_HOSTS = words("ALLOWED_HOSTS")
CSRF_TRUSTED_ORIGINS = words("CSRF_TRUSTED_ORIGINS")

# HTTPS ends at a proxy, which says so in a header.
if "SECURE_PROXY_SSL_HEADER" in env:
    SECURE_PROXY_SSL_HEADER = tuple(words("SECURE_PROXY_SSL_HEADER"))
SECURE_SSL_REDIRECT = flag("SECURE_SSL_REDIRECT")
SECURE_REDIRECT_EXEMPT = words("SECURE_REDIRECT_EXEMPT")
SESSION_COOKIE_SECURE = flag("SESSION_COOKIE_SECURE")
CSRF_COOKIE_SECURE = flag("CSRF_COOKIE_SECURE")

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "notes",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "shop.urls"
WSGI_APPLICATION = "shop.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# Database. Without a variable, as when an image is built, there is none, and the first query says so.
if "POSTGRES_HOST" in env:
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "HOST": env["POSTGRES_HOST"],
            "PORT": env.get("POSTGRES_PORT", "5432"),
            "NAME": env["POSTGRES_DB"],
            "USER": env["POSTGRES_USER"],
            "PASSWORD": env["POSTGRES_PASSWORD"],
            # A connection that a failover has ended is opened again before the request, not after an error.
            "CONN_MAX_AGE": int(env.get("CONN_MAX_AGE", "60")),
            "CONN_HEALTH_CHECKS": True,
            # A connection pooler in transaction mode asks for it.
            "DISABLE_SERVER_SIDE_CURSORS": flag("DISABLE_SERVER_SIDE_CURSORS"),
            # Seconds. TLS is not here: libpq reads PGSSLMODE and PGSSLROOTCERT by itself.
            "OPTIONS": {"connect_timeout": 5},
        }
    }
elif DEBUG:
    DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": BASE_DIR / "db.sqlite3"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True

# Static files: collectstatic gives them names with a hash, and WhiteNoise serves them. Tests run without it.
STATIC_URL = "/static/"
STATIC_ROOT = Path(env.get("STATIC_ROOT", BASE_DIR / "staticfiles"))
COLLECTED = "collectstatic" in sys.argv or (STATIC_ROOT / "staticfiles.json").exists()
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if COLLECTED
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}

# Media: a directory on a claim, or a bucket.
MEDIA_URL = "/media/"
MEDIA_ROOT = Path(env.get("MEDIA_ROOT", BASE_DIR / "media"))
if "AWS_STORAGE_BUCKET_NAME" in env:
    STORAGES["default"] = {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": env["AWS_STORAGE_BUCKET_NAME"],
            "endpoint_url": env.get("AWS_S3_ENDPOINT_URL"),
            "region_name": env.get("AWS_S3_REGION_NAME"),
        },
    }

# Cache. By default each process has one of its own, in memory. CACHE_URL is a variable of this project.
if "CACHE_URL" in env:
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": env["CACHE_URL"]}}

# Celery reads the broker's address from CELERY_BROKER_URL by itself.
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_BEAT_SCHEDULE = {"prune": {"task": "notes.tasks.prune", "schedule": 3600}}

# Logs go to standard output, errors with their traceback included. Django's own default mails them to ADMINS.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"stdout": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout", "formatter": "line"}},
    "root": {"handlers": ["stdout"], "level": env.get("LOG_LEVEL", "INFO")},
}
