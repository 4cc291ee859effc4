"""As much of JSON Schema as docs/schema/ uses."""

import json
import os
import re

import clusters

FOLDER = os.path.join(clusters.ROOT, "docs", "schema")
TYPES = {"object": dict, "array": list, "string": str, "boolean": bool,
         "null": type(None), "number": (int, float), "integer": int}
KNOWN = {"$schema", "$id", "$ref", "$defs", "title", "description", "type",
         "properties", "required", "items", "enum", "const", "pattern",
         "additionalProperties", "minimum", "maximum", "minItems", "anyOf",
         "allOf", "oneOf", "examples", "format", "minLength", "default",
         "$comment", "maxItems", "uniqueItems"}


def is_type(value, name):
    if isinstance(value, bool) and name in ("number", "integer"):
        return False
    return isinstance(value, TYPES[name])


def load(name):
    with open(os.path.join(FOLDER, name)) as file:
        return json.load(file)


def resolve(reference, root):
    file, _, pointer = reference.partition("#")
    if file:
        root = load(os.path.basename(file))
    found = root
    for part in pointer.strip("/").split("/"):
        if part:
            found = found[part]
    return found, root


def errors(value, rule, root, at):
    unknown = set(rule) - KNOWN
    if unknown:
        yield "%s: the schema says %s, which is not checked" % (at, unknown)
    if "$ref" in rule:
        yield from errors(value, *resolve(rule["$ref"], root), at)
    names = rule.get("type")
    if names is not None:
        names = names if isinstance(names, list) else [names]
        if not any(is_type(value, name) for name in names):
            yield "%s is no %s" % (at, " or ".join(names))
            return
    if "enum" in rule and value not in rule["enum"]:
        yield "%s is %r" % (at, value)
    if "const" in rule and value != rule["const"]:
        yield "%s is %r" % (at, value)
    if isinstance(value, str) and "pattern" in rule and not re.search(
            rule["pattern"], value):
        yield "%s is %r, not like %s" % (at, value, rule["pattern"])
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        if value < rule.get("minimum", value):
            yield "%s is %s" % (at, value)
        if value > rule.get("maximum", value):
            yield "%s is %s" % (at, value)
    if isinstance(value, list):
        if len(value) < rule.get("minItems", 0):
            yield "%s has %d items" % (at, len(value))
        for index, item in enumerate(value):
            yield from errors(item, rule.get("items", {}), root,
                              "%s[%d]" % (at, index))
    if isinstance(value, dict):
        yield from object_errors(value, rule, root, at)
    for one in rule.get("allOf", ()):
        yield from errors(value, one, root, at)
    for word in ("anyOf", "oneOf"):
        if word in rule and not any(
                not list(errors(value, one, root, at)) for one in rule[word]):
            yield "%s fits none of %s" % (at, word)


def object_errors(value, rule, root, at):
    members = rule.get("properties", {})
    for name in rule.get("required", ()):
        if name not in value:
            yield "%s.%s is missing" % (at, name)
    extra = rule.get("additionalProperties", True)
    for name, member in value.items():
        if name in members:
            yield from errors(member, members[name], root, at + "." + name)
        elif extra is False:
            yield "%s.%s is not in the schema" % (at, name)
        elif isinstance(extra, dict):
            yield from errors(member, extra, root, at + "." + name)


def find(kind):
    """The schema whose document has this kind."""
    for name in sorted(os.listdir(FOLDER)):
        if not name.endswith(".json"):
            continue
        root = load(name)
        stated = root.get("properties", {}).get("kind", {})
        kinds = [stated.get("const"), *stated.get("enum", ())]
        for part in root.get("allOf", ()):
            kinds.append(part.get("properties", {}).get("kind", {})
                         .get("const"))
        if kind in kinds:
            return root
    return None


def problems(document):
    if not os.path.isdir(FOLDER):
        return []
    kind = document.get("kind")
    root = find(kind)
    if root is None:
        return ["no schema is for kind %s" % kind]
    return list(errors(document, root, root, "$"))
