/* tinyu - a program of the library's that ends at once: what crt0 and the loader cost over `tiny`. */
#include "types.h"
#include "user.h"

int main(void) { exit(); }
