"""Deletes the Jobs of a workload that have ended, but for the newest.

    python3 prune.py APP KEEP

Runs inside the cluster with nothing but the standard library. It never fails:
what could not be deleted now is deleted next time.
"""
import http.client
import json
import os
import ssl
import sys
import urllib.parse

ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"


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
        if response.status not in (200, 202, 404):
            raise OSError("%s answered %d: %s" % (method, response.status, answer.get("message")))
        return answer
    finally:
        connection.close()


def ended(job):
    conditions = job.get("status", {}).get("conditions") or []
    return any(c["type"] in ("Complete", "Failed") and c["status"] == "True" for c in conditions)


def main(app, keep):
    path = "/apis/batch/v1/namespaces/%s/jobs" % read("namespace")
    selector = urllib.parse.urlencode({"labelSelector": "app=" + app})
    jobs = [job for job in call("GET", path + "?" + selector).get("items", []) if ended(job)]
    jobs.sort(key=lambda job: job["metadata"]["creationTimestamp"], reverse=True)
    for job in jobs[int(keep):]:
        name = job["metadata"]["name"]
        call("DELETE", "%s/%s?propagationPolicy=Background" % (path, name))
        print("deleted " + name, flush=True)


try:
    main(*sys.argv[1:])
except Exception as error:
    print("not every Job was deleted: %r" % error, file=sys.stderr)
