from django.core.management.base import BaseCommand, CommandError

from entries.models import Entry


class Command(BaseCommand):
    help = "Removes all but the newest entries. Run again, it finds nothing to do."

    def add_arguments(self, parser):
        parser.add_argument("--keep", type=int, required=True, help="how many entries to keep, 0 or more")

    def handle(self, *args, **options):
        keep = options["keep"]
        if keep < 0:
            raise CommandError("--keep: must be 0 or more")
        # One statement that names the newest to go: entries that arrive meanwhile are newer still, and stay.
        newest = Entry.objects.values_list("pk", flat=True)[keep : keep + 1]
        removed, _ = Entry.objects.filter(pk__lte=newest[0]).delete() if newest else (0, {})
        self.stdout.write(f"removed {removed}, kept at most {keep}")
