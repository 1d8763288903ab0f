from django.db import migrations


def fail(apps, schema_editor):
    raise RuntimeError("guestbook 3.0.0 cannot migrate: this release exists to fail here")


class Migration(migrations.Migration):
    dependencies = [("entries", "0002_entry_author")]

    operations = [migrations.RunPython(fail, migrations.RunPython.noop)]
