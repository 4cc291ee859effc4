#!/usr/bin/env python3
"""docs/pictures/*.svg: what a terminal shows, taken from a terminal.

usage: pictures.py

A rotation is played on practice clusters in tmux; what it drew at some moments
is written as SVG, colours and all, light and dark.
"""

import html
import os
import re
import shutil
import subprocess
import time

import demo

OUT = os.path.join(demo.ROOT, "docs", "pictures")
COLUMNS, ROWS = 126, 34
CELL, LINE, EDGE = 8.4, 18, 14
LIMIT_S = 60
# SGR to a class of the style below.
STYLES = {1: "b", 2: "d", 31: "r", 32: "g", 35: "m", 36: "c"}
CSS = """
text{font:14px ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace;
white-space:pre;fill:#24292f}.s{fill:#fff;stroke:#d0d7de}.b{font-weight:bold}
.d{fill:#57606a}.r{fill:#a40e26}.g{fill:#116329}.m{fill:#8e2f8e}.c{fill:#0b5a75}
@media (prefers-color-scheme:dark){text{fill:#e6edf3}.s{fill:#0d1117;
stroke:#30363d}.d{fill:#9198a1}.r{fill:#ff8f88}.g{fill:#56d364}.m{fill:#e48be4}
.c{fill:#76d9e6}}"""


def spans(line):
    """(column, classes, text) of a line with SGR sequences."""
    column, classes = 0, []
    for codes, text in re.findall(r"\x1b\[([\d;]*)m|([^\x1b]+)", line):
        if text:
            yield column, " ".join(classes), text
            column += len(text)
            continue
        for code in (int(c or 0) for c in codes.split(";")):
            if code in (0, 39):
                classes = [] if code == 0 else [
                    c for c in classes if c in "bd"]
            elif code == 22:
                classes = [c for c in classes if c not in "bd"]
            elif code in STYLES and STYLES[code] not in classes:
                classes.append(STYLES[code])


def svg(title, lines):
    while lines and not lines[-1].strip():
        lines.pop()
    width = COLUMNS * CELL + 2 * EDGE
    height = len(lines) * LINE + 2 * EDGE
    rows = []
    for number, line in enumerate(lines):
        for column, classes, text in spans(line):
            if text.strip():
                lead = len(text) - len(text.lstrip())
                body = text.strip()
                rows.append(
                    '<text x="%.1f" y="%d" textLength="%.1f"%s>%s</text>' % (
                        EDGE + (column + lead) * CELL,
                        EDGE + number * LINE + 13, len(body) * CELL,
                        ' class="%s"' % classes if classes else "",
                        html.escape(body)))
    return ('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" '
            'role="img" aria-label="%s"><title>%s</title><style>%s</style>'
            '<rect class="s" x="0.5" y="0.5" width="%d" height="%d" rx="6"/>'
            "\n%s\n</svg>\n" % (width, height, html.escape(title, True),
                                html.escape(title), CSS, width - 1,
                                height - 1, "\n".join(rows)))


class Lively(demo.Metrics):
    """Healthy, and never the same twice."""

    asked_for = 0

    def reply(self, path, query):
        said = super().reply(path, query)
        if "query_range" not in path:
            self.asked_for += 1
            self.values = {
                "error_rate": 0.002 + 0.0011 * (self.asked_for * 7 % 5),
                "p99": 0.11 + 0.009 * (self.asked_for * 3 % 5)}
            said = demo.prom.Prom.reply(self, path, query)
        return said


class Screen:
    """A terminal of tmux's, on a server of its own."""

    def __init__(self, played):
        self.socket = os.path.join(played.home, "tmux")
        env = dict(played.env, TERM="xterm-256color")
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", str(COLUMNS),
                  "-y", str(ROWS), "-c", played.home, "PS1='$ ' exec sh -i",
                  env=env)
        # So that the command can be typed as people type it.
        os.symlink(os.path.join(demo.ROOT, "kubectl-keyrot"),
                   os.path.join(played.home, "kubectl-keyrot"))
        self.type('kubectl() { plugin=kubectl-$1; shift; ./$plugin "$@"; }; '
                  "clear")

    def tmux(self, *words, **more):
        return subprocess.run(("tmux", "-u", "-S", self.socket, *words),
                              check=True, capture_output=True, text=True,
                              **more).stdout

    def type(self, line):
        self.tmux("send-keys", "-l", line)
        self.tmux("send-keys", "Enter")

    def wait(self, pattern):
        end = time.monotonic() + LIMIT_S
        while time.monotonic() < end:
            if re.search(pattern, self.tmux("capture-pane", "-p")):
                return
            time.sleep(0.05)
        raise SystemExit("pictures.py: never seen: %s\n%s" % (
            pattern, self.tmux("capture-pane", "-p")))

    def take(self, name, title):
        lines = self.tmux("capture-pane", "-e", "-p").split("\n")
        with open(os.path.join(OUT, name + ".svg"), "w") as file:
            file.write(svg(title, lines))
        print("docs/pictures/%s.svg: %s" % (name, title))

    def close(self):
        self.tmux("kill-server")


def play(played, screen):
    with Lively() as metrics:
        with open(os.path.join(played.home, "keyrot.yaml"), "w") as out:
            out.write((demo.CONFIG % metrics.url).replace(
                "for: 6s", "for: 20s"))
        screen.type("kubectl keyrot rotate")
        screen.wait(r"(?m)old[^\n]*\n(?s:.*)aether-staging|\d/\d")
        screen.take("rollout", "a rollout in staging, while it goes on")
        screen.wait(r" [4-7]s left")
        screen.take("soak", "a soak in production: each metric, its limit, "
                            "the time left")
        screen.wait(r"(?m)^\$ ?$")
        screen.type("clear; kubectl keyrot status")
        screen.wait(r"(?m)^\$ ?$")
        screen.take("status", "which key runs where")


def main():
    if not shutil.which("tmux"):
        raise SystemExit("pictures.py: tmux is not installed")
    os.makedirs(OUT, exist_ok=True)
    played = demo.Demo("practice")
    try:
        screen = Screen(played)
        try:
            play(played, screen)
        finally:
            screen.close()
    finally:
        played.close()


if __name__ == "__main__":
    main()
