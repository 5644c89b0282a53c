#define _GNU_SOURCE
#include "tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { deepest = 100 };

static int add_up(int directory, dev_t device, int depth, uint64_t most, struct martlet_tree *tree) {
    if (depth > deepest) {
        close(directory);
        return -ELOOP;
    }
    DIR *stream = fdopendir(directory);
    if (!stream) {
        close(directory);
        return -errno;
    }
    int result = 0;
    struct dirent *entry;
    while (result == 0 && (entry = readdir(stream))) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        struct stat status;
        /* What has gone since is not counted. */
        if (fstatat(directory, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) < 0) continue;
        if (++tree->entries > most) {
            result = -EOVERFLOW;
            break;
        }
        uint64_t bytes = (uint64_t)status.st_blocks * 512u;
        tree->bytes += !S_ISDIR(status.st_mode) && status.st_nlink > 1 ? bytes / status.st_nlink : bytes;
        if (!S_ISDIR(status.st_mode) || status.st_dev != device) continue;
        int below = openat(directory, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (below >= 0) result = add_up(below, device, depth + 1, most, tree);
    }
    closedir(stream);
    return result;
}

int martlet_tree_size(const char *path, uint64_t most, struct martlet_tree *tree) {
    tree->bytes = tree->entries = 0;
    int directory = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (directory < 0) return -errno;
    struct stat status;
    if (fstat(directory, &status) < 0) {
        int error = errno;
        close(directory);
        return -error;
    }
    return add_up(directory, status.st_dev, 0, most, tree);
}
