/* ksm_fuzz.c - the driver as a target of libFuzzer. */
#include "ksm_driver.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    driver_run(bytes, n);
    return 0;
}
