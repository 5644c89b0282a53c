#ifndef MARTLET_TREE_H
#define MARTLET_TREE_H

#include <stdint.h>

/// What lies in a directory.
struct martlet_tree {
    /// Bytes on the disk, links to the same file counted once for each that is here.
    uint64_t bytes;
    /// Files and directories.
    uint64_t entries;
};

/// Adds up what lies in a directory and all beneath, without following links or leaving the file system; stops after
/// `most` entries. 0, -ELOOP for directories nested deeper than 100, -EOVERFLOW for more entries, or the negated errno.
int martlet_tree_size(const char *path, uint64_t most, struct martlet_tree *tree);

#endif
