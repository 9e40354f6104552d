/* ansi.c - a program in plain C, by C's own headers: tests/cli/build.py builds it as a user's source. */
#include <assert.h>
#include <ctype.h>
#include <float.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int compare(const void *a, const void *b) { return *(const int *)a - *(const int *)b; }

int main(int argc, char **argv)
{
    int n[] = { 3, 1, 2 };
    char line[80];

    qsort(n, 3, sizeof n[0], compare);
    while (fgets(line, sizeof line, stdin))
        printf("%s=%.3f %d\n", strtok(line, "\n"), strtod(line, NULL) / 3, n[0]);
    fprintf(stderr, "%d %lld %e\n", INT_MAX, (long long)INT64_MAX, DBL_MAX);
    assert(argc == 1);
    exit(isdigit('5') ? EXIT_SUCCESS : 1);
}
