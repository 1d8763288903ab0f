"""Settings of the patients' site and of every process but the staff's site: those of the guestbook, then local.py, which
is mounted here, then what the clinic needs."""
import os
import socket
import ssl

from guestbook.settings import *  # noqa: F403
from guestbook.settings import INSTALLED_APPS, LOGGING

# After the defaults, which it replaces.
from clinic.settings.local import *  # noqa: F403 isort: skip

SITE = "patients"
SENTRY_DSN = os.environ["SENTRY_DSN"]
INSTALLED_APPS = [*INSTALLED_APPS, "clinic"]
ROOT_URLCONF = "clinic.urls"

# The CA that signs the certificate of PostgreSQL signs that of Redis, too.
CELERY_BROKER_USE_SSL = {
    "ssl_cert_reqs": ssl.CERT_REQUIRED,
    "ssl_ca_certs": os.environ["PGSSLROOTCERT"],
    "ssl_check_hostname": True,
}
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_BEAT_SCHEDULE = {"tick": {"task": "entries.tasks.tick", "schedule": 5, "args": [socket.gethostname()]}}

# Where a sidecar reads it. The other processes have no such directory.
LOGS = "/var/log/clinic"
if os.path.isdir(LOGS):
    LOGGING["handlers"]["file"] = {
        "class": "logging.FileHandler", "filename": os.path.join(LOGS, "clinic.log"), "formatter": "json",
    }
    LOGGING["root"]["handlers"].append("file")
