from unittest import mock

from django.db import OperationalError, connection
from django.test import TestCase

from notes.models import Note


class Pages(TestCase):
    def test_a_note_is_shown(self):
        self.client.post("/", {"text": "milk"})
        self.assertContains(self.client.get("/"), "milk")
        self.assertEqual(Note.objects.count(), 1)

    def test_the_page_of_liveness_and_the_login_ask_no_database(self):
        with self.assertNumQueries(0):
            self.assertEqual(self.client.get("/healthz").status_code, 200)
            self.assertEqual(self.client.get("/login").status_code, 200)

    def test_the_page_of_readiness_asks_the_database(self):
        self.assertEqual(self.client.get("/readyz").status_code, 200)
        with mock.patch.object(connection, "cursor", side_effect=OperationalError):
            self.assertEqual(self.client.get("/readyz").status_code, 503)
