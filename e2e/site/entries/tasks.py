"""What a worker does. Each task may run twice, see CELERY_TASK_ACKS_LATE in the settings: then its row is there twice."""
import socket
import time

from entries.models import Entry
from guestbook.celery import app


@app.task
def add_entry(text):
    """Adds the entry and returns its id."""
    return Entry.objects.create(text=text).pk


@app.task
def slow_entry(text, seconds):
    """Sleeps, then does what add_entry does. A worker that stops in good order lets it end."""
    time.sleep(seconds)
    return add_entry(text)


@app.task
def tick(beat):
    """Adds an entry that names the pod of beat and that of the worker: two beats show as two names."""
    return add_entry(f"tick beat={beat} worker={socket.gethostname()}")
