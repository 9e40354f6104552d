# The host tests: programs of this machine that print TAP, made of portable kernel sources and fakes.
#
#   HOST_TESTS += NAME              becomes $B/tests/host/NAME, and a suite of ./ksm test
#   NAME_SRC    = FILE ...          all sources; default tests/host/NAME.c alone
#   NAME_CFLAGS = -Dx ...           more flags for all of them
#   NAME_LIBS   = -lm ...           libraries
#
# Sources are compiled with -I. -Ikernel -Itests -Itests/host -Itests/host/arch, so that kernel/arch.h finds the host's inline.h.

HOST_TESTS += lib
lib_SRC = tests/host/lib.c kernel/base/format.c kernel/base/kstring.c kernel/base/params.c kernel/mm/table.c

HOST_TESTS += mm_mapping mm_pages
mm_mapping_SRC = tests/host/mm_mapping.c kernel/mm/mapping.c
mm_pages_SRC = tests/host/mm_pages.c kernel/mm/page.c kernel/mm/slab.c kernel/mm/inject.c
mm_pages_CFLAGS = -DDEBUG

# The core of shared memory with its floor faked.  DEBUG for the hooks in spin locks, where the fakes let others run.
KSM_CORE = $(patsubst %,kernel/ksm/%.c,attach check holding print registry segment wait) \
           kernel/base/format.c kernel/mm/table.c kernel/mm/mapping.c kernel/sched/lock.c tests/host/ksm_world.c \
           $(patsubst %,tests/host/fakes/%.c,aspace memory park)
HOST_TESTS += ksm_core ksm_wait ksm_check ksm_model
ksm_core_SRC  = $(sort $(wildcard tests/host/ksm_core*.c)) $(KSM_CORE)
ksm_wait_SRC  = tests/host/ksm_wait.c $(KSM_CORE)
ksm_check_SRC = tests/host/ksm_check.c $(KSM_CORE)
ksm_model_SRC = tests/host/ksm_model.c tests/host/ksm_driver.c $(KSM_CORE)
$(foreach t,core wait check model,$(eval ksm_$t_CFLAGS = -DDEBUG))
# The same driver for libFuzzer, which only clang has; tools/measure/fuzz.py runs it.
KSM_FUZZ_SRC = tests/host/ksm_fuzz.c tests/host/ksm_driver.c tests/host/host.c $(KSM_CORE)
$B/fuzz/ksm_fuzz: $(KSM_FUZZ_SRC) $(wildcard kernel/*.h kernel/*/*.h include/*.h tests/host/*.h tests/host/*/*.h)
	@mkdir -p $(@D)
	clang -std=gnu11 -g -O1 $(WARN) -DDEBUG -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined \
	    -I. -Ikernel -Itests -Itests/host -Itests/host/arch -o $@ $(KSM_FUZZ_SRC)

# What the Math Server computes, natively.  The sources use no x87 in the system either.
MATH_SRC = $(patsubst %,user/math/%.c,bignum decimal mathexpr mathfn mathint mathtrig)
HOST_TESTS += math_decimal math_evaluate math_functions
math_decimal_SRC   = tests/host/math_decimal.c $(MATH_SRC)
math_evaluate_SRC  = tests/host/math_evaluate.c $(MATH_SRC)
math_functions_SRC = tests/host/math_functions.c $(MATH_SRC)
$(foreach t,decimal evaluate functions,$(eval math_$t_CFLAGS = -ffp-contract=off)$(eval math_$t_LIBS = -lm))

# One room, several suites.  Threads are coroutines, and memory is one arena: the address sanitizer can't follow either.
FS_WORLD := tests/host/fs_world.c tests/host/fakes/park.c host/fscheck.c host/fsimage.c $(filter-out %/blockio.c,$(wildcard kernel/fs/*.c)) \
            kernel/mm/page.c kernel/mm/slab.c kernel/mm/inject.c kernel/sched/lock.c kernel/base/format.c kernel/base/kstring.c
# The tests do much without looking at how it went.
FS_CFLAGS := -DDEBUG -fno-sanitize=address -Wno-unused-result
HOST_TESTS += fs_files fs_crash fs_corrupt fs_race fs_tools
fs_files_SRC = tests/host/fs_files.c $(FS_WORLD)
fs_crash_SRC = tests/host/fs_crash.c $(FS_WORLD)
fs_corrupt_SRC = tests/host/fs_corrupt.c $(FS_WORLD)
fs_race_SRC = tests/host/fs_race.c $(FS_WORLD)
fs_tools_SRC = tests/host/fs_tools.c $(FS_WORLD)
fs_files_CFLAGS = $(FS_CFLAGS)
fs_crash_CFLAGS = $(FS_CFLAGS)
fs_corrupt_CFLAGS = $(FS_CFLAGS)
fs_race_CFLAGS = $(FS_CFLAGS)
fs_tools_CFLAGS = $(FS_CFLAGS)
$B/tests/host/fs_tools: | $B/host/mkfs $B/host/fsck

# Processors side by side, in every order of their steps, over the real page tables.  No address sanitizer: threads are coroutines.
MM_WORLD := tests/host/mm_world.c $(patsubst %,tests/host/fakes/%.c,orders tlb) kernel/arch/i386/pmap.c \
            $(patsubst %,kernel/mm/%.c,aspace aspace_build inject mapping page region slab)
HOST_TESTS += mm_race
mm_race_SRC = tests/host/mm_race.c tests/host/mm_race_flush.c $(MM_WORLD)
mm_race_CFLAGS = -DDEBUG -DHOST_ORDERS -fno-sanitize=all -include tests/host/fakes/tlb.h -Ikernel/arch/i386
mm_race_LIBS = $(foreach f,page_free page_free_zeroed page_free_chain,-Wl,--wrap=$f)
