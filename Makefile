# Builds the kernel, the programs, the host tools, the disk image and the host tests.
#
#   make [B=DIRECTORY] [DEBUG=1] [CC=gcc|clang] [TOOLPREFIX=i686-linux-gnu-] [LD=ld.lld] [WERROR=1] [NULL_PAGE=1]
#        [CPUS=N] [V=1]
#
# Without CC, TOOLPREFIX and LD, it takes what it finds: tools/build/toolchain.sh says in which order.
# NULL_PAGE=1 links the programs in this directory as xv6 links its own: address 0 can be read and written.
#
# New source files need no edit here.  Every .c and .S below kernel/ belongs to the kernel.  Every .c in user/bin and in
# this directory becomes a program on the disk image; the .c files of a directory in user/bin become one together.
# Those in tests/guest (t_*.c), tests/hostile and bench go to the tests' image alone; a directory that has such a
# program's name has further parts of it.

# Programs that are built by their names, as a Makefile of xv6's lists them.  A source that is found needs no line here.
UPROGS=\
	_cat\
	_echo\
	_grep\
	_halt\
	_init\
	_kill\
	_ksmcat\
	_ksmchat\
	_ksmrm\
	_ksmstat\
	_ln\
	_ls\
	_man\
	_mathclient\
	_mathdemo\
	_mathpipe\
	_mathserver\
	_mkdir\
	_ps\
	_rm\
	_sh\
	_sleep\
	_wc\

# The first that reads a file by $(file) is 4.2.  macOS has 3.81, which could not even read on.
ifneq ($(filter 3.% 4.0 4.0.% 4.1 4.1.%,$(MAKE_VERSION)),)
$(error this is GNU make $(MAKE_VERSION), which is too old: 4.2 or newer is needed \
    (on macOS: `brew install make', then gmake))
endif

B       ?= build
# Empty, it would be the root directory.
override B := $(or $(strip $(value B)),build)
NOT_IN_NAMES := : ; \# $$ % ' " ` = , * ? [ ] { } ( ) < > | \ & !
$(if $(word 2,$B)$(filter -% ~%,$B)$(strip $(foreach c,$(NOT_IN_NAMES),$(findstring $c,$B))),\
    $(error B=$B: make can't work with such a name))
# Nor may it be where others keep their files, which make would write over, and `make clean' remove.
$(if $(filter build build/%,$(subst $(CURDIR)/,,$(abspath $B))),,\
    $(if $(wildcard $B/* $B/.[!.]*),$(if $(wildcard $B/stamp/),,\
        $(error B=$B: there is something else in that directory))))
DEBUG   ?=
WERROR  ?=
NULL_PAGE ?=
COVERAGE ?=
TOOLPREFIX ?=
PYTHON  ?= python3
V       ?=
# The tree, with a slash, that what runs on this computer is made of: a grader's own, beside a student's.
HOST_TREE ?=
# Compilers note for make which headers they have read.  A grader leaves that out for a student's tree, since make would
# run what is in a header's name.
NOTE_HEADERS ?= -MMD -MP
VERSION := $(file <VERSION)
# 0 is off, as nothing is.
$(foreach v,DEBUG WERROR NULL_PAGE COVERAGE V,$(eval override $v := $(filter-out 0,$($v))))
# Of the variables given on the command line, one that looks like a known one is a mistake.
KNOWN := B DEBUG WERROR NULL_PAGE COVERAGE TOOLPREFIX PYTHON V CC HOSTCC LD AR NM OBJCOPY OBJDUMP CPUS MEM QEMU \
         QEMUEXTRA GDBPORT
GIVEN := $(filter-out $(KNOWN),$(foreach v,$(.VARIABLES),$(if $(filter command,$(firstword $(origin $v))),$v)))
MISTAKE := $(if $(GIVEN),$(shell $(PYTHON) tools/build/similar.py variable '$(KNOWN)' $(GIVEN)))
$(if $(MISTAKE),$(error $(MISTAKE)))
# One short line for each step; the whole commands with V=1.
say = $(if $V$(findstring s,$(firstword -$(MAKEFLAGS))),,@echo '  $1' $(patsubst $B/%,%,$@);)

# What builds the system: CC and LD as they are given, or as they are found.
given = $(if $(filter default undefined,$(origin $1)),,$($1))
GIVEN_CC := $(call given,CC)
HOSTCC  ?= $(if $(findstring clang,$(GIVEN_CC)),$(GIVEN_CC),gcc)
ifneq ($(MAKECMDGOALS),clean)
TOOLCHAIN := $(shell sh tools/build/toolchain.sh '$(GIVEN_CC)' '$(call given,LD)' '$(TOOLPREFIX)' || echo none)
$(if $(filter none,$(TOOLCHAIN)),$(error there is nothing to build the system with))
# A blank inside a value comes as a `|'.
$(foreach t,$(TOOLCHAIN),$(eval override $(subst |, ,$t)))
endif
AR      := $(TOOLS)ar
NM      := $(TOOLS)nm
OBJCOPY := $(TOOLS)objcopy
OBJDUMP := $(TOOLS)objdump
CLANG   := $(findstring clang,$(CC))

.DELETE_ON_ERROR:
.SUFFIXES:
.SECONDARY:

# Flags.

WARN := -Wall -Wextra $(if $(WERROR),-Werror)

# What both halves of the 32-bit system share.  It undoes what some distributions' compilers add by themselves.
CFLAGS32 := $(M32) -include tools/build/first.h -march=i686 -std=gnu11 -ffreestanding -fno-pie -fno-common \
            -fno-strict-aliasing -fcf-protection=none $(if $(CLANG),,-fno-stack-clash-protection) \
            -fno-asynchronous-unwind-tables -fno-omit-frame-pointer -U_FORTIFY_SOURCE -O2 -g

# The compiler's own headers, which need no system, and no others of the host.
FREESTANDING := -nostdinc -isystem $(shell $(CC) -print-file-name=include)
# Headers that sources from elsewhere include, and that programs here can't have: each gets a file that says so.
NO_HEADERS := complex.h dirent.h errno.h fenv.h inttypes.h locale.h math.h pthread.h semaphore.h setjmp.h signal.h \
              strings.h tgmath.h threads.h time.h uchar.h wchar.h wctype.h \
              $(addprefix sys/,ioctl.h ipc.h mman.h sem.h shm.h stat.h time.h types.h wait.h)
KERNEL_HEADERS := asm.h buf.h defs.h file.h kbd.h mp.h proc.h sleeplock.h spinlock.h \
              $(addprefix kernel/,buf.h defs.h file.h proc.h sleeplock.h spinlock.h virtio.h)

# Address 0 is a place like others in the programs of xv6, so pointers to it are moved on.
UBSAN := -fsanitize=undefined -fno-sanitize=pointer-overflow \
         $(if $(CLANG),-fsanitize-trap=undefined,-fsanitize-undefined-trap-on-error)
HARDEN := -DDEBUG -fstack-protector-strong -mstack-protector-guard=global $(UBSAN)

# Arguments in registers, a stack aligned to words and no frame pointers save a sixth of a short system call's
# instructions.  Back-traces go by the debugging information: see tools/build/ksyms.py.
CONVENTION := -mregparm=3 -mtune=generic -fomit-frame-pointer \
              $(if $(CLANG),-mstack-alignment=4,-mpreferred-stack-boundary=2)
KERNEL_CFLAGS := $(CFLAGS32) $(FREESTANDING) $(CONVENTION) $(WARN) -mgeneral-regs-only \
                 $(if $(DEBUG),$(HARDEN),-fno-stack-protector) -DKSM_VERSION='"$(VERSION)"' \
                 -I. -Ikernel -Ikernel/arch/i386 -I$B/gen

# Sources for xv6 were written for older compilers: what has become an error since then stays a warning.
LENIENT := -Wno-error=implicit-function-declaration -Wno-error=implicit-int -Wno-error=int-conversion \
           -Wno-error=incompatible-pointer-types -Wno-error=return-type \
           $(if $(shell echo | $(CC) -Wno-error=return-mismatch -x c -fsyntax-only - 2>&1),,-Wno-error=return-mismatch)
# Programs that do not compute with doubles do not use the vector registers, which take time to switch.
USER_CFLAGS := $(CFLAGS32) $(FREESTANDING) -fno-builtin -fno-stack-protector \
               -msse2 -mfpmath=sse -ffp-contract=off -fno-math-errno \
               -fno-tree-vectorize -fno-tree-slp-vectorize $(if $(CLANG),-mno-implicit-float,-mno-stv) \
               -Iuser/libc -Iuser/ksm -Iuser/math -Iuser/xv6 -Iinclude -I$B/gen/include \
               -idirafter $B/gen/missing

# One of xv6's programs has its own printf(): then the header leaves it out.  What begins with a type is no call.
own_printf = $(if $(shell grep -E '^([A-Za-z_]+[ *]+)*printf *.(int|char|const) ' $<),-DOWN_PRINTF)

# Programs in this directory: students' and graders'.  They may use address 0, if NULL_PAGE=1 links them so.
TOP_CFLAGS := $(USER_CFLAGS) -Wall -Wextra -Wno-unused-parameter -fno-delete-null-pointer-checks $(LENIENT)

HOST_CFLAGS := -std=gnu11 -O2 -g $(WARN) -I$(or $(HOST_TREE),.)

LDFLAGS := -m elf_i386 -nostdlib -static -z noexecstack \
           $(if $(shell $(LD) --help 2>/dev/null | grep -e --no-warn-rwx-segments),--no-warn-rwx-segments)

# Sources.

KERNEL_SRC  := $(sort $(wildcard $(addprefix kernel/,*.c *.S */*.c */*.S */*/*.c */*/*.S)))
LIB_SRC     := $(sort $(wildcard $(addprefix user/,$(addsuffix /*.c,libc ksm math) libc/*.S)))
FOUND       := $(shell $(PYTHON) tools/build/programs.py . user/bin)
USER_SRC    := $(sort $(filter-out !,$(FOUND)))
# The programs of several files.
PROGRAM_DIR := $(patsubst user/bin/%/,%,$(filter-out user/bin/,$(dir $(filter user/bin/%,$(USER_SRC)))))
TEST_SRC    := $(sort $(wildcard tests/guest/t_*.c tests/hostile/*.c bench/*.c bench/*.S bench/vendor/*.c))
PROGRAM_SRC := $(USER_SRC) $(TEST_SRC)
TEST_LIB    := $(filter-out tests/guest/t_%,$(sort $(wildcard tests/*.c tests/guest/*.c))) # linked to each t_*
SHARE       := $(sort $(wildcard share/*))
PAGES       := $(sort $(wildcard docs/man/*.[1-9]))
# Follows the build of a part of a program: if it fails, the part is missing, and the next make tries again.
or_missing = || rm -f $@
# Without it, the disk has no man pages.
MANDOC      := $(shell command -v mandoc)

KERNEL_OBJ := $(addprefix $B/,$(addsuffix .o,$(basename $(KERNEL_SRC))))
LIB_OBJ    := $(addprefix $B/,$(addsuffix .o,$(basename $(LIB_SRC)))) $B/gen/usys.o
TEST_LIB_OBJ := $(addprefix $B/,$(addsuffix .o,$(basename $(TEST_LIB))))
USER_PROGRAMS := $(sort $(notdir $(basename $(USER_SRC))) $(patsubst _%,%,$(UPROGS)))
PROGRAMS   := $(sort $(notdir $(basename $(TEST_SRC))) $(USER_PROGRAMS))
USER_BIN   := $(addprefix $B/bin/,$(USER_PROGRAMS))
BIN        := $(addprefix $B/bin/,$(PROGRAMS))
# What man reads: docs/man/read.2 becomes share/man/2/read.
man_page    = $B/share/man/$(patsubst .%,%,$(suffix $1))/$(basename $(notdir $1))
MAN        := $(if $(MANDOC),$B/share/man/index $(foreach p,$(PAGES),$(call man_page,$p)))
GENERATED  := $B/gen/include/syscall.h $B/gen/syscalls.inc $B/gen/usys.S $B/gen/missing/.made

# A program that does not build is left out of the disks: then `make system` succeeds all the same, and `make` fails.
all: system $B/stamp/whole
$B/stamp/whole: $(BIN) $(if $(filter !,$(FOUND)),left-out)
	@ls $^ >/dev/null 2>&1 && touch $@
left-out:
	@false
system: boot $B/tests.img
# What a run without the tests needs.
boot: $B/kernel.elf $B/fs.img $B/host/fsck

# A change of flags, and a source that was added or removed, remake what depends on them: these files hold what was
# used.
define stamp # name, content, what to say when it changes
ifneq ($$(strip $$(file <$B/stamp/$1)),$$(strip $2))
$$(shell mkdir -p $$(dir $B/stamp/$1)$(if $3,; echo '$3' >&2))
$$(file >$B/stamp/$1,$$(strip $2))
endif
endef
ifneq ($(MAKECMDGOALS),clean)
$(eval $(call stamp,tools,$(TOOLCHAIN),building with $(CC) $(M32) and $(LD)))
$(eval $(call stamp,kernel.flags,$(CC) $(KERNEL_CFLAGS) $(LDFLAGS)))
$(eval $(call stamp,user.flags,$(CC) $(TOP_CFLAGS) $(WARN) $(LDFLAGS) $(DEBUG)))
$(eval $(call stamp,host.flags,$(HOSTCC) $(HOST_CFLAGS) $(COVERAGE)))
$(eval $(call stamp,kernel.list,$(KERNEL_OBJ)))
$(eval $(call stamp,lib.list,$(LIB_OBJ)))
$(eval $(call stamp,man.list,$(PAGES)))
$(eval $(call stamp,image.list,$(PROGRAM_SRC) $(SHARE) $(MAN)))
endif

# Generated files.

# A pattern rule makes its targets all at once; the stem is "gen".
$B/%/include/syscall.h $B/%/syscalls.inc $B/%/usys.S: include/syscall.tbl tools/build/syscalls.py
	@mkdir -p $B/gen/include
	$(call say,GEN )$(PYTHON) tools/build/syscalls.py include/syscall.tbl $B/gen

$B/gen/missing/.made: Makefile
	@mkdir -p $(@D)/sys $(@D)/kernel
	@for h in $(NO_HEADERS); do \
	    echo "#error \"$$h does not exist here: man 3 intro lists the headers that do\"" >$(@D)/$$h; done
	@for h in $(KERNEL_HEADERS); do \
	    echo "#error \"$$h belongs to the kernel: a program includes user.h\"" >$(@D)/$$h; done
	@touch $@

# Kernel.

$(KERNEL_OBJ): $B/stamp/kernel.flags | $(GENERATED)

$B/kernel/%.o: kernel/%.c
	@mkdir -p $(@D)
	$(call say,CC  )$(CC) $(KERNEL_CFLAGS) $(NOTE_HEADERS) -c -o $@ $<
$B/kernel/%.o: kernel/%.S
	@mkdir -p $(@D)
	$(call say,CC  )$(CC) $(KERNEL_CFLAGS) $(NOTE_HEADERS) -c -o $@ $<

# Linked twice: the second time with the names of its functions, for back-traces.
$B/kernel.first: kernel/kernel.ld $(KERNEL_OBJ) $B/stamp/kernel.list
	$(call say,LD  )$(LD) $(LDFLAGS) -T kernel/kernel.ld -o $@ $(KERNEL_OBJ)
$B/symbols.S: $B/kernel.first tools/build/ksyms.py
	$(call say,GEN )$(PYTHON) tools/build/ksyms.py $< $(NM) >$@
$B/symbols.o: $B/symbols.S
	$(call say,CC  )$(CC) $(M32) -c -o $@ $<
$B/kernel.elf: kernel/kernel.ld $(KERNEL_OBJ) $B/symbols.o
	$(call say,LD  )$(LD) $(LDFLAGS) -T kernel/kernel.ld -o $@ $(KERNEL_OBJ) $B/symbols.o

# Programs.

$(LIB_OBJ): $B/stamp/user.flags | $(GENERATED)

$(patsubst %.c,$B/%.o,$(filter %.c,$(LIB_SRC))): $B/user/%.o: user/%.c
	@mkdir -p $(@D)
	$(call say,CC  )$(CC) $(USER_CFLAGS) $(if $(DEBUG),-DDEBUG) $(WARN) $(NOTE_HEADERS) -c -o $@ $<
$B/user/libc/%.o: user/libc/%.S
	@mkdir -p $(@D)
	$(call say,CC  )$(CC) $(USER_CFLAGS) $(NOTE_HEADERS) -c -o $@ $<
$B/gen/usys.o: $B/gen/usys.S
	$(call say,CC  )$(CC) $(USER_CFLAGS) $(NOTE_HEADERS) -c -o $@ $<

$B/libuser.a: $(LIB_OBJ) $B/stamp/lib.list
	@rm -f $@
	$(call say,AR  )$(AR) rcs $@ $(LIB_OBJ)

$B/user/bin/%.o: user/bin/%.c $B/stamp/user.flags | $(GENERATED)
	@mkdir -p $(@D)
	$(call say,CC  )$(CC) $(USER_CFLAGS) $(WARN) $(if $(WERROR),,$(LENIENT)) $(own_printf) $(NOTE_HEADERS) -c -o $@ $< \
	    $(or_missing)
$B/tests/%.o: tests/%.c $B/stamp/user.flags | $(GENERATED)
	@mkdir -p $(@D)
	$(call say,CC  )$(CC) $(USER_CFLAGS) -Itests -Itests/guest $(WARN) $(NOTE_HEADERS) -c -o $@ $<
$B/bench/%.o: bench/%.c $B/stamp/user.flags | $(GENERATED)
	@mkdir -p $(@D)
	$(call say,CC  )$(CC) $(USER_CFLAGS) $(WARN) $(NOTE_HEADERS) -c -o $@ $<
# Somebody else's source, which is not ours to change: see bench/vendor/NOTICE.
$B/bench/vendor/%.o: bench/vendor/%.c $B/stamp/user.flags | $(GENERATED)
	@mkdir -p $(@D)
	$(call say,CC  )$(CC) $(USER_CFLAGS) -DHAVE_KSM -w $(NOTE_HEADERS) -c -o $@ $<
$B/bench/%.o: bench/%.S $B/stamp/user.flags
	@mkdir -p $(@D)
	$(call say,CC  )$(CC) $(USER_CFLAGS) $(NOTE_HEADERS) -c -o $@ $<
$B/top/%.o: %.c $B/stamp/user.flags | $(GENERATED)
	@mkdir -p $(@D)
	$(call say,CC  )$(CC) $(TOP_CFLAGS) $(own_printf) $(NOTE_HEADERS) -c -o $@ $< $(or_missing)

# A source in this directory takes precedence over one of the same name elsewhere.
program_source = $(firstword $(filter $1.c %/$1.c %/$1.S,$(filter-out user/%,$(USER_SRC)) $(PROGRAM_SRC)))
program_object = $(if $(findstring /,$(call program_source,$1)),$B/$(basename $(call program_source,$1)).o,$B/top/$1.o)
# A program can define functions of the library itself: the linker takes its own.
define program # name, further objects
$(if $(filter clean,$(MAKECMDGOALS)),,$(call stamp,source/$1,$(call program_object,$1) $(call layout,$1)))
$B/elf/$1: $(call program_object,$1) $B/libuser.a user/user.ld $B/stamp/source/$1 $2
	@mkdir -p $$(@D)
	$$(call say,LD  )test -f $$< && $$(LD) $$(LDFLAGS) $(if $2,,-z muldefs) $(call layout,$1) -e _start -u _start -o $$@ \
	    $$(filter %.o,$$^) $B/libuser.a $$(or_missing)
endef
layout = $(if $(and $(NULL_PAGE),$(filter $B/top/%,$(call program_object,$1))),-N -Ttext 0,-T user/user.ld)
further_objects = $(if $(filter t_%,$1),$(TEST_LIB_OBJ),$(if $(filter user/bin/$1/%,$(call program_source,$1)),\
                  $(patsubst %.c,$B/%.o,$(filter-out user/bin/$1/$1.c,$(wildcard user/bin/$1/*.c))))) \
                  $(patsubst %.c,$B/%.o,$(wildcard tests/hostile/$1/*.c tests/guest/$1/*.c))
$(foreach p,$(PROGRAMS),$(eval $(call program,$p,$(strip $(call further_objects,$p)))))

# elf/ keeps the symbols for the debugger; bin/ is for the image.
$B/bin/%: $B/elf/%
	@mkdir -p $(@D)
	$(call say,COPY)test -f $< && $(OBJCOPY) -S $< $@ $(or_missing)

# Host tools and the disk image.

$B/host/%.o: $(HOST_TREE)host/%.c $B/stamp/host.flags
	@mkdir -p $(@D)
	$(call say,HOST)$(HOSTCC) $(HOST_CFLAGS) $(NOTE_HEADERS) -c -o $@ $<
$B/host/mkfs: $B/host/mkfs.o $B/host/fsimage.o $B/host/imagefile.o
$B/host/fsck: $(patsubst %,$B/host/%.o,fsck fscheck fsmend fsmend_super fsmend_tree fsimage imagefile)
$B/host/mkfs $B/host/fsck:
	$(call say,HOST)$(HOSTCC) $(HOST_CFLAGS) -o $@ $^

# All man pages at once; the index, which is written last, stands for them.
$B/share/man/index: $(PAGES) include/syscall.tbl tools/build/manpages.py $B/stamp/man.list
	$(call say,MAN )$(PYTHON) tools/build/manpages.py $(MANDOC) include/syscall.tbl $(@D) $(PAGES)

# The user's image, and one that has the tests and benchmarks as well.
$B/fs.img $B/tests.img: $B/host/mkfs README.md $(SHARE) $(firstword $(MAN)) $B/stamp/image.list
$B/fs.img: $(USER_BIN)
$B/tests.img: $(BIN)
$B/fs.img $B/tests.img:
	$(call say,MKFS)$B/host/mkfs $@ `ls $(filter $B/bin/%,$^) 2>/dev/null` README.md=README \
	    $(foreach f,$(SHARE),$f=$f) $(foreach f,$(MAN),$f=$(f:$B/%=%))
	@for p in $(notdir $(filter $B/bin/%,$^)); do \
	    test -f $B/bin/$$p || echo "$(@F): without $$p, which did not build" >&2; \
	done

# Host tests.

HOST_TESTS :=
include tests/host/host.mk

# gcc includes its sanitizers; clang's are a separate package.
SANITIZE := $(if $(findstring clang,$(HOSTCC))$(COVERAGE),,-fsanitize=address,undefined -fno-sanitize-recover=all)
HOST_TEST_CFLAGS := $(HOST_CFLAGS) $(if $(COVERAGE),--coverage -O0,$(SANITIZE)) \
                    $(addprefix -I$(HOST_TREE),kernel tests tests/host tests/host/arch) -I$B/gen

# Tests with the same flags share their objects, below the name of one of them.
host_group = $(or $($1_WITH),$1)
host_objects = $(patsubst %.c,$B/tests/host/obj/$(host_group)/%.o,$(or $($1_SRC),tests/host/$1.c) tests/host/host.c)
define host_group_rule
$B/tests/host/obj/$1/%.o: $(HOST_TREE)%.c $B/stamp/host.flags tests/host/host.mk | $(GENERATED)
	@mkdir -p $$(@D)
	$$(call say,HOST)$$(HOSTCC) $$(HOST_TEST_CFLAGS) $$($1_CFLAGS) $(NOTE_HEADERS) -c -o $$@ $$<
endef
define host_test
$B/tests/host/$1: $(host_objects)
	$$(call say,HOST)$$(HOSTCC) $$(HOST_TEST_CFLAGS) $$($1_CFLAGS) -o $$@ $$^ $$($1_LIBS)
endef
HOST_BINARIES := $(HOST_TESTS) $(HOST_TOOLS)
$(foreach g,$(sort $(foreach t,$(HOST_BINARIES),$(call host_group,$t))),$(eval $(call host_group_rule,$g)))
$(foreach t,$(HOST_BINARIES),$(eval $(call host_test,$t)))
-include $(sort $(foreach t,$(HOST_BINARIES),$(patsubst %.o,%.d,$(call host_objects,$t))))

list-host-tests:
	@echo $(HOST_TESTS)

host-tests: $(addprefix $B/tests/host/,$(HOST_BINARIES)) $B/foreign.img

# What the tests of tests/cli use.
cli-tests: all $(addprefix $B/tests/host/,$(HOST_TOOLS)) $B/foreign.img

# A foreign system: programs linked as xv6's are, on an image that xv6 could have made, with files of up to 140 blocks.

FOREIGN := $(sort $(basename $(notdir $(wildcard tests/foreign/*.c))))

FOREIGN_LAYOUT = -N -Ttext 0
$B/foreign/course: FOREIGN_LAYOUT = -n -Ttext 0x1000 --section-start=.rodata=0x4000 -Tdata 0x8000
$B/foreign/%.o: tests/foreign/%.c tests/foreign/foreign.h $(wildcard tests/*.h) $B/stamp/user.flags
	@mkdir -p $(@D)
	$(call say,CC  )$(CC) $(CFLAGS32) $(WARN) -Os -Itests -Iinclude -fno-builtin -fno-stack-protector -c -o $@ $<
$B/foreign/%: $B/foreign/%.o
	$(call say,LD  )$(LD) $(LDFLAGS) -s -e main $(FOREIGN_LAYOUT) -o $@ $<
$B/foreign.img: $B/host/mkfs $(addprefix $B/foreign/,$(FOREIGN))
	$(call say,MKFS)$B/host/mkfs --xv6 $@ $(addprefix $B/foreign/,$(FOREIGN))

# Measuring.

$B/empty.elf: bench/empty/empty.S
	@mkdir -p $(@D)
	$(call say,CC  )$(CC) $(M32) -c -o $(@:.elf=.o) $<
	$(call say,LD  )$(LD) $(LDFLAGS) -Ttext=0x100000 -o $@ $(@:.elf=.o)

bench-host: $B/empty.elf

include tools/build/xv6.mk

programs: $(BIN)

# The documents as a web site and on paper.

docs:
	$(call say,GEN )$(PYTHON) tools/build/documents.py build/docs

# For editors and analysers.

compile_commands.json: FORCE
	$(call say,GEN )$(PYTHON) tools/build/compile_commands.py '$(MAKE)' B=$B CC='$(CC)' DEBUG=$(DEBUG) >$@
FORCE:

clean:
	rm -rf $B fs.img xv6.img kernel.sym kernel.asm .gdbinit compile_commands.json $(UPROGS)

-include $(KERNEL_OBJ:.o=.d) $(LIB_OBJ:.o=.d) $(TEST_LIB_OBJ:.o=.d) \
         $(foreach p,$(PROGRAMS),$(patsubst %.o,%.d,$(call program_object,$p))) \
         $(wildcard $B/host/*.d $B/user/bin/*/*.d)

.PHONY: all system boot left-out programs clean docs host-tests cli-tests list-host-tests bench-host
