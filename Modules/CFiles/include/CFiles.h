// What files need of C: a mapping that another program cuts short, and a half-written file that a signal must remove.
#ifndef CFILES_H
#define CFILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// From now on a read beyond the end of a mapped file (SIGBUS) writes its sentence to standard error and ends the program
/// with `status`. Every other SIGBUS goes to the handler that was there before. To be called once, before any other
/// handler of SIGBUS that gives way to an earlier one.
void cf_end_on_shrinking(int32_t status);

/// Maps `size` bytes of an open file for reading; NULL with `errno` where that fails. `sentence` is copied.
const void *cf_map(int32_t descriptor, size_t size, const char *sentence);

/// Ends a mapping.
void cf_unmap(const void *base, size_t size);

/// From now on SIGINT, SIGTERM, SIGHUP and SIGQUIT remove a file and end the program with 128 + the signal's number,
/// but for those of them that are ignored. Several files may wait so at a time; the result names this one, and is
/// negative where there is no room for more.
int32_t cf_remove_on_end(const char *path);

/// The file may stay; signals do what they did before.
void cf_keep(int32_t file);

#endif
