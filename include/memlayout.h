/* memlayout.h - the one address on which programs and the kernel agree. */
#ifndef MEMLAYOUT_H
#define MEMLAYOUT_H

#define KERNBASE 0x80000000u /* user space ends, the kernel half begins */

#endif
