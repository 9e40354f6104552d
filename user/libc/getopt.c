/*
 * getopt.c - takes a program's options off its arguments, one by one, as POSIX has it.
 */
#include "ulib.h"

char *optarg;
int optind = 1, opterr = 1, optopt;

static const char *rest; /* letters that follow the last option in its argument; NULL or "": none */
static int after_rest;   /* optind while they are read: the caller may start again before the last one */

static int complain(const char *options, const char *what)
{
    if (opterr && *options != ':')
        warn("-%c: %s", optopt, what);
    return '?';
}

/* Moves to the next letter.  false: the options end here. */
static bool find_letter(int argc, char *const argv[])
{
    if (rest && *rest && optind == after_rest)
        return true;
    if (optind >= argc || !argv[optind] || argv[optind][0] != '-' || !argv[optind][1])
        return false;
    rest = argv[optind++] + 1;
    after_rest = optind;
    return strcmp(rest, "-") != 0; /* -- ends the options, and is none */
}

int getopt(int argc, char *const argv[], const char *options)
{
    const char *option;

    if (!find_letter(argc, argv)) {
        rest = NULL;
        return -1;
    }
    if (strcmp(rest, "-help") == 0) { /* no need to complain: the program says how it is used */
        rest = NULL;
        optopt = '-';
        return '?';
    }
    optopt = (uchar)*rest++;
    option = optopt == ':' ? NULL : strchr(options, optopt);
    if (!option)
        return complain(options, "unknown option");
    if (option[1] != ':')
        return optopt;
    if (!*rest && optind >= argc)
        return *options == ':' ? ':' : complain(options, "its value is missing");
    optarg = *rest ? (char *)rest : argv[optind++];
    rest = NULL;
    return optopt;
}
