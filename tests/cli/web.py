"""./ksm web without a browser: wrong options, a busy port, a missing npm, a full disk, and what its server serves."""
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from _tap import BUILD, ROOT, WAIT, Result, done, ok, skip, temp_directory  # noqa: E402

WEB = [sys.executable, os.path.join(ROOT, "tools", "web")]
ENV = dict(os.environ, KSM_BUILT="1")
HERE = temp_directory()
UNREACHABLE = """cat <<'END'
npm ERR! code EAI_AGAIN
npm ERR! errno EAI_AGAIN
npm ERR! request to https://registry.npmjs.org/v86 failed, reason: getaddrinfo EAI_AGAIN registry.npmjs.org

npm ERR! A complete log of this run can be found in:
npm ERR!     /root/.npm/_logs/debug-0.log
END
exit 1
"""


def web(*arguments, env=ENV, prepare=None):
    p = subprocess.run(WEB + list(arguments), stdin=subprocess.DEVNULL, capture_output=True, text=True,
                       errors="replace", cwd=HERE, env=env, timeout=WAIT, preexec_fn=prepare)
    return Result(p.returncode, p.stdout, p.stderr)


def last_line(result):
    return result.err.rstrip("\n").rpartition("\n")[2]


def refuses(title, status, text, result):
    ok(result.status == status and text in last_line(result) and "Traceback" not in result.err, title, result)


def small_disk():
    """Files of 100 KB at most, which ends a program's writing as a full disk does."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100 << 10, 100 << 10))


def get(url):
    """The status, the headers and the bytes of an answer."""
    try:
        with urllib.request.urlopen(url, timeout=WAIT) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as e:
        return e.code, e.headers, e.read()


r = web("--help")
ok(r.status == 0 and r.out.startswith("usage: ./ksm web"), "--help prints the usage", r)
refuses("a wrong option is named, and the right one is guessed", 2, "'--prot'; did you mean '--port'?",
        web("--prot", "1"))
refuses("an impossible port is refused", 2, "'70000' is not a port", web("--port", "70000"))
refuses("--out goes with no other option", 2, "--out serves nothing", web("--out", "x", "--port", "1"))

bare = os.path.join(HERE, "bin")
os.mkdir(bare)
refuses("without node, it says so and what to do", 121, "node is not installed",
        web("--out", "page", env=dict(ENV, PATH=bare)))

offline = temp_directory()
for name, text in (("node", "echo v20.0.0"), ("npm", UNREACHABLE)):
    with open(os.path.join(offline, name), "w", encoding="ascii") as f:
        f.write("#!/bin/sh\n" + text)
    os.chmod(f.name, 0o755)
refuses("npm's reason is told", 121, "failed, reason: getaddrinfo EAI_AGAIN registry.npmjs.org",
        web("--out", "page", env=dict(ENV, B=temp_directory(), PATH=offline + ":" + ENV["PATH"])))

if not (shutil.which("node") and shutil.which("npm")):
    skip("the page is put together and served", "node and npm are not installed; ./ksm test web installs them")
    done()

# Suites that find no modules install them, and several run at a time.
MODULES = "from web.assemble import modules; modules()"
npm = os.path.join(temp_directory(), "npm")
os.mkfifo(npm + ".gate")
gate = os.open(npm + ".gate", os.O_RDWR)
with open(npm, "w", encoding="utf-8") as f:
    f.write('#!/bin/sh\nmkdir busy || exit\necho >>"$0.begun"\nread x <"$0.gate"\nrmdir busy\n')
os.chmod(npm, 0o755)
env = dict(ENV, B=temp_directory(), PATH=os.path.dirname(npm) + ":" + os.environ["PATH"],
           PYTHONPATH=os.path.join(ROOT, "tools"))
one = subprocess.Popen([sys.executable, "-c", MODULES], env=env)
while one.poll() is None and not os.path.exists(npm + ".begun"):
    time.sleep(0.05)
two = subprocess.Popen([sys.executable, "-c", MODULES], env=env, stderr=subprocess.PIPE, text=True)
said = two.stderr.readline()
os.write(gate, b"\n")
two.stderr.close()
ok([one.wait(WAIT), two.wait(WAIT), os.path.getsize(npm + ".begun")] == [0, 0, 1],
   "npm installs once, however many wait for it", said)

os.mkdir(os.path.join(HERE, "mine"))
open(os.path.join(HERE, "mine", "thesis.txt"), "w", encoding="utf-8").close()
r = web("--out", "mine")
refuses("a directory with other files stays as it is", 121, "mine is a directory with other files in it", r)
ok(os.listdir(os.path.join(HERE, "mine")) == ["thesis.txt"], "all of them are there")

r = web("--out", "page")
if r.status and "npm failed" in last_line(r):
    skip("the page is put together and served", last_line(r))
    done()
made = os.path.join(HERE, "page")
if not ok(r.status == 0 and os.path.exists(os.path.join(made, "index.html")), "--out puts the page together", r):
    done()
before = sorted(os.listdir(made))
refuses("a full disk ends it in one line", 121, "the page cannot be put together",
        web("--out", "page", prepare=small_disk))
ok(sorted(os.listdir(made)) == before and sorted(os.listdir(HERE)) == ["bin", "mine", "page"],
   "and leaves the page that was there, and nothing else", os.listdir(HERE))

open(os.path.join(made, "CNAME"), "w", encoding="utf-8").close()
refuses("somebody's file beside the page is not lost", 121, "CNAME is no part of the page", web("--out", "page"))
ok(sorted(os.listdir(made)) == sorted(before + ["CNAME"]), "it is still there", os.listdir(made))

with socket.socket() as busy:
    busy.bind(("127.0.0.1", 0))
    busy.listen()
    port = str(busy.getsockname()[1])
    refuses("a busy port is named", 126, "port %s is busy" % port, web("--port", port, "--no-open"))

server = subprocess.Popen(WEB + ["--port", "0", "--no-open"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, env=ENV)
url = server.stdout.readline().split(";")[0].rpartition(" ")[2]
status, headers, page = get(url)
ok(status == 200 and b"KSM" in page and "default-src 'none'" in headers["Content-Security-Policy"],
   "the server serves the page with its policy", url, status, headers)
ok(get(url + "main.mjs")[1]["Content-Type"].startswith("text/javascript"), "modules have a script's type")
ok(get(url + "lib/")[0] == 404 and get(url + "../kernel.elf")[0] == 404,
   "it lists no directory, and serves nothing else")
ok(get(url + "%00.html")[0] == 404, "a name that no file can have is not found")
server.send_signal(signal.SIGINT)
ok(server.wait(WAIT) == 130, "Ctrl-C ends it", server.returncode)
said = server.stderr.read()
ok("Traceback" not in said, "none of this is worth a word", said)
ok(os.path.exists(os.path.join(BUILD, "web", "index.html")), "the page is in build/web")
done()
