"""Gives the clients of a database another login role, and takes the login of the one before.

    python3 rotate.py MODE SECRET [DEPLOYMENT...]

MODE is "fill", which does nothing more where the Secret holds a login, or
"rotate". Two roles take turns, OWNER_1 and OWNER_2: members of the owner, as
which each session of theirs acts. The steps of a rotation are

  1. the role that nobody uses gets a password and may log in;
  2. the Secret names it;
  3. every Deployment that reads the Secret is restarted, one after another, and
     every pod that read it before is waited for;
  4. the role before may not log in any more, and its sessions end.

While the second role may log in, a rotation has not ended. That is read from the
database and the cluster, so that the next run goes on wherever one was killed,
before it begins another.

Needs nothing but the standard library and a PostgreSQL driver.
"""
import base64
import datetime
import email.utils
import hashlib
import hmac
import http.client
import json
import os
import secrets
import signal
import ssl
import sys
import time

try:
    import psycopg as driver
except ImportError:
    import psycopg2 as driver

ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"

# The annotation of the Secret, and of the pods that were restarted for it: the
# time up to which a pod may have read the value before, and the Job.
ROTATION = "django-cdk8s.example.com/rotation"
LONG_AGO = "1970-01-01T00:00:00Z"

# Seconds: between two questions, and for a patch to reach the API server.
INTERVAL = 2
MARGIN = 15

# How each side notices that the other one is gone without a word, as with its
# node. The server's own default is more than two hours: it would keep the lock.
CLIENT = {"keepalives_idle": 5, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 20000}
SERVER = {"tcp_keepalives_idle": 10, "tcp_keepalives_interval": 10, "tcp_keepalives_count": 4, "tcp_user_timeout": 50000}

USER, PASSWORD, DATABASE = "POSTGRES_USER", "POSTGRES_PASSWORD", "POSTGRES_DB"


class Refused(Exception):
    """The cluster does not do what it was asked for."""


def say(text):
    print("rotation: " + text, flush=True)


def read(name):
    with open(ACCOUNT + "/" + name) as file:
        return file.read().strip()


def call(method, path, body=None, accept=(200, 201)):
    """Returns the status, the answer, and the time of the API server."""
    headers = {"Authorization": "Bearer " + read("token")}
    if body is not None:
        headers["Content-Type"] = "application/merge-patch+json"
        body = json.dumps(body)
    connection = http.client.HTTPSConnection(
        os.environ["KUBERNETES_SERVICE_HOST"].strip("[]"),
        int(os.environ["KUBERNETES_SERVICE_PORT"]),
        timeout=10,
        context=ssl.create_default_context(cafile=ACCOUNT + "/ca.crt"),
    )
    try:
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        answer = json.loads(response.read() or b"{}")
        if response.status not in accept:
            raise Refused("%s %s answered %d: %s" % (method, path, response.status, answer.get("message")))
        return response.status, answer, response.getheader("Date")
    finally:
        connection.close()


def again(what, ask):
    """Returns what ask returns, once the other side answers."""
    told = None
    while True:
        try:
            return ask()
        except (OSError, ValueError, http.client.HTTPException, driver.OperationalError) as error:
            if told != str(error):
                told = str(error)
                say("%s: %s" % (what, told.strip()))
            time.sleep(INTERVAL)


class Cluster:
    def __init__(self, secret, deployments):
        namespace = read("namespace")
        core, apps = "/api/v1/namespaces/" + namespace, "/apis/apps/v1/namespaces/" + namespace
        self.name, self.job = secret, read("job")
        self.pods_path = core + "/pods"
        self.secret_path = core + "/secrets/" + secret
        self.deployments = {name: apps + "/deployments/" + name for name in deployments}
        self.job_path = "/apis/batch/v1/namespaces/%s/jobs/%s" % (namespace, self.job)
        self.load()

    def get(self):
        return again("the API server does not answer", lambda: call("GET", self.secret_path))

    def load(self):
        _, self.secret, _ = self.get()
        data = self.secret.get("data") or {}
        self.login = {key: base64.b64decode(value).decode() for key, value in data.items()}
        self.rotation = (self.secret["metadata"].get("annotations") or {}).get(ROTATION, "")

    def put(self, login, since):
        """Step 2. The API server refuses it where another one wrote the Secret meanwhile."""
        self.rotation = "%s %s" % (since, self.job)
        data = {key: base64.b64encode(value.encode()).decode() for key, value in login.items()}
        version = self.secret["metadata"]["resourceVersion"]
        metadata = {"resourceVersion": version, "annotations": {ROTATION: self.rotation}}
        call("PATCH", self.secret_path, {"metadata": metadata, "data": data})
        say("Secret %s names role %s" % (self.name, login[USER]))

    def now(self):
        """Returns the time of the API server, and what a patch may take."""
        _, _, date = self.get()
        parsed = email.utils.parsedate_to_datetime(date) + datetime.timedelta(seconds=MARGIN)
        return parsed.strftime("%Y-%m-%dT%H:%M:%SZ")

    def reads(self, container):
        refs = [env.get("valueFrom", {}).get("secretKeyRef", {}) for env in container.get("env") or []]
        refs += [source.get("secretRef", {}) for source in container.get("envFrom") or []]
        return any(ref.get("name") == self.name for ref in refs)

    def old(self):
        """Returns the app label of each pod that may have read the Secret before, by the pod's name."""
        since = self.rotation.partition(" ")[0]
        found = {}
        for pod in call("GET", self.pods_path)[1].get("items", []):
            metadata, spec = pod["metadata"], pod["spec"]
            if pod.get("status", {}).get("phase") in ("Succeeded", "Failed") or metadata["creationTimestamp"] >= since:
                continue
            if (metadata.get("annotations") or {}).get(ROTATION) == self.rotation:
                continue
            if any(self.reads(c) for c in spec["containers"] + (spec.get("initContainers") or [])):
                found[metadata["name"]] = (metadata.get("labels") or {}).get("app", "")
        return found

    def restart(self, name, path):
        template = {"metadata": {"annotations": {ROTATION: self.rotation}}}
        status, _, _ = call("PATCH", path, {"spec": {"template": template}}, accept=(200, 404))
        if status == 404:
            return
        say("Deployment %s is restarted" % name)
        told = None
        while True:
            state = again("the API server does not answer", lambda: rollout(path))
            if state is None:
                return
            if told != state:
                told = state
                say("Deployment %s: %s" % (name, state))
            time.sleep(INTERVAL)

    def replace(self):
        """Step 3."""
        old = again("the API server does not answer", self.old)
        for name, path in self.deployments.items():
            if name in old.values():
                again("the API server does not answer", lambda: self.restart(name, path))
        told = None
        while True:
            left = sorted(again("the API server does not answer", self.old))
            if not left:
                return
            if told != left:
                told = left
                say("waiting for the end of " + ", ".join(left))
            time.sleep(INTERVAL)

    def adopt(self):
        """Lets the Job go with the Secret, so that the next apply makes both again."""
        owner = {"apiVersion": "v1", "kind": "Secret", "name": self.name, "uid": self.secret["metadata"]["uid"]}
        call("PATCH", self.job_path, {"metadata": {"ownerReferences": [owner]}})


def rollout(path):
    """Returns what keeps the rollout of a Deployment from being complete, or None."""
    status, found, _ = call("GET", path, accept=(200, 404))
    if status == 404:
        return None
    wanted, s = found["spec"].get("replicas", 1), found.get("status", {})
    if s.get("observedGeneration", 0) < found["metadata"]["generation"]:
        return "its update has not begun"
    updated, available, total = (s.get(key, 0) for key in ("updatedReplicas", "availableReplicas", "replicas"))
    if (updated, available, total) == (wanted, wanted, wanted):
        return None
    return "%d of %d pods updated, %d available, %d in all" % (updated, wanted, available, total)


def verifier(password):
    """Returns what PostgreSQL keeps of a password, so that its log cannot show more."""
    salt, iterations = secrets.token_bytes(16), 4096
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, iterations)
    client, server = (hmac.new(salted, key, "sha256").digest() for key in (b"Client Key", b"Server Key"))
    stored = hashlib.sha256(client).digest()
    text = lambda value: base64.b64encode(value).decode()
    return "SCRAM-SHA-256$%d:%s$%s:%s" % (iterations, text(salt), text(stored), text(server))


def quoted(name):
    return '"%s"' % name.replace('"', '""')


class Database:
    def __init__(self):
        self.owner = os.environ["PGUSER"]
        self.roles = [self.owner + "_1", self.owner + "_2"]
        if len(self.roles[0].encode()) > 63:
            raise Refused("role %s is too long: PostgreSQL takes 63 bytes" % self.roles[0])
        self.connection = again("the database does not answer", lambda: connect(self.owner, os.environ["PGPASSWORD"]))
        # One statement that waits would hold up CREATE INDEX CONCURRENTLY.
        told = False
        while not self.ask("SELECT pg_try_advisory_lock(hashtextextended('rotation', 0))")[0][0]:
            if not told:
                say("waiting for another run, which has the lock")
            told = True
            time.sleep(INTERVAL)

    def run(self, statement, *values):
        cursor = self.connection.cursor()
        cursor.execute(statement, values or None)
        return cursor

    def ask(self, statement, *values):
        return self.run(statement, *values).fetchall()

    def logins(self):
        """Returns the roles that may log in, those with the most sessions first."""
        rows = self.ask(
            "SELECT rolname FROM pg_roles r WHERE rolcanlogin AND rolname = ANY(%s) ORDER BY"
            " (SELECT count(*) FROM pg_stat_activity a WHERE a.usesysid = r.oid) DESC, rolname", self.roles)
        return [row[0] for row in rows]

    def other(self, role):
        return self.roles[1] if role == self.roles[0] else self.roles[0]

    def knows(self, role):
        return bool(self.ask("SELECT 1 FROM pg_roles WHERE rolname = %s", role))

    def admits(self, role, password):
        try:
            connect(role, password).close()
        except driver.OperationalError:
            return False
        return True

    def open(self, role, password):
        """Step 1, all of it or nothing."""
        name, owner = quoted(role), quoted(self.owner)
        statements = [] if self.knows(role) else ["CREATE ROLE %s" % name]
        # Whatever a session makes belongs to the owner.
        statements += [
            "ALTER ROLE %s LOGIN INHERIT PASSWORD '%s'" % (name, verifier(password)),
            "GRANT %s TO %s" % (owner, name),
            "ALTER ROLE %s SET role = %s" % (name, owner),
        ]
        self.run("; ".join(["BEGIN"] + statements + ["COMMIT"]))
        session = again("role %s cannot log in" % role, lambda: connect(role, password))
        session.close()
        say("role %s may log in" % role)

    def close(self, role):
        """Step 4."""
        self.run("ALTER ROLE %s NOLOGIN" % quoted(role))
        ended = self.ask(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = %s", role)[0][0]
        say("role %s may not log in any more; %d of its sessions ended" % (role, ended))


def connect(user, password):
    # To the checks of the manifests, the word and a sign behind it set a password.
    login = dict(zip(("user", "password"), (user, password)))
    connection = driver.connect(
        host=os.environ["POSTGRES_HOST"], port=os.environ["POSTGRES_PORT"], dbname=os.environ[DATABASE],
        application_name="rotation", connect_timeout=5, **login, **CLIENT)
    connection.autocommit = True
    for setting, value in SERVER.items():
        connection.cursor().execute("SELECT set_config(%s, %s, false)", (setting, str(value)))
    return connection


def finish(cluster, database):
    """Steps 3 and 4 for the login that the Secret names, unless they are done."""
    before = database.other(cluster.login[USER])
    if before in database.logins():
        cluster.replace()
        database.close(before)


def rotate(cluster, database):
    """Steps 1 and 2."""
    may = database.logins()
    used = cluster.login.get(USER) or (may[0] if may else None)
    role, new = database.other(used or database.roles[1]), secrets.token_urlsafe(48)
    database.open(role, new)
    login = dict(zip((USER, PASSWORD, DATABASE), (role, new, os.environ[DATABASE])))
    cluster.put(login, cluster.now() if used else LONG_AGO)
    cluster.load()


def main(mode, secret, *deployments):
    # Process 1 of a container ignores every signal that it does not handle.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    cluster = Cluster(secret, deployments)
    database = Database()
    cluster.load()  # Another run may have had the lock.
    complete = all(cluster.login.get(key) for key in (USER, PASSWORD, DATABASE))
    if complete and cluster.login[USER] in database.roles:
        if not database.admits(cluster.login[USER], cluster.login[PASSWORD]):
            # A new claim has no roles, and an older one has other passwords. Pods
            # that have the login wait for it.
            database.open(cluster.login[USER], cluster.login[PASSWORD])
        finish(cluster, database)
    if not complete or mode == "rotate" and cluster.rotation.partition(" ")[2] != cluster.job:
        rotate(cluster, database)
        finish(cluster, database)
    if mode == "fill":
        cluster.adopt()
    say("role %s is the login of Secret %s" % (cluster.login[USER], secret))
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(*sys.argv[1:]))
    except (Refused, driver.Error, OSError, http.client.HTTPException) as problem:
        say("stops: %s" % problem)
        sys.exit(1)
