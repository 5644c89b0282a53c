#include <stdlib.h>
#include <string.h>

#include "martlet_postgres.h"

// Where the kernel shows the process's arguments to every user (ps, /proc); the C libraries that are known to do so
// hand them to constructors.
static char **arguments = NULL;
static int count = 0;

#if defined(__GLIBC__) || defined(__APPLE__)
__attribute__((constructor)) static void remember(int argc, char **argv) {
    count = argc;
    arguments = argv;
}
#endif

static void cover(char *start, const char *end) {
    while (start < end) *start++ = '*';
}

// Covers what is between ":" and "@" before the path, and the value of every password parameter.
static void cover_password(char *url) {
    char *rest = strstr(url, "://") + 3;
    char *path = rest + strcspn(rest, "/?");
    char *colon = memchr(rest, ':', (size_t)(path - rest));
    char *host = NULL;
    for (char *byte = rest; byte < path; byte++) {
        if (*byte == '@') host = byte;
    }
    if (colon != NULL && host != NULL && colon < host) cover(colon + 1, host);
    for (char *parameter = path; (parameter = strstr(parameter, "password=")) != NULL;) {
        parameter += strlen("password=");
        cover(parameter, parameter + strcspn(parameter, "&"));
    }
}

void martlet_postgres_hide_passwords(void) {
    for (int index = 1; index < count; index++) {
        char *argument = arguments[index];
        if (argument == NULL) continue;
        char *url = strstr(argument, "postgres://");
        if (url == NULL) url = strstr(argument, "postgresql://");
        if (url != NULL) cover_password(url);
    }
}
