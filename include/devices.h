/* devices.h - the device files that init makes; a major number leads from the file to its driver. */
#ifndef DEVICES_H
#define DEVICES_H

#define CONSOLE_MAJOR 1

/* X(name, major) for each; the minor number is 1. */
#define DEVICE_FILES(X) X("console", CONSOLE_MAJOR)

#endif
