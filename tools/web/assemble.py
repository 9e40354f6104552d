"""assemble - puts the playground's page together in one directory, which any static host can serve."""

import gzip
import os
import shutil
import subprocess
import tempfile

from run import children, progress
from run.build import alone
from run.paths import ROOT, build_directory
from run.statuses import BUILD_FAILED, Failure

WEB = os.path.join(ROOT, "web")
# What the page takes from npm's packages.  A name that ends in .gz is compressed here, since not every host does it.
LIBRARIES = {
    "libv86.mjs": "v86/build/libv86.mjs",
    "v86.gz": "v86/build/v86.wasm",
    "xterm.mjs": "@xterm/xterm/lib/xterm.mjs",
    "xterm.css": "@xterm/xterm/css/xterm.css",
    "addon-fit.mjs": "@xterm/addon-fit/lib/addon-fit.mjs",
}
LICENCES = ("v86", "@xterm/xterm", "@xterm/addon-fit")
OLDEST_NODE = 18


def command(arguments, what, cwd=None):
    try:
        r = children.run(arguments, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    except FileNotFoundError as e:
        raise Failure(BUILD_FAILED, "%s is not installed, which %s; Node.js with npm comes from your distribution "
                                    "or https://nodejs.org" % (arguments[0], what)) from e
    if r.returncode:
        lines = [line.strip() for line in r.stdout.splitlines() if line.strip()] or ["it did not say why"]
        reasons = [line for word in ("reason:", "error", "err!") for line in lines if word in line.lower()]
        raise Failure(BUILD_FAILED, "%s failed, which %s: %s" % (arguments[0], what, [*reasons, lines[-1]][0]))
    return r.stdout


def check_node():
    version = command(["node", "--version"], "makes the playground's pages").strip()
    if int(version.lstrip("v").split(".")[0]) < OLDEST_NODE:
        raise Failure(BUILD_FAILED, "Node.js %s is too old: the playground needs %d or newer" % (version, OLDEST_NODE))


def same(one, other):
    try:
        with open(one, "rb") as a, open(other, "rb") as b:
            return a.read() == b.read()
    except OSError:
        return False


def modules():
    """The directory with what the lockfile names, installed if it has changed."""
    directory = os.path.join(build_directory(), "npm")
    lock = os.path.join(WEB, "package-lock.json")
    installed = os.path.join(directory, "installed.json")  # the lockfile of what is there
    check_node()
    os.makedirs(directory, exist_ok=True)
    with alone(directory, "installation of the playground's modules"):
        if not same(lock, installed):
            install(directory)
            shutil.copyfile(lock, installed)
    return os.path.join(directory, "node_modules")


def install(directory):
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(os.path.join(WEB, name), os.path.join(directory, name))
    progress.show("installing what web/package-lock.json names")
    command(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], "installs what web/package-lock.json names",
            cwd=directory)
    progress.clear()


def put(source, target):
    """A copy; compressed, and always to the same bytes, if the target's name says so."""
    if not target.endswith(".gz"):
        shutil.copyfile(source, target)
        return
    with open(source, "rb") as f, open(target, "wb") as raw, gzip.GzipFile("", "wb", 9, raw, 0) as packed:
        shutil.copyfileobj(f, packed)


def put_kernel(out):
    """The kernel without its symbols and debugging information, which QEMU and gdb alone use."""
    with tempfile.TemporaryDirectory() as directory:
        stripped = os.path.join(directory, "kernel")
        command(["strip", "-o", stripped, os.path.join(build_directory(), "kernel.elf")], "makes the kernel smaller")
        put(stripped, os.path.join(out, "kernel.gz"))


def put_licences(node_modules, out):
    with open(os.path.join(out, "licences.txt"), "w", encoding="utf-8") as f:
        for name, path in [("KSM", os.path.join(ROOT, "LICENSE"))] + [
                (name, os.path.join(node_modules, name, "LICENSE")) for name in LICENCES]:
            with open(path, encoding="utf-8") as text:
                f.write("%s\n\n%s\n\n" % (name, text.read().strip()))


def fill(out, node_modules):
    for name in sorted(os.listdir(WEB)):
        if name.endswith((".html", ".css", ".js", ".mjs", ".svg")) and not name.startswith("view."):  # ./ksm view's
            put(os.path.join(WEB, name), os.path.join(out, name))
    shutil.copytree(os.path.join(WEB, "picture"), os.path.join(out, "picture"))
    os.mkdir(os.path.join(out, "lib"))
    for name, path in LIBRARIES.items():
        put(os.path.join(node_modules, path), os.path.join(out, "lib", name))
    put_kernel(out)
    put(os.path.join(build_directory(), "fs.img"), os.path.join(out, "disk.gz"))
    put_licences(node_modules, out)
    command(["node", os.path.join(ROOT, "tools", "web", "pages.mjs"), ROOT, node_modules, out], "makes the pages")


def check_replaceable(out):
    """A directory that is not a page of ours is somebody's, and stays."""
    if os.path.isdir(out) and os.listdir(out) and not os.path.exists(os.path.join(out, "kernel.gz")):
        raise Failure(BUILD_FAILED, "%s is a directory with other files in it: give a new or an empty one" % out)
    if os.path.exists(out) and not os.path.isdir(out):
        raise Failure(BUILD_FAILED, "%s is not a directory" % out)


def check_no_others(out, fresh):
    """Beside an earlier page there may be somebody's files, such as .git.  In the build directory there are none."""
    if os.path.isdir(out) and out != os.path.join(build_directory(), "web"):
        for name in sorted(set(os.listdir(out)) - set(os.listdir(fresh))):
            raise Failure(BUILD_FAILED, "%s is no part of the page, and would be lost: give a new directory, or move it"
                          % os.path.join(out, name))


def assemble(out):
    """Makes the page anew beside what is there, and then takes its place: a full disk leaves the old one."""
    out = os.path.abspath(out)
    fresh = None
    try:
        node_modules = modules()
        os.makedirs(os.path.dirname(out), exist_ok=True)
        fresh = tempfile.mkdtemp(prefix=".web-", dir=os.path.dirname(out))
        os.chmod(fresh, 0o755)
        fill(fresh, node_modules)
        check_no_others(out, fresh)
        shutil.rmtree(out, ignore_errors=True)
        os.rename(fresh, out)
        fresh = None
    except shutil.Error as e:  # of a directory: the first file's is enough
        raise Failure(BUILD_FAILED, "the page cannot be put together: %s" % e.args[0][0][2]) from e
    except OSError as e:
        raise Failure(BUILD_FAILED, "the page cannot be put together: %s" % e) from e
    finally:
        if fresh:
            shutil.rmtree(fresh, ignore_errors=True)


def compressed_size(out):
    """The bytes that a browser loads at most, from a host that compresses."""
    total = 0
    for directory, _, names in os.walk(out):
        for name in names:
            with open(os.path.join(directory, name), "rb") as f:
                data = f.read()
            total += len(data) if name.endswith(".gz") else len(gzip.compress(data, 9))
    return total
