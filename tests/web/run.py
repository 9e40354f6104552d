"""run - runs a test of the playground by node, where node, npm and for the page Chromium are installed.

    run.py emulator | page | picture | view

PICTURES: a directory in which the tests of pages leave pictures of them.
"""

import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "cli"))
from _tap import BUILD, ROOT, done, ok, skip, temp_directory  # noqa: E402

from run.statuses import Failure  # noqa: E402
from web.assemble import assemble, compressed_size, modules  # noqa: E402

TITLES = {"emulator": "the kernel runs in the emulator v86", "page": "the playground works in a browser",
          "view": "./ksm view works in a browser", "picture": "the feed is read, and the picture laid out"}
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
LARGEST = 2 << 20  # bytes to load


def leave_out(name, why):
    """Where all is to be tested, nothing is left out that ./ksm could have installed."""
    if os.environ.get("KSM_TEST_ALL"):
        ok(False, TITLES[name], why)
    else:
        skip(TITLES[name], why + "; ./ksm test web installs it")
    done()


def leave_out_browser(name):
    """Ubuntu's apt has no Chromium, only a snap."""
    why = "Chromium is not installed"
    policy = ""
    if shutil.which("apt-cache"):
        policy = subprocess.run(["apt-cache", "policy", "chromium"], env={**os.environ, "LC_ALL": "C"},
                                stdout=subprocess.PIPE, text=True).stdout
    if "Candidate:" in policy and "Candidate: (none)" not in policy:
        leave_out(name, why)
    skip(TITLES[name], why + ", and apt does not have it")
    done()


def run_node(*arguments):
    sys.stdout.flush()
    sys.exit(subprocess.call(["node"] + list(arguments)))


def page(node_modules, chromium):
    directory = os.path.join(temp_directory(), "page")
    try:
        assemble(directory)
    except Failure as e:
        ok(False, TITLES["page"], e)
        done()
    size = compressed_size(directory)
    if size > LARGEST:
        ok(False, "the page has at most %d KB to load" % (LARGEST >> 10), "%d KB" % (size >> 10))
        done()
    print("# %d KB to load" % (size >> 10))
    run_node(os.path.join(HERE, "page.mjs"), ROOT, directory, node_modules, chromium,
             *filter(None, [os.environ.get("PICTURES")]))


def main():
    name = sys.argv[1]
    for program in ("node",) if name == "picture" else ("node", "npm"):
        if not shutil.which(program):
            leave_out(name, "%s is not installed" % program)
    if name == "picture":
        run_node("--test-reporter=tap", os.path.join(HERE, "picture.mjs"))
    chromium = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if name in ("page", "view") and not chromium:
        leave_out_browser(name)
    try:
        node_modules = modules()
    except Failure as e:
        leave_out(name, str(e))
    if name == "page":
        page(node_modules, chromium)
    if name == "view":
        run_node(os.path.join(HERE, "view.mjs"), ROOT, node_modules, chromium,
                 *filter(None, [os.environ.get("PICTURES")]))
    run_node(os.path.join(HERE, "emulator.mjs"), BUILD, node_modules)


main()
