from django.core.management.base import BaseCommand

from entries.models import Entry


class Command(BaseCommand):
    help = "Adds an entry in place of the reminders that a clinic sends."

    def add_arguments(self, parser):
        parser.add_argument("--hours", type=int, required=True, help="how far ahead to look")

    def handle(self, *args, **options):
        Entry.objects.create(text=f"reminders for {options['hours']} hours")
