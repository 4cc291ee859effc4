"""What a case of the differential is, and how kubeconfigs are written."""
import base64
from dataclasses import dataclass, field


@dataclass
class Case:
    name: str
    files: dict = field(default_factory=dict)
    args: list = field(default_factory=list)
    env: dict = field(default_factory=dict)
    our_args: list = field(default_factory=list)  # kubectl has no such flag
    account: dict = field(default_factory=dict)   # a pod's service account
    terminal: bool = False                        # standard input is one
    # Why this program does something else on purpose; and what it does.
    differs: str = ""
    ours: str = ""                                # "accepted" or "refused"
    says: list = field(default_factory=list)      # in our message
    checks: list = field(default_factory=list)    # functions of our result
    compare_refused: bool = True
    noisy: bool = False                           # a plugin's own stderr


class Writer:
    """Kubeconfigs around one certificate authority."""

    def __init__(self, pki):
        self.pki = pki

    def data(self, name):
        return base64.b64encode(self.pki.text(name).encode()).decode()

    def cluster(self, drop=(), **fields):
        """A cluster that works; underscores stand for dashes."""
        entry = {"server": "https://127.0.0.1:6443",
                 "certificate-authority-data": self.data("ca.crt")}
        for name in drop:
            entry.pop(name, None)
        entry.update(dashes(fields))
        return entry

    def config(self, cluster=None, user=None, context=None, **top):
        whole = {
            "apiVersion": "v1", "kind": "Config", "current-context": "here",
            "clusters": [{"name": "c", "cluster": self.cluster()
                          if cluster is None else cluster}],
            "users": [{"name": "u", "user": {"token": "tok-file"}
                       if user is None else user}],
            "contexts": [{"name": "here", "context": context or {
                "cluster": "c", "user": "u", "namespace": "team"}}],
        }
        whole.update(dashes(top))
        return whole


def dashes(fields):
    return {name.replace("_", "-"): value for name, value in fields.items()}
