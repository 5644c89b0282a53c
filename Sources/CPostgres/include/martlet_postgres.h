// The part of libpq that Martlet calls, opened at run time so that the binary starts without it.
#ifndef MARTLET_POSTGRES_H
#define MARTLET_POSTGRES_H

#endif
