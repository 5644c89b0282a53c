#include "blocks.h"

#include <limits.h>
#include <stdlib.h>
#if defined(__GLIBC__)
#include <malloc.h>
#endif

void martlet_give_blocks_back(size_t bytes) {
#if defined(__GLIBC__)
    /* Set once, the threshold no longer grows with the blocks that are freed. */
    if (bytes <= INT_MAX) mallopt(M_MMAP_THRESHOLD, (int)bytes);
#else
    (void)bytes;
#endif
}
