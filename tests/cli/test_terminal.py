"""The live list on a terminal: narrow, low, resized, without colour."""

import fcntl
import os
import re
import signal
import socket
import struct
import subprocess
import termios
import time
import unittest

from harness import Case, GOOD_KEY, KEYROT, KUBECONFIG, UIPLAY
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

    def test_no_word_is_cut_where_lines_stay(self):
        """Nor broken by the terminal: lines go on between words."""
        self.write("key", GOOD_KEY + "\n")
        data, _ = self.rest(*self.start(
            ["apply", "--key-file=key", "--store=none"], 44, 24,
            program=KEYROT))
        terminal = Terminal(44, 400).feed(
            b"\n" * 100 + data.replace(b"\r\r", b"\r"))
        words = " ".join(terminal.text().split())
        self.assertIn("error: ", words)
        for line in terminal.wrapped:
            self.assertRegex(line, "^(next:|hint:|      kubectl)")
        _, terminal = self.play("fast", columns=44)
        self.assertNotIn("\u2026", "".join(
            line for line in terminal.text().split("\n")
            if "\u2588" not in line))

    def test_words_are_read_on_a_light_ground(self):
        """Yellow is none of the colours, and green is of marks and bars."""
        for words in (["fast"], ["fast", "fail"]):
            data, code = self.rest(*self.start(words, 80, 24))
            self.assertEqual(code, 0)
            self.assertNotIn(b"\033[33m", data)
            for piece in data.split(b"\033[32m")[1:]:
                self.assertFalse(re.search(
                    "[A-Za-z]", piece.decode().split("\033")[0]), piece)

    def test_a_watch_gives_the_screen_back(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            self.write("kubeconfig", KUBECONFIG.replace(
                "127.0.0.1:1", "127.0.0.1:%d" % silent.getsockname()[1]))
            for signals in (1, 2):
                child, master = self.start(
                    ["status", "--watch=1s"], 80, 24, program=KEYROT)
                data = os.read(master, 65536)
                self.assertIn(b"\033[?1049h", data)
                for _ in range(signals):
                    child.send_signal(signal.SIGINT)
                    time.sleep(0.01)
                more, code = self.rest(child, master)
                self.assertEqual(code, 130)
                self.assertIn(b"\033[?1049l", more)

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
