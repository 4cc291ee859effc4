"""Whether bytes hold a key, in any of its forms: tests/secrecy/forms.c, at hand.

One pass, whatever the number of keys: some 200 MB a second.
"""

import base64
import ctypes
import os
import subprocess
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
LIBRARY = os.path.join(ROOT, "build", "secrecy", "forms.so")
SOURCES = [os.path.join(ROOT, "tests", "secrecy", name) for name in ("forms.c", "forms.h")]


def built():
    """The library; made anew where the source is newer, by one at a time."""
    if not os.path.exists(LIBRARY) or os.path.getmtime(LIBRARY) < max(
            map(os.path.getmtime, SOURCES)):
        folder = os.path.dirname(LIBRARY)
        os.makedirs(folder, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as place:
            path = os.path.join(place, "forms.so")
            subprocess.run(["gcc", "-std=c17", "-D_GNU_SOURCE", "-O2", "-fPIC",
                            "-shared", "-o", path, SOURCES[0]], check=True)
            os.rename(path, LIBRARY)
    # One thread at a time: it has buffers of its own.
    library = ctypes.PyDLL(LIBRARY)
    library.forms_new.restype = ctypes.c_void_p
    library.forms_new.argtypes = [ctypes.c_char_p, ctypes.c_size_t]
    library.forms_add.argtypes = [ctypes.c_void_p, ctypes.c_char_p,
                                  ctypes.c_size_t]
    library.forms_add.restype = None
    library.forms_free.argtypes = [ctypes.c_void_p]
    library.forms_free.restype = None
    library.forms_count.argtypes = [ctypes.c_void_p]
    library.forms_count.restype = ctypes.c_size_t
    library.forms_find.restype = ctypes.c_char_p
    library.forms_find.argtypes = [ctypes.c_void_p, ctypes.c_char_p,
                                   ctypes.c_size_t,
                                   ctypes.POINTER(ctypes.c_size_t)]
    return library


class Scan:
    """Looks for all of these keys at once."""

    library = None

    def __init__(self, keys):
        Scan.library = Scan.library or built()
        self.forms = self.library.forms_new(b"", 0)
        for key in keys:
            self.library.forms_add(self.forms, key, len(key))
        self.windows = self.library.forms_count(self.forms)
        if keys and self.windows < 300:
            raise ValueError("only %d windows of a key" % self.windows)

    def __del__(self):
        if getattr(self, "forms", None):
            self.library.forms_free(self.forms)

    def find(self, data):
        """(form, where) of the first find, or None."""
        if isinstance(data, str):
            data = data.encode("latin-1", "replace")
        at = ctypes.c_size_t()
        name = self.library.forms_find(self.forms, data, len(data),
                                       ctypes.byref(at))
        return name and (name.decode(), at.value)


def pieces(key):
    """(form, a piece of the key): as little as has to be found."""
    raw = base64.b64decode(key)
    for at in (0, 7, len(raw) - 8):
        part = raw[at:at + 8]
        yield "bytes", part
        yield "hex of the bytes", part.hex().encode()
        yield "hex of the bytes", part.hex().upper().encode()
        for form, name in (("\\x%02x", "C escapes"), ("\\%03o",
                           "octal escapes"), ("\\u%04x", "JSON escapes"),
                           ("%%%02X", "URL escapes"),
                           ("%02x:", "hex with colons")):
            yield name, "".join(form % byte for byte in part).encode()
    for at in (0, 9, len(key) - 13):
        part = key[at:at + 12]
        yield "text", part
        yield "hex", part[:8].hex().encode()
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            for skip in range(3):
                yield "base64", encode(key[at % 9 + skip:])[:12]
                yield "base64 of the bytes", encode(raw[at % 9 + skip:])[:12]
        yield "base64 of base64", base64.b64encode(base64.b64encode(key))[
            at:at + 12]
    yield "JSON", key.replace(b"/", b"\\/")
    yield "URL", key.replace(b"+", b"%2B").replace(b"/", b"%2F")
