"""Fills in the missing keys of one Secret with random values.

Runs inside the cluster with nothing but the standard library. A key that
already has a value is never changed: the Secret is patched under the resource
version that was read, so a concurrent writer wins and this one looks again.
"""
import base64
import http.client
import json
import os
import secrets
import ssl
import sys
import time

ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
DEADLINE = time.monotonic() + 600


def call(method, path, body=None):
    with open(ACCOUNT + "/token") as token:
        headers = {"Authorization": "Bearer " + token.read().strip()}
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
        return response.status, json.loads(response.read() or b"{}")
    finally:
        connection.close()


def adopt(secret):
    """Lets this Job go with the Secret, so that the next apply makes both again."""
    with open(ACCOUNT + "/job") as job, open(ACCOUNT + "/namespace") as namespace:
        path = "/apis/batch/v1/namespaces/%s/jobs/%s" % (namespace.read().strip(), job.read().strip())
    metadata = secret["metadata"]
    owner = {"apiVersion": "v1", "kind": "Secret", "name": metadata["name"], "uid": metadata["uid"]}
    status, answer = call("PATCH", path, {"metadata": {"ownerReferences": [owner]}})
    if status != 200:
        return "PATCH of the Job answered %d: %s" % (status, answer.get("message"))
    return None


def fill(path, keys):
    """Returns what keeps the Secret from being complete, or None."""
    status, found = call("GET", path)
    if status != 200:
        return "GET answered %d: %s" % (status, found.get("message"))
    missing = [key for key in keys if not (found.get("data") or {}).get(key)]
    if not missing:
        print("complete: " + ", ".join(keys))
        return adopt(found)
    values = {key: base64.b64encode(secrets.token_urlsafe(48).encode()).decode() for key in missing}
    version = found["metadata"]["resourceVersion"]
    status, answer = call("PATCH", path, {"metadata": {"resourceVersion": version}, "data": values})
    if status != 200:
        return "PATCH answered %d: %s" % (status, answer.get("message"))
    print("generated: " + ", ".join(missing))
    return adopt(found)


def main(name, *keys):
    with open(ACCOUNT + "/namespace") as namespace:
        path = "/api/v1/namespaces/%s/secrets/%s" % (namespace.read().strip(), name)
    while True:
        try:
            problem = fill(path, keys)
        except (OSError, ValueError, http.client.HTTPException) as error:
            problem = "no answer: %r" % error
        if problem is None:
            return 0
        print(problem, file=sys.stderr, flush=True)
        if time.monotonic() > DEADLINE:
            return 1
        time.sleep(2)


sys.exit(main(*sys.argv[1:]))
