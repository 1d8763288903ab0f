"""How gunicorn serves the site. GUNICORN_CMD_ARGS and command-line options win over every value here."""
import os

from guestbook.logs import logging_config

bind = "0.0.0.0:" + os.environ.get("PORT", "8000")
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))

# Each worker touches a file to prove that it is alive. On a disk that blocks, a healthy worker would be killed; memory
# does not block. https://docs.gunicorn.org/en/stable/settings.html#worker-tmp-dir
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK | os.X_OK) else None

# guestbook.middleware.request_log writes one line for every request.
accesslog = None
loglevel = os.environ.get("LOG_LEVEL", "INFO").lower()
logconfig_dict = logging_config()

# From 25.1 on, gunicorn opens a socket in the home directory unless told not to, which a read-only file system refuses.
# Older versions ignore the name.
control_socket_disable = True

if os.environ.get("E2E_HOOKS") == "1":
    # Imported before the workers are forked, so that all of them share its memory.
    import guestbook.hang  # noqa: F401
