"""The lines of a case, and what each does."""

import base64
import hashlib
import json
import os
import re
import secrets
import shlex
import subprocess
import threading
import time

import clusters
import schema
from leak import Leak
from match import Mismatch, check, look_up

SETTLE_S = 3     # what may take a moment to show: audit log, controllers
RUN_LIMIT_S = 240   # what ends at all ends, however slow the machine is
CONTEXTS = ("aether-staging", "aether-production")
# What the program writes for people to keep.
RECORDS = (".jsonl", ".review.md", ".html", ".ics", ".prom")
TERMINAL = {"secret": "/api/v1/namespaces/%s/secrets/",
            "pod": "/api/v1/namespaces/%s/pods/",
            "namespace": "/api/v1/namespaces/",
            "deployment": "/apis/apps/v1/namespaces/%s/deployments/",
            "statefulset": "/apis/apps/v1/namespaces/%s/statefulsets/",
            "daemonset": "/apis/apps/v1/namespaces/%s/daemonsets/",
            "cronjob": "/apis/batch/v1/namespaces/%s/cronjobs/",
            "resourcequota": "/api/v1/namespaces/%s/resourcequotas/",
            "role": "/apis/rbac.authorization.k8s.io/v1/namespaces/%s/roles/"}
FINGERPRINT = "fingerprint.keyrot.dev/"


class Skip(Exception):
    """The case is not for these clusters."""


class Run:
    """What one run of the program left."""

    def __init__(self, done, marks):
        self.code, self.marks = done.returncode, marks
        self.out = done.stdout.decode("utf-8", "replace")
        self.err = done.stderr.decode("utf-8", "replace")

    def document(self):
        try:
            return json.loads(self.out)
        except ValueError:
            raise Mismatch("standard output is no JSON document")


def fingerprint(key):
    return hashlib.sha256(key).hexdigest()


class Case:
    def __init__(self, path, fleet, namespace, home, program):
        self.path, self.fleet = path, fleet
        self.namespace, self.home, self.program = namespace, home, program
        self.context = "aether-staging"
        self.cluster = fleet.cluster(self.context)
        self.api = self.cluster.api()
        self.keys, self.leaks = {}, {}
        self.env, self.stdin = {}, b""
        self.last = None
        self.snapshots = {}
        self.begun = {name: fleet.cluster(name).mark() for name in CONTEXTS}
        self.wrong = []
        self.line = 0
        self.name_file("pass", b"correct horse battery staple\n")
        self.folder = os.path.join(home, "store")
        self.do_store("exec:%s %s" % (clusters.STORE, self.folder))
        self.meanwhile = None

    # Reading

    def statements(self):
        """(line number, word, rest); indented lines belong to the one above."""
        with open(self.path) as file:
            lines = file.read().split("\n")
        current = None
        for number, line in enumerate(lines, 1):
            if line.startswith("#") or (not line.strip() and current is None):
                continue
            if line[:1].isspace() or not line.strip():
                if current and line.strip():
                    current[2] += "\n" + line[4:]
                continue
            if current:
                yield current
            word, _, rest = line.partition(" ")
            current = [number, word, rest]
        if current:
            yield current

    def run(self):
        for self.line, word, rest in self.statements():
            do = getattr(self, "do_" + word.replace("-", "_"), None)
            if do is None:
                raise RuntimeError("%s:%d: what is %s?" % (self.path,
                                                           self.line, word))
            try:
                do(self.fill(rest))
            except Mismatch as mismatch:
                self.fail(str(mismatch))
                if word in ("exit", "run", "show"):
                    break
        try:
            self.left_nowhere()
        except Mismatch as mismatch:
            self.fail(str(mismatch))

    def left_nowhere(self):
        """Whatever the case was about: what its runs sent, gave to their
        children and left on the machine holds no key."""
        places = [("a child's call", os.path.join(self.folder, "calls"))]
        for place, _, names in os.walk(self.home):
            places += [(name, os.path.join(place, name)) for name in names
                       if ".local/state" in place or name.endswith(RECORDS)]
        for where, path in places:
            if os.path.exists(path):
                with open(path, "rb") as file:
                    self.hold_no_key(where, file.read())
        for context, mark in self.begun.items():
            self.hold_no_key("a request", "\n".join(
                request.path + "\n" + request.body for request in
                self.fleet.cluster(context).requests(self.namespace, mark)
                if not (request.method == "PATCH" and re.search(
                    "/secrets/.*[?&]fieldManager=keyrot[.]", request.path))))

    def hold_no_key(self, where, text):
        for name, leak in self.leaks.items():
            if leak.find(text):
                raise Mismatch("key %s is in %s" % (name, where))

    def fail(self, text):
        text = "line %d: %s" % (self.line, text)
        if not self.wrong and self.last:
            text += "\n  exit %d\n  stdout: %s\n  stderr: %s" % (
                self.last.code, self.last.out[-3000:].strip(),
                self.last.err[-3000:].strip())
        self.wrong.append(text)

    def fill(self, text):
        """{ns}, {context}, {home}, {file:NAME}, {key|fp|b64|text:NAME}"""
        def value(found):
            word, _, name = found.group(1).partition(":")
            if not name:
                return {"ns": self.namespace, "context": self.context,
                        "home": self.home, "root": clusters.ROOT}[word]
            if word == "file":
                return os.path.join(self.home, name)
            if word == "key":
                return self.name_file(name + ".key", self.key(name))
            if word == "fp":
                return fingerprint(self.key(name))
            if word == "b64":
                return base64.b64encode(self.key(name)).decode()
            return self.key(name).decode()
        return re.sub(r"\{((?:key|fp|b64|text|file):[\w.-]+|ns|context|home"
                      r"|root)\}", value, text)

    def key(self, name):
        if name not in self.keys:
            key = base64.b64encode(secrets.token_bytes(32))
            self.keys[name], self.leaks[name] = key, Leak(key)
        return self.keys[name]

    def name_file(self, name, content):
        path = os.path.join(self.home, name)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
                  "wb") as file:
            file.write(content)
        return path

    # Arranging

    def do_title(self, rest):
        pass

    def do_only(self, rest):
        word, _, reason = rest.partition(" ")
        if word != self.fleet.word:
            raise Skip(reason)

    def do_fixture(self, rest):
        clusters.make_fixture(self.cluster, self.namespace, shlex.split(rest),
                              self.key("old"))

    def do_production(self, rest):
        """What follows is about the other cluster."""
        self.use("aether-production")

    def do_staging(self, rest):
        self.use("aether-staging")

    def use(self, context):
        self.context = context
        self.cluster = self.fleet.cluster(context)
        self.api = self.cluster.api()

    def do_file(self, rest):
        name, _, content = rest.partition("\n")
        path = self.name_file(name, (content + "\n").encode())
        if content.startswith("#!"):
            os.chmod(path, 0o700)

    def do_bytes(self, rest):
        name, _, content = rest.partition(" ")
        self.name_file(name, content.encode().decode("unicode_escape")
                       .encode("latin-1"))

    def do_env(self, rest):
        name, _, value = rest.partition("=")
        self.env[name] = value

    def do_unset(self, rest):
        self.env.pop(rest.strip(), None)

    def do_stdin(self, rest):
        self.stdin = rest.encode()

    def do_store(self, rest):
        """store SPEC: of the runs to come; "default": what no option gives"""
        self.store = None if rest == "default" else rest
        os.makedirs(self.folder, mode=0o700, exist_ok=True)

    def do_during(self, rest):
        """during ACTION STATEMENT: while the next run waits for its store"""
        action, word, rest = rest.split(None, 2)
        at, go = (os.path.join(self.folder, name) for name in ("at", "go"))
        hook = os.path.join(self.folder, "on-" + action)
        with open(hook, "w") as file:
            file.write("#!/bin/sh\n>%s\nwhile ! [ -e %s ]; do sleep 0.01; "
                       "done\n" % (at, go))
        os.chmod(hook, 0o700)

        def act():
            end = time.monotonic() + 20
            while not os.path.exists(at) and time.monotonic() < end:
                time.sleep(0.005)
            getattr(self, "do_" + word)(rest)
            with open(go, "w"):
                pass
        self.begin(act)

    def do_after(self, rest):
        """after METHOD REGEX, STATEMENTs: once the next run has sent that"""
        first, *statements = rest.split("\n")
        method, pattern = first.split(None, 1)
        mark, cluster = self.cluster.mark(), self.cluster

        def act():
            end = time.monotonic() + 20
            while time.monotonic() < end and not any(
                    r.method == method and re.search(pattern, r.path)
                    for r in cluster.requests(self.namespace, mark)):
                time.sleep(0.02)
            for statement in statements:
                word, _, words = statement.partition(" ")
                getattr(self, "do_" + word)(words)
        self.begin(act)

    def begin(self, act):
        self.meanwhile = threading.Thread(target=act, daemon=True)
        self.meanwhile.start()

    def do_patch(self, rest):
        """patch KIND/NAME MANAGER JSON: a merge patch by someone else"""
        what, manager, body = rest.split(None, 2)
        self.api.call("PATCH", "%s?fieldManager=%s" % (self.at(what), manager),
                      json.loads(body), "application/merge-patch+json")

    def do_ssa(self, rest):
        """ssa KIND/NAME MANAGER JSON: a server-side apply by someone else"""
        what, manager, body = rest.split(None, 2)
        self.api.apply(self.at(what), body, manager)

    def do_post(self, rest):
        path, body = rest.split(None, 1)
        self.api.call("POST", path, json.loads(body))

    def do_delete(self, rest):
        self.api.call("DELETE", self.at(rest.strip()))

    def do_grant(self, rest):
        user, body = rest.split(None, 1)
        self.cluster.grant(self.namespace, user, json.loads(body))

    def do_grant_printed(self, rest):
        """grant-printed USER: the Role that doctor printed, and no more"""
        rules = re.findall(
            r'- apiGroups: \["(.*)"\]\n  resources: \[(.*)\]\n'
            r'(?:  resourceNames: \[(.*)\]\n)?  verbs: \[(.*)\]\n',
            self.last.document()["role"])
        self.cluster.grant(self.namespace, rest.strip(), [
            dict({"apiGroups": [group], "resources": [resource],
                  "verbs": verbs.split(", ")},
                 **({"resourceNames": [name]} if name else {}))
            for group, resource, name, verbs in rules])

    def do_fault(self, rest):
        """Practice only; `path` must hold the namespace: others run beside."""
        fault = json.loads(rest)
        fault.setdefault("cluster", self.context)
        self.fleet.control("POST", "/fault", fault)

    def do_exec(self, rest):
        """exec WORDS: a program, or a file of the home"""
        words = shlex.split(rest)
        if os.path.exists(os.path.join(self.home, words[0])):
            words[0] = "./" + words[0]
        subprocess.run(words, cwd=self.home, env=self.environment(),
                       check=True, capture_output=True)

    def do_keep(self, rest):
        """keep NAME: the last standard output, as a file of the home"""
        self.name_file(rest, self.last.out.encode())

    def do_wait(self, rest):
        time.sleep(float(rest))

    def at(self, what):
        kind, _, name = what.partition("/")
        path = TERMINAL[kind]
        return (path % self.namespace if "%s" in path else path) + name

    # Running

    def environment(self):
        env = {"PATH": os.environ["PATH"], "HOME": self.home,
               "KUBECONFIG": self.fleet.kubeconfig, "LC_ALL": "C.UTF-8",
               "KEYROT_PASSPHRASE_FILE": os.path.join(self.home, "pass")}
        for name in ("LSAN_OPTIONS", "ASAN_OPTIONS", "UBSAN_OPTIONS"):
            if name in os.environ:
                env[name] = os.environ[name]
        env.update(self.env)
        return env

    def execute(self, words):
        words = list(words)
        # By keyrot.yaml alone.
        whole = words[0] in ("promote", "resume") or "--env" in words
        if not (whole or "--context" in words or words[0].startswith("-")):
            words += ["--context", self.context]
        if not whole and not any(word in ("-n", "--namespace", "--help")
                                 for word in words):
            words += ["-n", self.namespace]
        if self.store and "--store" not in words and words[0] in (
                "apply", "plan", "doctor", "render", "generate", "rotate",
                "promote", "resume", "rollback"):
            words += ["--store", self.store]
        self.call([self.program] + words)

    def call(self, words):
        marks = {context: self.fleet.cluster(context).mark()
                 for context in ("aether-staging", "aether-production")}
        try:
            done = subprocess.run(words, input=self.stdin, cwd=self.home,
                                  env=self.environment(), capture_output=True,
                                  timeout=RUN_LIMIT_S)
        except subprocess.TimeoutExpired as late:
            raise Mismatch("did not end within %d s; stderr: %s" % (
                RUN_LIMIT_S, (late.stderr or b"").decode()[-1000:]))
        self.stdin = b""
        self.last = Run(done, marks)
        if self.meanwhile:
            self.meanwhile.join()
            self.meanwhile = None
        self.no_leak()

    def no_leak(self):
        for name, leak in self.leaks.items():
            for stream, text in (("output", self.last.out),
                                 ("error", self.last.err)):
                if leak.find(text):
                    raise Mismatch("key %s shows in standard %s"
                                   % (name, stream))

    def do_run(self, rest):
        """With -o json: its document must fit its schema."""
        words = shlex.split(rest)
        if not any(word == "-o" or word.startswith(("-o", "--output"))
                   for word in words):
            words += ["-o", "json"]
        self.execute(words)
        if "json" in words:
            document = self.last.document()
            for problem in schema.problems(document):
                self.fail("the document does not fit its schema: " + problem)
            if document.get("exitCode") != self.last.code:
                self.fail("exitCode is %s" % document.get("exitCode"))

    def do_show(self, rest):
        """As people see it."""
        self.execute(shlex.split(rest))

    def do_run_next(self, rest):
        """run-next N: that of the `next` of the last document, as it stands"""
        line = self.last.document()["next"][int(rest)]
        if not line.startswith("kubectl keyrot "):
            raise Mismatch("next is %r" % line)
        self.do_run(line[len("kubectl keyrot "):])

    def do_as_typed(self, rest):
        """Nothing is added to it; a key on standard output is no leak."""
        leaks, self.leaks = self.leaks, {}
        self.call([self.program] + shlex.split(rest))
        self.leaks = leaks

    # Looking

    def do_exit(self, rest):
        if self.last.code != int(rest):
            raise Mismatch("the exit code is %d, not %s" % (self.last.code,
                                                            rest))

    def do_json(self, rest):
        check(self.last.document(), rest)

    def stream(self, text, rest, what):
        wanted = not rest.startswith("! ")
        pattern = rest if wanted else rest[2:]
        if bool(re.search(pattern, text, re.M | re.I)) != wanted:
            raise Mismatch("standard %s %s %r" % (
                what, "lacks" if wanted else "has", pattern))

    def do_stderr(self, rest):
        self.stream(self.last.err, rest, "error")

    def do_stdout(self, rest):
        self.stream(self.last.out, rest, "output")

    def settle(self, look):
        """Tries until it fits."""
        end = time.monotonic() + SETTLE_S
        while True:
            try:
                return look()
            except (Mismatch, clusters.fixture.ApiError) as mismatch:
                if time.monotonic() > end:
                    raise Mismatch(str(mismatch))
            time.sleep(0.05)

    def seen(self):
        return self.cluster.requests(self.namespace,
                                     self.last.marks[self.context])

    def do_request(self, rest):
        """request METHOD REGEX [= N]: at least one, or exactly N"""
        rest, _, number = rest.partition(" = ")
        method, pattern = rest.split(None, 1)

        def look():
            seen = self.seen()
            fit = [r for r in seen if r.method == method
                   and re.search(pattern, r.path)]
            if (len(fit) != int(number)) if number else not fit:
                raise Mismatch("%d requests %s %s; there were:\n    %s" % (
                    len(fit), method, pattern,
                    "\n    ".join(map(str, seen))))
        if number == "0":
            time.sleep(0.2 if self.fleet.real else 0)
        self.settle(look)

    def do_writes(self, rest):
        """writes N: so many requests that change something"""
        if int(rest) == 0 and self.fleet.real:
            time.sleep(0.2)

        def look():
            writes = [r for r in self.seen() if r.writes]
            if len(writes) != int(rest):
                raise Mismatch("%d writes: %s" % (
                    len(writes), ", ".join(map(str, writes))))
        self.settle(look)
        self.key_only_in_its_write()

    def key_only_in_its_write(self):
        for request in self.seen():
            if request.method in ("PATCH", "POST") and re.search(
                    "/secrets(/|\\?)", request.path):
                continue
            for name, leak in self.leaks.items():
                if leak.find(request.body) or leak.find(request.path):
                    raise Mismatch("key %s is in %s" % (name, request))

    def do_object(self, rest):
        """object KIND/NAME PATH ...: what the cluster holds now"""
        what, wanted = rest.split(None, 1)
        self.settle(lambda: check(self.api.get(self.at(what)), wanted))

    def do_secret(self, rest):
        self.do_object("secret/%s %s" % (clusters.SECRET, rest))

    def do_entry(self, rest):
        """entry NAME = KEY | absent"""
        entry, _, name = rest.partition(" = ")
        if name == "":
            entry, name = rest.split()
        secret = self.api.get(clusters.secret_path(self.namespace))
        value = clusters.key_in(secret, entry)
        wanted = None if name == "absent" else self.key(name)
        if value != wanted:
            raise Mismatch("entry %s is not %s" % (entry, name))

    def do_owner(self, rest):
        """owner ENTRY MANAGER...: all who own the entry, in managedFields"""
        entry, *wanted = rest.split()
        secret = self.api.get(clusters.secret_path(self.namespace))
        owners = sorted({
            field["manager"] for field in secret["metadata"]["managedFields"]
            if "f:" + entry in field["fieldsV1"].get("f:data", {})})
        if owners != sorted(wanted):
            raise Mismatch("entry %s is owned by %s" % (entry,
                                                        ", ".join(owners)))

    def do_no_object(self, rest):
        try:
            self.api.get(self.at(rest.strip()))
        except clusters.fixture.ApiError as error:
            if error.code == 404:
                return
            raise
        raise Mismatch("%s is there" % rest)

    def pods(self):
        items = self.api.get("/api/v1/namespaces/%s/pods"
                             % self.namespace)["items"]
        return [pod for pod in items
                if pod.get("status", {}).get("phase") not in
                ("Succeeded", "Failed")]

    def do_pods(self, rest):
        """pods N KEY: N pods, all made for that key; - : for none"""
        number, name = rest.split()
        note = "%s%s.%s" % (FINGERPRINT, clusters.SECRET, clusters.ENTRY)
        wanted = None if name == "-" else fingerprint(self.key(name))

        def look():
            pods = self.pods()
            found = [pod["metadata"].get("annotations", {}).get(note)
                     for pod in pods]
            if found != [wanted] * int(number):
                raise Mismatch("the pods' fingerprints are %s" % found)
        self.settle(look)

    def do_snapshot(self, rest):
        """Remembers Secret, workloads and pods for `unchanged`."""
        self.snapshots = self.state()

    def state(self):
        state = {}
        for kind in ("secret", "deployment", "statefulset", "daemonset",
                     "cronjob", "pod"):
            for item in self.api.get(self.at(kind).rstrip("/"))["items"]:
                meta = item["metadata"]
                state["%s/%s" % (kind, meta["name"])] = (
                    meta["resourceVersion"] if kind == "secret"
                    else meta.get("generation") or meta["uid"])
        return state

    def do_unchanged(self, rest):
        now = self.state()
        wanted = [name for name in sorted(now.keys() | self.snapshots.keys())
                  if not rest or name.startswith(rest)]
        changed = [name for name in wanted
                   if now.get(name) != self.snapshots.get(name)]
        if changed:
            raise Mismatch("changed: " + ", ".join(changed))

    def do_stored(self, rest):
        """stored NAME...: these keys come back without the program"""
        folder = os.path.join(self.home, ".local/share/keyrot")
        found = clusters.keys_in_store(self.folder)
        for place, _, names in os.walk(folder):
            for name in names:
                if not name.endswith(".pem"):
                    continue
                found.add(self.decrypt(place, name))
        for name in rest.split():
            if self.key(name) not in found:
                raise Mismatch("the store does not hold key %s (%d entries)"
                               % (name, len(found)))

    def decrypt(self, place, name):
        private = os.path.join(os.path.dirname(place), "store.key")
        done = subprocess.run(
            ["openssl", "cms", "-decrypt", "-inform", "PEM", "-in",
             os.path.join(place, name), "-inkey", private, "-passin",
             "file:" + os.path.join(self.home, "pass")], capture_output=True)
        text = done.stdout
        if b"\r\n\r\n" in text or b"\n\n" in text:
            text = re.split(rb"\r?\n\r?\n", text, maxsplit=1)[1]
        return text.strip()

    def do_no_key_file(self, rest):
        """No file of the home but the case's own holds a key in the clear."""
        for place, _, names in os.walk(self.home):
            if place.startswith(self.folder):
                continue
            for name in names:
                if name.endswith(".key") and place == self.home:
                    continue
                with open(os.path.join(place, name), "rb") as file:
                    content = file.read()
                for key, leak in self.leaks.items():
                    if leak.find(content):
                        raise Mismatch("key %s is in %s/%s" % (key, place,
                                                               name))

    def end(self):
        self.api.close()
        try:
            self.cluster.api().call("DELETE", "/api/v1/namespaces/"
                                    + self.namespace)
        except (clusters.fixture.ApiError, OSError):
            pass
