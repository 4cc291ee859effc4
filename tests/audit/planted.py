"""What the judge has to find: planted into the log of an innocent run."""

import base64
import copy
import json
import os
import urllib.parse

from oracle import KEY_MANAGER, Entry, Judge, Rules, clusters
from play import check

RULES = [{"apiGroups": [""], "resources": ["secrets"],
          "resourceNames": [clusters.SECRET], "verbs": ["get", "patch"]},
         {"apiGroups": ["apps"], "resources": ["deployments"],
          "verbs": ["list", "patch"]}]
KEY = base64.b64encode(os.urandom(32))
RAW = base64.b64decode(KEY)


def line(verb, resource, group="", name=None, query="", body=None, reply=None,
         agent="kubectl-keyrot/0.1.0 (linux/x86_64)", code=200):
    return {
        "auditID": os.urandom(8).hex(), "verb": verb, "userAgent": agent,
        "user": {"username": "rotator"}, "requestURI":
        "/%s/namespaces/n/%s%s?%s" % ("apis/" + group if group else "api/v1",
                                      resource, "/" + name if name else "",
                                      query),
        "objectRef": {"resource": resource, "apiGroup": group, "name": name,
                      "namespace": "n"},
        "responseStatus": {"code": code}, "requestObject": body,
        "responseObject": reply,
        "annotations": {"authorization.k8s.io/decision":
                        "forbid" if code == 403 else "allow"}}


def the_write(**more):
    return line("patch", "secrets", name=clusters.SECRET, query="fieldManager="
                + KEY_MANAGER, body=dict({
                    "data": {clusters.ENTRY: base64.b64encode(KEY).decode()},
                    "metadata": {"resourceVersion": "7"}}, **more))


def found_in(*lines):
    judge = Judge(Rules(RULES), [KEY])
    for one in lines:
        judge.judge("c", Entry(one))
    return judge.wrong


def forms():
    """A part of the key, 8 bytes of it or 12 characters, in each form."""
    for at in (0, 5, 11):
        piece = RAW[at:at + 10]
        for skip in range(3):
            text = base64.b64encode(RAW[skip:])
            yield text[at:at + 12].decode()
            yield text.translate(bytes.maketrans(b"+/", b"-_"))[
                at:at + 12].decode()
            yield base64.b64encode(KEY[skip:])[at:at + 12].decode()
        yield piece.hex()
        yield piece.hex().upper()
        yield KEY[at:at + 12].hex()
        yield piece.decode("latin-1")
    yield urllib.parse.quote(KEY.decode(), safe="")
    yield json.dumps(KEY.decode()).replace("/", "\\/")


def innocent():
    """an innocent run is not accused"""
    wrong = found_in(
        the_write(), line("get", "secrets", name=clusters.SECRET, reply={
            "data": {clusters.ENTRY: base64.b64encode(KEY).decode()}}),
        line("list", "deployments", "apps"), line(
            "patch", "deployments", "apps", "d", "fieldManager=keyrot",
            {"spec": {"template": {}}}))
    check(not wrong, wrong)


def leaks():
    """a key, or 8 bytes of one, in each form and place, is found"""
    count = 0
    for form in forms():
        note = {"metadata": {"annotations": {"a": "x" + form + "y"}}}
        for bad in (
                line("patch", "deployments", "apps", "d",
                     "fieldManager=keyrot", note),
                line("list", "deployments", "apps", query="labelSelector="
                     + form),
                line("list", "deployments", "apps", agent="kubectl-keyrot/"
                     "0.1.0 (" + form + ")"),
                line("patch", "secrets", name=clusters.SECRET,
                     query="fieldManager=keyrot", body=note),
                line("patch", "secrets", name=clusters.SECRET, body=note,
                     query="dryRun=All&fieldManager=" + KEY_MANAGER),
                the_write(**note), line(
                    "patch", "deployments", "apps", "d", "fieldManager=keyrot",
                    {}, note)):
            bad = copy.deepcopy(bad)
            check(found_in(bad), "not found:", repr(form), bad["requestURI"])
            count += 1
    check(count > 150, "only", count, "were planted")


def others():
    """another's right, a denial, names that are not ours, an unfenced write"""
    for bad in (
            line("get", "secrets", name="another"),
            line("list", "secrets"),
            line("delete", "deployments", "apps", "d"),
            line("list", "deployments", "extensions"),
            line("list", "deployments", "apps", code=403),
            line("list", "deployments", "apps", agent="curl/7.88.1"),
            line("patch", "deployments", "apps", "d", body={}),
            line("patch", "deployments", "apps", "d", "fieldManager=kubectl",
                 {}),
            the_write(metadata={}), the_write(stringData={"A": "b"})):
        check(found_in(bad), "not found:", bad)


CASES = [innocent, leaks, others]
