"""What may stand in the audit log of an API server, and what may not.

The log has each request of a user with the body that was sent. Nothing of the
program's own words is believed here.
"""

import collections
import json
import os
import re
import sys
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "tests", "contract"))

import clusters  # noqa: E402
from scan import Scan  # noqa: E402

AGENT = re.compile(r"kubectl-keyrot/\d+\.\d+\.\d+\S* \(.+\)$")
MANAGER = "keyrot"
KEY_MANAGER = "keyrot." + clusters.ENTRY
RING = {clusters.ENTRY + suffix for suffix in ("", "_NEXT", "_PREVIOUS")}
PLAYS = "audit-"
# What every user of a cluster may ask, whatever his Role.
EVERYBODY = {("create", "selfsubjectaccessreviews.authorization.k8s.io"),
             ("create", "selfsubjectreviews.authentication.k8s.io"),
             ("get", "/version")}


def strings(value):
    """Every string in it, names too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, part in value.items():
            yield name
            yield from strings(part)
    elif isinstance(value, list):
        for part in value:
            yield from strings(part)


def searchable(value):
    """As JSON; and what its strings say, where JSON writes them otherwise."""
    return json.dumps(value).encode() + b"\n" + "\n".join(
        strings(value)).encode("latin-1", "replace")


class Entry:
    """One request, as the server saw it."""

    def __init__(self, line):
        self.line = line
        reference = line.get("objectRef", {})
        self.verb = line["verb"]
        self.uri = urllib.parse.urlsplit(line["requestURI"])
        self.query = dict(urllib.parse.parse_qsl(self.uri.query))
        self.namespace = reference.get("namespace")
        self.name = reference.get("name")
        self.resource = self.uri.path
        if reference:
            self.resource = "/".join(filter(None, (
                reference["resource"], reference.get("subresource"))))
            group = reference.get("apiGroup")
            self.resource += "." + group if group else ""
        self.code = line.get("responseStatus", {}).get("code")
        self.body = line.get("requestObject") or {}
        self.reply = line.get("responseObject") or {}
        self.agent = line.get("userAgent", "")
        self.decision = line.get("annotations", {}).get(
            "authorization.k8s.io/decision")

    @property
    def what(self):
        return self.verb, self.resource

    @property
    def writes(self):
        return self.verb not in ("get", "list", "watch") and self.what not in (
            EVERYBODY) and "dryRun" not in self.query

    def sent(self):
        """All that came from the client."""
        return searchable({word: value for word, value in self.line.items()
                           if word not in ("responseObject", "annotations")}
                          ) + urllib.parse.unquote_to_bytes(self.uri.geturl())

    def __str__(self):
        return "%s %s %s -> %s" % (self.verb, self.resource,
                                   self.uri.geturl(), self.code)


class Rules:
    """A Role: what it allows, and what of that was ever used."""

    def __init__(self, rules):
        self.allowed = {}
        for rule in rules:
            for group in rule["apiGroups"]:
                for resource in rule["resources"]:
                    name = resource + ("." + group if group else "")
                    for verb in rule["verbs"]:
                        self.allowed[verb, name] = set(
                            rule.get("resourceNames", ()))

    def allows(self, entry):
        names = self.allowed.get(entry.what)
        return names is not None and (not names or entry.name in names)


class Judge:
    """Collects what is wrong; counts what was looked at."""

    def __init__(self, rules, keys):
        self.rules = rules
        self.scan = Scan(keys)
        self.wrong = []
        self.used = collections.Counter()
        self.counts = collections.Counter()
        self.key_writes = collections.Counter()

    def holds_key(self, data):
        return self.scan.find(data) is not None

    def judge(self, context, entry):
        self.counts["requests"] += 1
        self.judge_who(entry)
        self.judge_right(entry)
        self.judge_key(context, entry)
        if entry.writes:
            self.counts["writes"] += 1
            self.judge_write(entry)

    def say(self, entry, why):
        self.wrong.append("%s: %s" % (entry, why))

    def judge_who(self, entry):
        if not AGENT.match(entry.agent):
            self.say(entry, "the user agent is " + entry.agent)

    def judge_right(self, entry):
        if entry.decision == "forbid" or entry.code in (401, 403):
            self.counts["denied"] += 1
            self.say(entry, "was denied")
        elif entry.what in EVERYBODY:
            self.counts["anybody's"] += 1
        elif self.rules.allows(entry):
            self.used[entry.what] += 1
        else:
            self.say(entry, "is not in the Role")

    def judge_key(self, context, entry):
        is_secret = entry.resource == "secrets"
        if self.holds_key(entry.sent()):
            self.counts["with a key"] += 1
            if (entry.what == ("patch", "secrets")
                    and entry.name == clusters.SECRET
                    and entry.query.get("fieldManager") == KEY_MANAGER
                    and "dryRun" not in entry.query):
                self.key_writes[context] += entry.code == 200
                self.judge_key_body(entry)
            else:
                self.say(entry, "carries a key")
        if entry.reply and not (is_secret and entry.verb == "get"):
            reply = json.loads(json.dumps(entry.reply))
            reply.get("metadata", {}).get("annotations", {}).pop(
                clusters.LAST_APPLIED, None)
            if self.holds_key(searchable(reply)):
                self.say(entry, "asked for an answer with a key")

    def judge_key_body(self, entry):
        """The key stands where it belongs and nowhere else in it."""
        body = entry.body
        if not set(body.get("data", {})) <= RING or "stringData" in body:
            self.say(entry, "writes other entries")
        if not body.get("metadata", {}).get("resourceVersion"):
            self.say(entry, "is not fenced by a resourceVersion")
        rest = {word: value for word, value in body.items() if word != "data"}
        if self.holds_key(searchable(rest) + entry.uri.geturl().encode()):
            self.say(entry, "has the key beside its data, too")

    def judge_write(self, entry):
        manager = entry.query.get("fieldManager", "")
        if manager != MANAGER and not manager.startswith(MANAGER + "."):
            self.say(entry, "the field manager is " + (manager or "not said"))
        if entry.resource == "secrets" and entry.query.get("force") == "true":
            self.counts["forced"] += 1


def entries(log, user, mark, namespace):
    """The requests of a user since then, but for those into another play's
    namespace. A watch is logged when it begins, and again when it ends."""
    found = {}
    for line in clusters.entries_since(log, mark):
        if line["user"]["username"] != user:
            continue
        entry = Entry(line)
        if entry.namespace in (None, namespace) or not (
                entry.namespace.startswith(PLAYS)):
            found[line["auditID"]] = entry
    return list(found.values())
