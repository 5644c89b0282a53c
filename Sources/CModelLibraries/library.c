#include "martlet_library.h"

#include <dlfcn.h>
#include <string.h>

void *martlet_library_open(const char *path, char *reason, size_t capacity) {
    // RTLD_LOCAL keeps the libraries' private copies of libgomp and protobuf apart.
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL && capacity > 0) {
        const char *message = dlerror();
        if (message == NULL) message = "unknown reason";
        size_t length = strlen(message);
        if (length >= capacity) length = capacity - 1;
        memcpy(reason, message, length);
        reason[length] = '\0';
    }
    return library;
}

void *martlet_library_symbol(void *library, const char *name) {
    return dlsym(library, name);
}
