"""Which case shows what of which store: a table without gaps.

A cell is one or more cases, or a sentence why it does not apply.
"""
import cases_common as common
import cases_exec as exec_
import cases_file as file
import cases_keepass as keepass
import cases_pass as pass_
import cases_services as services
import cases_tools as tools
import cases_vault as vault
import kinds

# The same for all of them.
EVERY = {
    "put": [common.ensures],
    "read back by a new process": [common.ensures, common.any_bytes],
    "list": [common.lists, common.nothing_yet],
    "metadata": [common.lists],
    "overwrites nothing": [common.refuses_to_overwrite, common.concurrent],
    "deletes nothing": [common.never_deletes],
}

FAULTS = ["wrong password", "locked", "full disk", "junk output", "lost reply",
          "says yes and stores nothing", "adds a newline", "hangs"]

TOOL = {
    "full disk": [tools.disk_full],
    "junk output": [tools.junk],
    "lost reply": [tools.lost_reply],
    "says yes and stores nothing": [tools.says_yes],
    "adds a newline": [tools.adds_a_newline],
    "hangs": [tools.hangs],
}

SERVICE = {
    "wrong password": [services.wrong_password],
    "locked": [services.locked],
    "full disk": [services.disk_full],
    "junk output": [services.junk],
    "lost reply": [services.lost_reply],
    "says yes and stores nothing": [services.says_yes],
    "adds a newline": [services.adds_a_newline],
    "hangs": [services.hangs],
}

NO_OTHER = "no other program has a part in it: file.c writes, syncs, reads"
GPG = "GnuPG asks for it and counts the tries: what comes is \"locked\""

CELLS = {
    kinds.FileStore: {
        "wrong password": [file.passphrase_files],
        "locked": [file.no_way_to_ask],
        "full disk": [file.full_disk, file.full_file_system],
        "junk output": [file.tampered, file.torn],
        "lost reply": NO_OTHER,
        "says yes and stores nothing": NO_OTHER,
        "adds a newline": [file.tampered],
        "hangs": NO_OTHER,
    },
    kinds.PassStore: dict(TOOL, **{
        "wrong password": GPG, "locked": [pass_.locked]}),
    kinds.GopassStore: dict(TOOL, **{
        "wrong password": GPG, "locked": [pass_.locked_gopass]}),
    kinds.KeepassStore: dict(TOOL, **{
        "wrong password": [keepass.wrong_password],
        "locked": [keepass.locked],
        "full disk": [tools.disk_full, keepass.full_file_system]}),
    kinds.VaultStore: {
        "wrong password": [vault.tokens, vault.approle, vault.kubernetes],
        "locked": [vault.sealed],
        "full disk": [vault.faults],
        "junk output": [vault.faults],
        "lost reply": [vault.faults],
        "says yes and stores nothing": [vault.faults],
        "adds a newline": [vault.edited],
        "hangs": [vault.hangs],
    },
    kinds.OpStore: SERVICE,
    kinds.BwStore: SERVICE,
    kinds.ExecStore: {
        "wrong password": "the protocol has no passwords: what comes is "
                          "\"locked\"",
        "locked": [exec_.locked],
        "full disk": [exec_.fails_before],
        "junk output": [exec_.junk],
        "lost reply": [exec_.lost_reply, exec_.lost_reply_and_hangs],
        "says yes and stores nothing": [exec_.lies],
        "adds a newline": [exec_.changes_the_key],
        "hangs": [exec_.hangs],
    },
}

# A case of all stores that does not apply to one.
EXEMPT = {
    (kinds.BwStore, common.large_key):
        "Bitwarden allows 5000 characters: see \"too large\"",
    (kinds.ExecStore, common.completes):
        "a command of somebody's own is not started by a pressed key",
}


def gaps(suite):
    """What is missing. suite: (kind, case) pairs of the whole run."""
    suite, found = set(suite), []
    stores = {kind.name for kind, _ in suite} - {"none"}
    missing = stores - {kind.name for kind in CELLS}
    found += [f"{name} is not in the table" for name in sorted(missing)]
    for kind, cells in CELLS.items():
        found += [f"{kind.name}: {fault} is not looked at"
                  for fault in FAULTS if not cells.get(fault)]
        for name, cases in list(EVERY.items()) + list(cells.items()):
            for case in cases if isinstance(cases, list) else []:
                if not any(case is ran and of.name == kind.name
                           for of, ran in suite):
                    found.append(f"{kind.name}: {name}: {case.__name__} is "
                                 "not run")
    return found


def show():
    for kind, cells in CELLS.items():
        for name, cases in list(EVERY.items()) + list(cells.items()):
            text = (", ".join(case.__name__ for case in cases)
                    if isinstance(cases, list) else f"-- {cases}")
            print(f"{kind.name:10} {name:28} {text}")
    for (kind, case), why in EXEMPT.items():
        print(f"{kind.name:10} {case.__name__:28} -- {why}")
