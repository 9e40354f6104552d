/* stat.h - under the name that programs for xv6 on RISC-V include, with the name that they use for a device. */
#ifndef KERNEL_STAT_H
#define KERNEL_STAT_H

#include "../../../include/stat.h"

#define T_DEVICE T_DEV

#endif
