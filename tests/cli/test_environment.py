"""What the programs that it starts are told by their environment."""

import unittest

from harness import Case, GOOD_KEY

PLUGIN = """#!/bin/sh
env >"%s"
echo '{"apiVersion": "client.authentication.k8s.io/v1",'
echo ' "kind": "ExecCredential", "status": {"token": "x"}}'
"""
KUBECONFIG = """apiVersion: v1
kind: Config
current-context: aether-staging
clusters:
- {name: c, cluster: {server: 'https://127.0.0.1:1'}}
users:
- name: u
  user:
    exec: {apiVersion: client.authentication.k8s.io/v1, command: '%s',
           interactiveMode: Never}
contexts:
- {name: aether-staging, context: {cluster: c, user: u, namespace: ns}}
"""


class Environment(Case):
    def test_a_credential_plugin_does_not_get_the_key(self):
        """It inherits the rest, as kubectl's do."""
        seen = self.path("seen")
        plugin = self.write("plugin", PLUGIN % seen, 0o700)
        self.write("kubeconfig", KUBECONFIG % plugin)
        ran = self.run_keyrot("apply", env={"SECRET_ENCRYPTION_KEY": GOOD_KEY,
                                            "REGION": "here"})
        self.assertEqual(ran.returncode, 4, ran.stderr)
        with open(seen, encoding="utf-8") as file:
            lines = file.read().split("\n")
        self.assertIn("REGION=here", lines)
        self.assertEqual([x for x in lines if GOOD_KEY[:8] in x
                          or x.startswith("SECRET_ENCRYPTION_KEY")], [])


if __name__ == "__main__":
    unittest.main()
