"""The live list on a terminal: narrow, low, resized, without colour."""

import fcntl
import os
import signal
import struct
import subprocess
import termios
import time
import unittest

from harness import Case, GOOD_KEY, KEYROT, UIPLAY
from vt import Terminal


class Live(Case):
    def start(self, words, columns, rows, program=UIPLAY, **env):
        master, slave = os.openpty()
        self.size(slave, columns, rows)
        env = {"TERM": "xterm-256color", **env}
        child = subprocess.Popen(
            [program, *words], stdin=slave, stdout=slave, stderr=slave,
            env=self.environment(**env), cwd=self.dir, start_new_session=True)
        self.addCleanup(os.close, master)
        os.close(slave)
        return child, master

    @staticmethod
    def size(fd, columns, rows):
        fcntl.ioctl(fd, termios.TIOCSWINSZ,
                    struct.pack("HHHH", rows, columns, 0, 0))

    @staticmethod
    def rest(child, master):
        data = b""
        while True:
            try:
                more = os.read(master, 65536)
            except OSError:
                more = b""
            if not more:
                break
            data += more
        return data, child.wait(timeout=60)

    def play(self, *words, columns=80, rows=24, **env):
        data, code = self.rest(*self.start(words, columns, rows, **env))
        self.assertEqual(code, 0)
        # The terminal adds the carriage return; the program sends one, too.
        terminal = Terminal(columns, rows).feed(data.replace(b"\r\r", b"\r"))
        self.assertEqual(terminal.top_touched, 0)
        self.only_messages_wrap(terminal)
        return data, terminal

    def only_messages_wrap(self, terminal):
        """What is drawn over must be as many rows as it has lines."""
        for line in terminal.wrapped:
            self.assertNotRegex(line, "^ *[\u2713\u2717\u00b7\u2800-\u28ff]")
            self.assertNotIn("\u2588", line)

    def test_ends_as_a_list(self):
        for columns in (20, 40, 60, 80, 120, 200):
            with self.subTest(columns):
                _, terminal = self.play("fast", columns=columns)
                text = terminal.text()
                self.assertEqual(text.count("\u2713"), 7, text)
                self.assertNotIn("\u00b7", text)
                # Each step stands there once.
                self.assertEqual(text.count("Write"), 1, text)
                if columns >= 60:
                    self.assertIn("Follow the rollout", text)
                    self.assertIn("12/12", text)
                # The cursor rests below.
                self.assertEqual(terminal.column, 0)
                self.assertEqual(terminal.row, len(terminal.lines) - 1)

    def test_low_terminals_are_not_overdrawn(self):
        for rows in (2, 4, 6, 10):
            with self.subTest(rows):
                _, terminal = self.play("fast", "many", rows=rows)
                text = terminal.text()
                self.assertEqual(text.count("aether-west  Write"), 1, text)

    def test_failure_shows_what_was_not_done(self):
        _, terminal = self.play("fast", "fail")
        text = terminal.text()
        self.assertIn("\u2717 Follow the rollout", text)
        self.assertIn("ready 1/3", text)

    def test_colour(self):
        data, _ = self.play("fast")
        self.assertIn(b"\033[32m", data)
        for env in ({"NO_COLOR": "1"},):
            data, terminal = self.play("fast", **env)
            self.assertNotIn(b"m", [data[i + 3:i + 4] for i in
                                    range(len(data)) if data[i:i + 2]
                                    == b"\033["])
            self.assertIn("Follow the rollout", terminal.text())

    def test_dumb_terminals_get_lines(self):
        for env in ({"TERM": "dumb"}, {"TERM": ""}):
            data, code = self.rest(*self.start(["fast"], 80, 24, **env))
            self.assertEqual(code, 0)
            self.assertNotIn(b"\033", data)
            self.assertIn(b"done   Follow the rollout", data)

    def test_plain_lines_are_to_be_had(self):
        self.write("key", GOOD_KEY + "\n")
        words = ["apply", "--key-file=key", "--store=none"]
        for more, drawn in (([], True), (["--plain"], False)):
            data, code = self.rest(*self.start(words + more, 80, 24,
                                               program=KEYROT))
            self.assertEqual(code, 4, data)
            self.assertEqual(b"\033" in data, drawn, data)
            self.assertIn(b"Read the Secret", data)

    def test_ascii_where_the_locale_says_so(self):
        for env in ({"LC_ALL": "C"}, {"LANG": "C"}, {"LC_ALL": "POSIX"}):
            data, _ = self.play("fast", **env)
            self.assertTrue(data.isascii(), env)

    def test_messages_cannot_drive_the_terminal(self):
        _, terminal = self.play("fast")
        self.assertIn("warning: the key is kept in ?[31mone place",
                      terminal.text())

    def test_resize_while_it_runs(self):
        child, master = self.start(["many"], 120, 40)
        data = os.read(master, 65536)
        time.sleep(0.5)
        self.size(master, 50, 12)
        child.send_signal(signal.SIGWINCH)
        mark = time.monotonic()
        while time.monotonic() - mark < 0.6:
            os.read(master, 65536)
        data, code = self.rest(child, master)
        self.assertEqual(code, 0)
        # From here on every line fits.
        self.only_messages_wrap(Terminal(50, 400).feed(
            b"\n" * 100 + data.replace(b"\r\r", b"\r")))

    def test_ctrl_c(self):
        child, master = self.start([], 80, 24)
        os.read(master, 65536)
        child.send_signal(signal.SIGINT)
        data, code = self.rest(child, master)
        self.assertEqual(code, 0)
        self.assertIn(b"Stopping at the next safe point", data)
        # It is not left standing.
        screen = Terminal(80, 400).feed(
            b"\n" * 100 + data.replace(b"\r\r", b"\r")).text()
        self.assertNotIn("Stopping", screen)

    def test_the_second_ctrl_c_leaves_the_terminal_as_it_was(self):
        child, master = self.start([], 80, 24)
        data = os.read(master, 65536)
        attributes = termios.tcgetattr(master)
        child.send_signal(signal.SIGINT)
        time.sleep(0.1)
        child.send_signal(signal.SIGINT)
        more, code = self.rest(child, master)
        self.assertIn(code, (0, 130))
        self.assertNotIn(b"\033[?25l", data + more)
        self.assertEqual(termios.tcgetattr(master), attributes)


if __name__ == "__main__":
    unittest.main()
