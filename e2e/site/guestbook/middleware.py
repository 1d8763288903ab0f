import logging
import time

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed

from entries import views
from guestbook import hang

log = logging.getLogger("guestbook.request")


def request_log(get_response):
    """Logs one line for every request. The query string stays out: it is the part of an address that holds tokens."""

    def middleware(request):
        start = time.monotonic()
        response = get_response(request)
        fields = {
            "method": request.method,
            "path": request.path,
            "status": response.status_code,
            "duration_ms": round((time.monotonic() - start) * 1000, 1),
        }
        # A probe every few seconds from every kubelet hides the rest; one that fails does not hide.
        probe = request.META.get("HTTP_USER_AGENT", "").startswith("kube-probe/")
        level = logging.DEBUG if probe and response.status_code < 400 else logging.INFO
        log.log(level, "%s %s %s", request.method, request.path, response.status_code, extra={"fields": fields})
        return response

    return middleware


def metrics_for_any_host(get_response):
    """Answers /metrics before the host and the scheme are looked at: a scraper asks each pod by its address, over http."""

    def middleware(request):
        return views.metrics(request) if request.path == "/metrics" else get_response(request)

    return middleware


def hang_when_told(get_response):
    """Holds every request while guestbook.hang says so; not there at all unless E2E_HOOKS is on."""
    if not settings.E2E_HOOKS:
        raise MiddlewareNotUsed

    def middleware(request):
        hang.wait()
        return get_response(request)

    return middleware
