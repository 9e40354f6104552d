# What those who know xv6 build and start: the same names in the same places.
#
#   make fs.img          the disk with the programs, in this directory; _NAME are the programs with their symbols
#   make xv6.img         a disk that boots
#   make kernel          the kernel, with kernel.sym and kernel.asm (the directory has its name: $B/kernel.elf)
#   make qemu            QEMU with a window, if there is a display; changes stay in fs.img
#   make qemu-nox        without one; Ctrl-A x ends QEMU, Ctrl-A c is its monitor.  It reads a pipe or a file as well:
#                        `make qemu-nox <FILE` types it, and FILE ends in `halt`
#   make qemu-gdb        the same, stopped at the first instruction; `gdb -x .gdbinit` attaches (docs/debugging.md)
#   make qemu-nox-gdb
#   make qemu-memfs      the disk in memory
#   make print-gdbport
#
# CPUS, MEM (in MB), QEMU, QEMUEXTRA and GDBPORT can be given.

ifndef CPUS
CPUS := 2
endif
MEM ?= 512
ifndef QEMU
QEMU := $(firstword $(shell command -v qemu-system-i386 qemu-system-x86_64) qemu-system-i386)
endif
GDBPORT ?= $(shell expr $$(id -u) % 5000 + 25000)
# For this computer alone: whoever reaches gdb's port can have QEMU run any command.
QEMUGDB = -gdb tcp:127.0.0.1:$(GDBPORT)
# A full disk of the host's is an error for the kernel: without `report', QEMU would stop the machine.
DISK = -drive file=fs.img,index=1,media=disk,format=raw,werror=report
QEMUOPTS = -kernel $B/kernel.elf $(DISK) -smp $(CPUS) -m $(MEM) $(QEMUEXTRA)
# As -nographic, but that the firmware neither writes to the console nor reads it.
NOX = -display none -serial mon:stdio
# A serial port that the kernel has not set up yet loses what is sent to it.
PIPED = $(PYTHON) tools/run/piped.py
WINDOW = $(if $(DISPLAY)$(WAYLAND_DISPLAY),,-display none)

$(UPROGS): _%: $B/elf/%
	$(call say,COPY)if test -f $<; then cp $< $@; fi
fs.img: $B/fs.img $(UPROGS)
	$(call say,COPY)cp $< $@
xv6.img: $B/kernel.elf tools/build/bootdisk.py
	$(call say,GRUB)$(PYTHON) tools/build/bootdisk.py $< $(OBJCOPY) $@

kernel: $B/kernel.elf kernel.sym kernel.asm
kernel.sym: $B/kernel.elf
	$(call say,SYMS)$(OBJDUMP) -t $< | sed -n 's/^\([0-9a-f]\{8\}\) .* /\1 /p' >$@
kernel.asm: $B/kernel.elf
	$(call say,DUMP)$(OBJDUMP) -S $< >$@
kernelmemfs:
	$(error kernelmemfs: the kernel and the disk are not linked into one file here; make qemu-memfs loads both)

qemu: fs.img $B/kernel.elf
	$(PIPED) $(QEMU) $(WINDOW) -serial mon:stdio $(QEMUOPTS)
qemu-nox: fs.img $B/kernel.elf
	$(PIPED) $(QEMU) $(NOX) $(QEMUOPTS)
qemu-memfs: $B/fs.img $B/kernel.elf
	$(PIPED) $(QEMU) $(NOX) -kernel $B/kernel.elf -initrd $B/fs.img -smp $(CPUS) -m $(MEM) $(QEMUEXTRA)

.gdbinit: FORCE
	@printf 'set architecture i386\nsymbol-file %s\ntarget remote 127.0.0.1:%s\nsource tools/gdb/ksm.py\n' \
	    $B/kernel.elf $(GDBPORT) >$@
qemu-gdb: fs.img $B/kernel.elf .gdbinit
	@echo "*** Now run 'gdb'." 1>&2
	$(PIPED) $(QEMU) $(WINDOW) -serial mon:stdio $(QEMUOPTS) -S $(QEMUGDB)
qemu-nox-gdb: fs.img $B/kernel.elf .gdbinit
	@echo "*** Now run 'gdb'." 1>&2
	$(PIPED) $(QEMU) $(NOX) $(QEMUOPTS) -S $(QEMUGDB)
print-gdbport:
	@echo $(GDBPORT)

.PHONY: kernel kernelmemfs qemu qemu-nox qemu-memfs qemu-gdb qemu-nox-gdb print-gdbport
