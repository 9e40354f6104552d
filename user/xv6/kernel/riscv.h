/* riscv.h - of what programs for xv6 on RISC-V find under this name, all that has a meaning here: the page. */
#ifndef KERNEL_RISCV_H
#define KERNEL_RISCV_H

#include "../mmu.h"

#endif
