/* memlayout.h - the one address that programs and kernel agree on. */
#ifndef MEMLAYOUT_H
#define MEMLAYOUT_H

#define KERNBASE 0x80000000u /* user space ends, the kernel half begins */

#endif
