"""_bombs - programs that take all that there is of one thing (tests/hostile/bomb.c), and how the user at the console
gets rid of them."""

import re

KINDS = (b"fork", b"pipe", b"file", b"memory", b"segment")
CTRL_C, CTRL_K = b"\x03", b"\x0b"
ANSWER_SECONDS = 5  # in which a command answers, whatever the bombs do


def timed(shell, ncpus, act):
    """Does it: the result, and how many seconds each processor has worked meanwhile."""
    start = shell.seconds()
    result = act()
    taken = (shell.seconds() - start) / ncpus
    return result, taken


def drop(shell, kind, where):
    """Starts a bomb, and waits until it has been refused what it takes."""
    shell.type(b"bomb " + kind + where)
    return shell.expect(b"refused after ") and shell.expect(b"\n")


def in_foreground(shell, ncpus, kind):
    if not drop(shell, kind, b""):
        return "it was not refused"
    shell.text = b""
    shell.send(CTRL_C)
    out, taken = timed(shell, ncpus, shell.wait_prompt)
    if out is None or taken > ANSWER_SECONDS:
        return "Ctrl-C gave a prompt after %s seconds: %r" % (taken, out)
    return None


def in_background(shell, ncpus, kind):
    if not drop(shell, kind, b" &"):
        return "it was not refused"
    if not shell.in_step():
        return "the shell does not answer"
    out, taken = timed(shell, ncpus, lambda: shell.command(b"echo ok"))
    if out != b"ok\n" or taken > ANSWER_SECONDS:
        return "echo took %s seconds: %r" % (taken, out)
    bombs = shell.processes(b"bomb")
    if not bombs:
        return "ps does not show it"
    print("# %s: %d processes, echo after %.2f s" % (kind.decode(), len(bombs), taken))
    shell.command(b"kill -j " + bombs[0][2])
    return None


def play(shell, ncpus, kind, way, before):
    """Lets a bomb of this kind go off in one of the two ways; before: what ksmstat then has to print again.  What was
    wrong, or None."""
    wrong = way(shell, ncpus, kind)
    if wrong:
        return wrong
    out, taken = timed(shell, ncpus, lambda: shell.command(b"echo ok"))
    if out != b"ok\n" or taken > ANSWER_SECONDS:
        return "then echo took %s seconds: %r" % (taken, out)
    if not shell.gone(b"bomb"):
        return "some of it lives on"
    clean_up(shell)
    if not shell.until(lambda: shell.command(b"ksmstat") == before):
        return "before: %s, after: %s" % (before, shell.command(b"ksmstat"))
    return None


def warm_up(shell):
    """A shell of a debug build lets freed memory rest, and so touches all of its heap in the end."""
    words = b" ".join(b"w%d" % i for i in range(40))
    for _ in range(4):
        shell.command(b"for i in %s; do a=$i; done; ls | wc; ksmstat" % words)


def clean_up(shell):
    """What a bomb has made and could not give up because it was killed, the user removes by its name."""
    for name in re.findall(rb"bomb\.\d+", shell.command(b"ls")):
        shell.command(b"rm " + name)
    if shell.command(b"ksmstat").startswith(b"segments 0 "):
        return
    table = b""
    shell.send(CTRL_K)
    while b" segments, " not in table and shell.expect(b"\n"):
        table += shell.before + b"\n"
    shell.command(b"")
    for identifier in re.findall(rb"^0x([0-9a-f]{8}) ", table, re.M):
        shell.command(b"ksmrm 0x" + identifier)
