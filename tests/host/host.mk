# The host tests: programs of this machine that print TAP, made of portable kernel sources and fakes.
#
#   HOST_TESTS += NAME              becomes $B/host/NAME, and a suite of ./ksm test
#   NAME_SRC    = files.c ...       all sources; default tests/host/NAME.c alone
#   NAME_CFLAGS = -Dx ...           more flags for all of them
#   NAME_LIBS   = -lcmocka ...      libraries
#
# Sources are compiled with -I. -Ikernel -Itests/host -Itests/host/arch, so that kernel/arch.h finds the host's inline.h.

HOST_TESTS += lib
lib_SRC = tests/host/lib.c kernel/lib/format.c kernel/lib/kstring.c kernel/lib/params.c kernel/lib/table.c

HOST_TESTS += mm_mapping mm_pages
mm_mapping_SRC = tests/host/mm_mapping.c kernel/mm/mapping.c
mm_pages_SRC = tests/host/mm_pages.c kernel/mm/page.c kernel/mm/slab.c kernel/mm/inject.c
mm_pages_CFLAGS = -DDEBUG
