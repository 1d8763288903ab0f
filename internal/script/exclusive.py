"""Runs a command while it holds a lock that PostgreSQL gives to one session at a time.

    python3 exclusive.py NAME SECONDS COMMAND [ARGUMENT...]

It gives up with status 75 after so many seconds without the lock; 0 is never.

Needs nothing of Django but its PostgreSQL driver. The lock ends with its
session, however that ends. What a command of an earlier holder has left running
in the server, which does not notice at once that its client was killed, ends
before the next command starts. A session that waits asks again and again rather than
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

# Seconds: between two questions to the database, and for a command to end whose
# lock is lost.
INTERVAL = 2
GRACE = 10

# How each side notices that the other one is gone without a word, as with its
# node; the server's own default is more than two hours. This side notices after
# 20 seconds, and has stopped its command when the server, after 50, gives the
# lock to another session.
CLIENT = {"keepalives_idle": 5, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 20000}
SERVER = {"tcp_keepalives_idle": 10, "tcp_keepalives_interval": 10, "tcp_keepalives_count": 4, "tcp_user_timeout": 50000}


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
        **CLIENT
    )
    connection.autocommit = True
    for setting, value in SERVER.items():
        ask(connection, "SELECT set_config(%s, %s, false)", setting, str(value))
    return connection


def acquire(name, seconds):
    """Returns the connection that holds the lock, or None after so many seconds."""
    told, begin = None, time.monotonic()
    over = lambda: 0 < seconds < time.monotonic() - begin
    while not over():
        try:
            connection = connect(name)
            while not ask(connection, "SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", name):
                if told != "held":
                    told = "held"
                    say(name + " is held by another process; waiting")
                if over():
                    return None
                time.sleep(INTERVAL)
            say(name + " is held")
            return connection
        except driver.Error as error:
            if told != str(error):
                told = str(error)
                say("the database does not answer: " + told.strip())
            time.sleep(INTERVAL)


def end_leftovers(connection, name):
    """Ends the sessions of a command that was killed while the server was at work for it."""
    told = False
    while True:
        left = ask(connection, "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE"
                   " datname = current_database() AND application_name = %s AND pg_has_role(usesysid, 'MEMBER')",
                   session_name(name))
        if not left:
            return
        if not told:
            told = True
            say("%s: %d sessions of a command that was killed are ended" % (name, left))
        time.sleep(INTERVAL / 10)


def session_name(name):
    """Returns the name of the command's sessions; PostgreSQL keeps 63 bytes."""
    return (name[:50] + ": command").encode("ascii", "replace").decode()


def stop(child):
    child.terminate()
    try:
        child.wait(GRACE)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def main(name, seconds, *command):
    # Process 1 of a container ignores every signal that it does not handle.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    connection = acquire(name, int(seconds))
    if connection is None:
        say(name + " was not free within %s seconds" % seconds)
        return 75
    end_leftovers(connection, name)
    # libpq names sessions so, unless the project gives them a name.
    child = subprocess.Popen(command, env=dict(os.environ, PGAPPNAME=session_name(name)))
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
            stop(child)
            return 1


sys.exit(main(*sys.argv[1:]))
