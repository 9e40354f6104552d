/* types.h - the short names of types that programs for xv6 use. */
#ifndef TYPES_H
#define TYPES_H

typedef unsigned int uint;
typedef unsigned short ushort;
typedef unsigned char uchar;
typedef uint pde_t; /* an entry of a page directory */

#endif
