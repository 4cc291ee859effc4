"""tests/coverage: what is taken is counted, and less than a floor fails."""

import os
import subprocess
import sys
import tempfile
import unittest

from harness import ROOT

sys.path.append(os.path.join(ROOT, "tests", "coverage"))

import coverage  # noqa: E402

PIECE = """\
int piece(int n);
int piece(int n)
{
	if (n > 1)
		return 2;
	return 1;
}
"""
MAIN = "int piece(int n);\nint main(void) { return piece(1) != 1; }\n"


class Coverage(unittest.TestCase):
    def setUp(self):
        """A program of which one of two branches is taken."""
        self.folder = tempfile.TemporaryDirectory()
        place = self.folder.name
        os.makedirs(os.path.join(place, "src", "part"))
        for name, text in (("src/part/piece.c", PIECE), ("main.c", MAIN)):
            with open(os.path.join(place, name), "w") as file:
                file.write(text)
        for words in (["gcc", "-O0", "--coverage", "-c", "-o",
                       "src/part/piece.o", "src/part/piece.c"],
                      ["gcc", "--coverage", "main.c", "src/part/piece.o",
                       "-o", "program"], ["./program"]):
            subprocess.run(words, cwd=place, check=True)
        self.sums = coverage.add_up(coverage.gcov(place), ["src/*/p*"])

    def tearDown(self):
        self.folder.cleanup()

    def test_counts(self):
        for name in ("src/part/piece.c", "src/part", "src/*/p*", "all"):
            self.assertEqual(self.sums[name].percents(), [50.0, 75.0], name)

    def test_gate(self):
        self.assertEqual(coverage.gate(self.sums, {"all": [50, 75]}), [])
        for floors, what in (([50.1, 0], "branches"), ([0, 75.1], "lines")):
            found = coverage.gate(self.sums, {"src/part": floors})
            self.assertEqual(len(found), 1, found)
            self.assertIn(what, found[0])
        # A name that nothing has fails, rather than pass as all of nothing.
        self.assertEqual(len(coverage.gate(self.sums, {"src/gone.c":
                                                       [1, 1]})), 2)

    def test_record(self):
        """To just below what was found; never down; words stay."""
        path = os.path.join(self.folder.name, "floors.txt")
        with open(path, "w") as file:
            file.write("# Words.\nall 1 1\nsrc/part 49.5 80\n")
        coverage.record(self.sums, path)
        with open(path) as file:
            self.assertEqual(file.readline(), "# Words.\n")
        self.assertEqual(coverage.read_floors(path), {
            "all": [49, 74], "src/part": [49.5, 80]})

    def test_floors(self):
        """The kept ones name what there is, and ask for something."""
        floors = coverage.read_floors()
        self.assertIn("all", floors)
        for name, least in floors.items():
            self.assertEqual(len(least), 2, name)
            self.assertGreater(min(least), 0, name)
            if name.endswith(".c"):
                self.assertTrue(os.path.exists(os.path.join(ROOT, name)),
                                name)


if __name__ == "__main__":
    unittest.main()
