#!/usr/bin/env python3
"""view - the live picture: a page on this machine that shows what a system does, or what a recording says it did.

The system runs as by ./ksm run, and writes its feed to a file (docs/feed.md).  A small server hands the file out as it
grows, beside the page in web/, which does all the rest.
"""

import contextlib
import http.server
import os
import re
import select
import signal
import sys
import tempfile
import threading
import time
import webbrowser

sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
from run import children, progress  # noqa: E402
from run.options import parse, take_option, take_port  # noqa: E402
from run.paths import ROOT  # noqa: E402
from run.statuses import USAGE_ERROR, Failure, say  # noqa: E402

USAGE = """\
usage: ./ksm view [--port N] [--no-open] [--record FILE] [OPTION]...
                  [-- COMMAND]
       ./ksm view [--port N] [--no-open] FILE

Boots the system as ./ksm run does, with its options, and serves a page that
shows memory and time while it runs.  With FILE it shows a recording.

  --port N       the page's port on this machine (a free one is chosen)
  --no-open      print the address, and open no browser
  --record FILE  keep the recording
"""
PORT = 8086  # if it is free
LOOK = 0.05  # seconds between looks at the file's end
PIECE = 64 * 1024
PATIENCE = 5  # seconds for a page to take the rest
TYPES = {".html": "text/html; charset=utf-8", ".css": "text/css", ".mjs": "text/javascript", ".svg": "image/svg+xml"}
POLICY = ("default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; "
          "connect-src 'self'; img-src 'self'; frame-ancestors 'none'")


class Feed:
    """A file that may still grow."""

    def __init__(self, path, growing):
        self.path, self.growing = path, growing
        self.readers = 0
        self.changed = threading.Condition()  # of readers

    def count(self, change):
        with self.changed:
            self.readers += change
            self.changed.notify_all()

    def end(self):
        """No more will come.  Pages that are open get what is there."""
        self.growing = False
        with self.changed:
            self.changed.wait_for(lambda: self.readers == 0, timeout=PATIENCE)

    def pieces(self):
        with open(self.path, "rb") as f:
            while True:
                last = not self.growing  # asked before the read: what came until then is read
                data = f.read(PIECE)
                if data:
                    yield data
                elif last:
                    return
                else:
                    time.sleep(LOOK)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        # Pages of other hosts must not read this one under a name of theirs.
        if not re.fullmatch(r"(localhost|127\.0\.0\.1)(:\d+)?", self.headers.get("Host", "")):
            return self.send_error(403)
        if self.path == "/feed":
            return self.send_feed()
        if self.path == "/title":
            return self.send("text/plain; charset=utf-8", self.server.title.encode(errors="replace"))
        return self.send_file("view.html" if self.path == "/" else self.path[1:])

    def send_file(self, name):
        kind = TYPES.get(os.path.splitext(name)[1])
        if not kind or not re.fullmatch(r"(picture/)?\w+\.\w+", name):
            return self.send_error(404)
        try:
            with open(os.path.join(ROOT, "web", name), "rb") as f:
                return self.send(kind, f.read())
        except OSError:
            return self.send_error(404)

    def head(self, kind, *more):
        self.send_response(200)
        always = (("Content-Type", kind), ("Content-Security-Policy", POLICY), ("Cache-Control", "no-store"),
                  ("X-Content-Type-Options", "nosniff"))
        for name, value in always + more:
            self.send_header(name, value)
        self.end_headers()

    def send(self, kind, data):
        self.head(kind, ("Content-Length", str(len(data))))
        self.wfile.write(data)

    def send_feed(self):
        self.server.feed.count(1)
        try:
            self.head("text/plain; charset=us-ascii", ("Transfer-Encoding", "chunked"))
            for data in self.server.feed.pieces():
                self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
            self.wfile.write(b"0\r\n\r\n")
        except OSError:  # the page was closed
            self.close_connection = True
        finally:
            self.server.feed.count(-1)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        """A browser that goes away in the middle is no news."""


def serve(port, feed, title):
    """On a port that was asked for, or on a free one."""
    for attempt in [port] if port is not None else [PORT, 0]:
        try:
            server = Server(("127.0.0.1", attempt), Handler)
            break
        except OSError as e:
            if attempt == port:
                raise Failure(USAGE_ERROR, "port %d: %s; --port chooses another" % (port, os.strerror(e.errno))) from e
    server.feed, server.title = feed, title
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return "http://localhost:%d/" % server.server_address[1]


def show(address, may_open):
    say("the picture is at %s" % address)
    has_screen = sys.platform == "darwin" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if may_open and has_screen and sys.stderr.isatty():
        webbrowser.open(address)


@contextlib.contextmanager
def until_ctrl_c():
    """Does something that Ctrl-C may already end, and then waits for Ctrl-C."""
    try:
        yield
        while True:  # a thread of the server may get the signal, which would not end a sleep of this one
            select.select([progress.signals()], [], [])
            os.read(progress.signals(), 512)
    except KeyboardInterrupt:
        progress.write(sys.stderr, "\n")


def view_system(port, may_open, record, arguments):
    with tempfile.TemporaryDirectory(prefix="ksm-view-") as directory:
        path = record or os.path.join(directory, "feed")
        feed = Feed(path, True)
        command = arguments[arguments.index("--") + 1:] if "--" in arguments else []
        address = serve(port, feed, " ".join(command) or "running")
        parse(["--watch", path] + arguments)  # it makes the file; an earlier recording stays if these are wrong
        show(address, may_open)
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is for the system
        with children.child([sys.executable, os.path.join(ROOT, "tools", "run"), "--watch", path] + arguments,
                            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler)) as system:
            status = children.wait(system)
        feed.end()
        signal.signal(signal.SIGINT, before)
        if sys.stdin.isatty():
            with until_ctrl_c():
                say("the system has ended; the picture stays until Ctrl-C")
    return status


def view_recording(port, may_open, path):
    try:
        with open(path, "rb") as f:
            begin = f.read(PIECE)
    except OSError as e:
        raise Failure(USAGE_ERROR, "%s: %s" % (path or "''", os.strerror(e.errno))) from e
    if not re.search(rb"^(KSM-FEED|F|E|R) \d", begin, re.M):
        raise Failure(USAGE_ERROR, "%s: not a recording (./ksm view --record FILE makes one)" % path)
    with until_ctrl_c():
        show(serve(port, Feed(path, False), os.path.basename(path)), may_open)
        say("Ctrl-C ends this")
    return 0


def flag(arguments, name):
    ours = arguments[:arguments.index("--")] if "--" in arguments else arguments
    if name in ours:
        arguments.remove(name)
        return True
    return False


def view(arguments):
    if flag(arguments, "--help") or flag(arguments, "-h"):
        sys.stdout.write(USAGE)
        return 0
    may_open = not flag(arguments, "--no-open")
    port, record = take_port(arguments), take_option(arguments, "--record")
    if record == "":
        raise Failure(USAGE_ERROR, "--record wants a file")
    if take_option(arguments, "--watch") is not None:
        raise Failure(USAGE_ERROR, "the picture is drawn from the feed itself: --record FILE keeps it, and not --watch")
    if not arguments or arguments[0].startswith("-"):
        return view_system(port, may_open, record, arguments)
    if len(arguments) > 1 or record is not None:
        raise Failure(USAGE_ERROR, "a recording is shown as it is, without options or a command\n" + USAGE)
    return view_recording(port, may_open, arguments[0])


def main():
    try:
        return view(sys.argv[1:])
    except Failure as failure:
        say(failure)
        return failure.status


if __name__ == "__main__":
    progress.run(main)
