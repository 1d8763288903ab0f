from django import forms

from entries.models import Entry


class EntryForm(forms.ModelForm):
    """What an entry may hold: some text, at most 2000 characters, no NUL (which PostgreSQL refuses)."""

    class Meta:
        model = Entry
        fields = ["text"]


class HangForm(forms.Form):
    seconds = forms.FloatField(min_value=0, max_value=600)
