"""The answers of a real API server, again."""

import os
import unittest

import replay
from client import Client
from harness import CLUSTER, HERE, SERVER


class Answers(unittest.TestCase):
    def test_as_the_real_server(self):
        want = replay.read_answers(os.path.join(HERE, "answers.jsonl"))
        client = Client(SERVER.kubeconfig, CLUSTER)
        self.addCleanup(client.close)
        have = replay.run(client, None)
        found = list(replay.compare(want, have))
        self.assertEqual([], found[:20])
        steps = sum(map(len, have.values()))
        self.assertGreaterEqual(steps, 271)
        print(f"compared {steps}/{sum(map(len, want.values()))} answers")
