"""Under which of the pack's laws an authority ordered a removal: what its holder is told."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cases", "0017_hidden_media")]

    operations = [
        migrations.AddField(
            model_name="authorityrequest",
            name="law",
            field=models.CharField(
                default="", help_text="of those that the pack names for orders; empty: another", max_length=40
            ),
        ),
    ]
