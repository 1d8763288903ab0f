from django import forms

from entries.models import Entry


class EntryForm(forms.ModelForm):
    """What an entry may hold: some text, at most 2000 characters, no NUL (which PostgreSQL refuses)."""

    class Meta:
        model = Entry
        fields = ["text"]


class TaskForm(EntryForm):
    seconds = forms.FloatField(min_value=0, max_value=600, required=False)


class FileForm(forms.Form):
    """One file, at most 10 MiB, under a name that is left of its path."""

    file = forms.FileField(max_length=100)

    def clean_file(self):
        if self.cleaned_data["file"].size > 10 << 20:
            raise forms.ValidationError("Ensure this file has at most 10 MiB.")
        return self.cleaned_data["file"]


class HangForm(forms.Form):
    seconds = forms.FloatField(min_value=0, max_value=600)
