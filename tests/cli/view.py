"""./ksm view: the server of the live picture's page.  What the page draws is the business of tests/web."""

import http.client
import os
import re
import shutil
import signal
import socket
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from _tap import BUILD, ROOT, WAIT, done, ok, skip, temp_directory  # noqa: E402
from run import statuses  # noqa: E402

VIEW = [sys.executable, os.path.join(ROOT, "tools", "run", "view.py")]
RECORDINGS = os.path.join(ROOT, "web", "recordings")
directory, temporary = temp_directory(), temp_directory()


class Viewing:
    """./ksm view without a terminal, once its page is there."""

    def __init__(self, *arguments):
        self.process = subprocess.Popen(VIEW + list(arguments), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True,
                                        env=dict(os.environ, KSM_BUILT="1", TMPDIR=temporary))
        self.said = self.process.stderr.readline()
        self.port = int(re.search(r"http://localhost:(\d+)/", self.said)[1])

    def ask(self, path, **headers):
        """The beginning of an answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=WAIT)
        connection.request("GET", path, headers=headers)
        return connection.getresponse()

    def get(self, path, **headers):
        response = self.ask(path, **headers)
        return response, response.read()

    def end_input(self):
        self.process.stdin.close()
        self.process.stdin = None

    def end(self, stop=None):
        if stop:
            self.process.send_signal(stop)
        out, err = self.process.communicate(timeout=WAIT)
        return self.process.returncode, out, err


def fails(*arguments):
    p = subprocess.run(VIEW + list(arguments), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    return p.returncode, p.stdout + p.stderr


# A system.
record = os.path.join(directory, "a feed")
viewing = Viewing("--no-open", "--record", record, "--", "cat; echo one; ksmstat")
answer = viewing.ask("/feed")
viewing.end_input()  # the system ends when a page has its feed, not before
feed = answer.read()
status, out, err = viewing.end()
ok(feed.startswith(b"KSM-FEED 1 ") and b" exec " in feed and feed.endswith(b"\n"),
   "the feed of a system comes to its end", feed[-300:])
ok(status == 0 and out.startswith("one\n"), "the system's output and status are those of ./ksm run", status, out, err)
ok(open(record, "rb").read() == feed, "and the recording is the feed")
status, out, err = Viewing("--no-open", "--", "false").end()
ok(status == 1, "a command that fails", status, err)

viewing = Viewing("--no-open", "--", "cat")
viewing.ask("/feed").read(10)  # the system runs
status, _, err = viewing.end(signal.SIGTERM)
ok(status == 130 and "Traceback" not in err and not os.listdir(temporary),
   "kill ends the system too, and leaves nothing", status, err, os.listdir(temporary))

# What other threads do in the system's kernel can bring them a signal that is for the tool.
STOLEN = """
import os, signal, sys, threading, traceback
sys.path.insert(0, os.path.join(%r, "tools"))
from run import children, progress, view

def steal():
    waits = view.until_ctrl_c.__wrapped__.__code__, children.wait.__code__
    while not any(frame.f_code in waits for frame, _ in
                  traceback.walk_stack(sys._current_frames()[threading.main_thread().ident])):
        pass
    signal.pthread_kill(threading.get_ident(), signal.SIGINT)

progress.end_by_signals()
with view.until_ctrl_c():
    threading.Thread(target=steal).start()
print("one")
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGTERM, signal.SIG_DFL)
try:
    with children.child(["sleep", "600"]) as child:
        threading.Thread(target=steal).start()
        children.wait(child)
except KeyboardInterrupt:
    print("two")
"""
p = subprocess.run([sys.executable, "-c", STOLEN % ROOT], capture_output=True, text=True, timeout=WAIT, check=False)
ok(p.stdout == "one\ntwo\n", "Ctrl-C ends a wait when another thread gets the signal", p)

# Recordings.
for name in sorted(os.listdir(RECORDINGS)):
    viewing = Viewing("--no-open", os.path.join(RECORDINGS, name))
    response, page = viewing.get("/")
    _, feed = viewing.get("/feed")
    status, _, err = viewing.end(signal.SIGINT)
    ok(response.status == 200 and b"view.mjs" in page and feed.count(b"\nZ ") >= 2, "the recording %s is shown" % name)
    ok(status == 0 and "Traceback" not in err, "Ctrl-C ends that", status, err)

odd = os.path.join(directory, os.fsdecode(b"\xff.feed"))
shutil.copy(os.path.join(RECORDINGS, "holder-dies.feed"), odd)
viewing = Viewing("--no-open", odd)
response, title = viewing.get("/title")
viewing.end(signal.SIGINT)
ok(response.status == 200 and title == b"?.feed", "a file's name may be any bytes", title)

# The server.
viewing = Viewing("--no-open", os.path.join(RECORDINGS, "holder-dies.feed"))
with open(os.path.join(ROOT, "web", "picture", "picture.mjs"), encoding="utf-8") as f:
    pages = re.findall(r'from "\./([\w.]+)"', f.read())
missing = [page for page in pages if viewing.get("/picture/" + page)[0].status != 200]
ok(len(pages) >= 4 and not missing, "all modules are served", missing)
response, _ = viewing.get("/")
ok("script-src 'self'" in response.headers["Content-Security-Policy"], "only the page's own scripts may run")
ok("frame-ancestors 'none'" in response.headers["Content-Security-Policy"] and
   response.headers["X-Content-Type-Options"] == "nosniff", "no other page may frame it or take it for a script")
strange = ("/../ksm", "/picture/../../ksm", "/nothing.html", "/view.py", "/picture", "//etc/passwd",
           "/%2e%2e/README.md")
found = [path for path in strange if viewing.get(path)[0].status != 404]
ok(not found, "no other file is served", found)
ok(viewing.get("/feed", Host="evil.example")[0].status == 403, "pages of other hosts can't read it under their name")
closed = socket.create_connection(("127.0.0.1", viewing.port))
closed.sendall(b"GET /feed HTTP/1.1\r\n")
closed.close()
ok(viewing.get("/")[0].status == 200, "a browser that goes away in the middle does no harm")
status, said = fails("--port", str(viewing.port), os.path.join(RECORDINGS, "holder-dies.feed"))
ok(status == 2 and re.search(r"^ksm: port \d+: .*in use; --port chooses another$", said, re.M),
   "a busy port is named", said)
other = Viewing("--no-open", os.path.join(RECORDINGS, "holder-dies.feed"))
ok(other.port != viewing.port, "without --port, a free one is taken")
other.end(signal.SIGINT)
status, _, err = viewing.end(signal.SIGINT)
ok("Traceback" not in err, "none of this is worth a word", err)

# Bad input.
for arguments, pattern in (
        (["--port", "0", "-"], "--port wants a number"), (["--port", "x"], "--port wants a number"),
        (["--port", "\u00b2"], "--port wants a number"),
        (["--port"], "--port wants"),
        ([os.path.join(directory, "none")], "No such file"), ([directory], "directory"),
        ([os.path.join(ROOT, "README.md")], "not a recording"), ([os.devnull], "not a recording"),
        ([record, "more"], "a recording is shown as it is"),
        (["--watch", record, "--", "true"], "--record FILE keeps it"),
        (["--record", directory, "--", "true"], "directory"), (["--smp", "0", "--no-open", "--", "true"], "--smp")):
    status, said = fails(*arguments)
    ok(status == 2 and re.search(pattern, said) and "Traceback" not in said,
       "refused: " + " ".join(map(os.path.basename, arguments)), status, said)

# A recording is lost neither to a mistake, nor without a word.
image = os.path.join(directory, "disk.img")
shutil.copyfile(os.path.join(BUILD, "fs.img"), image)
busy = socket.create_server(("127.0.0.1", 0))
for arguments, kept, words in (
        (["--smp", "9"], record, "at most 8"), (["--port", str(busy.getsockname()[1])], record, "in use"),
        (["--disk", image], image, "would take the place of"), (["--add", record], record, "would take the place of")):
    size = os.path.getsize(kept)
    status, said = fails("--record", kept, *arguments, "--", "true")
    ok(status == 2 and words in said and os.path.getsize(kept) == size, "refused, and the file stays: --record and " +
       arguments[0], status, said)
status, said = fails("--record", "", "--", "true")
ok(status == 2 and "--record wants a file" in said, "--record without a name is refused", status, said)
full = "mount -t tmpfs -o size=64k none . && head -c 65536 /dev/zero >filler; exec \"$@\""
p = subprocess.run(["unshare", "-rm", "sh", "-c", full, "sh"] + VIEW + ["--no-open", "--record", record, "--", "true"],
                   cwd=directory, env=dict(os.environ, KSM_BUILT="1"), stdin=subprocess.DEVNULL, capture_output=True,
                   text=True, check=False)
if "unshare" in p.stderr or "mount" in p.stderr:
    skip("a full disk", "this host does not let one mount a small one")
else:
    words = record + ": the disk is full, and the end of the feed is missing\n"
    ok(p.returncode == statuses.QEMU_FAILED and p.stderr.endswith(words), "a full disk is named", p)
done()
