"""A shell in a terminal of its own: keys go in, and what it ran comes out."""

import fcntl
import os
import pty
import re
import select
import shutil
import signal
import struct
import termios
import time

QUIET_S = 0.25
LIMIT_S = 15
PROMPT = "ready>"

# Stands where the program is: what was completed is kept, not run.
STAND_IN = """#!/bin/sh
case $1 in
__complete|completion) exec "%(program)s" "$@" ;;
esac
{ for word in "$@"; do printf '%%s\\0' "$word"; done; } >"$RECORD.new"
mv "$RECORD.new" "$RECORD"
"""

BASH = """PS1='%(prompt)s'
. /usr/share/bash-completion/bash_completion
bind 'set enable-bracketed-paste off' 2>/dev/null
bind 'set show-all-if-ambiguous on'
bind 'set completion-query-items 0'
bind 'set page-completions off'
"""
ZSH = """PS1='%(prompt)s'
fpath=(%(share)s/zsh/site-functions $fpath)
autoload -U compinit
compinit -u -D
unsetopt LIST_BEEP
LISTMAX=0
"""
FISH = """function fish_prompt; echo -n '%(prompt)s'; end
function fish_greeting; end
set -g fish_autosuggestion_enabled 0
"""
KUBECTL = {"bash": ". <(kubectl completion bash)\n",
           "zsh": ". <(kubectl completion zsh)\n",
           "fish": "kubectl completion fish | source\n"}


class Shell:
    def __init__(self, name, folder, env, kubectl=False):
        self.name, self.folder = name, folder
        mark = name + ("-kubectl" if kubectl else "")
        self.record = os.path.join(folder, "record-" + mark)
        start = {"bash": BASH, "zsh": ZSH, "fish": FISH}[name] % {
            "prompt": PROMPT, "share": os.path.join(folder, "usr", "share")}
        if kubectl:
            start += KUBECTL[name]
        home = os.path.join(folder, "home-" + mark)
        shutil.rmtree(home, ignore_errors=True)
        for file in (".bashrc", ".zshrc", ".config/fish/config.fish"):
            path = os.path.join(home, file)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w") as out:
                out.write(start)
        words = {"bash": ["bash", "--noprofile", "--rcfile",
                          os.path.join(home, ".bashrc"), "-i"],
                 "zsh": ["zsh", "-i", "-o", "no_global_rcs"],
                 "fish": ["fish", "-i"]}[name]
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(folder)
            fcntl.ioctl(0, termios.TIOCSWINSZ,
                        struct.pack("HHHH", 60, 150, 0, 0))
            os.execvpe(words[0], words, dict(
                env, HOME=home, ZDOTDIR=home, TERM="xterm", SHELL="",
                RECORD=self.record,
                XDG_CONFIG_HOME=os.path.join(home, ".config")))
        self.wait_for(PROMPT)

    def read(self, quiet_s):
        seen = b""
        while select.select([self.fd], [], [], quiet_s)[0]:
            try:
                data = os.read(self.fd, 65536)
            except OSError:
                break
            if not data:
                break
            seen += data
        return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]|\x1b[()=>][A-Z0-9]?|\x1b\][^\a]*\a",
                      "", seen.decode(errors="replace"))

    def wait_for(self, text):
        seen, end = "", time.monotonic() + LIMIT_S
        while text not in seen:
            if time.monotonic() > end:
                raise AssertionError("%s does not say %r: %r"
                                     % (self.name, text, seen))
            seen += self.read(QUIET_S)
        return seen

    def settle(self, least_s=0.0):
        """Until nothing comes any more."""
        seen, end = "", time.monotonic() + LIMIT_S
        begin = time.monotonic()
        while time.monotonic() < end:
            more = self.read(QUIET_S)
            seen += more
            if not more and time.monotonic() - begin >= least_s:
                break
        return seen

    def type(self, text, least_s=0.0):
        os.write(self.fd, text.encode())
        return self.settle(least_s)

    def run(self, line, more="", least_s=0.3):
        """Types the line and TAB, then the rest and Enter: what was run."""
        if os.path.exists(self.record):
            os.remove(self.record)
        shown = self.type(line)
        shown += self.type("\t", least_s)
        os.write(self.fd, (more + "\r").encode())
        end = time.monotonic() + LIMIT_S
        while not os.path.exists(self.record):
            if time.monotonic() > end:
                raise AssertionError("%s ran nothing after %r: %r"
                                     % (self.name, line, shown))
            shown += self.read(0.05)
        self.settle()
        with open(self.record) as file:
            return file.read().split("\0")[:-1]

    def offers(self, line, least_s=0.3):
        """Types the line and TAB: what is shown. The line is given up."""
        self.type(line)
        shown = self.type("\t", least_s)
        if self.name == "fish":
            self.type("\x1b", 0.5)
        self.type("\x03", 0.1)
        self.type("\x15", 0.1)
        return shown

    def close(self):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.fd)
