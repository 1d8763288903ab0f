from django.forms import modelform_factory
from django.shortcuts import redirect, render

from notes.models import Note

NoteForm = modelform_factory(Note, fields=["text"])


def notes(request):
    form = NoteForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        form.save()
        return redirect("/")
    return render(request, "notes/notes.html", {"form": form, "notes": Note.objects.order_by("-pk")[:50]})
