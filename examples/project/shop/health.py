"""Pages for the probes: the process answers; the database answers, too."""
from django.db import Error, connection
from django.http import HttpResponse


def healthz(request):
    return HttpResponse("ok")


def readyz(request):
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        return HttpResponse("no database", status=503)
    return HttpResponse("ok")
