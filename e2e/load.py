"""Sends requests to one Service at a fixed rate, from several connections, until it is told to stop by SIGTERM.

A failed request is one that a visitor would notice. A kept connection that the server closed between two requests is none,
if asking once more on a new one works: browsers and proxies do that by themselves with requests that are safe to repeat.
https://www.rfc-editor.org/rfc/rfc9110#section-9.2.2

Prints "started" once every connection has had an answer. At the end it prints every acknowledged row as id and text, and
in the last line the counts.
"""
import http.client
import json
import signal
import socket
import sys
import threading
import time
import urllib.parse
import uuid

options = json.loads(sys.argv[1])
address = socket.getaddrinfo(options["host"], options["port"], socket.AF_INET, socket.SOCK_STREAM)[0][4][0]
stop, lock = threading.Event(), threading.Lock()
latencies, acknowledged, failures, examples = [], [], {}, {}
counts = {"sent": 0, "ok": 0, "reconnected": 0}
begin = time.monotonic()


def send(connection, body):
    headers = {"Host": options["host"]}
    if body:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    if not connection.kept:
        headers["Connection"] = "close"
    connection.request(options["method"], options["path"], body, headers)
    response = connection.getresponse()
    content = response.read()
    if response.status != options["status"]:
        raise ValueError("status %d: %s" % (response.status, content[:200].decode(errors="replace")))
    return content


def connect(kept):
    connection = http.client.HTTPConnection(address, options["port"], timeout=options["timeout"])
    connection.kept = kept
    return connection


def request(connection, body):
    """Returns the content, and whether a kept connection had to be made anew."""
    reused = connection.sock is not None
    try:
        return send(connection, body), False
    except (ConnectionError, http.client.RemoteDisconnected):
        connection.close()
        if not reused or options["method"] != "GET":
            raise
        return send(connection, body), True


def record(started, text, answer, error):
    with lock:
        counts["sent"] += 1
        if error is not None:
            reason = "%s: %s" % (type(error).__name__, error)
            failures[reason] = failures.get(reason, 0) + 1
            examples.setdefault(reason, round(started - begin, 2))
            return
        content, reconnected = answer
        counts["ok"] += 1
        counts["reconnected"] += reconnected
        latencies.append(time.monotonic() - started)
        if text:
            acknowledged.append((json.loads(content)["id"], text))


def work(number, ready):
    connection = connect(kept=number < options["kept"])
    step = options["connections"] / options["rate"]
    due = time.monotonic() + step * number / options["connections"]
    while not stop.is_set():
        # One that is late does not hurry afterwards.
        due = max(due, time.monotonic() - step)
        stop.wait(max(0, due - time.monotonic()))
        due += step
        started, answer, error = time.monotonic(), None, None
        text = uuid.uuid4().hex if options["method"] == "POST" else ""
        try:
            answer = request(connection, urllib.parse.urlencode({"text": text}) if text else None)
            ready.set()
        except Exception as problem:
            error = problem
            connection.close()
        record(started, text, answer, error)


signal.signal(signal.SIGTERM, lambda *_: stop.set())
ready = [threading.Event() for _ in range(options["connections"])]
threads = [threading.Thread(target=work, args=pair, daemon=True) for pair in enumerate(ready)]
for thread in threads:
    thread.start()
for event in ready:
    while not event.wait(0.2) and not stop.is_set():
        pass
print("started", flush=True)
while not stop.wait(0.2) and time.monotonic() - begin < options["seconds"]:
    pass
stop.set()
for thread in threads:
    thread.join(options["timeout"] + 1)
for row in acknowledged:
    print(*row)
latencies.sort()
at = lambda share: round(1000 * latencies[int(share * (len(latencies) - 1))], 1) if latencies else 0
print(json.dumps({
    **counts, "failures": failures, "first": examples, "seconds": round(time.monotonic() - begin, 1),
    "p50": at(0.5), "p99": at(0.99), "max": at(1),
}))
