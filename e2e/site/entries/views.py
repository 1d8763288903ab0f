import functools
import os
import socket

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.files.storage import default_storage
from django.db import Error, connection, transaction
from django.http import FileResponse, Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from entries.forms import EntryForm, FileForm, HangForm, TaskForm
from entries.models import Entry
from guestbook import hang

POD = socket.gethostname()
LIST_DEFAULT, LIST_MAX = 100, 10_000


def first_line(error):
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0] if lines else 'no details'}"


def answers_503_without_database(view):
    """Turns an error of the database into a 503 with its cause, for clients that count failures and try again."""

    @functools.wraps(view)
    def wrapped(request, *args, **kwargs):
        try:
            return view(request, *args, **kwargs)
        except Error as error:
            return JsonResponse({"pod": POD, "error": "database: " + first_line(error)}, status=503)

    return wrapped


@never_cache
@require_safe
def healthz(request):
    """This process answers. Says nothing about the database, so that its outage restarts no pod."""
    answer = HttpResponse("ok\n", content_type="text/plain")
    answer["Guestbook-Version"] = settings.VERSION
    return answer


@never_cache
@require_safe
def readyz(request):
    """The database answers."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.fetchone()
    except Error as error:
        return HttpResponse(f"database: {first_line(error)}\n", status=503, content_type="text/plain")
    return HttpResponse("ok\n", content_type="text/plain")


@login_required
@never_cache
def account(request):
    context = {"pod": POD, "latest": Entry.objects.all()[:10], "count": Entry.objects.count()}
    return render(request, "entries/account.html", context)


# csrf_exempt: POST is for programs (curl, load generators) that hold no cookie. It neither reads nor changes anything
# that belongs to a session, so a forged request gains nothing that a plain one does not have. Forms of logged-in people keep
# the protection: the one at /login has it.
@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@answers_503_without_database
def entries(request):
    """GET: the newest entries first, ?limit= of them. POST text=: adds one."""
    if request.method == "POST":
        form = EntryForm(request.POST)
        if not form.is_valid():
            return JsonResponse({"pod": POD, "errors": form.errors.get_json_data()}, status=400)
        # durable: this is the outermost transaction, so leaving the block means COMMIT has returned. Whoever gets the
        # 201 may count on the row; a client without an answer may not.
        with transaction.atomic(durable=True):
            added = form.save()
        return JsonResponse({"pod": POD, **added.as_dict()}, status=201)
    limit = request.GET.get("limit", str(LIST_DEFAULT))
    if not (limit.isascii() and limit.isdigit() and len(limit) < 6 and int(limit) <= LIST_MAX):
        return JsonResponse({"pod": POD, "error": f"limit: must be a number from 0 to {LIST_MAX}"}, status=400)
    newest = [e.as_dict() for e in Entry.objects.all()[: int(limit)]]
    return JsonResponse({"pod": POD, "count": Entry.objects.count(), "entries": newest})


@never_cache
@require_safe
@answers_503_without_database
def entry(request, pk):
    return JsonResponse({"pod": POD, **get_object_or_404(Entry, pk=pk).as_dict()})


# csrf_exempt: as for entries.
@csrf_exempt
@never_cache
@require_POST
def tasks(request):
    """POST text=, and seconds= for a slow one: leaves the entry to a worker and answers 202 with the task's id."""
    form = TaskForm(request.POST)
    if not form.is_valid():
        return JsonResponse({"pod": POD, "errors": form.errors.get_json_data()}, status=400)
    if not settings.BROKER:
        return JsonResponse({"pod": POD, "error": "broker: CELERY_BROKER_URL is not set"}, status=503)
    # Here, because Celery need not be installed where there is no broker.
    from kombu.exceptions import OperationalError

    from entries.tasks import add_entry, slow_entry

    text, seconds = form.cleaned_data["text"], form.cleaned_data["seconds"]
    try:
        # No retry: the client is told at once, and tries again.
        sent = slow_entry.apply_async((text, seconds), retry=False) if seconds else add_entry.apply_async((text,), retry=False)
    except (OperationalError, TypeError) as error:
        # TypeError is what kombu before 5.3 makes of a connection that times out; the cause of both is a better answer.
        return JsonResponse({"pod": POD, "error": "broker: " + first_line(error.__context__ or error)}, status=503)
    return JsonResponse({"pod": POD, "task": sent.id}, status=202)


@never_cache
@require_safe
@answers_503_without_database
def metrics(request):
    """The text format of Prometheus."""
    count = Entry.objects.count()
    lines = (
        "# HELP guestbook_info The release that runs.",
        "# TYPE guestbook_info gauge",
        f'guestbook_info{{version="{settings.VERSION}"}} 1',
        "# HELP guestbook_entries Entries in the database.",
        "# TYPE guestbook_entries gauge",
        f"guestbook_entries {count}",
    )
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; version=0.0.4; charset=utf-8")


# csrf_exempt: as for entries.
@csrf_exempt
@never_cache
@require_POST
def files(request):
    """POST file=, as multipart/form-data: stores it and answers 201 with its name, which is new if there was one like it."""
    form = FileForm(request.POST, request.FILES)
    if not form.is_valid():
        return JsonResponse({"pod": POD, "errors": form.errors.get_json_data()}, status=400)
    uploaded = form.cleaned_data["file"]
    try:
        name = default_storage.save(uploaded.name, uploaded)
    except OSError as error:
        return JsonResponse({"pod": POD, "error": "files: " + first_line(error)}, status=503)
    return JsonResponse({"pod": POD, "name": name, "size": uploaded.size}, status=201)


@require_safe
def file(request, name):
    """A stored file, to be saved and never shown: what strangers upload must not run as a page of this site."""
    if name.startswith(".") or not os.path.isfile(default_storage.path(name)):
        raise Http404
    return FileResponse(default_storage.open(name), as_attachment=True, filename=name)


# csrf_exempt: for tests without a browser, and there only with E2E_HOOKS=1.
@csrf_exempt
@require_POST
def hang_workers(request):
    """POST seconds=: answers 202, then every request to this pod, to any of its workers, waits until the time is over."""
    form = HangForm(request.POST)
    if not form.is_valid():
        return JsonResponse({"pod": POD, "errors": form.errors.get_json_data()}, status=400)
    hang.start(form.cleaned_data["seconds"])
    return JsonResponse({"pod": POD, "seconds": form.cleaned_data["seconds"]}, status=202)


@csrf_exempt
def debug_hang(request):
    if not settings.E2E_HOOKS:
        raise Http404
    return hang_workers(request)
