"""Whether a long text holds a key: fast, by pieces that every leak has whole."""

import base64
import json
import os
import sys
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))), "contract"))

from leak import WINDOW, Leak, encodings  # noqa: E402


class Needles:
    def __init__(self, key):
        raw = base64.b64decode(key)
        forms = [(key, WINDOW), (raw, 8),
                 (json.dumps(key.decode())[1:-1].replace("/", "\\/").encode(),
                  WINDOW),
                 (urllib.parse.quote(key, safe="").encode(), WINDOW),
                 *encodings(key), *encodings(raw)]
        # A window of so many characters holds one of the pieces of half its
        # length that stand side by side.
        self.pieces = {form[i:i + size // 2] for form, size in forms
                       for i in range(0, len(form) - size // 2 + 1,
                                      size // 2)}
        self.exact, self.key = None, key

    def find(self, text):
        """What of the key stands in the bytes, or None."""
        if not any(piece in text for piece in self.pieces):
            return None
        self.exact = self.exact or Leak(self.key)
        return self.exact.find(text)


