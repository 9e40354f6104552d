/* fcntl.h - under the name that programs for xv6 on RISC-V include. */
#ifndef KERNEL_FCNTL_H
#define KERNEL_FCNTL_H

#include "../../../include/fcntl.h"

#endif
