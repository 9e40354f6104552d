"""serve - serves a directory on localhost, and opens it in a browser."""

import errno
import functools
import http.server
import os
import re
import sys
import webbrowser

from run.statuses import CANNOT_START, Failure

ADDRESS = "127.0.0.1"
POLICY = re.compile(r'http-equiv="Content-Security-Policy"\s+content="([^"]*)"')


def policy(directory):
    """The policy of the page itself, which a header can make stricter: nobody may frame it."""
    with open(os.path.join(directory, "index.html"), encoding="utf-8") as f:
        return " ".join(POLICY.search(f.read())[1].split()) + "; frame-ancestors 'none'"


class Handler(http.server.SimpleHTTPRequestHandler):
    """Files of one directory, without lists of its contents."""

    protocol_version = "HTTP/1.1"
    # A system's own table may not know these, or say otherwise.
    extensions_map = {**http.server.SimpleHTTPRequestHandler.extensions_map, ".mjs": "text/javascript",
                      ".js": "text/javascript", ".css": "text/css", ".html": "text/html; charset=utf-8",
                      ".svg": "image/svg+xml", ".gz": "application/octet-stream", ".txt": "text/plain; charset=utf-8"}

    def __init__(self, *arguments, policy_header, **more):
        self._policy = policy_header
        super().__init__(*arguments, **more)

    def end_headers(self):
        self.send_header("Content-Security-Policy", self._policy)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()

    def send_head(self):
        try:
            return super().send_head()
        except ValueError:  # a name with a zero byte
            return self.send_error(404)

    def list_directory(self, path):
        self.send_error(404)

    def log_message(self, *unused):  # pylint: disable=arguments-differ
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = os.name == "posix"  # elsewhere, two servers could have one port

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], ConnectionError):  # browsers break connections off
            super().handle_error(request, client_address)


def listen(directory, port):
    """A server for the directory on that port; 0: on any."""
    handler = functools.partial(Handler, directory=directory, policy_header=policy(directory))
    try:
        return Server((ADDRESS, port), handler)
    except OSError as e:
        if e.errno == errno.EADDRINUSE:
            raise Failure(CANNOT_START, "port %d is busy: give another one, or --port 0 for any that is free"
                          % port) from e
        if e.errno == errno.EACCES:
            raise Failure(CANNOT_START, "port %d is not for everyone: give one above 1023" % port) from e
        raise Failure(CANNOT_START, "cannot listen on port %d: %s" % (port, e.strerror)) from e


def has_screen():
    return sys.platform == "darwin" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def serve(directory, port, browser):
    """Serves until it is interrupted."""
    with listen(directory, port) as server:
        url = "http://localhost:%d/" % server.server_address[1]
        print("the playground is at %s; Ctrl-C ends this server" % url, flush=True)
        if browser and not (has_screen() and webbrowser.open(url)):
            print("no browser could be started: open that address in one", flush=True)
        server.serve_forever()
