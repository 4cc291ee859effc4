"""Whether a text holds a key, or a good part of one, in any of its forms."""

import base64
import binascii
import json
import urllib.parse

from scan import Scan

LONG = 24  # a key of so many characters has windows enough to be looked for
WINDOW = 12      # characters of a text form
WINDOW_HEX = 16  # 8 bytes


def encodings(raw):
    """The text forms of some bytes, at each of base64's three alignments."""
    yield binascii.hexlify(raw), WINDOW_HEX
    yield binascii.hexlify(raw).upper(), WINDOW_HEX
    for skip in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            padded = encode(b"\0" * skip + raw).rstrip(b"=")
            # The first and the last characters hold bits of the neighbours.
            yield padded[4 if skip else 0:-1], WINDOW


def windows(form, size):
    if len(form) <= size:
        return {form}
    return {form[i:i + size] for i in range(len(form) - size + 1)}


class Leak:
    """Looks for one key."""

    def __init__(self, key):
        forms = [(key, WINDOW),
                 (json.dumps(key.decode("latin-1"))[1:-1]
                  .replace("/", "\\/").encode(), WINDOW),
                 (urllib.parse.quote(key, safe="").encode(), WINDOW)]
        forms += encodings(key)
        try:
            raw = base64.b64decode(key, validate=True)
            forms += [(raw, 8), *encodings(raw)]
        except (binascii.Error, ValueError):
            pass
        self.sets = {}
        for form, size in forms:
            if form:
                self.sets.setdefault(min(size, len(form)), set()).update(
                    windows(form, size))
        self.scan = Scan([key]) if len(key) >= LONG else None

    def find(self, text):
        """What of the key stands in it, or None."""
        if isinstance(text, str):
            text = text.encode("utf-8", "surrogateescape")
        if self.scan:
            found = self.scan.find(text)
            return found and text[found[1]:found[1] + WINDOW]
        for size, wanted in self.sets.items():
            for i in range(len(text) - size + 1):
                if text[i:i + size] in wanted:
                    return text[i:i + size]
        return None
