/* memlayout.h - under the name that programs for xv6 on RISC-V include. */
#ifndef KERNEL_MEMLAYOUT_H
#define KERNEL_MEMLAYOUT_H

#include "../../../include/memlayout.h"

#endif
