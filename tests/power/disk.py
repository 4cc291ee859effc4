"""What a disk may hold: the operations of a run, and the states after a cut.

An operation is carried out in the page cache at once, and is on disk once its
file (a name: its folder) was synced. What was not synced may be there or not,
in any order, in part: a write cut at any byte, its sectors in any order, or
its length without its bytes (which are NUL then).
"""

import itertools
import os

SECTOR = 512
HOLES = 8               # of the bytes from which on there is nothing but NUL
ALL_SUBSETS = 4         # of so many unsynced operations every subset


class File:
    def __init__(self, durable=b""):
        self.durable, self.pending = durable, []

    def content(self):
        return apply(self.durable, self.pending)


def apply(data, operations):
    for at, new in operations:
        if new is None:
            data = data[:at].ljust(at, b"\0")
        else:
            data = data[:at].ljust(at, b"\0") + new + data[at + len(new):]
    return data


def torn(data, at, new, every):
    """What a write may leave that was not carried out whole."""
    ends = sorted({0, len(new), *range(SECTOR - at % SECTOR, len(new),
                                       SECTOR)})
    near = {end + by for end in ends for by in (-1, 0, 1)}
    for length in range(len(new)):
        part = new[:length]
        if length in near or length % every == 0:
            yield apply(data, [(at, part)])
        # The length is there, the rest of the bytes is not.
        if length in near or length % (HOLES * every) == 0:
            yield apply(data, [(at, part.ljust(len(new), b"\0"))])
    pieces = list(zip(ends, ends[1:]))
    if 1 < len(pieces) <= 6:
        for there in itertools.product((False, True), repeat=len(pieces)):
            part = b"".join(new[a:b] if held else bytes(b - a)
                            for held, (a, b) in zip(there, pieces))
            yield apply(data, [(at, part)])


def some_of(operations):
    """Subsets of them in their order; of many: what was done up to a point."""
    if len(operations) > ALL_SUBSETS:
        for n in range(len(operations) + 1):
            yield operations[:n]
        return
    for there in itertools.product((False, True), repeat=len(operations)):
        yield [operation for operation, held in zip(operations, there)
               if held]


def contents_of(file, every):
    """Whatever a file may hold, each once."""
    seen = set()
    for chosen in some_of(file.pending):
        for found in itertools.chain([apply(file.durable, chosen)], torn(
                apply(file.durable, chosen[:-1]), *chosen[-1], every)
                if chosen and chosen[-1][1] else ()):
            if found not in seen:
                seen.add(found)
                yield found


class Disk:
    """Names and files, as they were made and as they are on disk."""

    def __init__(self, top):
        self.top = top
        self.files = {}         # by number
        self.names = {}         # path -> File; None: a folder
        self.unsynced = []      # (folder, function on names)
        for folder, folders, names in os.walk(top):
            for name in folders:
                self.names[os.path.join(folder, name)] = None
            for name in names:
                path = os.path.join(folder, name)
                with open(path, "rb") as file:
                    self.names[path] = File(file.read())
                self.files[os.stat(path).st_ino] = self.names[path]
        self.durable = dict(self.names)

    def name(self, path, change):
        change(self.names)
        self.unsynced.append((os.path.dirname(path), change))

    def do(self, words, data):
        word = words[0]
        if word == "unnamed":
            self.files[int(words[1])] = File()
        elif word == "create":
            file = self.files[int(words[1])] = File()
            self.name(words[2], lambda names: names.update({words[2]: file}))
        elif word == "link":
            file = self.files[int(words[1])]
            self.name(words[2], lambda names: names.update({words[2]: file}))
        elif word == "mkdir":
            self.name(words[1], lambda names: names.update({words[1]: None}))
        elif word == "unlink":
            self.name(words[1], lambda names: names.pop(words[1], None))
        elif word == "rename":
            def move(names, old=words[1], new=words[2]):
                if old in names:
                    names[new] = names.pop(old)
            self.name(words[2], move)
        elif word == "write":
            self.files[int(words[1])].pending.append((int(words[2]), data))
        elif word == "cut":
            self.files[int(words[1])].pending.append((int(words[2]), None))
        elif word == "sync":
            file = self.files[int(words[1])]
            file.durable, file.pending = file.content(), []
        elif word == "sync-folder":
            for folder, change in self.unsynced:
                if folder == words[1]:
                    change(self.durable)
            self.unsynced = [row for row in self.unsynced
                             if row[0] != words[1]]
        else:
            raise ValueError("not an operation: %s" % word)

    def tree(self):
        """As a program sees it."""
        return {path: file.content() for path, file in self.names.items()
                if file}

    def states(self, every):
        """Trees that a cut may leave now: path -> bytes. Of the bytes at which
        a write is cut, every so manieth, and those at its sectors' borders."""
        changes = [change for _, change in self.unsynced]
        for chosen in some_of(changes):
            names = dict(self.durable)
            for change in chosen:
                change(names)
            named = {path: file for path, file in names.items()
                     if file and self.has_folders(names, path)}
            files = {id(file): file for file in named.values()}
            for row in itertools.product(*(
                    contents_of(file, every) for file in files.values())):
                held = dict(zip(files, row))
                yield {path: held[id(file)] for path, file in named.items()}

    def has_folders(self, names, path):
        folder = os.path.dirname(path)
        while folder != self.top:
            if folder not in names:
                return False
            folder = os.path.dirname(folder)
        return True


def read_log(path):
    """The operations of a recorded run: (words, a write's bytes)."""
    with open(path, "rb") as file:
        text = file.read()
    at = 0
    while at < len(text):
        end = text.index(b"\n", at)
        line, data = text[at:end].decode(), None
        at = end + 1
        word, _, rest = line.partition(" ")
        if word == "rename":
            words = [word, *rest.split("\t")]
        elif word == "mark":
            words = [word, rest]
        elif word in ("create", "link"):
            words = [word, *rest.split(" ", 1)]
        elif word in ("mkdir", "unlink", "sync-folder"):
            words = [word, rest]
        else:
            words = line.split(" ")
        if word == "write":
            data = text[at:at + int(words[3])]
            at += len(data)
        yield words, data
