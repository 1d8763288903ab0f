from unittest import TestCase
from urllib.parse import quote

from django.core.exceptions import ImproperlyConfigured

from guestbook import environment

# Every character here means something in a URL, and one in a shell.
ODD = "a@b:c/d?e#f%g+h $i&j=k"
OLD, NEW = (3, 2), (5, 2)


def from_url(url, version=NEW, **more):
    return environment.database({"DATABASE_URL": url, **more}, version)


def from_parts(version=NEW, **parts):
    env = {"POSTGRES_HOST": "db", "POSTGRES_DB": "name", "POSTGRES_USER": "user", "POSTGRES_PASSWORD": "word"}
    return environment.database({**env, **parts}, version)


class DatabaseFromParts(TestCase):
    def test_every_part_arrives_unchanged(self):
        got = from_parts(POSTGRES_PASSWORD=ODD, POSTGRES_USER=ODD, POSTGRES_PORT="6432")
        self.assertEqual(
            (got["HOST"], got["PORT"], got["NAME"], got["USER"], got["PASSWORD"]), ("db", "6432", "name", ODD, ODD)
        )

    def test_port_has_a_default(self):
        self.assertEqual(from_parts()["PORT"], "5432")

    def test_port_of_a_service_link_is_refused(self):
        with self.assertRaisesRegex(ImproperlyConfigured, "enableServiceLinks"):
            from_parts(POSTGRES_PORT="tcp://10.0.0.1:5432")

    def test_database_name_is_required(self):
        with self.assertRaisesRegex(ImproperlyConfigured, "POSTGRES_DB"):
            from_parts(POSTGRES_DB="")

    def test_user_and_password_may_come_from_libpq(self):
        got = from_parts(POSTGRES_USER="", POSTGRES_PASSWORD="")
        self.assertEqual((got["USER"], got["PASSWORD"]), ("", ""))


class DatabaseFromURL(TestCase):
    def test_without_credentials_they_stay_empty(self):
        got = from_url("postgres://db:5432/name")
        self.assertEqual((got["HOST"], got["PORT"], got["NAME"], got["USER"], got["PASSWORD"]), ("db", "5432", "name", "", ""))

    def test_odd_user_and_password(self):
        got = from_url(f"postgresql://{quote(ODD, safe='')}:{quote(ODD, safe='')}@db/name")
        self.assertEqual((got["USER"], got["PASSWORD"], got["HOST"], got["PORT"]), (ODD, ODD, "db", ""))

    def test_every_odd_character_alone(self):
        for character in "@:/?#% +&=$[]":
            with self.subTest(character):
                self.assertEqual(from_url(f"postgres://u:{quote(character, safe='')}@db/name")["PASSWORD"], character)

    def test_query_is_handed_to_libpq(self):
        got = from_url("postgres://db/name?sslmode=verify-full&connect_timeout=9")
        self.assertEqual(got["OPTIONS"], {"sslmode": "verify-full", "connect_timeout": "9"})

    def test_odd_hosts(self):
        self.assertEqual(from_url("postgres://[::1]:5432/name")["HOST"], "::1")
        self.assertEqual(from_url("postgres:///name")["HOST"], "")

    def test_sqlite(self):
        for path in (":memory:", "a.sqlite3", "/tmp/a"):
            self.assertEqual(from_url("sqlite:///" + path), {"ENGINE": "django.db.backends.sqlite3", "NAME": path})

    def test_what_is_wrong_is_refused_without_showing_it(self):
        hidden = "xyzzy"
        for url in (
            f"postgres://user:1/{hidden}@db/name",  # a slash that is not encoded
            f"postgres://user:{hidden}#1@db/name",
            f"postgres://user:{hidden}?1@db/name",
            f"postgres://user:{hidden}@db",
            f"postgres://user:{hidden}@db/a/b",
            f"postgres://user:{hidden}@db/name#a",
            f"postgres://user:{hidden}@db:port/name",
            f"mysql://user:{hidden}@db/name",
            f"sqlite://{hidden}/name",
        ):
            with self.subTest(url), self.assertRaises(ImproperlyConfigured) as caught:
                from_url(url)
            self.assertNotIn(hidden, str(caught.exception))
            self.assertIsNone(caught.exception.__cause__)
            self.assertTrue(caught.exception.__suppress_context__ or caught.exception.__context__ is None)


class WhichDatabase(TestCase):
    both = {"DATABASE_URL": "postgres://url/name"}

    def test_parts_win(self):
        self.assertEqual(from_parts(**self.both)["HOST"], "db")

    def test_url_wins_when_told(self):
        self.assertEqual(from_parts(**self.both, DATABASE_SETTINGS="url")["HOST"], "url")

    def test_parts_when_told(self):
        self.assertEqual(from_parts(**self.both, DATABASE_SETTINGS="postgres")["HOST"], "db")

    def test_url_when_there_are_no_parts(self):
        self.assertEqual(environment.database(self.both, NEW)["HOST"], "url")

    def test_what_is_told_must_be_there(self):
        for told, missing in (("url", "DATABASE_URL"), ("postgres", "POSTGRES_HOST")):
            with self.assertRaisesRegex(ImproperlyConfigured, missing + ": must be set"):
                environment.database({"DATABASE_SETTINGS": told}, NEW)

    def test_nothing_and_nonsense_are_refused(self):
        for env in ({}, {"DATABASE_SETTINGS": "mysql"}):
            with self.assertRaises(ImproperlyConfigured):
                environment.database(env, NEW)


class Connections(TestCase):
    def test_defaults(self):
        got = from_parts()
        self.assertEqual(got["CONN_MAX_AGE"], 60)
        self.assertIs(got["CONN_HEALTH_CHECKS"], True)
        self.assertEqual(got["OPTIONS"], {"connect_timeout": 3})

    def test_age_from_the_environment(self):
        self.assertEqual(from_parts(DB_CONN_MAX_AGE="0")["CONN_MAX_AGE"], 0)
        self.assertEqual(from_parts(CONN_MAX_AGE="0")["CONN_MAX_AGE"], 0)
        self.assertEqual(from_parts(CONN_MAX_AGE="0", DB_CONN_MAX_AGE="9")["CONN_MAX_AGE"], 9)
        self.assertTrue(from_parts(DISABLE_SERVER_SIDE_CURSORS="true")["DISABLE_SERVER_SIDE_CURSORS"])
        with self.assertRaisesRegex(ImproperlyConfigured, "DB_CONN_MAX_AGE"):
            from_parts(DB_CONN_MAX_AGE="-1")

    def test_health_checks_only_where_they_exist(self):
        self.assertNotIn("CONN_HEALTH_CHECKS", from_parts(OLD))


class TrustedOrigins(TestCase):
    env = {"CSRF_TRUSTED_ORIGINS": "https://shop.example.com, https://*.example.org,http://localhost:8000,"}

    def test_new_django_gets_origins(self):
        self.assertEqual(
            environment.trusted_origins(self.env, (4, 0)),
            ["https://shop.example.com", "https://*.example.org", "http://localhost:8000"],
        )

    def test_old_django_gets_host_names(self):
        self.assertEqual(
            environment.trusted_origins(self.env, OLD), ["shop.example.com", ".example.org", "localhost:8000"]
        )

    def test_what_is_no_origin_is_refused(self):
        for value in ("shop.example.com", "ftp://a", "https://", "https://a/"):
            with self.subTest(value), self.assertRaisesRegex(ImproperlyConfigured, "CSRF_TRUSTED_ORIGINS"):
                environment.trusted_origins({"CSRF_TRUSTED_ORIGINS": value}, NEW)


class SmallValues(TestCase):
    def test_flag(self):
        for value, want in (("1", True), ("True", True), (" on ", True), ("0", False), ("no", False), ("", False)):
            self.assertIs(environment.flag({"A": value}, "A", default=not want), want)
        self.assertIs(environment.flag({}, "A"), False)
        self.assertIs(environment.flag({}, "A", default=True), True)
        with self.assertRaisesRegex(ImproperlyConfigured, "A: "):
            environment.flag({"A": "maybe"}, "A")

    def test_words(self):
        self.assertEqual(environment.words({"A": " a, b,,c "}, "A"), ["a", "b", "c"])
        self.assertEqual(environment.words({}, "A"), [])

    def test_header(self):
        for value, want in (("HTTP_X_PROTO,https", ("HTTP_X_PROTO", "https")), (" HTTP_A , on ", ("HTTP_A", "on")), ("", None)):
            self.assertEqual(environment.header({"A": value}, "A", default=("HTTP_B", "b")), want)
        self.assertEqual(environment.header({}, "A", default=("HTTP_B", "b")), ("HTTP_B", "b"))
        for value in ("HTTP_A", "HTTP_A,b,c", "X-Forwarded-Proto,https"):
            with self.subTest(value), self.assertRaisesRegex(ImproperlyConfigured, "A: must read HTTP_NAME,value"):
                environment.header({"A": value}, "A")

    def test_required(self):
        for env in ({}, {"SECRET_KEY": ""}):
            with self.assertRaisesRegex(ImproperlyConfigured, "SECRET_KEY: must be set"):
                environment.required(env, "SECRET_KEY")
