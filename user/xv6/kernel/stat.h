/* stat.h - under the name that programs for xv6 on RISC-V include. */
#ifndef KERNEL_STAT_H
#define KERNEL_STAT_H

#include "../../../include/stat.h"

#endif
