"""Waits until its Job may migrate, and deletes that when another release is wanted by now.

    python3 release.py CONFIGMAP LOCK

Each apply writes the name of its Job into the ConfigMap. A Job that could not
begin yet, because its image was missing or another migration has the lock, may
find there that its release was rolled back or replaced. It must not migrate
then, and it must go: when its release is wanted again, the next apply has to make
it again.

Ends with 0 for the Job that is wanted, once the lock is free. Runs inside the
cluster, apart from the project, with the standard library and a PostgreSQL
driver; where it finds none, it does not wait for the lock.
"""
import http.client
import json
import os
import signal
import ssl
import sys
import time

try:
    import psycopg as driver
except ImportError:
    try:
        import psycopg2 as driver
    except ImportError:
        driver = None

ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"

# Seconds: between two questions; until a deleted Job has taken its pod with it;
# and for an apply under way, which may write the ConfigMap after the Job.
INTERVAL = 2
PATIENCE = 120
SETTLE = 10


def say(text):
    print("release: " + text, file=sys.stderr, flush=True)


def read(name):
    with open(ACCOUNT + "/" + name) as file:
        return file.read().strip()


def call(method, path):
    connection = http.client.HTTPSConnection(
        os.environ["KUBERNETES_SERVICE_HOST"].strip("[]"),
        int(os.environ["KUBERNETES_SERVICE_PORT"]),
        timeout=10,
        context=ssl.create_default_context(cafile=ACCOUNT + "/ca.crt"),
    )
    try:
        connection.request(method, path, headers={"Authorization": "Bearer " + read("token")})
        response = connection.getresponse()
        answer = json.loads(response.read() or b"{}")
        if response.status not in (200, 202):
            raise OSError("%s answered %d: %s" % (method, response.status, answer.get("message")))
        return answer
    finally:
        connection.close()


def in_the_way(lock):
    """Returns what keeps a migration from beginning now, or None."""
    if driver is None:
        return None
    try:
        # libpq itself reads PGUSER, PGPASSWORD, PGSSLMODE and the like.
        connection = driver.connect(
            host=os.environ["POSTGRES_HOST"], port=os.environ["POSTGRES_PORT"], dbname=os.environ["POSTGRES_DB"],
            application_name="release", connect_timeout=5)
        try:
            connection.autocommit = True
            cursor = connection.cursor()
            cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", (lock,))
            return None if cursor.fetchone()[0] else lock + " is held by another process"
        finally:
            connection.close()
    except driver.Error as error:
        return "the database does not answer: " + str(error).strip()


def main(name, lock):
    # Process 1 of a container ignores every signal that it does not handle.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    own, told = read("job"), None
    config = "/api/v1/namespaces/%s/configmaps/%s" % (read("namespace"), name)
    job = "/apis/batch/v1/namespaces/%s/jobs/%s?propagationPolicy=Background" % (read("namespace"), own)
    settled = time.monotonic() + SETTLE
    while True:
        try:
            wanted = call("GET", config).get("data", {}).get("job")
            if wanted == own:
                problem = in_the_way(lock)
                if problem is None:
                    return 0
            elif time.monotonic() < settled:
                problem = "the release is that of " + str(wanted)
            else:
                say("%s is not wanted any more: the release is that of %s; it is deleted, and migrates nothing"
                    % (own, wanted))
                call("DELETE", job)
                time.sleep(PATIENCE)
                return 1
        except (OSError, ValueError, http.client.HTTPException) as error:
            problem = "no answer: " + str(error)
        if told != problem:
            told = problem
            say("waiting: " + problem)
        time.sleep(INTERVAL)


sys.exit(main(*sys.argv[1:]))
