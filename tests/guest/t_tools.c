/*
 * t_tools.c - the programs that work with files, run from the shell.
 */
#include "fcntl.h"
#include "fs.h"
#include "guest.h"
#include "ksm.h"
#include "lines.h"
#include "sysinfo.h"

TEST("cp copies files, into directories too, and never a file onto itself")
{
    static const struct line lines[] = {
        { "echo one > a; cp a b; cat b", "one\n", 0 },
        { "echo much longer > b; cp a b; cat b", "one\n", 0 },
        { "echo two > a; cat b", "one\n", 0 },
        { "cp /sh s; cat s | wc > n; wc < /sh > m; cat n m | grep -v '^$' | head -n 1 > k; rm n m k s", "",
          0 },
        { "mkdir d; cp a b ../lines.dir/a d; cat d/a d/b", "two\none\n", 0 },
        { "cp a a", "cp: a and a are the same file\n", 1 },
        { "cp a ./; cp a .", "cp: a and ./a are the same file\ncp: a and ./a are the same file\n", 1 },
        { "ln a c; cp a c; rm c; cat a", "cp: a and c are the same file\ntwo\n", 0 },
        { "cp d e", "cp: d: is a directory\n", 1 },
        { "cp none e", "cp: none: cannot open\n", 1 },
        { "cp a none/e", "cp: none/e: cannot create\n", 1 },
        { "cp a b c", "cp: c: not a directory\n", 1 },
        { "cp none a d; cat d/a", "cp: none: cannot open\ntwo\n", 0 },
        { "echo '# a device' > c; cp c /console; rm c", "", 0 },
        { "cp a", "cp: usage: cp OLD NEW | cp OLD... DIRECTORY\n", 2 },
        { "cp -x a b", "cp: -x: unknown option\ncp: usage: cp OLD NEW | cp OLD... DIRECTORY\n", 2 },
        { "rm d/a d/b d a b", "", 0 },
    };

    lines_run(lines, COUNT(lines));
}

TEST("mv gives a file another name, and replaces what has it")
{
    static const struct line lines[] = {
        { "echo one > a; mv a b; cat b; cat a", "one\ncat: a: cannot open\n", 1 },
        { "echo two > a; mv a b; cat b; cat a", "two\ncat: a: cannot open\n", 1 },
        { "mkdir d; echo one > a; mv a b d; cat d/a d/b; cat b", "one\ntwo\ncat: b: cannot open\n", 1 },
        { "mv d/a d/b .; cat a b", "one\ntwo\n", 0 },
        { "mv a a; cat a", "mv: a and a are the same file\none\n", 0 },
        { "mkdir d/s e; mv d/s/ d/t; echo in > d/t/f; mv d/t e; cat e/t/f; cd e/t; pwd",
          "in\n/lines.dir/e/t\n", 0 },
        { "mv e e", "mv: e: cannot move into itself\n", 1 },
        { "mv e e/t/x", "mv: e: cannot move into itself\n", 1 },
        { "mv e ee/x", "mv: e: cannot move to ee/x\n", 1 },
        { "mv '' /none/x", "mv: : cannot move to /none/x\n", 1 },
        { "mv e a", "mv: a: is no directory, but e is one\n", 1 },
        { "mkdir d/e; touch d/e/f; mv e d", "mv: e: cannot replace d/e\n", 1 },
        { "rm d/e/f; mv e d; mv d/e/t/f d/e/t d/e .; cat f", "in\n", 0 },
        { "rm f t e", "", 0 },
        { "mv none a", "mv: none: does not exist\n", 1 },
        { "mv a none/e; cat a", "mv: a: cannot move to none/e\none\n", 0 },
        { "mv a new/; cp a new/; cat a", "mv: new/: not a directory\ncp: new/: not a directory\none\n", 0 },
        { "mkdir d/a; mv a d; cat a", "mv: d/a: is a directory\none\n", 0 },
        { "mv a", "mv: usage: mv OLD NEW | mv OLD... DIRECTORY\n", 2 },
        { "rm d/a d a b", "", 0 },
    };

    lines_run(lines, COUNT(lines));
}

TEST("each program that takes options or files says how it is used, and does nothing else")
{
    static const char *const programs[] = {
        "cat",       "clear",   "consumer",   "counter",  "cp",       "date",       "ed",
        "fillspace", "free",    "grep",       "head",     "help",     "halt",       "hexdump",
        "kill",      "ksmcat",  "ksmchat",    "ksmhold",  "ksmrm",    "ksmstat",    "ln",
        "ls",        "man",     "mathclient", "mathdemo", "mathpipe", "mathserver", "mkdir",
        "more",      "mv",      "note",       "producer", "ps",       "pwd",        "rm",
        "sleep",     "squeeze", "tail",       "top",      "touch",    "uptime",     "wc"
    };
    struct ksminfo_t before, after;
    char command[64], wanted[64];

    check_eq(ksminfo(0, &before), 0);

    for (uint i = 0; i < COUNT(programs); i++) {
        snprintf(command, sizeof(command), "%s --help", programs[i]);
        snprintf(wanted, sizeof(wanted), "%s: usage: %s", programs[i], programs[i]);
        if (lines_shell(command) != 2 || strncmp(program_output, wanted, strlen(wanted)) != 0) {
            tap_note("%s prints: %.100s", command, program_output);
            check(!"how it is used");
        }
    }
    check_eq(ksminfo(0, &after), 0);
    check_eq(after.total_shrg_nr, before.total_shrg_nr);
}

TEST("a segment that never becomes a ring is not waited for")
{
    static const struct line lines[] = {
        { "ksmhold -t 0 numbers > x; consumer", "consumer: this is not a producer's ring\n", 1 },
        { "ksmrm numbers; rm x", "", 0 },
    };

    lines_run(lines, COUNT(lines));
}

/* A pipe whose reader has gone. */
TEST("programs notice that their output goes nowhere")
{
    static const struct line lines[] = {
        { "echo text > f; cat /README | true; head -1 /README 1< f; tail -1 /README 1< f; grep KSM /README "
          "1< f; wc f 1< f",
          "head: write error\ntail: write error\ngrep: write error\nwc: write error\n", 1 },
        { "top 1< f", "top: write error\n", 1 },
        { "hexdump f 1< f; ls 1< f; ps 1< f; help 1< f",
          "hexdump: write error\nls: write error\nps: write error\nhelp: write error\n", 1 },
        { "rm f", "", 0 },
    };

    lines_run(lines, COUNT(lines));
}

TEST("what others named or wrote cannot control the terminal")
{
    static const struct line lines[] = {
        { "note 'a\033[2Jb\177'; note; ksmrm note", "the note said: \nnow it says: a?[2Jb?\na?[2Jb?\n", 0 },
        { "cp /ps 'p\033s'; 'p\033s' | grep 'p[?]s$' >x || echo none; rm x 'p\033s'", "", 0 },
        { "cp /top 't\033p'; 't\033p' | grep ' t[?]p$' >x || echo none; rm x 't\033p'", "", 0 },
    };

    lines_run(lines, COUNT(lines));
}

TEST("programs say so when what they are to read can't be read")
{
    static const struct line lines[] = {
        { "sh dev; echo $?", "sh: dev: read error\n1\n", 0 },
        { "sh .; echo $?", "sh: .: not a text\n126\n", 0 },
        { "ed <dev; echo $?", "ed: input: read error\n1\n", 0 },
        { "cat dev; cp dev f; echo $?; rm f dev", "cat: dev: read error\ncp: dev: read error\n1\n", 0 },
    };

    lines_enter();
    check_eq(mknod("dev", 99, 1), 0); /* nothing drives it */
    lines_run(lines, COUNT(lines));
}

TEST("ed changes lines by address, pattern and range")
{
    static const struct line lines[] = {
        { "(echo a; echo one; echo two; echo three; echo .; echo w f; echo q) | ed", "14\n", 0 },
        { "(echo 2; echo +; echo -2; echo; echo '$='; echo /e$/; echo ?w?; echo ,n; echo 2,p; echo ';p') | "
          "ed -s f",
          "two\nthree\none\ntwo\n3\nthree\ntwo\n1\tone\n2\ttwo\n3\tthree\ntwo\ntwo\nthree\n", 0 },
        { "(echo 1,2d; echo 0a; echo new; echo .; echo 1i; echo top; echo .; echo '$c'; echo end; echo .; "
          "echo ,p; "
          "echo w; echo q) | ed -s f",
          "top\nnew\nend\n", 0 },
        { "(echo 2i; echo .; echo p; echo 3a; echo .; echo p; echo 1i; echo .; echo p; echo q) | ed -s f",
          "new\nend\ntop\n", 0 },
        { "(echo g/n/s/n/N/gp; echo v/N/d; echo ,p; echo u; echo ,p; echo u; echo wq) | ed -s f; cat f",
          "New\neNd\nNew\neNd\ntop\nNew\neNd\nNew\neNd\n", 0 },
        { "echo baaac > g; (echo 's/a*/x/gp'; echo u; echo 's/a/[&\\&]/2p'; echo u; echo 's/.*/a\\/b/p'; "
          "echo Q) | ed -s g",
          "xbxcx\nba[a&]ac\na/b\n", 0 },
        { "(echo r g; echo 1,2w h; echo e h; echo f; echo H; echo E h; echo ,p; echo q) | ed -s f; cat h",
          "?\nf\nNew\neNd\nNew\neNd\n", 0 },
        { "rm f g h", "", 0 },
    };

    lines_run(lines, COUNT(lines));
}

TEST("ed says what is wrong, and loses no text")
{
    static const struct line lines[] = {
        { "echo one > f; (echo 5p; echo H; echo 2,1p; echo x; echo 's/[/x/'; echo s/z/y/; echo dd; echo //; "
          "echo u; echo w none/f; "
          "echo p; echo Q) | ed -s f",
          "?\n?\nthere is no such line\n?\nthere is no such command\n?\n[ without ]\n?\nnothing to replace\n"
          "?\nsomething follows the command\n?\nno line matches\n?\n"
          "cannot write the file: the text is here still, and so is what was in the file\none\n",
          1 },
        { "(echo 2147483647+2147483647+3p; echo Q) | ed -s f", "?\n", 1 },
        { "(echo H; echo 0s/o/x/; echo q) | ed -s f", "?\nthere is no such line\n", 1 },
        { "(echo s/one/two/; echo q; echo p; echo q; echo q) | ed -s f; cat f", "?\ntwo\n?\none\n", 0 },
        { "echo s/one/two/ | ed f; cat f ed.hup",
          "4\n"
          "ed: the text was not written: it is in ed.hup now\none\ntwo\n",
          0 },
        { "ed < f; (echo p; echo Q) | ed none", "?\nnone: a new file\n?\n", 1 },
        { "ed .", "ed: .: it is a directory\n", 1 },
        { "(echo H; echo e .; echo r .; echo E none; echo q) | ed -s f",
          "?\nit is a directory\n?\nit is a directory\n?\ncannot open the file\n", 1 },
        { "(echo H; echo r .; echo f; echo E f; echo f; echo e .; echo f; echo w; echo Q) | ed -s",
          "?\nit is a directory\n?\nthere is no file's name yet\nf\n?\nit is a directory\n"
          "?\nthere is no file's name yet\n?\nthere is no file's name yet\n",
          1 },
        { "echo two > g; (echo r g; echo 1p; echo r none; echo p; echo r /true; echo Q) | ed -s f; rm g",
          "one\n?\none\n", 0 },
        { "ed -x",
          "ed: -x: unknown option\n"
          "ed: usage: ed [-s] [-p PROMPT] [FILE]\n",
          2 },
        { "(echo 'f  '; echo f g; echo 'f  '; echo q) | ed -s f", "f\ng\ng\n", 0 },
        { "(echo p; echo q) | ed -p '* ' f", "4\n* one\n* ", 0 },
        { "(echo s/one/two/; echo s/none/x/; echo u; echo p; echo u; echo p; echo Q) | ed -s f",
          "?\none\ntwo\n", 1 },
        { "echo '# a device' > g; (echo w /console; echo q) | ed -s g; rm g", "", 0 },
        { "(echo d; echo Quite; echo quick; echo hi; echo H2; echo u; echo p; echo Q) | ed -s f",
          "?\n?\n?\n?\none\n", 1 },
        { "ln f g; (echo s/e/E/; echo wq) | ed -s f; cat g; rm f g ed.hup", "onE\n", 0 },
    };

    lines_run(lines, COUNT(lines));
}

TEST("ed ends a script at the first command that fails, before later ones change other lines")
{
    static const struct line lines[] = {
        { "echo one > f; echo two >> f; (echo /none/; echo .d; echo wq) > g; ed -s f < g", "?\n", 1 },
        { "(echo 1d; echo q; echo wq) > g; cat f; ed -s f < g",
          "one\ntwo\n?\n"
          "ed: the text was not written: it is in ed.hup now\n",
          1 },
        { "cat f ed.hup; echo g/o/s//0/g > g; echo wq >> g; ed -s f < g; cat f; rm f g ed.hup",
          "one\ntwo\ntwo\n0ne\ntw0\n", 0 },
    };

    lines_run(lines, COUNT(lines));
}

static void check_same(const char *one, const char *other)
{
    static char bytes[2][4096];
    int fds[2] = { open(one, O_RDONLY), open(other, O_RDONLY) }, n;

    check(fds[0] >= 0 && fds[1] >= 0);
    do {
        n = read(fds[0], bytes[0], sizeof(bytes[0]));
        check_eq(read(fds[1], bytes[1], sizeof(bytes[1])), n);
        check(n <= 0 || memcmp(bytes[0], bytes[1], (uint)n) == 0);
    } while (n > 0);
    close(fds[0]);
    close(fds[1]);
}

TEST("ed keeps lines of any length and bytes")
{
    static const struct line lines[] = {
        { "x=aaaaaaaaaa; y=$x$x$x$x$x$x$x$x$x$x; z=$y$y$y$y$y$y$y$y$y$y; echo -n $z > f; for i in 1 2 3 4 5 "
          "6 7 8 9; do cat f >> g; done; "
          "(echo s/a/bb/g; echo w; echo q) | ed -s g; wc < g; rm f g",
          "1 1 18001 \n", 0 },
    };

    lines_run(lines, COUNT(lines));
    lines_enter();
    check_eq(lines_shell("cat /sh > f; (echo w g; echo Q) | ed -s f; echo >> f"), 0);
    check_str(program_output, "");
    check_same("f", "g");
    check_eq(unlink("f"), 0);
    check_eq(unlink("g"), 0);
    lines_leave();
}

static void big_name(char name[DIRSIZ + 1], uint i) { snprintf(name, DIRSIZ + 1, "big%u", i); }

/* Takes all blocks of the disk but about n, in files; their number. */
static uint fill_disk(uint n)
{
    static char bytes[BSIZE * 16];
    int spare = open("spare", O_WRONLY | O_CREATE), full = 0;
    char name[DIRSIZ + 1];
    uint nfiles = 0;

    for (uint i = 0; i < n; i++)
        check_eq(write(spare, bytes, BSIZE), BSIZE);
    close(spare);
    while (!full) {
        big_name(name, nfiles++);

        int fd = open(name, O_WRONLY | O_CREATE);

        check(fd >= 0);
        full = write(fd, bytes, BSIZE) < 0;
        while (write(fd, bytes, sizeof(bytes)) == (int)sizeof(bytes))
            ;
        while (write(fd, bytes, BSIZE) == BSIZE)
            ;
        close(fd);
    }
    check_eq(unlink("spare"), 0);
    check_eq(sync(), 0);
    return nfiles;
}

TEST("a full disk costs ed and mv nothing that was there")
{
    char name[DIRSIZ + 1];

    lines_enter();
    check_eq(lines_shell("echo one > f; echo two > g; ln g h; touch e; mkdir d"), 0);

    uint nfiles = fill_disk(4);

    check_eq(lines_shell("(echo H; echo r /README; echo w; echo 1p; echo Q) | ed -s f"), 1);
    check_str(program_output,
              "?\ncannot write the file: the text is here still, and so is what was in the file\none\n");
    check_eq(lines_shell("(echo H; echo r /README; echo w; echo Q) | ed -s g"), 1);
    check_str(program_output,
              "?\ncannot write the file: the text is here still, and so is what was in the file\n");
    check_eq(lines_shell("cat g h; rm g h"), 0);
    check_str(program_output, "two\ntwo\n");
    check_eq(lines_shell("cat f; mv f e; cat e; mv e d/f; cat d/f; rm d/f d; ls -C | grep '^ed'"), 1);
    check_str(program_output, "one\none\none\n");
    while (nfiles > 0) {
        big_name(name, --nfiles);
        check_eq(unlink(name), 0);
    }
    lines_leave();
}

TEST("top prints processes, and bars for shared memory")
{
    static const struct line lines[] = {
        { "top | grep '%CPU' | wc; top | grep -v '^up [0-9:]*, [0-9]* processes, [0-9]* KB free$' | head -1 "
          "| grep PID | wc",
          "1 7 45 \n1 7 45 \n", 0 },
        { "top | grep '^Shared memory: [1-9]' > n && rm n", "", 0 },
        { "top | grep '^board  *.#*..*8 KB, attached 0$' > n && rm n", "", 0 },
        { "top | grep '^others .*attached 0$' > n && rm n", "", 0 },
        { "top -n 0", "top: usage: top [-n COUNT] [-d SECONDS]\n", 2 },
        { "top x", "top: usage: top [-n COUNT] [-d SECONDS]\n", 2 },
    };
    int board = ksmget("board", 5000), other = ksmget("t_tools.other", 5000);

    check_positive(board);
    check_positive(other);
    lines_run(lines, COUNT(lines));
    check_eq(ksmdelete(board), 0);
    check_eq(ksmdelete(other), 0);
}

/* The last output is one for a terminal of 80 columns. */
static void check_width(void)
{
    for (char *line = program_output, *end; (end = strchr(line, '\n')); line = end + 1)
        check(end - line <= 80);
}

TEST("§13 ksmstat lists public segments alone, in 80 columns, and says where to find the others")
{
    int board = ksmget("board", 5000), other = ksmget("t_tools.other", 5000);

    check_positive(board);
    check_positive(other);
    check_eq(lines_shell("/ksmstat"), 0);
    check(strstr(program_output, "\n0x6f92fe2b \"board\"\n    bytes 5000  attachments 0") != NULL);
    check(strstr(program_output, "t_tools.other") == NULL);
    check(strstr(program_output, "not public: 1; Ctrl-K on the console shows the operator all\n") != NULL);
    check_width();
    check_eq(lines_shell("/ksmstat t_tools.other board 77"), 1);
    check_width();
    check(strstr(program_output, "0x0000004d: no such segment") != NULL);
    check_eq(ksmdelete(board), 0);
    check_eq(ksmdelete(other), 0);
}

TEST("§13 a segment takes the name that its identifier was made of, and no other")
{
    int handle = ksmget("t_tools.other", 5000);

    check_positive(handle);
    check_eq(ksmname(handle, "t_tools.other"), 0);
    check_eq(ksmname(handle, "t_tools.othes"), KSM_EINVAL);
    check_eq(ksmname(handle, ""), KSM_EINVAL);
    check_eq(ksmname(handle, "\033[2J"), KSM_EINVAL);
    check_eq(ksmname(handle + 1, "t_tools.other"), KSM_EHANDLE);
    check_eq(ksmname(handle, (char *)0x7F000000), KSM_EFAULT);
    check_eq(ksmdelete(handle), 0);
    check_eq(ksmname(handle, "t_tools.other"), KSM_EHANDLE);
}

TEST("pwd prints where one is")
{
    static const struct line lines[] = {
        { "pwd", "/lines.dir\n", 0 },
        { "cd; pwd", "/\n", 0 },
        { "mkdir a a/long.name.here a/long.name.here/c; cd a/long.name.here/c; pwd; cd ../..; pwd",
          "/lines.dir/a/long.name.here/c\n/lines.dir/a\n", 0 },
        { "cd ./a/../a; pwd", "/lines.dir/a\n", 0 },
        { "cd a; rm ../a/long.name.here/c ../a/long.name.here ../a; pwd",
          "pwd: the current directory has been removed\n", 1 },
        { "pwd x", "pwd: usage: pwd\n", 2 },
    };

    lines_run(lines, COUNT(lines));
}

TEST("head and tail print the ends of files and pipes")
{
    static const struct line lines[] = {
        { "(echo 1; echo 2; echo 3; echo 4; echo 5; echo 6; echo 7; echo 8; echo 9; echo 10; echo 11) > f",
          "", 0 },
        { "head f | wc; tail f | wc", "10 10 21 \n10 10 22 \n", 0 },
        { "head -n 2 f; tail -n2 < f", "1\n2\n10\n11\n", 0 },
        { "cat f | head -n 1; cat f | tail -n 1", "1\n11\n", 0 },
        { "head -n 0 f; tail -n 0 f", "", 0 },
        { "head -n 100 f | wc; tail -n 100 f | wc", "11 11 24 \n11 11 24 \n", 0 },
        { "(echo a; echo -n b) | tail -n 1; (echo a; echo -n b) | head -n 2", "ba\nb", 0 },
        { "(cat f; echo; echo) | tail -n 3", "11\n\n\n", 0 },
        { "cat /sh /ls /cat /wc /grep f | tail -n 1; > e; tail e; head e", "11\n", 0 },
        { "head -n 1 f none f", "==> f <==\n1\nhead: none: cannot open\n\n==> f <==\n1\n", 1 },
        { "tail -n 1 f none f", "==> f <==\n11\ntail: none: cannot open\n\n==> f <==\n11\n", 1 },
        { "head -n 1 none f", "head: none: cannot open\n==> f <==\n1\n", 1 },
        { "head -n x f", "head: x: not a number of lines\n", 2 },
        { "tail -n -1 f", "tail: -1: not a number of lines\n", 2 },
        { "tail -n +2 f", "tail: +2: not a number of lines\n", 2 },
        { "head -2 f; tail -12 f | head -1; tail -1 f f | tail -n 3", "1\n2\n1\n\n==> f <==\n11\n", 0 },
        { "head -2x f", "head: 2x: not a number of lines\n", 2 },
        { "tail -x", "tail: -x: unknown option\ntail: usage: tail [-n LINES | -LINES] [FILE]...\n", 2 },
        { "rm e f", "", 0 },
    };

    lines_run(lines, COUNT(lines));
}

TEST("more copies its input if its output is no terminal")
{
    static const struct line lines[] = {
        { "(cat /README | more) > f; wc < /README > g; wc < f > h; cat g h | grep -v '^$' | head -n 1 > i",
          "", 0 },
        { "more -n 1 g g > j; cat g g | wc > k; wc < j > l; mv k g; cat g > k; rm f g h i j k l", "", 0 },
        { "more none", "more: none: cannot open\n", 1 },
        { "more -n 0", "more: 0: not a number of lines\n", 2 },
    };

    lines_run(lines, COUNT(lines));
}

TEST("touch makes files, and leaves those alone that exist")
{
    static const struct line lines[] = {
        { "touch a b; wc a b", "0 0 0 a\n0 0 0 b\n0 0 0 total\n", 0 },
        { "echo text > a; touch a . /console; cat a", "text\n", 0 },
        { "touch none/a", "touch: none/a: cannot create\n", 1 },
        { "touch", "touch: usage: touch FILE...\n", 2 },
        { "rm a b", "", 0 },
    };

    lines_run(lines, COUNT(lines));
}

TEST("hexdump prints bytes with their places")
{
#define A16 "  61 61 61 61 61 61 61 61  61 61 61 61 61 61 61 61  |aaaaaaaaaaaaaaaa|\n"
    static const struct line lines[] = {
        { "echo -n aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaabc > f; hexdump f",
          "00000000" A16 "00000010" A16 "00000020  61 62 63                                          |abc|\n",
          0 },
        { "hexdump -s 33 f", "00000021  62 63                                             |bc|\n", 0 },
        { "cat f | hexdump -s 33 -n 1", "00000021  62                                                |b|\n",
          0 },
        { "hexdump -s 100 f; hexdump -n 0 f", "", 0 },
        { "hexdump -n 4 /sh", "00000000  7F 45 4C 46                                       |.ELF|\n", 0 },
        { "hexdump none", "hexdump: none: cannot open\n", 1 },
        { "hexdump -n x", "hexdump: x: not a number of bytes\n", 2 },
        { "rm f", "", 0 },
    };

    lines_run(lines, COUNT(lines));
}

TEST("ls sorts by name, with xv6's lines unless it is asked for others")
{
    static const struct line lines[] = {
        { "touch b a c; ls > l; head -n 3 l | tail -n 1 | grep -v '^a  *2 [0-9][0-9]* 0$'", "", 1 },
        { "tail -n 2 l | head -n 1 | grep -v '^c  *2 [0-9][0-9]* 0$'", "", 1 },
        { "rm l; ls -C", ".\n..\na\nb\nc\n", 0 },
        { "ls -C ''", ".\n..\na\nb\nc\n", 0 },
        { "ls -l > l; head -n 1 l; tail -n 2 l | head -n 1 | grep -v '^c                 2 [ 0-9]*          "
          "0$'; rm l",
          "NAME           TYPE INODE       SIZE\n", 0 },
        { "ls -x", "ls: -x: unknown option\nls: usage: ls [-l | -C] [FILE]...\n", 2 },
        { "rm a b c", "", 0 },
    };

    lines_run(lines, COUNT(lines));
}

TEST("clear, and the text of the README, are there")
{
    static const struct line lines[] = {
        { "clear", "\033[H\033[2J", 0 },
        { "clear x", "clear: usage: clear\n", 2 },
        { "head -n 1 /README", "# KSM: an operating system with shared memory\n", 0 },
        { "cat /README | grep '^The licence'", "The licence is MIT: see [LICENSE](LICENSE).\n", 0 },
    };

    lines_run(lines, COUNT(lines));
}

TEST("help lists programs and the commands of the shell")
{
    static const struct line lines[] = {
        { "help | grep ' wc '", "  wc           count lines, words and bytes\n", 0 },
        { "help | grep ' cd '", "  cd           change the current directory\n", 0 },
        { "help | grep malloc", "", 1 },
        { "help x", "help: usage: help; man NAME says what a program does\n", 2 },
    };

    lines_run(lines, COUNT(lines));
}

TEST("date, uptime and free say what the kernel says")
{
    static const struct line lines[] = {
        { "date | grep -v '^[A-Z][a-z][a-z] [A-Z][a-z][a-z] [ 0-9][0-9] [0-2][0-9]:[0-5][0-9]:[0-6][0-9] "
          "2[0-9][0-9][0-9]$'",
          "", 1 },
        { "uptime | grep -v '^up 00:[0-9][0-9]:[0-9][0-9], [1-9][0-9]* processes$'", "", 1 },
        { "free | grep -v '^[a-z]* *[0-9][0-9]* KB'", "", 1 },
        { "free | wc", "3 18 95 \n", 0 },
        { "date x", "date: usage: date\n", 2 },
        { "free x", "free: usage: free\n", 2 },
        { "uptime -x", "uptime: -x: unknown option\nuptime: usage: uptime\n", 2 },
    };

    lines_run(lines, COUNT(lines));
}

static uint free_frames(void)
{
    struct sysinfo info;

    check_eq(sysinfo(&info), 0);
    return info.nfree;
}

TEST("sysinfo counts free frames, and refuses memory that its caller may not write")
{
    uint before = free_frames();
    char *memory = sbrk(64 * PAGE_SIZE);

    check(memory != (char *)-1);
    memset(memory, 1, 64 * PAGE_SIZE);
    check(free_frames() <= before - 64);
    check_eq(sysinfo(NULL), -1);
    check_eq(sysinfo((struct sysinfo *)read), -1);
}

/* In seconds from the beginning of its day: each test is short. */
static uint second_of_day(void)
{
    struct sysinfo info;

    check_eq(sysinfo(&info), 0);
    check(info.now.year >= 2024 && info.now.month - 1 < 12 && info.now.day - 1 < 31);
    check(info.now.hour < 24 && info.now.minute < 60 && info.now.second < 60);
    return (info.now.hour * 60 + info.now.minute) * 60 + info.now.second;
}

TEST("the time of day goes on with the ticks, and several processes can read it at once")
{
    uint first = second_of_day(), ticks = (uint)uptime(), now;

    for (int i = 0; i < 3; i++) {
        if (fork() == 0) {
            for (int n = 0; n < 300; n++)
                check((second_of_day() + 86400 - first) % 86400 < 60);
            exits(0);
        }
    }
    tap_join_all(3);
    wait_until((now = second_of_day()) != first);
    check((now + 86400 - first) % 86400 < 60);
    wait_until((uint)uptime() != ticks);
}

TAP_MAIN(NULL)
