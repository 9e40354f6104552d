/*
 * start.c - the boot processor's way from boot.S to kernel_start(), and powering off.
 */
#include "base/kstring.h"
#include "base/power.h"
#include "i386_impl.h"
#include "io.h"

/* Powering off by ACPI: the sleep type goes to bits 10 to 12 of the port, with the enable bit.  QEMU's two
   PCs have type 0, and the port at one of two places. */
#define PM1_SLEEP_TYPE_SHIFT 10
#define PM1_SLEEP_ENABLE     (1 << 13)
#define PM1_PORT_QEMU        0x604
#define PM1_PORT_QEMU_OLD    0xB004

FROM_ASM void machine_start(uint magic, uint info_pa)
{
    serial_init();
    screen_init();
    multiboot_read(magic, info_pa);
    kstack_init();
    memory_init();
    cpu_init(0);
    acpi_read();
    pic_init();
    apic_init();
    stack_call(kstack_top(0), kernel_start);
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

static void say(const char *text)
{
    console_put(text, strlen(text));
    monitor_put(text, strlen(text));
}

void machine_refuse(const char *word, const char *why)
{
    say("KSM cannot start: ");
    say(why);
    say("\n");
    power_announce(word);
    arch_power_off(EXIT_UNFIT);
}

void arch_power_off(uint code)
{
    screen_refresh(true);
    serial_drain();
    port_write8(EXIT_PORT, code);
    if (acpi.pm1a_port)
        port_write16(acpi.pm1a_port, acpi.sleep_type << PM1_SLEEP_TYPE_SHIFT | PM1_SLEEP_ENABLE);
    port_write16(PM1_PORT_QEMU, PM1_SLEEP_ENABLE);
    port_write16(PM1_PORT_QEMU_OLD, PM1_SLEEP_ENABLE);
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
