/* sections.h - included before sources whose variables are to lie together, so that a test can set them back.  clang only. */
#pragma clang section data = "kernel_data" bss = "kernel_bss"
