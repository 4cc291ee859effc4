#!/usr/bin/env python3
"""What the compilers do not check: layers, sizes, doors to secrets, words.

usage: lint.py [layers|sizes|doors|words|record]...

Without a word: all but record, which rewrites tests/lint/secret_expose.txt after
its change has been looked at.
"""

import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60
# Objects and tables written out in unit tests are long and simple.
MAX_TEST_FILE_LINES = 600
MAX_TEST_FUNCTION_LINES = 160

# A layer may include itself and these.
LAYERS = {
    "base": set(),
    "secret": {"base"},
    "net": {"base", "secret"},
    "kube": {"base", "secret", "net"},
    "store": {"base", "secret", "net"},
    "service": {"base", "secret", "net"},
    "config": {"base", "secret"},
    "ledger": {"base", "secret"},
    "runbook": {"base", "secret", "net", "kube", "store", "service", "config",
                "ledger"},
    "report": {"base", "config", "ledger", "runbook"},
    "ui": {"base", "runbook/reporter.h", "runbook/result.h"},
    "cli": {"base", "secret", "net", "kube", "store", "service", "config",
            "ledger", "runbook", "report", "ui"},
}
# Third-party headers: in these folders' .c files and nowhere else.
LIBRARIES = {
    "curl": {"net"},
    "openssl": {"secret", "net", "store", "kube", "ledger"},
    "cjson": {"base", "secret", "kube", "store", "service", "config",
              "ledger", "runbook", "report", "ui", "cli"},
    "yaml.h": {"base"},
}
DOOR = "tests/lint/secret_expose.txt"
# In brackets, so that this file does not hold them.
WORDS = (r"[T]ODO\b|[F]IXME\b|\b[X]XX\b|[/]work/|[/]root/|[s]hared/\w+\.md"
         r"|\b[A]I\b|\b[L]LM\b|[C]laude|[C]hatGPT|[C]opilot|\b[i]ssue 3\b"
         r"|[N]OTE-FROM|\b[u]nimplemented\b|\b[n]ot implemented\b"
         r"|[d]esign\.md|[k]ube-semantics\.md|[s]tyle\.md"
         r"|[r]eal-cluster\.md|[u]sers\.md|[p]ackaging\.md")
INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]', re.M)


def tracked(*patterns):
    """Files of the repository, those not added yet included."""
    out = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others",
         "--exclude-standard", "--", *patterns],
        cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout
    names = sorted(set(out.decode().split("\0")) - {""})
    return [name for name in names if os.path.isfile(os.path.join(ROOT, name))]


def read(name):
    with open(os.path.join(ROOT, name), encoding="utf-8",
              errors="replace") as file:
        return file.read()


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def library_of(header):
    return header if header in LIBRARIES else header.split("/")[0]


def check_include(name, layer, quote, header):
    if quote == "<":
        allowed = LIBRARIES.get(library_of(header))
        if allowed is None:
            return None
        if name.endswith(".h"):
            return "a header may not include <%s>" % header
        if layer not in allowed:
            return "<%s> is not for src/%s" % (header, layer)
        return None
    if header == "secret/readback_make.h" and layer not in ("secret", "store"):
        return "only src/store makes keys that may be applied"
    folder = header.split("/")[0]
    if "/" not in header:
        return 'write "%s/%s"' % (layer, header)
    if folder == layer or folder in LAYERS[layer] or header in LAYERS[layer]:
        return None
    return "src/%s may not include %s" % (layer, header)


def layers():
    for name in tracked("src/*.c", "src/*.h"):
        layer = name.split("/")[1]
        if layer not in LAYERS:
            yield "%s: a folder that is no layer" % name
            continue
        text = read(name)
        for found in INCLUDE.finditer(text):
            wrong = check_include(name, layer, *found.groups())
            if wrong:
                yield "%s:%d: %s" % (name, line_of(text, found.start()), wrong)
        if layer not in ("ui", "cli"):
            for found in re.finditer(
                    r"\b(printf|puts|putchar|perror|vprintf)\s*\(|"
                    r"\b(stdout|stderr)\b|"
                    r"\bwrite\s*\(\s*([12]\b|STD\w+_FILENO)",
                    without_comments(text)):
                yield ("%s:%d: only ui and cli write to the terminal (%s)"
                       % (name, line_of(text, found.start()),
                          found.group(0)))


def without_comments(text):
    """Comments and strings as blanks; lines keep their numbers."""
    def blank(found):
        return re.sub(r"[^\n]", " ", found.group(0))
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"', blank, text,
                  flags=re.S)


def functions(text):
    """(first line, number of lines) of what stands in braces at the margin."""
    start = None
    for number, line in enumerate(text.split("\n"), 1):
        if line == "{":
            start = number
        elif line == "}" and start is not None:
            yield start, number - start + 1
            start = None


def sizes():
    for name in tracked("*.c", "*.h"):
        text = read(name)
        lines = text.count("\n")
        is_test = name.startswith("tests/unit/")
        most = MAX_TEST_FILE_LINES if is_test else MAX_FILE_LINES
        if lines > most:
            yield "%s: %d lines, %d are the limit" % (name, lines, most)
        most = MAX_TEST_FUNCTION_LINES if is_test else MAX_FUNCTION_LINES
        for start, length in functions(text):
            if length > most:
                yield "%s:%d: a function of %d lines, %d are the limit" % (
                    name, start, length, most)


def exposures():
    """How often each file calls the one door out of struct secret."""
    counts = {}
    for name in tracked("src/*.c", "src/*.h", "kubectl-keyrot.c"):
        if name in ("src/secret/secret.c", "src/secret/secret.h"):
            continue
        calls = len(re.findall(r"\bsecret_expose\w*\s*\(",
                               without_comments(read(name))))
        if calls:
            counts[name] = calls
    return counts


def recorded():
    counts = {}
    for line in read(DOOR).split("\n"):
        if line and not line.startswith("#"):
            number, name = line.split()
            counts[name] = int(number)
    return counts


def doors():
    now, before = exposures(), recorded()
    for name in sorted(now.keys() | before.keys()):
        if now.get(name, 0) != before.get(name, 0):
            yield ("%s: calls secret_expose() %d times, %d are recorded: look "
                   "at them, then `make lint-record`"
                   % (name, now.get(name, 0), before.get(name, 0)))


def words():
    pattern = re.compile(WORDS)
    for name in tracked():
        if name.endswith("go.sum"):
            continue
        text = read(name)
        for found in pattern.finditer(text):
            yield "%s:%d: %r has no place here" % (
                name, line_of(text, found.start()), found.group(0))
        if name.endswith((".c", ".h", ".py", ".sh", ".md", ".mk")):
            for number, line in enumerate(text.split("\n"), 1):
                if line != line.rstrip():
                    yield "%s:%d: blanks at the end" % (name, number)


def record():
    with open(os.path.join(ROOT, DOOR), "w") as file:
        file.write("# Calls of secret_expose() outside of src/secret/secret.c:"
                   "\n# the places where key material can get out.\n")
        for name, number in sorted(exposures().items()):
            file.write("%d %s\n" % (number, name))
    return ()


CHECKS = {"layers": layers, "sizes": sizes, "doors": doors, "words": words,
          "record": record}


def main():
    wanted = sys.argv[1:] or ["layers", "sizes", "doors", "words"]
    unknown = [word for word in wanted if word not in CHECKS]
    if unknown:
        sys.exit(__doc__)
    found = [line for word in wanted for line in CHECKS[word]()]
    print("\n".join(found + ["lint.py %s: %d findings" % (
        " ".join(wanted), len(found))]))
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
