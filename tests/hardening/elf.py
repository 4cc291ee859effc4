"""What an executable says of its own protections, as readelf shows it."""

import re
import subprocess

# Not even once: no length, a shell, a search along PATH, a name to guess. (Of a
# snprintf() whose result fits, compilers make strcpy().)
BANNED = {"gets", "strcat", "sprintf", "vsprintf", "strtok", "system",
          "popen", "execlp", "execvp", "tmpnam", "tempnam", "mktemp", "alloca",
          "rand", "random", "setuid", "dlopen"}


def readelf(*words):
    return subprocess.run(["readelf", *words], check=True, text=True,
                          capture_output=True).stdout


def needed(path):
    return re.findall(r"\(NEEDED\).*\[(.*)\]", readelf("-dW", path))


def imports(path):
    return {line.split()[7].partition("@")[0]
            for line in readelf("--dyn-syms", "-W", path).splitlines()
            if " UND " in line and len(line.split()) > 7}


def problems(path, static=False):
    """What a checklist of hardening would complain of."""
    headers = readelf("-hldW", path)
    found = []

    def ask(what, fact):
        if not fact:
            found.append(what)
    ask("it is not position independent",
        re.search(r"Type:\s+DYN", headers)
        and re.search(r"\(FLAGS_1\).*\bPIE\b", headers))
    ask("nothing is read-only after relocation", "GNU_RELRO" in headers)
    ask("symbols are bound late (no full RELRO)",
        "BIND_NOW" in headers or re.search(r"\(FLAGS_1\).*\bNOW\b", headers))
    ask("the stack is executable",
        re.search(r"(?m)GNU_STACK(\s+0x[0-9a-f]+){5}\s+RW\s", headers))
    ask("a segment is writable and executable", not re.search(
        r"(?m)^\s+\w+(\s+0x[0-9a-f]+){5}\s+R?WE\s", headers))
    ask("it has a search path for libraries",
        "(RPATH)" not in headers and "(RUNPATH)" not in headers)
    ask("its code is relocated", "TEXTREL" not in headers)
    ask("it has an interpreter", static == ("INTERP" not in headers))
    if static:
        ask("it needs libraries", "(NEEDED)" not in headers)
        return found
    names = imports(path)
    ask("no stack protector", "__stack_chk_fail" in names)
    ask("fewer than five calls are fortified",
        len([n for n in names if n.endswith("_chk")]) >= 5)
    ask("banned: " + ", ".join(sorted(names & BANNED)), not names & BANNED)
    return found
