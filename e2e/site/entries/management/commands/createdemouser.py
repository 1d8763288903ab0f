import os

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    help = "Creates a user with the password in DEMO_USER_PASSWORD; when there is one of that name, sets its password."

    def add_arguments(self, parser):
        parser.add_argument("name")

    def handle(self, *args, **options):
        password = os.environ.get("DEMO_USER_PASSWORD", "")
        if not password:
            # Never an argument: the arguments of a process are there for everybody on the machine to read.
            raise CommandError("DEMO_USER_PASSWORD must be set")
        users = get_user_model()
        name = users.normalize_username(options["name"])
        user, created = users.objects.get_or_create(**{users.USERNAME_FIELD: name})
        user.set_password(password)
        user.is_active = True
        user.save()
        self.stdout.write(f"user {name}: {'created' if created else 'password set'}")
