/*
 * start.c - the boot processor's way from boot.S to kernel_start(), and powering off.
 *
 * Until there are page tables that can have holes, the boot stack has no guard page.  What lies below it then is
 * kernel_directory; a few words that must still be zeroes afterwards show that it was not reached.
 */
#include "base/kstring.h"
#include "base/power.h"
#include "base/printk.h"
#include "i386_impl.h"
#include "io.h"

/* Powering off by ACPI: the sleep type goes to bits 10 to 12 of the port, with the enable bit.  QEMU's two
   PCs have type 0, and the port at one of two places. */
#define PM1_SLEEP_TYPE_SHIFT 10
#define PM1_SLEEP_ENABLE     (1 << 13)
#define PM1_PORT_QEMU        0x604
#define PM1_PORT_QEMU_OLD    0xB004
#define POWERING_OFF         3000000 /* looks at a port, of 300 ns or more each: by then a machine that can is off */

#define BOOT_CANARY_WORDS 64 /* zeroes at the end of the boot stack that nothing may have touched */

/* On the same stack, from its beginning, where it has a guard page below. */
static void guarded_start(void)
{
    cpu_init(0);
    for (uint i = 0; i < BOOT_CANARY_WORDS; i++)
        if (((uint *)boot_stack)[i])
            panic("the boot stack overflowed");
    acpi_read();
    pic_init();
    pit_init();
    apic_init();
    kernel_start();
}

FROM_ASM void machine_start(uint magic, uint info_pa)
{
    serial_init();
    screen_init();
    multiboot_read(magic, info_pa);
    kstack_init();
    smap_init();
    memory_init();
    stack_call(kstack_top(0), guarded_start);
}

void arch_start_devices(void)
{
    uint was = irq_save();

    if (boot_module.end == boot_module.start)
        ide_start();
    keyboard_start();
    serial_start();
    if (acpi.lapic_pa) {
        apic_start_timer();
        apic_start_watchdog();
    } else {
        pit_start();
    }
    irq_restore(was);
}

void machine_refuse(const char *word, const char *why)
{
    printk("KSM cannot start: %s\n", why);
    printk_to_monitor(); /* there as well: nobody has said yet where messages go */
    printk("KSM cannot start: %s\n", why);
    power_announce(word);
    arch_power_off(EXIT_UNFIT);
}

void arch_power_off(uint code)
{
    watchdog_seconds = 0; /* never: powering off may take its time */
    screen_refresh(true);
    serial_drain();
    port_write8(EXIT_PORT, code);
    if (acpi.pm1a_port)
        port_write16(acpi.pm1a_port, acpi.sleep_type << PM1_SLEEP_TYPE_SHIFT | PM1_SLEEP_ENABLE);
    port_write16(PM1_PORT_QEMU, PM1_SLEEP_ENABLE);
    port_write16(PM1_PORT_QEMU_OLD, PM1_SLEEP_ENABLE);
    for (uint i = 0; i < POWERING_OFF; i++)
        (void)port_read8(EXIT_PORT);
    printk("The system has ended, and this computer can be switched off.\n");
    screen_refresh(true);
    serial_drain();
    for (;;)
        asm volatile("cli; hlt");
}

void arch_stop_others(void)
{
    if (!atomic_cas(&machine_stopping, 0, cpu_self()->index + 1)) {
        for (;;) /* another processor was first */
            asm volatile("cli; hlt");
    }
    if (cpu_count > 1)
        apic_send(0, APIC_SEND_NMI | APIC_SEND_ALL);
}
