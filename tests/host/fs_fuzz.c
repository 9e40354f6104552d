/*
 * fs_fuzz.c - the driver as a target of libFuzzer.
 *
 * The kernel's rooms boot once, so between two boots their variables get back the values that they had at first.  The
 * compiler collects them in sections of their own: see fakes/sections.h.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fs_driver.h"
#include "fs_world.h"

extern char __start_kernel_data[], __stop_kernel_data[], __start_kernel_bss[], __stop_kernel_bss[];

static char *first_data;

const char *__asan_default_options(void);
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

/* Images are large: not many of those that were freed are kept. */
const char *__asan_default_options(void) { return "quarantine_size_mb=8"; }

/* Not memcpy(): between the variables lies what the address sanitizer forbids. */
__attribute__((no_sanitize("all"))) static void copy(char *to, const char *from, size_t n)
{
    for (size_t i = 0; i < n; i++)
        ((volatile char *)to)[i] = from ? from[i] : 0;
}

static bool boot_again(uint npages, uint jitter, void (*run)(void *), void *arg)
{
    copy(__start_kernel_data, first_data, __stop_kernel_data - __start_kernel_data);
    copy(__start_kernel_bss, NULL, __stop_kernel_bss - __start_kernel_bss);
    world_boot_here(npages, jitter, run, arg);
    return !world->wrong[0];
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    size_t n = __stop_kernel_data - __start_kernel_data;

    (void)argc;
    (void)argv;
    setvbuf(stdout, NULL, _IOLBF, 0);
    world_init();
    first_data = malloc(n);
    copy(first_data, __start_kernel_data, n);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    if (!fs_driver_run(bytes, n, boot_again))
        abort();
    return 0;
}
