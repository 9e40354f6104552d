# The host tests: programs of this machine that print TAP, made of portable kernel sources and fakes.
#
#   HOST_TESTS += NAME              becomes $B/host/NAME, and a suite of ./ksm test
#   NAME_SRC    = files.c ...       all sources; default tests/host/NAME.c alone
#   NAME_CFLAGS = -Dx ...           more flags for all of them
#   NAME_LIBS   = -lcmocka ...      libraries
#
# Sources are compiled with -I. -Ikernel -Itests/host -Itests/host/arch, so that kernel/arch.h finds the host's inline.h.
