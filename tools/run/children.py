"""children - processes that a tool starts, none of which stays when the tool is ended."""

import contextlib
import subprocess

from . import progress

ENDING = 10  # seconds that a process may take to end as it wishes


def end(process):
    """Lets the process end as it wishes, if it can: killed at once, it would leave its files, or a terminal without an
    echo."""
    process.terminate()
    try:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(ENDING)
    finally:  # which does nothing to one that has ended
        process.kill()


def wait(process):
    """The status of a process when it has ended.  For a tool that has threads: one of them may get its Ctrl-C or kill,
    which would not end a longer wait of the main thread."""
    while process.poll() is None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(1)
    return process.returncode


@contextlib.contextmanager
def child(command, **more):
    """subprocess.Popen() for a block: when an exception ends the block, as Ctrl-C and a kill do, the process ends too;
    also if that comes while it starts."""
    with contextlib.ExitStack() as at_end:
        with progress.uninterrupted():
            process = at_end.enter_context(subprocess.Popen(command, **more))
            at_end.push(lambda kind, *_: kind and end(process))
        yield process


def run(command, **more):
    """subprocess.run() for what takes long, or has to end as it wishes; its output is text."""
    with child(command, text=True, errors="replace", **more) as process:
        out, err = process.communicate()
    return subprocess.CompletedProcess(command, process.returncode, out, err)
