"""Where the helpers of the other tests are."""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
for folder in ("cluster", "ledger", "resume"):
    sys.path.append(os.path.join(ROOT, "tests", folder))
