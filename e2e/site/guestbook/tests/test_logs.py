import json
import logging
import sys
from unittest import TestCase

from guestbook.logs import JSONFormatter


class Format(TestCase):
    def line(self, message="hello %s", args=("you",), exc_info=None, **extra):
        record = logging.LogRecord("a.b", logging.WARNING, __file__, 1, message, args, exc_info)
        record.__dict__.update(extra)
        text = JSONFormatter().format(record)
        self.assertNotIn("\n", text)
        return json.loads(text)

    def test_one_object(self):
        got = self.line()
        self.assertRegex(got.pop("time"), r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
        self.assertEqual(got, {"level": "warning", "logger": "a.b", "message": "hello you"})

    def test_fields_are_added_and_replace_nothing(self):
        got = self.line(fields={"status": 200, "level": "none", "what": object})
        self.assertEqual((got["status"], got["level"], got["what"]), (200, "warning", "<class 'object'>"))

    def test_line_breaks_and_exceptions_stay_on_the_line(self):
        try:
            raise ValueError("first\nsecond")
        except ValueError:
            got = self.line("one\ntwo", (), sys.exc_info())
        self.assertEqual(got["message"], "one\ntwo")
        self.assertIn("ValueError: first\nsecond", got["exception"])
