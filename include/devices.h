/* devices.h - the device files that init makes, and the major numbers that lead from them to their drivers. */
#ifndef DEVICES_H
#define DEVICES_H

#define CONSOLE_MAJOR 1

/* X(name, major) for each; the minor number is 1. */
#define DEVICE_FILES(X) X("console", CONSOLE_MAJOR)

#endif
