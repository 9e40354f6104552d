#!/bin/sh
# toolchain - finds what makes 32-bit x86 code here: ELF, for no operating system.
#
# usage: toolchain.sh CC LD PREFIX      each may be empty, and is then looked for
#
# Prints one line of assignments for the Makefile.  If there is no such compiler, it says so, with status 1.
set -u

given_cc=${1-} given_ld=${2-} given_prefix=${3-}

fail() {
    echo "$*" >&2
    exit 1
}

# A compiler may be several words, such as `ccache gcc'.
compiles() { # COMPILER FLAG
    # shellcheck disable=SC2086
    $1 "$2" -ffreestanding -nostdinc -S -x c -o - - >/dev/null 2>&1 <<'END'
#if !__i386__ || __APPLE__ || _WIN32
#error another machine
#endif
END
}

links() { # LINKER
    case $($1 -V 2>/dev/null) in *elf_i386* | *LLD*) return 0 ;; esac
    return 1
}

flag_of() { # COMPILER
    case $1 in *clang*) echo --target=i386-unknown-elf ;; *) echo -m32 ;; esac
}

linker_for() { # COMPILER PREFIX
    if [ -n "$given_ld" ]; then
        echo "$given_ld"
    elif links "$2ld" || ! links ld.lld; then
        echo "$2ld"
    else
        echo ld.lld
    fi
}

# found COMPILER PREFIX: prints it, with the linker and the tools beside it.
found() {
    ld=$(linker_for "$1" "$2")
    links "$ld" || return 1
    if [ -n "$2" ] || links ld || ! command -v llvm-objcopy >/dev/null 2>&1; then
        tools=$2
    else
        tools=llvm-
    fi
    # Blanks inside a value are kept from make, which divides words at them.
    printf 'CC:=%s M32:=%s LD:=%s TOOLS:=%s\n' "$(echo "$1" | tr ' ' '|')" "$(flag_of "$1")" "$ld" "$tools"
    exit 0
}

if [ -n "$given_cc" ]; then
    compiles "$given_cc" "$(flag_of "$given_cc")" || fail "CC=$given_cc does not make 32-bit x86 code"
    found "$given_cc" "$given_prefix"
    fail "LD=$(linker_for "$given_cc" "$given_prefix") does not link 32-bit x86 code"
fi
if [ -n "$given_prefix" ]; then
    compiles "${given_prefix}gcc" -m32 ||
        fail "TOOLPREFIX=$given_prefix: ${given_prefix}gcc does not make 32-bit x86 code"
    found "${given_prefix}gcc" "$given_prefix"
    fail "LD=$(linker_for "${given_prefix}gcc" "$given_prefix") does not link 32-bit x86 code"
fi
for prefix in i686-linux-gnu- i386-elf- i686-elf- x86_64-elf- ''; do
    compiles "${prefix}gcc" -m32 && found "${prefix}gcc" "$prefix"
done
compiles clang "$(flag_of clang)" && found clang ''
fail "nothing here makes 32-bit x86 code: gcc, if there is one, refuses -m32.  Install gcc-i686-linux-gnu (Debian," \
    "Ubuntu), i686-elf-gcc (Homebrew), or clang with lld and llvm"
