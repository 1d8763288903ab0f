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
        except driver.Error as error:
            if told != str(error):
                told = str(error)
                say("the database does not answer: " + told.strip())
            time.sleep(INTERVAL)


def stop(child):
    child.terminate()
    try:
        child.wait(GRACE)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


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
            stop(child)
            return 1


sys.exit(main(*sys.argv[1:]))
