#ifndef MARTLET_OPENBENEATH_H
#define MARTLET_OPENBENEATH_H

#include <sys/types.h>

/// Opens `path` (relative, no leading slash) beneath the directory `root` without following any symbolic link and
/// without leaving `root`. `flags` and `mode` are those of open(2); O_CLOEXEC is always added.
/// Returns a file descriptor, or the negated errno. A symbolic link on the way gives -ELOOP or -ENOTDIR, an attempt
/// to leave `root` -EXDEV or -EINVAL.
int martlet_open_beneath(int root, const char *path, int flags, mode_t mode);

/// Does what `martlet_open_beneath` does, one component at a time with O_NOFOLLOW: the way taken where the kernel has
/// no openat2(2). Exposed so that both ways are tested.
int martlet_open_beneath_stepwise(int root, const char *path, int flags, mode_t mode);

/// Creates the missing directories of `path` beneath `root`, makes each new entry durable, and opens the last one.
/// An empty path opens `root` again. Returns a file descriptor, or the negated errno (-ENOTDIR if a file or a link is
/// in the way).
int martlet_make_directories_beneath(int root, const char *path, mode_t mode);

#endif
