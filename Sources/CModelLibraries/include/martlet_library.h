// Opening a shared library at run time, so that the binary starts without it.
#ifndef MARTLET_LIBRARY_H
#define MARTLET_LIBRARY_H

#include <stddef.h>

#pragma clang assume_nonnull begin

/// Opens a shared library. Returns NULL and writes the loader's reason (cut to `capacity`) when that fails.
void *_Nullable martlet_library_open(const char *path, char *reason, size_t capacity);

/// The address of a symbol, or NULL.
void *_Nullable martlet_library_symbol(void *library, const char *name);

#pragma clang assume_nonnull end

#endif
