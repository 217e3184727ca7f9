// Files that are read through the memory they are mapped to. A file that another program cuts short while it is mapped
// has pages without bytes: to read one is SIGBUS. Here that becomes a sentence that names the file, and an exit status.
#ifndef CMAPPEDFILES_H
#define CMAPPEDFILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// From now on a read beyond the end of a mapped file writes its sentence to standard error and ends the program with
/// `status`. Every other SIGBUS goes to the handler that was there before. To be called once, before any other handler
/// of SIGBUS that gives way to an earlier one.
void cmf_end_on_shrinking(int32_t status);

/// Maps `size` bytes of an open file for reading; NULL with `errno` where that fails. `sentence` is copied.
const void *cmf_map(int32_t descriptor, size_t size, const char *sentence);

/// Ends a mapping.
void cmf_unmap(const void *base, size_t size);

#endif
