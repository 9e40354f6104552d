"""processes - what a grader has started, with limits, and in a group of its own, so that it can be ended whole."""

import os
import signal
import subprocess
import threading

from run import children, progress


class Processes:
    """Those that are running, which a stop ends.  Once stopped, it starts no more.  A context manager: leaving it ends
    them."""

    def __init__(self):
        self._lock = threading.Lock()
        self._running = set()
        self.stopped = False

    def start(self, limits, command, **more):
        """Starts a command whose standard output is a pipe.  `limits` are for the shell: ulimit -t 10; ..."""
        with self._lock, progress.uninterrupted():
            self.check()
            process = subprocess.Popen(["sh", "-c", limits + '; exec "$0" "$@"'] + command, stdout=subprocess.PIPE,
                                       start_new_session=True, **more)
            self._running.add(process)
            return process

    def finish(self, process):
        """Ends it, and what may be left of its group.  KeyboardInterrupt if all have been stopped."""
        end(process)
        with self._lock:
            self._running.discard(process)
        self.check()

    def check(self):
        if self.stopped:
            raise KeyboardInterrupt

    def stop(self):
        """Ends all: whoever waits for one goes on."""
        with self._lock:
            self.stopped = True
            running = list(self._running)
            for process in running:
                process.terminate()
        for process in running:
            end(process)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.stop()


def end(process):
    """Ends a process with all that it has started, which may hold its output open."""
    if process.poll() is None:
        children.end(process)
    end_group(process)


def end_group(process):
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except OSError:
        pass
