"""Writes what the containers of a test cluster print.

kwok shows files as the logs of pods. Each container gets a file of its own, with
the time of its pod's start, so that --since and --timestamps mean something.
Annotations of the pod: test.keyrot.dev/log is the text to print in place of the
usual lines, and test.keyrot.dev/log-after (seconds) delays it. With the prefix
"restarted-" they count only in pods that a restart made.
"""

import http.client
import os
import threading
import time

from api import ApiError

PREFIX = "test.keyrot.dev/"

STARTED = """\
secrets-service starting
configuration read from the environment
encryption self-test ok
listening on :8080
"""

CRASHED = """\
secrets-service starting
Traceback (most recent call last):
  File "/app/secrets_service/main.py", line 41, in <module>
    cipher = load_cipher(os.environ["SECRET_ENCRYPTION_KEY"])
  File "/app/secrets_service/cipher.py", line 17, in load_cipher
    raise ValueError("invalid key: expected 32 bytes")
ValueError: invalid key: expected 32 bytes
"""


def restarted(annotations):
    return any(name.endswith("/restartedAt") or name.startswith("rotation.")
               for name in annotations)


def wish(annotations, name):
    """What the pod's annotations ask for, or None."""
    if restarted(annotations):
        text = annotations.get(PREFIX + "restarted-" + name)
        if text is not None:
            return text
    return annotations.get(PREFIX + name)


def stamped(text):
    """The text as a container runtime keeps it."""
    now = time.time_ns()
    lines = []
    for number, line in enumerate(text.splitlines()):
        second, rest = divmod(now + number * 1000, 10**9)
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
        lines.append("%s.%09dZ stdout F %s\n" % (stamp, rest, line))
    return "".join(lines)


def append(path, text):
    with open(path, "a") as file:
        file.write(stamped(text))


class PodLogs(threading.Thread):
    def __init__(self, api, folder):
        super().__init__(daemon=True)
        self.api = api
        self.folder = folder
        self.seen = set()

    def run(self):
        while True:
            try:
                for event in self.api.watch("/api/v1/pods?watch=true"):
                    if event["type"] in ("ADDED", "MODIFIED"):
                        self.write(event["object"])
            except (OSError, ApiError, ValueError, http.client.HTTPException):
                time.sleep(0.1)
            self.api.close()

    def write(self, pod):
        meta = pod["metadata"]
        # Nothing is printed before a node has it.
        if meta["uid"] in self.seen or not pod["spec"].get("nodeName"):
            return
        self.seen.add(meta["uid"])
        annotations = meta.get("annotations", {})
        crashes = wish(annotations, "pod") == "crash"
        text = wish(annotations, "log")
        if text is None:
            text = CRASHED if crashes else STARTED
        delay = float(wish(annotations, "log-after") or 0)
        for container in pod["spec"]["containers"]:
            base = os.path.join(self.folder, "%s_%s_%s" % (
                meta["namespace"], meta["name"], container["name"]))
            append(base + ".previous.log", text if crashes else "")
            append(base + ".log", "" if delay else text)
            if delay:
                timer = threading.Timer(delay, append, (base + ".log", text))
                timer.daemon = True
                timer.start()
