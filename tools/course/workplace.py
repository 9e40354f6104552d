"""workplace - the directory that a grader works in, and what a grader that was killed has left of its own."""

import contextlib
import errno
import fcntl
import glob
import os
import shutil
import tempfile
import time

PREFIX = "ksm-grade-"  # of the directories to work in
YOUNG = 60  # seconds in which such a directory's owner has locked it
SPARE = 32 << 20  # bytes free; with fewer, what failed may have failed for lack of room


@contextlib.contextmanager
def locked(directory):
    """While others who do the same wait.  Where nothing can be locked, nobody waits."""
    held = os.open(directory, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):
            fcntl.flock(held, fcntl.LOCK_EX)
        yield
    finally:
        os.close(held)


def check_room(directory):
    """A full disk is not the submission's fault."""
    if shutil.disk_usage(directory).free < SPARE:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), directory)


def is_full(error):
    """Is that why files could not be written?  shutil.copytree() puts the numbers of errors into words."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT) or (error.errno is None and "[Errno 28]" in str(error))


def clear_left_over():
    """Removes what runs that were killed have left: nobody holds its lock."""
    for path in glob.glob(os.path.join(glob.escape(tempfile.gettempdir()), PREFIX + "*")):
        try:
            held = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except OSError:  # another user's, or no directory
            continue
        try:
            about = os.fstat(held)
            if about.st_uid == os.geteuid() and about.st_mtime < time.time() - YOUNG:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(path, ignore_errors=True)
        except OSError:  # its owner lives
            pass
        finally:
            os.close(held)


@contextlib.contextmanager
def workplace():
    """A directory to work in, which is locked while we live."""
    clear_left_over()
    with tempfile.TemporaryDirectory(prefix=PREFIX) as work, locked(work):
        yield work
