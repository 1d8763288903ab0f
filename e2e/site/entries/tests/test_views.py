import os
import socket
import tempfile
import time
from pathlib import Path
from io import StringIO
from unittest import mock

from django.contrib.auth import get_user_model
from django.contrib.staticfiles import finders
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import InterfaceError, OperationalError, connections
from django.http import JsonResponse
from django.templatetags.static import static
from django.test import Client, SimpleTestCase, TestCase, TransactionTestCase, override_settings

from entries.models import Entry
from guestbook import hang

POD = socket.gethostname()


def broken(error=OperationalError):
    """A database that does not answer."""
    cause = error("connection refused\nis the server running?")
    return mock.patch.multiple(connections["default"], connect=mock.Mock(side_effect=cause), connection=None)


class WithoutDatabase(SimpleTestCase):
    """SimpleTestCase fails a test that sends a query."""

    def test_login_page(self):
        got = self.client.get("/login")
        self.assertContains(got, "csrfmiddlewaretoken")
        self.assertContains(got, f'href="{static("guestbook.css")}"')

    def test_login_page_with_cookies_of_a_session(self):
        self.client.cookies["sessionid"] = "x" * 32
        self.assertEqual(self.client.get("/login?next=/account").status_code, 200)

    def test_healthz(self):
        got = self.client.get("/healthz")
        self.assertEqual((got.status_code, got.content), (200, b"ok\n"))
        self.assertRegex(got["Guestbook-Version"], r"^\d+\.\d+\.\d+$")
        self.assertEqual(self.client.post("/healthz").status_code, 405)

    def test_static_file(self):
        got = self.client.get(static("guestbook.css"))
        self.assertEqual(got.status_code, 200)
        with open(finders.find("guestbook.css"), "rb") as f:
            self.assertEqual(b"".join(got), f.read())

    def test_start_page_leads_to_the_account_and_that_to_the_login(self):
        self.assertRedirects(self.client.get("/"), "/account", fetch_redirect_response=False)
        self.assertRedirects(self.client.get("/account"), "/login?next=/account")


class Ready(TestCase):
    def test_database_answers(self):
        self.assertEqual(self.client.get("/readyz").status_code, 200)


class BrokenDatabase(TransactionTestCase):
    def test_readyz_says_the_cause(self):
        for error in (OperationalError, InterfaceError):
            with self.subTest(error), broken(error), self.assertLogs("django.request", "ERROR"):
                got = self.client.get("/readyz")
            self.assertEqual(got.status_code, 503)
            self.assertEqual(got.content.decode(), f"database: {error.__name__}: connection refused\n")

    def test_entries_say_the_cause(self):
        for call in (self.client.get, lambda path: self.client.post(path, {"text": "a"})):
            with broken(), self.assertLogs("django.request", "ERROR"):
                got = call("/entries")
            self.assertEqual(got.status_code, 503)
            self.assertIn("connection refused", got.json()["error"])

    def test_the_other_pages_do_not_need_it(self):
        with broken():
            self.assertEqual(self.client.get("/healthz").status_code, 200)
            self.assertEqual(self.client.get("/login").status_code, 200)


class Entries(TestCase):
    def test_add_and_list(self):
        added = self.client.post("/entries", {"text": "first"})
        self.assertEqual(added.status_code, 201)
        self.assertEqual((added.json()["text"], added.json()["pod"]), ("first", POD))
        second = Entry.objects.create(text="second")
        got = self.client.get("/entries").json()
        self.assertEqual((got["count"], got["pod"]), (2, POD))
        self.assertEqual([e["id"] for e in got["entries"]], [second.pk, added.json()["id"]])
        one = self.client.get(f"/entries/{second.pk}").json()
        self.assertEqual(one["text"], "second")

    def test_limit(self):
        for text in "abc":
            Entry.objects.create(text=text)
        got = self.client.get("/entries?limit=1").json()
        self.assertEqual((got["count"], [e["text"] for e in got["entries"]]), (3, ["c"]))
        for limit in ("-1", "10001", "999999999999", "x", ""):
            self.assertEqual(self.client.get("/entries", {"limit": limit}).status_code, 400)

    def test_text_that_is_refused(self):
        for data in ({}, {"text": ""}, {"text": " "}, {"text": "a\0b"}, {"text": "x" * 2001}):
            got = self.client.post("/entries", data)
            self.assertEqual(got.status_code, 400)
            self.assertIn("text", got.json()["errors"])
        self.assertEqual(Entry.objects.count(), 0)

    def test_text_in_any_script(self):
        text = "naïve 日本語 🙂 <script>"
        self.assertEqual(self.client.post("/entries", {"text": text}).json()["text"], text)

    def test_post_needs_no_csrf_token(self):
        self.assertEqual(Client(enforce_csrf_checks=True).post("/entries", {"text": "a"}).status_code, 201)

    def test_other_methods_and_ids(self):
        self.assertEqual(self.client.delete("/entries").status_code, 405)
        self.assertEqual(self.client.get("/entries/1").status_code, 404)


class Committed(TransactionTestCase):
    def test_the_row_is_committed_before_the_answer(self):
        order, commit = [], connections["default"].commit

        def committed():
            commit()
            order.append("commit")

        def answered(*args, **kwargs):
            order.append("answer")
            return JsonResponse(*args, **kwargs)

        with mock.patch.object(connections["default"], "commit", committed):
            with mock.patch("entries.views.JsonResponse", answered):
                self.assertEqual(self.client.post("/entries", {"text": "a"}).status_code, 201)
        self.assertEqual(order, ["commit", "answer"])


class Accounts(TestCase):
    def create(self, password="correct horse"):
        out = StringIO()
        with mock.patch.dict(os.environ, {"DEMO_USER_PASSWORD": password}):
            call_command("createdemouser", "demo", stdout=out)
        return out.getvalue()

    def test_user_logs_in_and_out(self):
        self.assertIn("created", self.create())
        Entry.objects.create(text="<b>hello</b>")
        client = Client(enforce_csrf_checks=True)
        token = client.get("/login").context["csrf_token"]
        form = {"username": "demo", "password": "correct horse", "next": "", "csrfmiddlewaretoken": str(token)}
        self.assertRedirects(client.post("/login", form), "/account", fetch_redirect_response=False)
        page = client.get("/account")
        self.assertContains(page, "Hello, demo")
        self.assertContains(page, "&lt;b&gt;hello&lt;/b&gt;")
        self.assertContains(page, "1 entry;")
        self.assertContains(page, POD)
        out = client.post("/logout", {"csrfmiddlewaretoken": str(page.context["csrf_token"])})
        self.assertRedirects(out, "/login", fetch_redirect_response=False)
        self.assertEqual(client.get("/account").status_code, 302)

    def test_wrong_password(self):
        self.create()
        got = self.client.post("/login", {"username": "demo", "password": "wrong"})
        self.assertEqual(got.status_code, 200)
        self.assertContains(got, "errorlist")

    def test_again_sets_the_password(self):
        self.create()
        self.assertIn("password set", self.create("another horse"))
        user = get_user_model().objects.get()
        self.assertTrue(user.check_password("another horse"))
        self.assertFalse(user.is_staff or user.is_superuser)

    def test_password_is_required(self):
        with mock.patch.dict(os.environ), self.assertRaises(CommandError):
            os.environ.pop("DEMO_USER_PASSWORD", None)
            call_command("createdemouser", "demo")


class Hosts(SimpleTestCase):
    def status(self, host, path="/login"):
        return self.client.get(path, HTTP_HOST=host).status_code

    @override_settings(ALLOWED_HOSTS=["shop.example.com", ".example.org"])
    def test_only_the_allowed_ones(self):
        for host in ("shop.example.com", "shop.example.com:8000", "a.example.org", "example.org"):
            self.assertEqual(self.status(host), 200, host)
        for path in ("/login", "/healthz"):
            # An address is what a probe sends that sets no Host header.
            for host in ("10.0.0.1:8000", "localhost", "example.com"):
                with self.assertLogs("django.security.DisallowedHost"):
                    self.assertEqual(self.status(host, path), 400, host)


@override_settings(
    SECURE_SSL_REDIRECT=True,
    SECURE_PROXY_SSL_HEADER=("HTTP_X_FORWARDED_PROTO", "https"),
    SECURE_HSTS_SECONDS=60,
)
class ForwardedProto(SimpleTestCase):
    def test_plain_http_is_redirected(self):
        for headers in ({}, {"HTTP_X_FORWARDED_PROTO": "http"}):
            got = self.client.get("/login", **headers)
            self.assertEqual((got.status_code, got["Location"]), (301, "https://testserver/login"))

    def test_https_in_front_is_believed(self):
        got = self.client.get("/login", HTTP_X_FORWARDED_PROTO="https")
        self.assertEqual((got.status_code, got["Strict-Transport-Security"]), (200, "max-age=60"))

    @override_settings(SECURE_PROXY_SSL_HEADER=None)
    def test_header_means_nothing_unless_it_is_configured(self):
        self.assertEqual(self.client.get("/login", HTTP_X_FORWARDED_PROTO="https").status_code, 301)


class Metrics(TestCase):
    def test_text_format(self):
        Entry.objects.create(text="a")
        with override_settings(VERSION="1.2.3"):
            got = self.client.get("/metrics")
        self.assertEqual(got["Content-Type"], "text/plain; version=0.0.4; charset=utf-8")
        lines = got.content.decode().splitlines(keepends=True)
        self.assertTrue(all(line.endswith("\n") for line in lines))
        self.assertEqual([line.strip() for line in lines if line[0] != "#"], ['guestbook_info{version="1.2.3"} 1', "guestbook_entries 1"])

    def test_without_database(self):
        with broken():
            self.assertEqual(self.client.get("/metrics").status_code, 503)

    @override_settings(ALLOWED_HOSTS=["a.example"], SECURE_SSL_REDIRECT=True)
    def test_pods_are_asked_by_their_address(self):
        self.assertEqual(self.client.get("/metrics", HTTP_HOST="10.0.0.1:8000").status_code, 200)
        self.assertEqual(self.client.post("/metrics", HTTP_HOST="10.0.0.1:8000").status_code, 405)


class Files(SimpleTestCase):
    def setUp(self):
        root = tempfile.TemporaryDirectory()
        self.addCleanup(root.cleanup)
        self.root = Path(root.name)
        media = override_settings(MEDIA_ROOT=root.name)
        media.enable()
        self.addCleanup(media.disable)

    def store(self, name, content=b"hello"):
        return self.client.post("/files", {"file": SimpleUploadedFile(name, content)})

    def test_stored_and_returned(self):
        for content in (b"hello", b"x" * (3 << 20)):
            added = self.store("a b.html", content)
            self.assertEqual(added.status_code, 201)
            self.assertEqual((added.json()["size"], added.json()["pod"]), (len(content), POD))
            got = self.client.get("/files/" + added.json()["name"])
            self.assertEqual(b"".join(got.streaming_content), content)
            self.assertIn("attachment", got["Content-Disposition"])
            self.assertEqual(got["X-Content-Type-Options"], "nosniff")
        self.assertEqual(len(list(self.root.iterdir())), 2)

    def test_name_is_left_of_a_path(self):
        self.assertEqual(self.store("../../a").json()["name"], "a")

    def test_what_is_refused(self):
        self.assertEqual(self.client.post("/files").status_code, 400)
        self.assertEqual(self.store("a", b"").status_code, 400)
        self.assertEqual(self.store("a" * 101).status_code, 400)
        self.assertEqual(self.store("a", b"x" * ((10 << 20) + 1)).status_code, 400)
        self.assertEqual(self.client.get("/files").status_code, 405)
        self.assertEqual(list(self.root.iterdir()), [])

    def test_nothing_else_is_returned(self):
        (self.root / "sub").mkdir()
        for name in ("nothing", ".", "..", "%2e%2e", "..%2fa", ".hidden", "a%00b", "sub"):
            self.assertEqual(self.client.get("/files/" + name).status_code, 404, name)

    def test_directory_that_is_not_there_to_write(self):
        blocked = self.root / "file"
        blocked.touch()
        with override_settings(MEDIA_ROOT=str(blocked / "media")):
            got = self.store("a")
        self.assertEqual(got.status_code, 503)
        self.assertIn("files: ", got.json()["error"])


class Prune(TestCase):
    def prune(self, keep):
        out = StringIO()
        call_command("prune_entries", keep=keep, stdout=out)
        return out.getvalue()

    def test_the_newest_stay(self):
        for text in "abcde":
            Entry.objects.create(text=text)
        self.assertIn("removed 0", self.prune(5))
        self.assertIn("removed 3", self.prune(2))
        self.assertEqual([e.text for e in Entry.objects.all()], ["e", "d"])
        self.assertIn("removed 0", self.prune(2))
        self.assertIn("removed 2", self.prune(0))
        self.assertIn("removed 0", self.prune(0))

    def test_what_it_refuses(self):
        with self.assertRaisesRegex(CommandError, "0 or more"):
            self.prune(-1)
        with self.assertRaisesRegex(CommandError, "--keep"):
            call_command("prune_entries")


class RequestLog(SimpleTestCase):
    def test_fields(self):
        with self.assertLogs("guestbook.request", "INFO") as logs:
            self.client.get("/nothing?token=hidden")
        fields = logs.records[0].fields
        self.assertGreaterEqual(fields.pop("duration_ms"), 0)
        self.assertEqual(fields, {"method": "GET", "path": "/nothing", "status": 404})
        self.assertNotIn("hidden", str(logs.records[0].__dict__))

    def test_probes_are_logged_at_debug_unless_they_fail(self):
        with self.assertLogs("guestbook.request", "DEBUG") as logs:
            for path in ("/healthz", "/nothing"):
                self.client.get(path, HTTP_USER_AGENT="kube-probe/1.34")
        self.assertEqual([record.levelname for record in logs.records], ["DEBUG", "INFO"])


class Hang(SimpleTestCase):
    def tearDown(self):
        hang.start(0)

    def test_not_there_by_default(self):
        self.assertEqual(self.client.get("/debug/hang").status_code, 404)
        self.assertEqual(self.client.post("/debug/hang", {"seconds": "60"}).status_code, 404)
        self.assertEqual(hang.remaining(), 0)

    @override_settings(E2E_HOOKS=True)
    def test_requests_wait(self):
        self.assertEqual(self.client.post("/debug/hang", {"seconds": "0.3"}).status_code, 202)
        start = time.monotonic()
        self.assertEqual(self.client.get("/healthz").status_code, 200)
        self.assertGreater(time.monotonic() - start, 0.2)

    @override_settings(E2E_HOOKS=True)
    def test_other_children_of_the_process_that_imported_it_wait_too(self):
        child = os.fork()
        if child == 0:
            hang.start(60)
            os._exit(0)
        os.waitpid(child, 0)
        self.assertGreater(hang.remaining(), 50)

    @override_settings(E2E_HOOKS=True)
    def test_what_it_refuses(self):
        self.assertEqual(self.client.get("/debug/hang").status_code, 405)
        for seconds in ("", "x", "-1", "601", "nan"):
            self.assertEqual(self.client.post("/debug/hang", {"seconds": seconds}).status_code, 400)
        self.assertEqual(hang.remaining(), 0)
