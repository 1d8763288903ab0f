from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("entries", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="entry",
            name="author",
            # NULL, not a default: Django keeps no default in the table, and 1.0.0 inserts rows without this column.
            field=models.CharField(max_length=100, null=True),
        ),
    ]
