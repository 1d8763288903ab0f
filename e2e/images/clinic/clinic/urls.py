import os

from django.conf import settings
from django.http import JsonResponse
from django.urls import path

from guestbook import urls


def about(request):
    """Which settings this site has."""
    return JsonResponse({
        "module": os.environ["DJANGO_SETTINGS_MODULE"],
        "site": settings.SITE,
        "time_zone": settings.TIME_ZONE,
        "language": settings.LANGUAGE_CODE,
        "sentry_dsn": settings.SENTRY_DSN,
    })


urlpatterns = [path("about", about), *urls.urlpatterns]
