from django.db import models


class Entry(models.Model):
    text = models.TextField(max_length=2000)
    created = models.DateTimeField(auto_now_add=True)
    author = models.CharField(max_length=100, null=True)

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "entries"

    def __str__(self):
        return self.text[:50]

    def as_dict(self):
        return {"id": self.pk, "text": self.text, "created": self.created}
