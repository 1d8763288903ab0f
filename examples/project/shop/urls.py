from django.contrib import admin
from django.urls import path

from notes import views
from shop import health

urlpatterns = [
    path("", views.notes),
    path("admin/", admin.site.urls),
    path("login", admin.site.login),
    path("healthz", health.healthz),
    path("readyz", health.readyz),
]
