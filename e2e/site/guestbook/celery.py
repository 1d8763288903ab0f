"""The Celery application, for `celery --app guestbook worker` and `celery --app guestbook beat`.

Nothing but the tasks imports it: the site runs where Celery is not installed, and then has no tasks.
"""
import os
from logging.config import dictConfig

from celery import Celery
from celery.signals import setup_logging
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "guestbook.settings")

app = Celery("guestbook")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def same_logs_as_the_site(**kwargs):
    """Takes the place of Celery's own configuration, so that --loglevel has no effect: LOG_LEVEL has."""
    dictConfig(settings.LOGGING)
