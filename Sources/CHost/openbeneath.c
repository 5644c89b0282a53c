#define _GNU_SOURCE
#include "openbeneath.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#if defined(__linux__)
#include <sys/syscall.h>

/* The kernel's `struct open_how` and its flags, spelt out because older C libraries lack <linux/openat2.h>. */
struct martlet_open_how {
    uint64_t flags;
    uint64_t mode;
    uint64_t resolve;
};
#define MARTLET_RESOLVE_NO_MAGICLINKS 0x02
#define MARTLET_RESOLVE_NO_SYMLINKS 0x04
#define MARTLET_RESOLVE_BENEATH 0x08
#ifndef SYS_openat2
#define SYS_openat2 437
#endif
#endif

/* Copies the component that starts at `path` into `name` and returns where the next one starts, or NULL when the
   component is empty, `.`, `..` or too long. */
static const char *next_component(const char *path, char name[NAME_MAX + 1]) {
    size_t length = strcspn(path, "/");
    if (length == 0 || length > NAME_MAX) return NULL;
    memcpy(name, path, length);
    name[length] = '\0';
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) return NULL;
    path += length;
    return *path == '/' ? path + 1 : path;
}

int martlet_open_beneath_stepwise(int root, const char *path, int flags, mode_t mode) {
    if (*path == '\0') return -EINVAL;
    int directory = root;
    for (;;) {
        char name[NAME_MAX + 1];
        const char *rest = next_component(path, name);
        int opened = -1;
        int error = EINVAL;
        if (rest != NULL) {
            int step = *rest == '\0' ? flags : O_RDONLY | O_DIRECTORY;
            opened = openat(directory, name, step | O_NOFOLLOW | O_CLOEXEC, mode);
            error = errno;
        }
        if (directory != root) close(directory);
        if (opened < 0) return -error;
        if (*rest == '\0') return opened;
        directory = opened;
        path = rest;
    }
}

int martlet_open_beneath(int root, const char *path, int flags, mode_t mode) {
#if defined(__linux__)
    struct martlet_open_how how;
    memset(&how, 0, sizeof how);
    how.flags = (uint64_t)(unsigned int)(flags | O_CLOEXEC);
    how.mode = (flags & O_CREAT) ? mode : 0;
    how.resolve = MARTLET_RESOLVE_BENEATH | MARTLET_RESOLVE_NO_SYMLINKS | MARTLET_RESOLVE_NO_MAGICLINKS;
    /* EAGAIN means that a rename raced with the lookup; the kernel asks to try again. */
    for (int attempt = 0; attempt < 16; attempt++) {
        long opened = syscall(SYS_openat2, root, path, &how, sizeof how);
        if (opened >= 0) return (int)opened;
        if (errno == ENOSYS || errno == EPERM) return martlet_open_beneath_stepwise(root, path, flags, mode);
        if (errno != EAGAIN && errno != EINTR) return -errno;
    }
    return -EAGAIN;
#else
    return martlet_open_beneath_stepwise(root, path, flags, mode);
#endif
}

int martlet_make_directories_beneath(int root, const char *path, mode_t mode) {
    int directory = openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0) return -errno;
    while (*path != '\0') {
        char name[NAME_MAX + 1];
        const char *rest = next_component(path, name);
        int error = rest == NULL ? EINVAL : 0;
        int created = 0;
        if (!error && mkdirat(directory, name, mode) == 0) created = 1;
        else if (!error && errno != EEXIST) error = errno;
        int child = -1;
        if (!error) {
            child = openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
            if (child < 0) error = errno == ELOOP ? ENOTDIR : errno;
        }
        /* The new name is an entry of its parent: without this a crash could lose it and what is beneath. */
        if (!error && created && fsync(directory) != 0) error = errno;
        close(directory);
        if (error) {
            if (child >= 0) close(child);
            return -error;
        }
        directory = child;
        path = rest;
    }
    return directory;
}
