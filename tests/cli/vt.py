"""A small terminal: what the screen and the scrollback look like after bytes
were written. Only what the program uses; anything else is a failure."""

import unicodedata


class Terminal:
    def __init__(self, columns, rows):
        self.columns, self.rows = columns, rows
        self.lines = [""]
        self.row = self.column = 0
        self.wrapped = []
        self.top_touched = 0  # times the cursor wanted above the screen

    def _put(self, char):
        if self.column == self.columns:
            self.wrapped.append(self.lines[self.row])
            self.column = 0
            self._down()
        line = self.lines[self.row].ljust(self.column)
        self.lines[self.row] = (line[:self.column] + char
                                + line[self.column + 1:])
        self.column += 1

    def _down(self):
        self.row += 1
        if self.row == len(self.lines):
            self.lines.append("")

    def _up(self, n):
        top = max(0, len(self.lines) - self.rows)
        if self.row - n < top:
            self.top_touched += 1
        self.row = max(self.row - n, top)

    def _csi(self, parameters, final):
        if final == "A":
            self._up(int(parameters or 1))
        elif final == "J" and parameters in ("", "0"):
            self.lines[self.row] = self.lines[self.row][:self.column]
            del self.lines[self.row + 1:]
        elif final != "m":
            raise AssertionError(f"unexpected escape: CSI {parameters}{final}")

    def feed(self, data):
        text = data.decode()
        at = 0
        while at < len(text):
            char = text[at]
            at += 1
            if char == "\033":
                if text[at] != "[":
                    raise AssertionError("unexpected escape")
                end = at + 1
                while not text[end].isalpha():
                    end += 1
                self._csi(text[at + 1:end], text[end])
                at = end + 1
            elif char == "\r":
                self.column = 0
            elif char == "\n":
                self._down()
            elif unicodedata.category(char) == "Cc":
                raise AssertionError(f"control character {char!r}")
            else:
                self._put(char)
        return self

    def text(self):
        return "\n".join(line.rstrip() for line in self.lines)
