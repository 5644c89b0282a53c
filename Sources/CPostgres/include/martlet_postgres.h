// The part of libpq that Martlet calls, opened at run time so that the binary starts without it.
// The declarations are libpq's own (its C interface has been stable since 14, which brought the pipeline mode).
#ifndef MARTLET_POSTGRES_H
#define MARTLET_POSTGRES_H

#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

/// PGconn and PGresult; never looked into.
typedef struct martlet_pgconn martlet_pgconn;
typedef struct martlet_pgresult martlet_pgresult;

/// ConnStatusType, PGTransactionStatusType and ExecStatusType, as far as they are asked for.
enum {
    MARTLET_PG_CONNECTION_OK = 0,
    MARTLET_PG_TRANSACTION_IDLE = 0,
    MARTLET_PG_COMMAND_OK = 1,
    MARTLET_PG_TUPLES_OK = 2,
    MARTLET_PG_FATAL_ERROR = 7,
    MARTLET_PG_PIPELINE_SYNC = 10,
    MARTLET_PG_PIPELINE_ABORTED = 11,
    MARTLET_PG_DIAGNOSTIC_SQLSTATE = 'C',
    MARTLET_PG_DIAGNOSTIC_MESSAGE = 'M',
    MARTLET_PG_DIAGNOSTIC_CONSTRAINT = 'n',
};

/// The functions, with libpq's names and meanings.
typedef struct martlet_postgres {
    int (*PQlibVersion)(void);
    martlet_pgconn *_Nullable (*_Nonnull PQconnectStartParams)(
        const char *const _Nullable *_Nonnull keywords, const char *const _Nullable *_Nonnull values, int expand_dbname);
    martlet_pgconn *_Nullable (*_Nonnull PQconnectdbParams)(
        const char *const _Nullable *_Nonnull keywords, const char *const _Nullable *_Nonnull values, int expand_dbname);
    int (*PQconnectPoll)(martlet_pgconn *connection);
    void (*PQfinish)(martlet_pgconn *connection);
    int (*PQstatus)(const martlet_pgconn *connection);
    int (*PQtransactionStatus)(const martlet_pgconn *connection);
    int (*PQserverVersion)(const martlet_pgconn *connection);
    int (*PQsocket)(const martlet_pgconn *connection);
    const char *_Nonnull (*_Nonnull PQerrorMessage)(const martlet_pgconn *connection);
    int (*PQsetnonblocking)(martlet_pgconn *connection, int value);
    int (*PQflush)(martlet_pgconn *connection);
    int (*PQisBusy)(martlet_pgconn *connection);
    int (*PQconsumeInput)(martlet_pgconn *connection);
    int (*PQenterPipelineMode)(martlet_pgconn *connection);
    int (*PQpipelineSync)(martlet_pgconn *connection);
    int (*PQsendQueryParams)(
        martlet_pgconn *connection, const char *command, int count, const uint32_t *_Nullable types,
        const char *const _Nullable *_Nullable values, const int *_Nullable lengths, const int *_Nullable formats,
        int result_format);
    int (*PQsendPrepare)(
        martlet_pgconn *connection, const char *name, const char *query, int count, const uint32_t *_Nullable types);
    int (*PQsendQueryPrepared)(
        martlet_pgconn *connection, const char *name, int count, const char *const _Nullable *_Nullable values,
        const int *_Nullable lengths, const int *_Nullable formats, int result_format);
    martlet_pgresult *_Nullable (*_Nonnull PQgetResult)(martlet_pgconn *connection);
    void (*PQclear)(martlet_pgresult *result);
    int (*PQresultStatus)(const martlet_pgresult *result);
    const char *_Nullable (*_Nonnull PQresultErrorField)(const martlet_pgresult *result, int field);
    const char *_Nonnull (*_Nonnull PQcmdStatus)(martlet_pgresult *result);
    const char *_Nonnull (*_Nonnull PQcmdTuples)(martlet_pgresult *result);
    int (*PQntuples)(const martlet_pgresult *result);
    int (*PQnfields)(const martlet_pgresult *result);
    const char *_Nullable (*_Nonnull PQfname)(const martlet_pgresult *result, int column);
    uint32_t (*PQftype)(const martlet_pgresult *result, int column);
    const char *_Nonnull (*_Nonnull PQgetvalue)(const martlet_pgresult *result, int row, int column);
    int (*PQgetlength)(const martlet_pgresult *result, int row, int column);
    int (*PQgetisnull)(const martlet_pgresult *result, int row, int column);
    void *_Nullable (*_Nonnull PQsetNoticeReceiver)(
        martlet_pgconn *connection, void (*receiver)(void *_Nullable context, const martlet_pgresult *result),
        void *_Nullable context);
} martlet_postgres;

/// Opens the library and looks up every function. Returns NULL and writes the reason, cut to `capacity`, when the
/// library or a function is missing. The table and the library stay for the rest of the process.
const martlet_postgres *_Nullable martlet_postgres_open(const char *path, char *reason, size_t capacity);

/// Connects within so many milliseconds; the lists end with NULL. With `several` hosts libpq tries each for at least
/// two seconds. Returns NULL when there is no memory; else ask PQstatus. `timed_out` tells why it is not OK.
martlet_pgconn *_Nullable martlet_postgres_connect(
    const martlet_postgres *postgres, const char *const _Nullable *_Nonnull keywords,
    const char *const _Nullable *_Nonnull values, int several, int milliseconds, int *timed_out);

/// Sends what is buffered and waits until PQgetResult does not block. Returns 1 then, 0 when the time is over and -1
/// when the connection is lost.
int martlet_postgres_wait(const martlet_postgres *postgres, martlet_pgconn *connection, int milliseconds);

/// Covers the passwords of PostgreSQL URLs among this process's arguments, which every user of the machine can read.
/// The arguments must have been copied before.
void martlet_postgres_hide_passwords(void);

#pragma clang assume_nonnull end

#endif
