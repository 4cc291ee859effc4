"""Chromium without a window, and what can be told of what it made."""

import json
import os
import re
import struct
import subprocess
import tempfile
import zlib

LIGHT, DARK = 1, 0
PROGRAM = "/usr/bin/chromium"


def run(page, scheme, *words):
    """The browser's standard output. No network: every host is nowhere."""
    with tempfile.TemporaryDirectory(prefix="keyrot-browser-") as home:
        return subprocess.run(
            [PROGRAM, "--headless", "--no-sandbox", "--disable-gpu",
             "--disable-dev-shm-usage", "--hide-scrollbars",
             "--host-resolver-rules=MAP * ~NOTFOUND",
             "--user-data-dir=" + home, "--virtual-time-budget=20000",
             "--blink-settings=preferredColorScheme=%d" % scheme, *words,
             "file://" + page], check=True, timeout=120,
            env=dict(os.environ, HOME=home), stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL).stdout


def picture(page, scheme, width=1100, height=1400):
    """(width, height, the colour of the first pixel, number of colours)."""
    path = page + ".png"
    run(page, scheme, "--window-size=%d,%d" % (width, height),
        "--screenshot=" + path)
    with open(path, "rb") as file:
        data = file.read()
    if data[:8] != b"\x89PNG\r\n\x1a\n":
        raise AssertionError("no picture")
    at, body, head = 8, b"", None
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at:at + 8])
        chunk = data[at + 8:at + 8 + length]
        at += 12 + length
        if kind == b"IHDR":
            head = struct.unpack(">IIBB", chunk[:10])
        elif kind == b"IDAT":
            body += chunk
    raw = zlib.decompress(body)
    # The first pixel of the first row is as it is, whatever the filter.
    return head[0], head[1], tuple(raw[1:4]), len(set(raw))


def paper(page):
    """(pages, (width, height) in points) of the page printed."""
    path = page + ".pdf"
    run(page, LIGHT, "--no-pdf-header-footer", "--print-to-pdf=" + path)
    with open(path, "rb") as file:
        data = file.read()
    boxes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", data)
    counted = re.findall(rb"/Type /Pages\b[^>]*/Count (\d+)", data,
                         re.S)
    return int(counted[0]), tuple(round(float(n)) for n in boxes[0])


def judged(page, scheme, axe):
    """What axe-core finds wrong, and how many of its rules were kept to."""
    with open(page) as file:
        text = file.read()
    text, n = re.subn(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "",
                      text)
    assert n == 1
    with open(axe) as file:
        script = file.read()
    with tempfile.NamedTemporaryFile("w", suffix=".html") as file:
        # The page has no script: this one is the test's.
        file.write(text.replace("</body>", "<script>%s</script><script>"
                                "axe.run(document, {resultTypes: ['violations',"
                                "'incomplete']}).then(function (r) {"
                                "document.documentElement.innerHTML = ''; "
                                "document.body.textContent = 'AXE' + "
                                "JSON.stringify({wrong: r.violations.map("
                                "v => [v.id, v.nodes.map(n => n.html)]),"
                                " unsure: r.incomplete.map(v => [v.id, "
                                "v.nodes.map(n => n.html)]),"
                                "passes: r.passes.length}) + 'END';})"
                                "</script></body>" % script))
        file.flush()
        out = run(file.name, scheme, "--dump-dom").decode()
    found = re.search(r"AXE(.*)END", out, re.S)
    if not found:
        raise AssertionError("axe did not run: " + out[:2000])
    import html
    return json.loads(html.unescape(found.group(1)))
