/* param.h - under the name that programs for xv6 on RISC-V include. */
#ifndef KERNEL_PARAM_H
#define KERNEL_PARAM_H

#include "../../../include/param.h"

#endif
