#include "martlet_postgres.h"

#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

// PostgresPollingStatusType.
enum { POLLING_FAILED = 0, POLLING_READING = 1, POLLING_WRITING = 2, POLLING_OK = 3 };

#define RESOLVE(name)                                                     \
    table->name = (__typeof__(table->name))dlsym(library, #name);         \
    if (table->name == NULL) {                                            \
        snprintf(reason, capacity, "it lacks the function %s", #name);    \
        free(table);                                                      \
        dlclose(library);                                                 \
        return NULL;                                                      \
    }

const martlet_postgres *martlet_postgres_open(const char *path, char *reason, size_t capacity) {
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        const char *message = dlerror();
        snprintf(reason, capacity, "%s", message == NULL ? "unknown reason" : message);
        return NULL;
    }
    martlet_postgres *table = calloc(1, sizeof *table);
    if (table == NULL) {
        snprintf(reason, capacity, "no memory");
        dlclose(library);
        return NULL;
    }
    RESOLVE(PQlibVersion)
    RESOLVE(PQconnectStartParams)
    RESOLVE(PQconnectdbParams)
    RESOLVE(PQconnectPoll)
    RESOLVE(PQfinish)
    RESOLVE(PQstatus)
    RESOLVE(PQtransactionStatus)
    RESOLVE(PQserverVersion)
    RESOLVE(PQsocket)
    RESOLVE(PQerrorMessage)
    RESOLVE(PQsetnonblocking)
    RESOLVE(PQflush)
    RESOLVE(PQisBusy)
    RESOLVE(PQconsumeInput)
    RESOLVE(PQenterPipelineMode)
    RESOLVE(PQpipelineSync)
    RESOLVE(PQsendQueryParams)
    RESOLVE(PQsendPrepare)
    RESOLVE(PQsendQueryPrepared)
    RESOLVE(PQgetResult)
    RESOLVE(PQclear)
    RESOLVE(PQresultStatus)
    RESOLVE(PQresultErrorField)
    RESOLVE(PQcmdStatus)
    RESOLVE(PQcmdTuples)
    RESOLVE(PQntuples)
    RESOLVE(PQnfields)
    RESOLVE(PQfname)
    RESOLVE(PQftype)
    RESOLVE(PQgetvalue)
    RESOLVE(PQgetlength)
    RESOLVE(PQgetisnull)
    RESOLVE(PQsetNoticeReceiver)
    return table;
}

static int64_t now_milliseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

// Waits for the events on the socket until the deadline: 1 when they came, 0 when the time is over, -1 for a failure.
static int await(int socket, short events, int64_t deadline) {
    for (;;) {
        int64_t left = deadline - now_milliseconds();
        if (left <= 0) return 0;
        struct pollfd descriptor = {.fd = socket, .events = events, .revents = 0};
        int found = poll(&descriptor, 1, (int)left);
        if (found > 0) return 1;
        if (found < 0 && errno != EINTR) return -1;
    }
}

// The server's notices ("relation exists already, skipping") are not for this process's standard error.
static void ignore_notice(void *context, const martlet_pgresult *result) {
    (void)context;
    (void)result;
}

martlet_pgconn *martlet_postgres_connect(
    const martlet_postgres *postgres, const char *const *keywords, const char *const *values, int several,
    int milliseconds, int *timed_out) {
    *timed_out = 0;
    martlet_pgconn *connection;
    if (several) {
        connection = postgres->PQconnectdbParams(keywords, values, 1);
        if (connection == NULL) return NULL;
    } else {
        int64_t deadline = now_milliseconds() + milliseconds;
        connection = postgres->PQconnectStartParams(keywords, values, 1);
        if (connection == NULL) return NULL;
        int state = POLLING_WRITING;
        while (postgres->PQstatus(connection) != 1 /* CONNECTION_BAD */ && state != POLLING_OK) {
            int ready = await(postgres->PQsocket(connection), state == POLLING_READING ? POLLIN : POLLOUT, deadline);
            if (ready <= 0) {
                *timed_out = 1;
                return connection;
            }
            state = postgres->PQconnectPoll(connection);
            if (state == POLLING_FAILED) break;
        }
    }
    postgres->PQsetNoticeReceiver(connection, ignore_notice, NULL);
    return connection;
}

int martlet_postgres_wait(const martlet_postgres *postgres, martlet_pgconn *connection, int milliseconds) {
    int64_t deadline = now_milliseconds() + milliseconds;
    for (;;) {
        int unsent = postgres->PQflush(connection);
        if (unsent < 0) {
            // What the server said before it closed the connection is more telling than the failed send.
            postgres->PQconsumeInput(connection);
            return postgres->PQisBusy(connection) ? -1 : 1;
        }
        if (!postgres->PQisBusy(connection)) return 1;
        int ready = await(postgres->PQsocket(connection), (short)(POLLIN | (unsent ? POLLOUT : 0)), deadline);
        if (ready <= 0) return ready;
        if (!postgres->PQconsumeInput(connection)) return postgres->PQisBusy(connection) ? -1 : 1;
    }
}
