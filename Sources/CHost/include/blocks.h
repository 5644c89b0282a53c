#ifndef MARTLET_BLOCKS_H
#define MARTLET_BLOCKS_H

#include <stddef.h>

/* Lets the C library give blocks of `bytes` and more back to the system when they are freed; nothing where the library
   cannot be told. */
void martlet_give_blocks_back(size_t bytes);

#endif
