from django.contrib.auth.views import LoginView, LogoutView
from django.urls import path
from django.views.generic import RedirectView

from entries import views

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="account")),
    path("login", LoginView.as_view(), name="login"),
    path("logout", LogoutView.as_view(), name="logout"),
    path("account", views.account, name="account"),
    path("entries", views.entries, name="entries"),
    path("entries/<int:pk>", views.entry, name="entry"),
    path("healthz", views.healthz),
    path("readyz", views.readyz),
    path("tasks", views.tasks),
    path("files", views.files),
    path("files/<str:name>", views.file),
    path("debug/hang", views.debug_hang),
]
