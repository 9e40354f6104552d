/* fs.h - under the name that programs for xv6 on RISC-V include. */
#ifndef KERNEL_FS_H
#define KERNEL_FS_H

#include "../../../include/fs.h"

#endif
