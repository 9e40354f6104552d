"""mutant_results - which results of ./ksm mutants still hold."""

import hashlib
import json
import os

from run.paths import ROOT

from . import findings
from .mutant_copy import STATE, sources


def kind_of(path):
    """For which suites a file matters: for all ("system"), none (""), one, or those of a kind."""
    where, _, name = path.rpartition("/")
    if where == "tests/guest" and name.startswith("t_"):
        return "guest/" + os.path.splitext(name)[0]
    if where.startswith(("tests/cli", "tests/hostile")):
        return "cli"
    if where.startswith(("tests/host", "tests/guest")):
        return where.split("/")[1]
    whole = where.startswith(("kernel", "include", "user", "host", "share")) or path == "Makefile" or (
        where == "tests" and path.endswith(".h"))
    return "system" if whole else ""


def digests():
    """A hash of each kind's files."""
    found = {}
    for path in sorted(sources(ROOT)):
        with open(os.path.join(ROOT, path), "rb") as f:
            found.setdefault(kind_of(path), hashlib.sha1()).update(os.fsencode(path) + hashlib.sha1(f.read()).digest())
    return {kind: digest.hexdigest() for kind, digest in found.items()}


class Results:
    """The results, which a run leaves for the next one.

    A result holds while nothing has changed but tests that it does not rest on: those that caught the mutant, or, where
    none did, all that tried.
    """

    def __init__(self):
        self._digests = digests()
        self._known = {}
        try:
            with open(STATE, encoding="utf-8") as f:
                self._known = json.load(f)
        except (OSError, ValueError):
            pass

    def _basis(self, suites):
        plain = {findings.plain(suite) for suite in suites}
        kinds = {"system"} | plain | {suite.partition("/")[0] for suite in plain}
        return {kind: self._digests.get(kind) for kind in sorted(kinds)}

    def get(self, key, suites):
        kept = self._known.get(json.dumps(key))
        if kept and kept["basis"] == self._basis([f[0] for f in kept["found"]] or suites):
            return [tuple(f) for f in kept["found"]]
        return None

    def put(self, key, suites, found):
        self._known[json.dumps(key)] = {"basis": self._basis([f[0] for f in found] or suites), "found": found}
        with open(STATE + ".new", "w", encoding="utf-8") as f:
            json.dump(self._known, f)
        os.replace(STATE + ".new", STATE)
