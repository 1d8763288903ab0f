"""Turns environment variables into settings.

Plain functions of a mapping, so that the tests reach every branch without loading the settings again. An error names the
variable and the rule but never repeats a value that could hold a password.
"""
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

TRUE = ("1", "true", "yes", "on")
FALSE = ("", "0", "false", "no", "off")


def flag(env, name, default=False):
    """Whether the variable says yes; default when it is not set."""
    value = env.get(name)
    if value is None:
        return default
    value = value.strip().lower()
    if value not in TRUE + FALSE:
        raise ImproperlyConfigured(f"{name}: must be one of 1, true, yes, on, 0, false, no, off or empty")
    return value in TRUE


def number(env, name, default):
    """The variable as a whole number that is not negative."""
    value = env.get(name, "").strip()
    if not value:
        return default
    if not (value.isascii() and value.isdigit()):
        raise ImproperlyConfigured(f"{name}: must be a whole number, 0 or more")
    return int(value)


def words(env, name):
    """The comma-separated parts of the variable, without blanks around them and without empty ones."""
    return [word.strip() for word in env.get(name, "").split(",") if word.strip()]


def header(env, name, default=None):
    """The variable as Django's SECURE_PROXY_SSL_HEADER: the header's name in request.META, and the value that means https."""
    if name not in env:
        return default
    parts = words(env, name)
    if parts and (len(parts) != 2 or not parts[0].startswith("HTTP_")):
        raise ImproperlyConfigured(f"{name}: must read HTTP_NAME,value, such as HTTP_X_FORWARDED_PROTO,https, or be empty")
    return tuple(parts) or None


def required(env, name, why=""):
    value = env.get(name, "")
    if not value:
        raise ImproperlyConfigured(f"{name}: must be set{why}")
    return value


def trusted_origins(env, django_version):
    """CSRF_TRUSTED_ORIGINS in the form that this version of Django compares with.

    The variable always holds origins: scheme and host, `https://*.example.com` for every subdomain. Since 4.0 that is
    what Django wants; before, it wanted host names, with a leading dot for every subdomain.
    https://docs.djangoproject.com/en/4.0/releases/4.0/#format-change
    """
    origins = words(env, "CSRF_TRUSTED_ORIGINS")
    for origin in origins:
        scheme, separator, host = origin.partition("://")
        if scheme not in ("http", "https") or not separator or not host or "/" in host:
            raise ImproperlyConfigured(
                f"CSRF_TRUSTED_ORIGINS: {origin}: must be an origin such as https://shop.example.com, without a path"
            )
    if django_version >= (4, 0):
        return origins
    hosts = [origin.partition("://")[2] for origin in origins]
    return [host[1:] if host.startswith("*.") else host for host in hosts]


def database(env, django_version):
    """The entry for DATABASES["default"].

    DATABASE_SETTINGS says which variables to read: `postgres` for POSTGRES_*, `url` for DATABASE_URL. When it is not set,
    POSTGRES_* is read if there is a POSTGRES_HOST, else DATABASE_URL.
    """
    source = env.get("DATABASE_SETTINGS", "").strip().lower()
    if not source:
        source = "postgres" if env.get("POSTGRES_HOST") else "url"
        if source == "url" and not env.get("DATABASE_URL"):
            raise ImproperlyConfigured("POSTGRES_HOST or DATABASE_URL: one of them must be set")
    if source == "postgres":
        settings = _from_parts(env)
    elif source == "url":
        settings = _from_url(required(env, "DATABASE_URL", " when DATABASE_SETTINGS is url"))
    else:
        raise ImproperlyConfigured("DATABASE_SETTINGS: must be postgres, url or empty")
    if settings["ENGINE"].endswith("postgresql"):
        settings["CONN_MAX_AGE"] = number(env, "DB_CONN_MAX_AGE", number(env, "CONN_MAX_AGE", 60))
        # Behind a connection pooler in transaction mode.
        settings["DISABLE_SERVER_SIDE_CURSORS"] = flag(env, "DISABLE_SERVER_SIDE_CURSORS")
        if django_version >= (4, 1):
            settings["CONN_HEALTH_CHECKS"] = True
        # Seconds. libpq's own default is to wait as long as the network does, which holds the worker for minutes.
        settings["OPTIONS"].setdefault("connect_timeout", 3)
    return settings


def _from_parts(env):
    port = env.get("POSTGRES_PORT", "").strip() or "5432"
    if not (port.isascii() and port.isdigit()):
        # Kubernetes sets POSTGRES_PORT=tcp://10.0.0.1:5432 in every pod that starts after a Service named postgres.
        raise ImproperlyConfigured(
            "POSTGRES_PORT: must be a number; when it is a tcp:// address, Kubernetes made it for a Service named postgres:"
            " set the variable, or enableServiceLinks: false"
        )
    return {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": required(env, "POSTGRES_HOST", " when DATABASE_SETTINGS is postgres"),
        "PORT": port,
        "NAME": required(env, "POSTGRES_DB", " beside POSTGRES_HOST"),
        # When these two are empty, Django passes neither on and libpq reads PGUSER and PGPASSWORD.
        "USER": env.get("POSTGRES_USER", ""),
        "PASSWORD": env.get("POSTGRES_PASSWORD", ""),
        "OPTIONS": {},
    }


def _from_url(url):
    rule = (
        "DATABASE_URL: must read postgres://[user[:password]@]host[:port]/name, with a user name and password that are"
        " percent-encoded, or sqlite:///path"
    )
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        # Not chained: the message of the original error can hold a piece of the password.
        raise ImproperlyConfigured(rule) from None
    path = unquote(parts.path[1:])
    if parts.scheme == "sqlite" and not parts.netloc and path:
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": path}
    if parts.scheme not in ("postgres", "postgresql") or not path or "/" in path or parts.fragment:
        raise ImproperlyConfigured(rule)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": unquote(parts.hostname or ""),
        "PORT": str(port or ""),
        "NAME": path,
        # As in _from_parts: left empty, they come from PGUSER and PGPASSWORD.
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        # Such as ?sslmode=verify-full: libpq checks the names.
        "OPTIONS": dict(parse_qsl(parts.query, keep_blank_values=True)),
    }
