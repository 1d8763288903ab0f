"""For `celery --app clinic`: the guestbook's, which reads the settings of the clinic."""
from guestbook.celery import app  # noqa: F401
