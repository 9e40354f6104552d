/*
 * t_sh.c - the shell and some of the programs that are run from it: a line of commands, what it prints, and its status.
 */
#include "fcntl.h"
#include "guest.h"
#include "ksm.h"
#include "lines.h"

TEST("sh takes a line apart into words, quotes and comments")
{
    static const struct line lines[] = {
        { "echo one two", "one two\n", 0 },
        { "echo  a   b ", "a b\n", 0 },
        { "echo 'a   b' \"c  d\" e'f'\"g\"h", "a   b c  d efgh\n", 0 },
        { "echo '' \"\"", " \n", 0 },
        { "echo a\\ b \\\\ \\'", "a b \\ '\n", 0 },
        { "echo \"a\\\"b\" 'a\\b'", "a\"b a\\b\n", 0 },
        { "echo a # b ; echo c", "a\n", 0 },
        { "echo a#b", "a#b\n", 0 },
        { "echo a\\\nb", "ab\n", 0 },
        { "echo ';' '|' \"&&\" '('", "; | && (\n", 0 },
        { "echo '`' \"`\" \\`", "` ` `\n", 0 },
        { "", "", 0 },
        { "   # nothing", "", 0 },
        { "echo $ x$", "$ x$\n", 0 },
        { "echo -n x", "x", 0 },
    };

    lines_run(lines, COUNT(lines));
}

TEST("sh runs lists of commands, and knows their statuses")
{
    static const struct line lines[] = {
        { "true", "", 0 },
        { "false", "", 1 },
        { "echo a; echo b", "a\nb\n", 0 },
        { "echo a;", "a\n", 0 },
        { "echo a\necho b\n\necho c", "a\nb\nc\n", 0 },
        { "if true\nthen # why\n\n echo 'a\nb' c\\\nd \"$?\ne\" | \\\n cat\nfi |\n\ncat && # and\n\n echo "
          "f\necho g",
          "a\nb cd 0\ne\nf\ng\n", 0 },
        { "true && echo yes", "yes\n", 0 },
        { "false && echo yes", "", 1 },
        { "false || echo no", "no\n", 0 },
        { "true || echo no", "", 0 },
        { "false && echo a || echo b", "b\n", 0 },
        { "true || echo a && echo b", "b\n", 0 },
        { "false; echo $?", "1\n", 0 },
        { "sh -c 'exit 7'; echo $? \"<$?>\" '$?'", "7 <7> $?\n", 0 },
        { "exit 3; echo not here", "", 3 },
        { "exit 300", "", 44 },
        { "exit 3 4", "sh: exit: too many arguments\n", 1 },
        { "wait 3; cd / /; (wait x)",
          "sh: wait: too many arguments\nsh: cd: too many arguments\nsh: wait: too many arguments\n", 1 },
        { "(exit 5)", "", 5 },
        { "(exit 5) || echo $?", "5\n", 0 },
        { "true &&\necho next line", "next line\n", 0 },
        { "nothing-of-that-name", "sh: nothing-of-that-name: not found\n", 127 },
        { "/share", "sh: /share: cannot execute\n", 126 },
        { "''", "sh: : not found\n", 127 },
    };

    lines_run(lines, COUNT(lines));
}

TEST("sh connects commands by pipes")
{
    static const struct line lines[] = {
        { "echo a b c | wc", "1 3 6 \n", 0 },
        { "echo hello | cat | cat | cat", "hello\n", 0 },
        { "echo x | false", "", 1 },
        { "false | true", "", 0 },
        { "(echo a; echo b; echo c) | grep -v b", "a\nc\n", 0 },
        { "echo a |\ncat", "a\n", 0 },
        { "cat /sh | cat | wc > n; wc < /sh > m; cat n m | grep -v '^$' > k; rm n m k", "", 0 },
        { "(sh -c 'exit 4') | (cat; sh -c 'exit 6')", "", 6 },
    };

    lines_run(lines, COUNT(lines));
}

TEST("sh redirects input and output")
{
    static const struct line lines[] = {
        { "echo one > f; cat f; cat < f", "one\none\n", 0 },
        { "echo two > f; echo three >> f; cat < f", "two\nthree\n", 0 },
        { "echo x > f; cat f", "x\n", 0 },
        { "cat none 2> f; cat f", "cat: none: cannot open\n", 0 },
        { "(echo out; cat none) > f 2>&1; cat f", "out\ncat: none: cannot open\n", 0 },
        { "> f; wc f", "0 0 0 f\n", 0 },
        { "< f cat > g; echo y >> g; cat g", "y\n", 0 },
        { "(echo a; echo b) > f; cat f | wc", "2 2 4 \n", 0 },
        { "cat < none", "sh: none: cannot open\n", 1 },
        { "echo a > none/f", "sh: none/f: cannot open\n", 1 },
        { "echo a > . ; echo $?", "sh: .: cannot open\n1\n", 0 },
        { "echo a 5> f >&5; cat f", "a\n", 0 },
        { "rm f g", "", 0 },
    };

    lines_run(lines, COUNT(lines));
}

TEST("sh has subshells, a working directory and background commands")
{
    static const struct line lines[] = {
        { "mkdir d; (cd d; echo x > f); cat d/f; cd d; cat f; cd ..; rm d/f d", "x\nx\n", 0 },
        { "cd none", "sh: cd: none: no such directory\n", 1 },
        { "((((echo deep))))", "deep\n", 0 },
        { "echo a & wait; echo b", "a\nb\n", 0 },
        { "> f; (while cat f; do sleep 1; done; echo late) 2> g & echo early; rm f; wait; echo last; rm g",
          "early\nlate\nlast\n", 0 },
        { "false & echo $?; wait", "0\n", 0 },
    };

    lines_run(lines, COUNT(lines));
}

TEST("sh starts more commands in the background than there can be processes")
{
    static const struct line lines[] = {
        { "for a in 0 1 2 3 4 5 6 7 8 9; do for b in 0 1 2 3 4 5 6 7 8 9; do for c in 0 1 2 3 4 5 6 7 8 9; "
          "do\n"
          "(exit) & done; done; done; echo started $?; wait; echo $?",
          "started 0\n0\n", 0 },
    };

    lines_run(lines, COUNT(lines));
}

TEST("sh says where it does not understand a line")
{
    static const struct line lines[] = {
        { "echo a ;; echo b", "sh: syntax error near `; echo b': a command was expected\n", 2 },
        { "| cat", "sh: syntax error near `| cat': a command was expected\n", 2 },
        { "echo (", "sh: syntax error near `(': an operator or the end of the line was expected\n", 2 },
        { "echo `date`", "sh: syntax error near ``date`': an operator or the end of the line was expected\n",
          2 },
        { "a=`date`", "sh: syntax error near ``date`': an operator or the end of the line was expected\n",
          2 },
        { "`date`", "sh: syntax error near ``date`': a command was expected\n", 2 },
        { "(echo a", "sh: syntax error: the line ends, but `)' was expected\n", 2 },
        { "echo 'a", "sh: syntax error: the line ends, but a closing quote was expected\n", 2 },
        { "echo a &&", "sh: syntax error: the line ends, but a command was expected\n", 2 },
        { "echo a >", "sh: syntax error: the line ends, but a file after < or > was expected\n", 2 },
        { ")", "sh: syntax error near `)': a command was expected\n", 2 },
        { "()", "sh: syntax error near `)': a command was expected\n", 2 },
        { "&& a", "sh: syntax error near `&& a': a command was expected\n", 2 },
        { "fi; echo a\necho b", "sh: syntax error near `fi; echo a': a command was expected\n", 2 },
        { "if true; echo a; fi", "sh: syntax error near `fi': then was expected\n", 2 },
        { "if true; then fi", "sh: syntax error near `fi': a command was expected\n", 2 },
        { "if true; then echo a; done", "sh: syntax error near `done': fi was expected\n", 2 },
        { "if true; then echo a", "sh: syntax error: the line ends, but fi was expected\n", 2 },
        { "while true; done", "sh: syntax error near `done': do was expected\n", 2 },
        { "while true\ndo echo a", "sh: syntax error: the line ends, but done was expected\n", 2 },
        { "for 1 in a; do b; done",
          "sh: syntax error near `1 in a; do b; done': a variable's name was expected\n", 2 },
        { "for a b; do c; done", "sh: syntax error near `b; do c; done': in was expected\n", 2 },
        { "for a in b do c; done", "sh: syntax error near `done': do was expected\n", 2 },
        { "for a in b | c", "sh: syntax error near `| c': `;' or the end of the line was expected\n", 2 },
        { "if true; then (echo a; fi)", "sh: syntax error near `fi)': `)' was expected\n", 2 },
    };

    lines_run(lines, COUNT(lines));
}

TEST("sh has variables")
{
    static const struct line lines[] = {
        { "a=1; echo $a", "1\n", 0 },
        { "a=1 b='x  y'; echo \"$a$b\" $b '$a' \\$a", "1x  y x  y $a $a\n", 0 },
        { "a=1; a=$a$a; a=$a$a; echo $a.$a-$a_ \"$a\"b", "1111.1111- 1111b\n", 0 },
        { "a=1; echo ${a}b \"${a}$a\" ${a ${} ${a-} '${a}' \\${a}", "1b 11 ${a ${} ${a-} ${a} ${a}\n", 0 },
        { "echo \"<$nothing>\"; echo $1 $ $. \"$\"", "<>\n$1 $ $. $\n", 0 },
        { "a=; echo \"<$a>\"", "<>\n", 0 },
        { "false; a=$?; echo $a $?", "1 0\n", 0 },
        { "a=f; echo x > $a; cat < $a; cat f; rm $a", "x\nx\n", 0 },
        { "c=echo; $c a", "a\n", 0 },
        { "a=1; (a=2; echo $a); echo $a", "2\n1\n", 0 },
        { "a=1; a=2 | true; echo $a", "1\n", 0 },
        { "'a'=1", "sh: a=1: not found\n", 127 },
        { "echo a=1", "a=1\n", 0 },
        { "a='*'; echo $a", "*\n", 0 },
        { "a=b=c; echo $a", "b=c\n", 0 },
        { "a=1 b=$a$a c=\"$b $?\" a=2; echo $a, $b, $c", "2, 11, 11 0\n", 0 },
        { "for i in 1 2; do a=$i b=$a; echo $b; a=3 b=$a | cat; done", "1\n2\n", 0 },
    };

    lines_run(lines, COUNT(lines));
}

TEST("sh replaces patterns by the names of files")
{
    static const struct line lines[] = {
        { "touch ab b.q a.q .h; mkdir d e; touch d/x d/y e/x", "", 0 },
        { "echo *", "a.q ab b.q d e\n", 0 },
        { "echo *.q ?.q [a-b].q [b].q [cb]* a* *b*", "a.q b.q a.q b.q a.q b.q b.q b.q a.q ab ab b.q\n", 0 },
        { "echo ** a*q *?q", "a.q ab b.q d e a.q a.q b.q\n", 0 },
        { "echo *a**.*q* *[ab]*?[.]q *.*.q", "a.q *[ab]*?[.]q *.*.q\n", 0 },
        { "touch aaaaaaaaaaaaaa; echo ************************************bz *a*a*a*a*a*a*bz; rm a??????*",
          "************************************bz *a*a*a*a*a*a*bz\n", 0 },
        { "echo '*' \"*.q\" \\* a'*'", "* *.q * a*\n", 0 },
        { "echo none* [x [z] ?", "none* [x [z] d e\n", 0 },
        { "echo .h* .?", ".h .. .h\n", 0 },
        { "echo */x d/* ./d/? */ /lines.d*/*.q",
          "d/x e/x d/x d/y ./d/x ./d/y d/ e/ /lines.dir/a.q /lines.dir/b.q\n", 0 },
        /* Where they are quoted, ] and - are characters. */
        { "echo [d\\]e] [d\"]\"e] [a'-'e] [a\\-e] [a\\]*", "d e d e e e [a]*\n", 0 },
        { "touch ']b' d/x]; echo []a]? [d/x]; rm ']b' d/x]", "]b ab [d/x]\n", 0 },
        { "touch !b; echo [!a-d] [!ab]? [!a]b [!]a]b [!] ![a]b; echo ['!'a]b [\\!]b [a!]b; a=!; echo "
          "[${a}a]b",
          "e !b !b !b [!] ![a]b\n!b ab !b !b ab\n!b ab\n", 0 },
        { "rm !b; a=]; b=-; echo [d${a}e] [a${b}e]; echo [a-e]-", "d e e\n[a-e]-\n", 0 },
        { "a=b; echo $a* \"$a\"?q", "b.q b.q\n", 0 },
        { "a=*; echo $a; echo x > *.none; cat '*.none'; rm *.none", "*\nx\n", 0 },
        { "for f in *.q; do echo $f; done", "a.q\nb.q\n", 0 },
        { "rm d/* e/* *.q ab .h; rm ?; echo *", "*\n", 0 },
    };

    lines_run(lines, COUNT(lines));
}

TEST("sh replaces a pattern in a path of hundreds of directories")
{
    enum { DEPTH = 400 };
    char command[2 * DEPTH + 20] = "echo ?";

    lines_enter();
    for (int i = 0; i < DEPTH; i++) {
        check_eq(mkdir("a"), 0);
        check_eq(chdir("a"), 0);
        strcat(command, i > 0 ? "/a" : "");
    }
    check_eq(chdir("/lines.dir"), 0);
    strcat(command, " | wc");
    check_eq(lines_shell(command), 0);
    check_str(program_output, "1 1 800 \n");
    for (int i = 1; i < DEPTH; i++)
        check_eq(chdir("a"), 0);
    for (int i = 0; i < DEPTH; i++) {
        check_eq(unlink("a"), 0);
        check_eq(chdir(".."), 0);
    }
    check_eq(chdir("/lines.dir"), 0);
    lines_leave();
}

TEST("sh takes the names of files as they are, whatever characters they have")
{
    lines_enter();
    close(open("\4", O_CREATE | O_WRONLY)); /* what sh itself means a * by */
    close(open("a\2b", O_CREATE | O_WRONLY));
    check_eq(lines_shell("echo > kept; for f in ?; do rm $f; done; echo k*"), 0);
    check_str(program_output, "kept\n");
    check_eq(lines_shell("for f in a*; do rm $f; rm k*; done; echo *"), 0);
    check_str(program_output, "*\n");
    lines_leave();
}

TEST("sh has if, while and for")
{
    static const struct line lines[] = {
        { "if true; then echo a; fi", "a\n", 0 },
        { "if false; then echo a; fi", "", 0 },
        { "if false; then echo a; else echo b; fi", "b\n", 0 },
        { "if false; then echo a; elif true; then echo b; else echo c; fi", "b\n", 0 },
        { "if false\nthen echo a\nelif false\nthen echo b\nelse\necho c\nfi", "c\n", 0 },
        { "if true; then false; fi", "", 1 },
        { "if false; then true; elif false; then true; fi; echo $?", "0\n", 0 },
        { "if true; then if false; then echo a; else echo b; fi fi; echo c", "b\nc\n", 0 },
        { "for i in 1 2 3; do echo $i; done", "1\n2\n3\n", 0 },
        { "for i in; do echo $i; done", "", 0 },
        { "for i in a b; do for j in 1 2\ndo echo $i$j; done; done", "a1\na2\nb1\nb2\n", 0 },
        { "n=; while echo \"$n\" | grep -v xxx; do n=x$n; done; echo $n", "\nx\nxx\nxxx\n", 0 },
        { "while false; do echo a; done", "", 0 },
        { "for i in 1 2; do cd /; done; pwd; cd /lines.dir", "/\n", 0 },
        { "for i in 1 2; do echo $i; done | wc", "2 2 4 \n", 0 },
        { "for i in 1 2; do echo $i; done > f; cat f; rm f", "1\n2\n", 0 },
        { "echo a | while true; do cat; exit 3; done", "a\n", 3 },
        { "for i in 1 2 3; do exit $i; done", "", 1 },
        { "for i in 1 2; do echo $i; done & wait", "1\n2\n", 0 },
        { "true && for i in 1; do false; done || echo no", "no\n", 0 },
        { "echo if then fi; 'if'", "if then fi\nsh: if: not found\n", 127 },
        { "for if in if; do echo $if # a comment\ndone", "if\n", 0 },
    };

    lines_run(lines, COUNT(lines));
}

TEST("a loop that runs often needs no more memory")
{
    static const char line[] =
        "a=x; for i in 1 2 3 4 5 6 7 8 9 0; do for j in 1 2 3 4 5 6 7 8 9 0; do "
        "for k in 1 2 3 4 5 6 7 8 9 0; do for l in 1 2 3 4 5 6 7 8 9 0; do a=$i$j$k$l; done; "
        "done; done; done; /ps | /grep 'K *0 sh$' | /grep -v '  [0-9][0-9]*K'";

    check_eq(lines_shell(line), 1);
    check_str(program_output, "");
}

TEST("sh takes long lines and many arguments, and refuses what is too much")
{
    static char command[9000];
    char *p = command + snprintf(command, sizeof(command), "echo ");

    lines_enter();
    memset(p, 'x', 3000);
    strcpy(p + 3000, " | wc");
    check_eq(lines_shell(command), 0);
    check_str(program_output, "1 1 3001 \n");
    p = command + snprintf(command, sizeof(command), "echo");
    for (int i = 0; i < 63; i++)
        p += snprintf(p, 10, " %d", i);
    check_eq(lines_shell(command), 0);
    check_eq(strlen(program_output), 10 * 2 + 53 * 3);
    strcpy(p, " x");
    check_eq(lines_shell(command), 126);
    check_str(program_output, "sh: echo: a command has at most 64 words\n");
    p = command + snprintf(command, sizeof(command), "x=");
    memset(p, 'x', 1015);
    strcpy(p + 1015, "; echo $x$x$x$x'abc'"); /* 6 addresses, 8 bytes for echo, 4,064: all that there is */
    check_eq(lines_shell(command), 0);
    check_eq(strlen(program_output), 4064);
    strcpy(p + 1015, "; echo $x$x$x$x'abcd'");
    check_eq(lines_shell(command), 126);
    check_str(program_output, "sh: echo: the words are too long for a command\n");
    memset(command, '(', 2000);
    command[2000] = 0;
    check_eq(lines_shell(command), 2);
    p = command + snprintf(command, sizeof(command), "if false; then x");
    for (int i = 0; i < 150; i++)
        p += snprintf(p, 30, "; elif false; then x");
    strcpy(p, "; elif true; then echo last; else echo none; fi");
    check_eq(lines_shell(command), 0);
    check_str(program_output, "last\n");
    p = command + snprintf(command, sizeof(command), "false; echo ");
    for (int i = 0; i < 1500; i++)
        p = strcpy(p, "$?") + 2;
    check_eq(lines_shell(command), 0);
    check_eq(strspn(program_output, "1"), 1500);
    check_eq(lines_shell("false; echo \1"), 0);
    check_str(program_output, "\n");
    lines_leave();
}

TEST("sh runs a file of commands")
{
    static const char script[] = "# a script\necho one\nfalse ||\n  echo 'two\nthree'\nexit 9\necho four\n";
    int fd;

    lines_enter();
    fd = open("s", O_CREATE | O_WRONLY);
    check_eq(write(fd, script, strlen(script)), strlen(script));
    close(fd);
    check_eq(lines_shell("sh s"), 9);
    check_str(program_output, "one\ntwo\nthree\n");
    check_eq(lines_shell("sh none"), 127);
    check_eq(lines_shell("sh -x"), 2);
    check_eq(lines_shell("sh < s"), 9);
    check_str(program_output, "one\ntwo\nthree\n"); /* without a prompt, since it is not the console */
    check_eq(lines_shell("sh 0>> s"), 1);
    check_str(program_output, "sh: input: read error\n"); /* the descriptor is for writing alone */
    check_eq(unlink("s"), 0);
    lines_leave();
}

/* Programs. */

TEST("grep finds the lines that match a pattern")
{
    static const struct line lines[] = {
        { "(echo abc; echo bcd; echo cab; echo ab.c) > f", "", 0 },
        { "grep ab f", "abc\ncab\nab.c\n", 0 },
        { "grep ^ab f", "abc\nab.c\n", 0 },
        { "grep 'b$' f", "cab\n", 0 },
        { "grep '^cab$' f", "cab\n", 0 },
        { "grep a.c f", "abc\n", 0 },
        { "grep 'ab\\.c' f", "ab.c\n", 0 },
        { "grep 'ab*c' f", "abc\n", 0 },
        { "grep '^[b-c]' f", "bcd\ncab\n", 0 },
        { "grep '^[^a]*$' f", "bcd\n", 0 },
        { "grep 'x*' f | wc", "4 4 17 \n", 0 },
        { "grep none f", "", 1 },
        { "grep -v a f", "bcd\n", 0 },
        { "grep a none", "grep: none: cannot open\n", 2 },
        { "grep d f f", "f:bcd\nf:bcd\n", 0 },
        { "cat f | grep .*.*.*.*.*.*.*.*.*x", "", 1 },
        { "grep '[a' f", "grep: [ without ]\n", 2 },
        { "grep", "grep: usage: grep [-v] PATTERN [FILE]...\n", 2 },
        { "grep -q a", "grep: -q: unknown option\ngrep: usage: grep [-v] PATTERN [FILE]...\n", 2 },
        { "echo -v | grep -- -v", "-v\n", 0 },
        { "echo -n abc | grep b", "abc\n", 0 },
        { "rm f", "", 0 },
    };

    lines_run(lines, COUNT(lines));
}

TEST("grep prints a line as it is, whatever bytes it has")
{
    char counts[40];

    lines_enter();
    check_eq(lines_shell("(cat /sh; echo) > f; wc < f"), 0);
    snprintf(counts, sizeof(counts), "%s", program_output);
    check_eq(lines_shell("grep '' f > g; wc < g; rm f g"), 0);
    check_str(program_output, counts);
    lines_leave();
}

TEST("cat, wc, ln, rm, mkdir, ls, kill and sleep do what they say, and complain clearly")
{
    static const struct line lines[] = {
        { "echo a > f; cat f f; cat < f", "a\na\na\n", 0 },
        { "echo b | cat f - f", "a\nb\na\n", 0 },
        { "cat none f", "cat: none: cannot open\na\n", 1 },
        { "ln f g; echo c >> g; cat f", "a\nc\n", 0 },
        { "ln f g", "ln: g: cannot link to f\n", 1 },
        { "ln f", "ln: usage: ln OLD NEW\n", 2 },
        { "wc f g", "2 2 4 f\n2 2 4 g\n4 4 8 total\n", 0 },
        { "wc none", "wc: none: cannot open\n", 1 },
        { "rm g none", "rm: none: does not exist\n", 1 },
        { "rm 'a\033[2J\nb'", "rm: a?[2J?b: does not exist\n", 1 }, /* a name does not control the terminal */
        { "mkdir d d", "mkdir: d: exists already\n", 1 },
        { "mkdir none/d", "mkdir: none/d: cannot make the directory\n", 1 },
        { "touch d/a; rm d; rm d/a", "rm: d: cannot remove: a directory must be empty\n", 0 },
        { "ls > l; grep -v '^f  *2 [0-9][0-9]* 4$' l | grep '^f'; rm l", "", 0 },
        { "ls none", "ls: none: cannot open\n", 1 },
        { "echo a 1< f", "echo: write error\n", 1 },
        { "ls 1< f", "ls: write error\n", 1 },
        { "wc f 1< f", "wc: write error\n", 1 },
        { "ps 1< f", "ps: write error\n", 1 },
        { "ksmstat 1< f", "ksmstat: write error\n", 1 },
        { "grep a f 1< f", "grep: write error\n", 2 },
        { "pwd 1< f", "pwd: write error\n", 1 },
        { "hexdump f 1< f", "hexdump: write error\n", 1 },
        { "head f f 1< f", "head: write error\n", 1 },
        { "clear 1< f", "clear: write error\n", 1 },
        { "rm d f", "", 0 },
        { "kill x", "kill: x: not a number\n", 1 },
        { "kill 1", "kill: 1: cannot be ended\n", 1 },
        { "kill 999999", "kill: 999999: no such process\n", 1 },
        { "kill -j 999999 0 -1", "kill: 999999: no such job\nkill: 0: no such job\nkill: -1: no such job\n",
          1 },
        { "kill", "kill: usage: kill PID... | kill -j JOB...\n", 2 },
        { "sleep", "sleep: usage: sleep TICKS\n", 2 },
        { "sleep 1", "", 0 },
        { "halt 300", "halt: usage: halt [STATUS]\n", 2 },
    };

    lines_run(lines, COUNT(lines));
}

TEST("ksmstat and ksmrm take segments by number and by name")
{
    static const struct line lines[] = {
        { "ksmrm t_sh.segment; ksmstat t_sh.segment",
          "ksmstat: 0x21663f54 \"t_sh.segment\": no such segment\n", 1 },
        { "ksmrm 1234567", "", 0 },
        { "ksmrm 1234567", "ksmrm: 0x0012d687: no such segment\n", 1 },
        { "ksmstat -w", "ksmstat: -w: its value is missing\nksmstat: usage: ksmstat [-w TICKS] [ID]...\n",
          2 },
        { "ksmrm", "ksmrm: usage: ksmrm ID...\n", 2 },
    };

    check_positive(ksmget("t_sh.segment", 5000));
    check_positive(ksmget(1234567, 5000));
    check_eq(lines_shell("/ksmstat t_sh.segment | /grep 'bytes 5000'"), 0);
    check_eq(lines_shell("/ksmstat | /grep '^segments [1-9]'"), 0);
    lines_run(lines, COUNT(lines));
}

TEST("ps prints a line for each living process")
{
    check_eq(lines_shell("/ps | /grep '^ *1 *0 *0 sleep.* init$'"), 0);
    check_eq(lines_shell("/ps | /grep t_sh"), 0);
    check_eq(lines_shell("/ps | /grep no-such-name"), 1);
}

TAP_MAIN(NULL)
