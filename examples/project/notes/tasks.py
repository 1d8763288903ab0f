from datetime import timedelta

from django.utils import timezone

from notes.models import Note
from shop.celery import app


@app.task
def prune():
    """Deletes the notes of last year and before."""
    Note.objects.filter(written__lt=timezone.now() - timedelta(days=365)).delete()
