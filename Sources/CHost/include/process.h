#ifndef MARTLET_PROCESS_H
#define MARTLET_PROCESS_H

#include "sandbox.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/// How a process is started.
struct martlet_process_start {
    /// Absolute path of the program.
    const char *program;
    /// The words, ended by NULL.
    char *const *arguments;
    /// The whole environment, ended by NULL.
    char *const *environment;
    /// The working directory.
    const char *directory;
    /// Becomes descriptor 3 of the process; -1 for none.
    int channel;
    /// Becomes descriptor 1 of the process.
    int output;
    /// Becomes descriptor 2 of the process; -1 for the same as descriptor 1.
    int error;
    /// What it gives up before it becomes its program.
    const struct martlet_sandbox *sandbox;
};

/// Starts a process in a session and group of its own, with no other descriptors than 0 (/dev/null), 1, 2 and 3, no
/// core dumps, all signals at their defaults, and what its sandbox says. Returns its id, or the negated errno and the
/// step that failed.
pid_t martlet_start_process(const struct martlet_process_start *start, int *step);

/// A descriptor that becomes readable when the process ends, or the negated errno where the kernel has none.
int martlet_process_descriptor(pid_t process);

/// A connected pair of stream sockets that are closed on exec; 0, or the negated errno.
int martlet_socket_pair(int pair[2]);

/// A pipe whose ends are closed on exec, the first one (to read) not blocking; 0, or the negated errno.
int martlet_output_pipe(int pair[2]);

/// Sends what fits without waiting; the number of bytes, or the negated errno.
ssize_t martlet_send_some(int socket, const void *bytes, size_t count);

/// Receives what is there without waiting; the number of bytes, 0 at the end, or the negated errno.
ssize_t martlet_receive_some(int socket, void *bytes, size_t count);

/// Takes the end of the process if it has ended, having killed what is left of its group while the number is still its
/// own. Returns the process, 0 while it runs, or the negated errno.
pid_t martlet_reap_process(pid_t process, int *status);

/// What a process and those that it waited for used.
struct martlet_process_usage {
    /// Processor time in microseconds.
    uint64_t cpu_microseconds;
    /// The most resident memory of one process, in bytes.
    uint64_t peak_memory;
    /// Bytes read by system calls; of block devices where the kernel tells no more.
    uint64_t read_bytes;
    /// Bytes written.
    uint64_t written_bytes;
};

/// As martlet_reap_process; also says what the process used.
pid_t martlet_reap_measured(pid_t process, int *status, struct martlet_process_usage *usage);

/// Whether a process was started with this variable, `NAME=value`, in its environment; not for one that has ended or may not
/// be looked into.
int martlet_process_has_variable(pid_t process, const char *assignment);

/// Whether the status reports the end by a signal: that signal, else 0.
int martlet_ending_signal(int status);

/// The exit status that the status reports, -1 after a signal.
int martlet_exit_status(int status);

#endif
