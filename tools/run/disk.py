"""disk - the image that a run boots from."""

import os
import shutil
import stat
import subprocess
import tempfile

from .paths import build_directory
from .progress import why
from .statuses import BUILD_FAILED, Failure, say


BLOCK_SIZE = 512


class MkfsError(Exception):
    pass


def mkfs(option, image, *arguments):
    """What mkfs prints about an image, or with --add changes in it."""
    r = subprocess.run([os.path.join(build_directory(), "host", "mkfs"), option, "--", image, *arguments],
                       stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False)
    if r.returncode:
        raise MkfsError(r.stderr.strip())
    return r.stdout


def layout(image):
    """ "xv6" or "extended"; None for a file without a file system."""
    try:
        return mkfs("--info", image).partition(":")[0]
    except MkfsError:
        return None


def warn_of_damage(image):
    """A damaged image may run for a while, and lose more: its user should know."""
    fsck = os.path.join(build_directory(), "host", "fsck")
    r = subprocess.run([fsck, "-q", "-n", "--", image], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                       errors="replace", check=False)
    if r.returncode == 4:
        lines = [line.removeprefix(image + ": ") for line in r.stdout.splitlines()]
        hopeless = lines[-1] == "it can't be mended"
        say("%s: %s; the first: %s" % (image, lines[-2 if hopeless else -1], lines[0]))
        say(lines[-1] if hopeless else "`%s -y %s' mends what can be mended" % (os.path.relpath(fsck), image))


def replaced(program):
    """Was this program built from a source in the root directory?  make notes what each program is linked from."""
    try:
        with open(os.path.join(build_directory(), "stamp", "source", program), encoding="utf-8") as f:
            return "/top/" in f.read()
    except OSError:
        return False


def check_regular(path):
    """Nothing else can be read twice, and the end of a pipe may never come."""
    if not stat.S_ISREG(os.stat(path).st_mode):
        raise MkfsError("%s is not a regular file" % path)


def check_whole(path):
    """QEMU would show the kernel a last block that the host's tools do not see."""
    if os.path.getsize(path) % BLOCK_SIZE:
        raise MkfsError("%s ends within a block of %d bytes: it is cut short, or no disk image" % (path, BLOCK_SIZE))


class Disk:
    """The image itself, or a copy with the added files.  A context manager: leaving it removes the copy."""

    def __init__(self, options):
        self.path = options.disk or os.path.join(build_directory(), "tests.img" if options.tests else "fs.img")
        self.built = not options.disk
        self._copy = None
        try:
            check_regular(self.path)
            for name in options.add:
                check_regular(name)
            if options.write:
                open(self.path, "r+b").close()
            if options.disk:
                check_whole(self.path)
                warn_of_damage(self.path)
            if options.add:
                self._add(options)
            self.layout = layout(self.path)
        except (OSError, MkfsError) as e:
            self.close()
            raise Failure(BUILD_FAILED, why(e)) from e
        except BaseException:  # Ctrl-C, while the copy is made
            self.close()
            raise

    @property
    def foreign(self):
        """Are its init or its shell not ours, so that it knows no run=?  One of xv6's, or one with a student's."""
        return self.layout == "xv6" or (self.built and any(replaced(name) for name in ("init", "sh")))

    def _add(self, options):
        if not options.write:
            handle, self._copy = tempfile.mkstemp(prefix="ksm-", suffix=".img")
            os.close(handle)
            shutil.copyfile(self.path, self._copy)
            self.path = self._copy
        mkfs("--add", self.path, *(os.path.abspath(name) for name in options.add))

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()

    def close(self):
        if self._copy:
            os.unlink(self._copy)
            self._copy = None
