# The host tests: programs of this machine that print TAP, made of portable kernel sources and fakes.
#
#   HOST_TESTS += NAME              becomes $B/tests/host/NAME, and a suite of ./ksm test
#   NAME_SRC    = FILE ...          all sources; default tests/host/NAME.c alone
#   NAME_CFLAGS = -Dx ...           more flags for all of them
#   NAME_LIBS   = -lm ...           libraries
#   NAME_WITH   = OTHER             its flags are those of OTHER, and so are the objects that both have
#
# Sources are compiled with -I. -Ikernel -Itests -Itests/host -Itests/host/arch, so that kernel/arch.h finds the host's
# inline.h.

HOST_TESTS += lib
lib_SRC = tests/host/lib.c kernel/base/format.c kernel/base/kstring.c kernel/base/params.c kernel/mm/table.c

HOST_TESTS += mm_mapping mm_pages
mm_mapping_SRC = tests/host/mm_mapping.c kernel/mm/mapping.c kernel/mm/check.c
mm_mapping_CFLAGS = -DDEBUG
mm_pages_SRC = tests/host/mm_pages.c $(patsubst %,kernel/mm/%.c,page page_debug slab inject) kernel/base/format.c
mm_pages_CFLAGS = -DDEBUG

# course out:
# The core of shared memory with its floor faked.  DEBUG for the hooks in spin locks, where the fakes let others run.
KSM_CORE = $(patsubst %,kernel/ksm/%.c,attach check holding print process registry segment visit wait) \
           $(patsubst %,kernel/base/%.c,format kstring) $(patsubst %,kernel/mm/%.c,mapping pool table) \
           kernel/sched/lock.c tests/host/ksm_world.c \
           $(patsubst %,tests/host/fakes/%.c,aspace events held memory park)
HOST_TESTS += ksm_core ksm_wait ksm_check ksm_model
ksm_core_SRC  = $(sort $(wildcard tests/host/ksm_core*.c)) $(KSM_CORE)
ksm_wait_SRC  = tests/host/ksm_wait.c $(KSM_CORE)
ksm_check_SRC = tests/host/ksm_check.c $(KSM_CORE)
ksm_model_SRC = tests/naive.c $(patsubst %,tests/host/ksm_%.c,model driver sleepers) $(KSM_CORE)
$(foreach t,core wait check model,$(eval ksm_$t_CFLAGS = -DDEBUG)$(eval ksm_$t_WITH = ksm_core))
# The same driver for libFuzzer, which only clang has; tools/measure/fuzz.py runs it.
KSM_FUZZ_SRC = tests/naive.c $(patsubst %,tests/host/%.c,ksm_fuzz ksm_driver ksm_sleepers host) $(KSM_CORE)
FUZZ_HEADERS = $(wildcard kernel/*.h kernel/*/*.h include/*.h host/*.h tests/*.h tests/host/*.h tests/host/*/*.h)
$B/fuzz/ksm_fuzz: $(KSM_FUZZ_SRC) $(FUZZ_HEADERS)
	@mkdir -p $(@D)
	clang -std=gnu11 -g -O1 $(WARN) -DDEBUG -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined \
	    -I. -Ikernel -Itests -Itests/host -Itests/host/arch -o $@ $(KSM_FUZZ_SRC)

# course end
# What the Math Server computes, natively.  The sources use no x87 in the system either.
MATH_SRC = $(patsubst %,user/libc/%.c,bignum decimal_read decimal_write) \
           $(patsubst %,user/math/%.c,mathexpr mathfn mathint mathmessage mathtrig)
HOST_TESTS += math_decimal math_evaluate math_functions
math_decimal_SRC   = tests/host/math_decimal.c $(MATH_SRC)
math_evaluate_SRC  = tests/host/math_evaluate.c $(MATH_SRC)
math_functions_SRC = tests/host/math_functions.c $(MATH_SRC)
$(foreach t,decimal evaluate functions,$(eval math_$t_CFLAGS = -ffp-contract=off -fno-math-errno -iquote user/libc) \
    $(eval math_$t_LIBS = -lm)$(eval math_$t_WITH = math_decimal))

# The programs' library against the host's, whose names it has: in its objects they begin with our_.
HOST_TESTS += libc
LIBC_SRC = $(patsubst %,user/libc/%.c,bignum decimal_read decimal_write format format_double getopt snprintf stdlib \
           string xv6lib)
libc_SRC = tests/host/libc.c $(LIBC_SRC)
LIBC_NAMES = atof atoi bsearch free getopt malloc memchr memcmp memcpy memmove memset optarg opterr optind optopt \
             qsort rand snprintf sprintf srand strcat strchr strcmp strcpy strcspn strdup strlen strncat strncmp \
             strncpy strnlen strpbrk strrchr strspn strstr strtod strtok strtok_r strtol strtoll strtoul strtoull \
             vsnprintf vsprintf
$B/tests/host/obj/libc/user/libc/%.o: user/libc/%.c $B/stamp/host.flags tests/host/host.mk | $(GENERATED)
	@mkdir -p $(@D)
	$(call say,HOST)$(HOSTCC) $(HOST_TEST_CFLAGS) -ffreestanding -fno-builtin -Iuser/libc -Iinclude $(NOTE_HEADERS) \
	    -c -o $@ $<
	@objcopy $(foreach n,$(LIBC_NAMES),--redefine-sym $n=our_$n) $@

# One room, several suites.  Threads are coroutines, and memory is one arena: the address sanitizer can't follow either.
FS_WORLD := tests/host/fs_world.c $(patsubst %,tests/host/fakes/%.c,held park) \
            $(patsubst %,host/%.c,fscheck fsimage fsmend fsmend_super fsmend_tree) \
            $(patsubst $(HOST_TREE)%,%,$(filter-out %/blockio.c,$(wildcard $(HOST_TREE)kernel/fs/*.c))) \
            $(patsubst %,kernel/mm/%.c,page page_debug pool slab inject) kernel/sched/lock.c \
            $(patsubst %,kernel/base/%.c,format kstring)
# The tests do much without looking at how it went.
FS_CFLAGS := -DDEBUG -fno-sanitize=address -Wno-unused-result
HOST_TESTS += fs_files fs_names fs_crash fs_error fs_corrupt fs_mend fs_mutants fs_race fs_tools
fs_files_SRC = tests/host/fs_files.c $(FS_WORLD)
fs_names_SRC = tests/host/fs_names.c $(FS_WORLD)
fs_crash_SRC = tests/host/fs_crash.c tests/host/fs_cut.c $(FS_WORLD)
fs_error_SRC = tests/host/fs_error.c tests/host/fs_cut.c $(FS_WORLD)
fs_corrupt_SRC = tests/host/fs_corrupt.c $(FS_WORLD)
fs_mend_SRC = tests/host/fs_mend.c tests/host/fs_mutant.c $(FS_WORLD)
fs_mutants_SRC = tests/host/fs_mutants.c tests/host/fs_driver.c tests/host/fs_mutant.c $(FS_WORLD)
fs_race_SRC = $(sort $(wildcard tests/host/fs_race*.c)) $(FS_WORLD)
fs_tools_SRC = tests/host/fs_tools.c $(FS_WORLD)
# Not a suite: tools/measure/crash.py runs it.
HOST_TOOLS := fs_replay
fs_replay_SRC = tests/host/fs_replay.c tests/host/fs_cut.c $(FS_WORLD)
$(foreach t,files names crash error corrupt mend mutants race tools replay, \
    $(eval fs_$t_CFLAGS = $(FS_CFLAGS))$(eval fs_$t_WITH = fs_files))
$B/tests/host/fs_tools: | $B/host/mkfs $B/host/fsck

# The same for libFuzzer.  What boots has its variables in sections of their own; the file system and fsck count as
# coverage.
FS_FUZZ_SRC := tests/host/fs_fuzz.c tests/host/fs_driver.c tests/host/fs_mutant.c tests/host/host.c $(FS_WORLD)
FS_FUZZ_FLAGS = -std=gnu11 -g -O1 $(WARN) -Wno-unused-result -DDEBUG \
                -fsanitize=address,undefined -fno-sanitize-recover=undefined \
                -I. -Ikernel -Itests -Itests/host -Itests/host/arch
$B/fuzz/kernel/%: FS_FUZZ_FLAGS += -include tests/host/fakes/sections.h
$B/fuzz/kernel/fs/%.o $B/fuzz/host/%.o: FS_FUZZ_FLAGS += -fsanitize=fuzzer-no-link -fno-sanitize-coverage=trace-cmp
$B/fuzz/%.o: %.c $(FUZZ_HEADERS) tests/host/host.mk
	@mkdir -p $(@D)
	clang $(FS_FUZZ_FLAGS) -c -o $@ $<
$B/fuzz/fs_fuzz: $(FS_FUZZ_SRC:%.c=$B/fuzz/%.o)
	clang $(FS_FUZZ_FLAGS) -fsanitize=fuzzer -o $@ $^

# Processors side by side, in every order of their steps, over the real page tables.  No address sanitizer: threads are
# coroutines.
MM_WORLD := tests/host/mm_world.c $(patsubst %,tests/host/fakes/%.c,held orders tlb) \
            kernel/arch/i386/pmap.c kernel/base/format.c \
            $(patsubst %,kernel/mm/%.c,aspace aspace_build check inject mapping page page_debug region slab)
HOST_TESTS += mm_race
mm_race_SRC = $(sort $(wildcard tests/host/mm_race*.c)) $(MM_WORLD)
mm_race_CFLAGS = -DDEBUG -DHOST_ORDERS -fno-sanitize=all -include tests/host/fakes/tlb.h -Ikernel/arch/i386
mm_race_LIBS = $(foreach f,page_free page_free_zeroed page_free_chain,-Wl,--wrap=$f)

# Processors side by side again, over the real scheduler, whose sched_yield() would get into the sanitizers' way.
HOST_TESTS += waitq
waitq_SRC = tests/host/waitq.c tests/host/waitq_world.c $(patsubst %,kernel/sched/%.c,lock sched thread timer)
waitq_CFLAGS = -DDEBUG -DHOST_ORDERS -fno-sanitize=all
HOST_TESTS += turns
turns_SRC = tests/host/turns.c tests/host/waitq_world.c $(patsubst %,kernel/sched/%.c,lock sched thread timer)
turns_CFLAGS = $(waitq_CFLAGS)

# The feed's thread, and who powers off meanwhile.
HOST_TESTS += watch
watch_SRC = tests/host/watch.c kernel/watch/watch.c kernel/base/format.c kernel/base/kstring.c kernel/base/snapshot.c
watch_CFLAGS = -DKSM_VERSION='"test"' -Wno-int-to-pointer-cast -fno-sanitize=address

# The same once more under the thread sanitizer, which takes the coroutines for threads: see fakes/fiber.h.
# course out: TSAN_TESTS := $(if $(findstring clang,$(HOSTCC))$(COVERAGE),,fs_race mm_race waitq)
TSAN_TESTS := $(if $(findstring clang,$(HOSTCC))$(COVERAGE),,fs_race ksm_wait mm_race waitq)
# course end
define tsan_test
HOST_TESTS += $1_tsan
$1_tsan_SRC = $$($1_SRC) tests/host/fakes/tsan.c
$1_tsan_CFLAGS = $$($1_CFLAGS) -fno-sanitize=all -fsanitize=thread --param tsan-distinguish-volatile=1
$1_tsan_LIBS = $$($1_LIBS)
endef
$(foreach t,$(TSAN_TESTS),$(eval $(call tsan_test,$t)))
