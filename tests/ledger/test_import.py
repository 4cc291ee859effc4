"""What a team recorded before, into the ledger; and the ledger pushed."""

import json
import os
import unittest

from test_ledger import KEYROT, Stand

ROWS = '''\
Date,Operator,SHA256,Cluster,storeEntry
2025-03-01,"Doe, Jane",sha256:%s,aether-production,"Item ""A"""
2025-06-01 10:15,bob@example.com,%s,aether-staging,
''' % ("9F86D081884C7D659A2FEAA0C55AD015A3BF4F1B2B0B822CD15D6C15B0F00A08",
       "ab" * 32)


class Import(Stand):
    def csv(self, text):
        path = os.path.join(self.folder, "rows.csv")
        with open(path, "w") as file:
            file.write(text)
        return path

    def take(self, text, code=0):
        out, err = self.keyrot("import", self.csv(text), "-o", "json",
                               code=code)
        return json.loads(out), err

    def records(self):
        out, _ = self.keyrot("show", "-o", "json")
        return [record for record in json.loads(out)["records"]
                if record["type"] == "record"]

    def test_rows_are_chained_with_their_dates(self):
        document, _ = self.take(ROWS)
        self.assertEqual((document["rows"], document["imported"]), (2, 2))
        first, second = self.records()
        self.assertEqual(
            (first["time"], first["step"], first["operator"],
             first["operatorFrom"], first["context"], first["storeEntry"]),
            ("2025-03-01T00:00:00Z", "imported", "Doe, Jane", "import",
             "aether-production", 'Item "A"'))
        self.assertTrue(first["fingerprint"].startswith("9f86d081"))
        self.assertEqual(second["time"], "2025-06-01T10:15:00Z")
        self.assertEqual(self.verify()["checkpoints"], 1)

    def test_no_such_file(self):
        _, err = self.keyrot("import", "/nowhere.csv", code=2)
        self.assertIn("/nowhere.csv", err)

    def test_nothing_twice(self):
        self.take(ROWS)
        document, _ = self.take(ROWS + "2026-01-01,eve,,,\n")
        self.assertEqual((document["rows"], document["imported"]), (3, 1))
        self.assertEqual(len(self.records()), 3)

    def test_own_export_comes_back(self):
        self.take(ROWS)
        out, _ = self.keyrot("export")
        head = out.split("\r\n")[0].split(",")
        self.assertIn("operatorFrom", head)
        names = ("time", "rotation", "operator", "fingerprint")
        rows = [",".join(names)] + [
            ",".join('"%s"' % record[name] for name in names)
            for record in self.records()]
        os.unlink(self.path)
        self.take("\n".join(rows))
        self.assertEqual([r["operator"] for r in self.records()],
                         ["Doe, Jane", "bob@example.com"])

    def test_one_bad_row_keeps_all_out(self):
        for text, word in (
                (ROWS + "yesterday,eve,,,\n", "line 4"),
                (ROWS + '2026-01-01,"eve,,,\n', "line 4"),
                (ROWS + "2026-01-01,eve,1234,,\n", "line 4"),
                (ROWS + "2026-01-01,eve,,,,,\n", "line 4"),
                (ROWS.replace("Operator", "Key"), "column 2"),
                ("operator\neve\n", "time")):
            document, _ = self.take(text, code=2)
            self.assertIn(word, document["message"])
            self.assertFalse(os.path.exists(self.path), text)

    def test_a_key_is_not_imported(self):
        key = "q83vEjRWeJq83vEjRWeJq83vEjRWeJq83vEjRWeJ8M0="
        document, err = self.take(ROWS + "2026-01-01,%s,,,\n" % key, code=2)
        self.assertNotIn(key, json.dumps(document) + err)

    def test_pushes_where_it_is_told_to(self):
        repo = os.path.dirname(self.path)
        origin = os.path.join(self.folder, "origin.git")
        git = lambda *words: self.assertEqual(
            self.run_in("git", *words).returncode, 0, words)
        git("init", "-q", "--bare", "-b", "main", origin)
        git("init", "-q", "-b", "main", repo)
        git("-C", repo, "config", "user.email", "alice@example.com")
        git("-C", repo, "config", "user.name", "Alice")
        git("-C", repo, "remote", "add", "origin", origin)
        git("-C", repo, "config", "push.autoSetupRemote", "true")
        config = {"apiVersion": "keyrot.dev/v1", "kind": "Rotation",
                  "service": "secrets-service",
                  "ledger": {"path": "ledger.jsonl", "git": "push"}}
        at = os.path.join(repo, "keyrot.yaml")
        with open(at, "w") as file:
            json.dump(config, file)
        run = self.run_in(KEYROT, "ledger", "import", self.csv(ROWS),
                          "--config", at)
        self.assertEqual(run.returncode, 0, run.stderr)
        log = self.run_in("git", "-C", origin, "log", "--oneline", "main")
        self.assertIn("Rotation ledger: 4 lines", log.stdout)


if __name__ == "__main__":
    unittest.main()
