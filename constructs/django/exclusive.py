"""Runs a command while it holds a lock that PostgreSQL gives to one session at a time.

    python3 exclusive.py NAME COMMAND [ARGUMENT...]

Needs nothing of Django but its PostgreSQL driver. The lock ends with its
session, however that ends. A session that waits asks again and again rather than
inside one statement, whose snapshot would hold up CREATE INDEX CONCURRENTLY in
the command of the session that has the lock.
"""
import os
import signal
import subprocess
import sys
import time

try:
    import psycopg as driver
except ImportError:
    import psycopg2 as driver

INTERVAL = 2  # seconds


def say(text):
    print("lock: " + text, file=sys.stderr, flush=True)


def ask(connection, statement, *values):
    cursor = connection.cursor()
    cursor.execute(statement, values)
    return cursor.fetchone()[0]


def connect(name):
    # libpq itself reads PGUSER, PGPASSWORD, PGSSLMODE and the like.
    connection = driver.connect(
        host=os.environ["POSTGRES_HOST"],
        port=os.environ["POSTGRES_PORT"],
        dbname=os.environ["POSTGRES_DB"],
        application_name=name,
        connect_timeout=5,
        keepalives_idle=5,
        keepalives_interval=5,
        keepalives_count=3,
    )
    connection.autocommit = True
    return connection


def acquire(name):
    """Returns the connection that holds the lock."""
    told = None
    while True:
        try:
            connection = connect(name)
            while not ask(connection, "SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", name):
                if told != "held":
                    told = "held"
                    say(name + " is held by another process; waiting")
                time.sleep(INTERVAL)
            say(name + " is held")
            return connection
        except driver.OperationalError as error:
            if told != str(error):
                told = str(error)
                say("the database does not answer: " + told.strip())
            time.sleep(INTERVAL)


def main(name, *command):
    # Process 1 of a container ignores every signal that it does not handle.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    connection = acquire(name)
    child = subprocess.Popen(command)
    signal.signal(signal.SIGTERM, lambda number, frame: child.send_signal(number))
    while True:
        try:
            status = child.wait(INTERVAL)
            return status if status >= 0 else 128 - status
        except subprocess.TimeoutExpired:
            pass
        try:
            ask(connection, "SELECT 1")
        except driver.Error as error:
            say(name + " is lost: " + str(error).strip())
            child.terminate()
            child.wait()
            return 1


sys.exit(main(*sys.argv[1:]))
