"""One JSON object a line on standard output, for Django and gunicorn alike."""
import json
import logging
import os
from datetime import datetime, timezone


class JSONFormatter(logging.Formatter):
    """Writes a record as one line of JSON; what the call passed as extra={"fields": {...}} becomes part of the object."""

    def format(self, record):
        time = datetime.fromtimestamp(record.created, timezone.utc)
        line = {
            "time": time.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        for key, value in getattr(record, "fields", {}).items():
            line.setdefault(key, value)
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        if record.stack_info:
            line["stack"] = self.formatStack(record.stack_info)
        return json.dumps(line, default=str)


def logging_config():
    """The same configuration for LOGGING and for gunicorn's logconfig_dict: a worker applies both, in turn."""
    to_root = {"handlers": [], "propagate": True}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": JSONFormatter}},
        "handlers": {
            "stdout": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout", "formatter": "json"},
        },
        "root": {"handlers": ["stdout"], "level": os.environ.get("LOG_LEVEL", "INFO").upper()},
        "loggers": {
            "gunicorn.error": to_root,
            "django": to_root,
            # request_log has a line for every 4xx already; a 5xx comes here too, with its traceback.
            "django.request": {"level": "ERROR"},
            "django.server": {**to_root, "level": "ERROR"},
        },
    }
