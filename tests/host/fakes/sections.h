/* sections.h - included before sources whose variables are to lie together, for a test to set back.  clang only. */
#pragma clang section data = "kernel_data" bss = "kernel_bss"
