#!/bin/sh
# spin.sh - Spin searches all states of the models in tests/model, and must find deliberate faults in them.  Prints TAP.
set -eu

models=$(CDPATH='' cd -- "$(dirname -- "$0")/../model" && pwd -P)
if ! command -v spin >/dev/null 2>&1; then
    echo 1..1
    echo "ok 1 - the models # SKIP spin is not installed"
    exit 0
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
n=0

# search MODEL SED: what the search finds in the model after that edit, such as "errors: 0".
search() {
    case $1 in
    POKE | SEM) file=sched.pml ;;
    COW) file=page.pml ;;
    BREAK) file=console.pml ;;
    *) file=ksm.pml ;;
    esac
    sed "$2" "$models/$file" >model.pml
    spin -a "-D$1" model.pml >spin.log
    optimize=-O2
    [ -z "$2" ] || optimize=-O0 # a fault is found sooner than the compiler is done
    ${CC:-cc} "$optimize" -w -DSAFETY -DMEMLIM=1500 -o pan pan.c
    ./pan -m1000000 | tee pan.log | sed -n 's/.*\(errors: [0-9]*\).*/\1/p'
}

# expect MODEL SED WANTED NAME [ASSERTION]: the last is what must have been violated.
expect() {
    n=$((n + 1))
    got=$(search "$1" "$2")
    if [ "$got" = "$3" ] && ! grep -q 'search depth too small\|out of memory' pan.log &&
        grep -qF -e "${5-}" pan.log; then
        echo "ok $n - $4"
    else
        echo "not ok $n - $4"
        sed 's/^/# /' pan.log
        failed=1
    fi
}

failed=0
echo 1..31
expect LIFE '' 'errors: 0' '§12 §5.4 birth, attach, mark, death: no use after death, no leak'
expect WAIT '' 'errors: 0' '§11.1 §11.5 §11.6 wait, wake, kill: no wake-up is lost'
expect LIFE 's/mapped = true; refs++;/mapped = true;/' 'errors: 1' 'an attach without a reference is found'
expect LIFE 's/&& !unborn && !marked -> marked/\&\& !unborn -> marked/' 'errors: 1' \
    'a second marking that counts is found'
expect WAIT 's/:: word == 0 ->/:: true ->/' 'errors: 1' 'a look before the lock alone is found'
expect WAIT 's/queue ?? eval(self); queued\[self\] = false/queued[self] = false/' 'errors: 1' \
    'a killed sleeper that stays in the queue is found'
expect PEER '' 'errors: 0' '§11.7 the end of a peer is not missed, and a sleeper that has left is not touched'
expect PEER 's/:: !woken -> wake_it()/:: skip/' 'errors: 1' 'an end that wakes nobody is found'
expect POKE '' 'errors: 0' 'no thread is ready while a processor is halted; a processor that pokes holds no lock'
expect POKE 's/owes = owes || MAY_POKE/choose(); poke()/' 'errors: 1' 'a poke by a waker that holds the lock is found'
expect POKE 's/owes = owes || MAY_POKE/skip/' 'errors: 1' 'a forgotten poke is found'
expect POKE 's/nready--; choose()$/nready--/' 'errors: 1' 'a successor that does not poke is found'
expect SEM '' 'errors: 0' 'the semaphore: nobody sleeps while there is a unit'
expect SEM 's|skip; /\* the time is not looked at here \*/|look_at_time();|' 'errors: 1' \
    'a waiter that gives up before it looks is found'
expect COW '' 'errors: 0' '§10 no frame is promised twice, popped from an empty stack, or lost; nobody waits forever'
expect COW 's/pop(copy); nlent++/pop(copy); npromised--/; s/^        nlent--;$/        npromised++;/' 'errors: 1' \
    'a promise that is given up before the copy is made is found' 'npromised>=0'
expect COW "s/pop(copy); nlent++/pop(copy); npromised--/; s/^        nlent--;$/        npromised++;/
    /inline count_check/,/^}/s/assert.*/skip;/" 'errors: 1' \
    'and without the checks of the counts, it pops an empty stack' 'nfree>0'
expect COW 's/busy\[frame\[self\]\] = true;//' 'errors: 1' 'two owners that copy one page at once are found' 'nfree>0'
expect COW 's/busy\[frame\[self\]\] = true;/& break;/
    s|od; /\* the frame is lent \*/|od; atomic { pop(copy); nlent++; count_check() };|' 'errors: 1' \
    'a frame that is lent after the page was marked is found' 'nfree>0'
expect COW 's/atomic { promise() };/ok = true;/' 'errors: 1' 'a fork without promises is found' 'npromised==nowed'
expect COW 's/:: ok -> push(frame\[self\])$/:: ok -> skip/' 'errors: 1' 'a frame that is lost is found' 'free[f]'
expect COW 's/--; busy\[frame\[self\]\] = false;/--;/; s/!busy\[f\] && //' 'errors: 1' \
    'a wait for a copy that nobody makes is found' 'nwaiting==0'
expect COW 's/nfree > npromised -> pop/nfree > 0 -> pop/' 'errors: 1' \
    'a thread that takes what is promised is found' 'nfree+nlent'
expect BREAK '' 'errors: 0' \
    'a line typed after Ctrl-C is for none of its job, and is not left while somebody waits for one'
expect BREAK 's/ && line && !breaking -> / \&\& line -> /' 'errors: 1' \
    'a job that takes the line before Ctrl-C has reached all of it is found' '!(broken['
expect BREAK 's/= killed\[self\] || /= /' 'errors: 1' \
    'a child that is born while its parent is killed is found' '!(broken['
expect BREAK 's/|| job\[self\] == visited_job//' 'errors: 1' \
    'a child whose number Ctrl-C has passed is found' '!(broken['
expect BREAK 's/to = 0; n = 1 };$/n = to; to = 0 };/; s/n++$/n = NPROCS/' 'errors: 1' \
    'a Ctrl-C for the first process alone is found' '!(broken['
expect BREAK 's/breaking = pressed; wake_all()/breaking = pressed/' 'errors: 1' \
    'a line that nobody is told of when Ctrl-C has done its work is found' 'asleep'
expect BREAK 's/breaking = pressed;/breaking = false;/' 'errors: 1' \
    'a second Ctrl-C that the end of the first one hides is found' '!(broken['
expect BREAK 's/ && !REFUSED//' 'errors: 1' 'a Ctrl-C that hides the last one, for another job, is found' '!(broken['
exit "$failed"
