import os
import time
from importlib.util import find_spec
from unittest import mock, skipUnless

from django.test import SimpleTestCase, TestCase, override_settings

from entries.models import Entry


class WithoutBroker(SimpleTestCase):
    def test_it_says_so(self):
        with override_settings(BROKER=False):
            got = self.client.post("/tasks", {"text": "a"})
        self.assertEqual((got.status_code, got.json()["error"]), (503, "broker: CELERY_BROKER_URL is not set"))

    def test_what_is_refused(self):
        self.assertEqual(self.client.get("/tasks").status_code, 405)
        for data in ({}, {"text": " "}, {"text": "a", "seconds": "-1"}, {"text": "a", "seconds": "601"}, {"text": "a", "seconds": "x"}):
            self.assertEqual(self.client.post("/tasks", data).status_code, 400, data)


@skipUnless(find_spec("celery"), "Celery is not installed")
@override_settings(BROKER=True)
class Tasks(TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Celery keeps its connections: one address for all tests, where nobody listens.
        cls.broker = mock.patch.dict(os.environ, {"CELERY_BROKER_URL": "redis://user:hidden@127.0.0.1:1/0"})
        cls.broker.start()
        cls.addClassCleanup(cls.broker.stop)
        # Here, so that the rest runs without Celery.
        from entries import tasks
        from guestbook import celery

        cls.tasks, cls.app = tasks, celery.app

    def sent(self, data):
        """What reaches the broker: the task's name, arguments and id."""
        with mock.patch.object(self.app, "producer_or_acquire"), mock.patch.object(self.app.amqp, "send_task_message") as send:
            got = self.client.post("/tasks", data)
        self.assertEqual(got.status_code, 202)
        (_, name, message), _ = send.call_args
        self.assertEqual(message.headers["id"], got.json()["task"])
        return name, list(message.body[0])

    def test_accepted(self):
        self.assertEqual(self.sent({"text": "a"}), ("entries.tasks.add_entry", ["a"]))
        self.assertEqual(self.sent({"text": "a", "seconds": "2"}), ("entries.tasks.slow_entry", ["a", 2.0]))
        self.assertEqual(Entry.objects.count(), 0)

    def test_broker_that_does_not_answer(self):
        start = time.monotonic()
        got = self.client.post("/tasks", {"text": "a"})
        self.assertEqual(got.status_code, 503)
        self.assertRegex(got.json()["error"], "^broker: Connection")
        self.assertNotIn("hidden", got.json()["error"])
        self.assertLess(time.monotonic() - start, 5)

    def test_broker_that_cannot_be_reached(self):
        with mock.patch("redis.connection.Connection._connect", side_effect=TimeoutError("timed out")):
            got = self.client.post("/tasks", {"text": "a"})
        self.assertEqual(got.status_code, 503)
        self.assertRegex(got.json()["error"], "^broker: Timeout")

    def test_each_adds_its_entry(self):
        self.assertEqual(self.tasks.add_entry("one"), Entry.objects.get(text="one").pk)
        self.assertEqual(self.tasks.slow_entry("two", 0), Entry.objects.get(text="two").pk)
        self.tasks.tick("pod-of-beat")
        self.assertTrue(Entry.objects.filter(text__startswith="tick beat=pod-of-beat worker=").exists())

    def test_worker_finds_them(self):
        self.app.loader.import_default_modules()
        for name in ("add_entry", "slow_entry", "tick"):
            self.assertIn("entries.tasks." + name, self.app.tasks)

    def test_configuration(self):
        self.assertTrue(self.app.conf.task_acks_late and self.app.conf.task_reject_on_worker_lost)
        self.assertEqual(self.app.conf.broker_url, os.environ["CELERY_BROKER_URL"])
