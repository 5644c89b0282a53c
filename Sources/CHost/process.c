#define _GNU_SOURCE
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__linux__)
#include <sys/syscall.h>
#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#endif

enum { last_closed_one_by_one = 4096, high = 16 };

static void close_from(int first) {
#if defined(__linux__)
    if (syscall(SYS_close_range, first, ~0U, 0) == 0) return;
#endif
    for (int descriptor = first; descriptor < last_closed_one_by_one; descriptor++) close(descriptor);
}

/* Puts the descriptors of the new process where they belong. What is still needed until the program starts is moved out
   of the way of 0 to 3 first, whatever numbers it has here. */
static int place_descriptors(const struct martlet_process_start *start, struct martlet_sandbox *sandbox) {
    int null = open("/dev/null", O_RDONLY);
    if (null < 0) return errno;
    int input = fcntl(null, F_DUPFD, high);
    int output = fcntl(start->output, F_DUPFD, high);
    int error = start->error < 0 ? output : fcntl(start->error, F_DUPFD, high);
    int channel = start->channel < 0 ? -1 : fcntl(start->channel, F_DUPFD, high);
    if (sandbox->file_rules >= 0) {
        sandbox->file_rules = fcntl(sandbox->file_rules, F_DUPFD_CLOEXEC, high);
        if (sandbox->file_rules < 0) return errno;
    }
    if (input < 0 || output < 0 || error < 0 || (start->channel >= 0 && channel < 0)) return errno;
    if (dup2(input, 0) < 0 || dup2(output, 1) < 0 || dup2(error, 2) < 0) return errno;
    if (channel >= 0 && dup2(channel, 3) < 0) return errno;
    /* All others go, except the rules, which are moved to the first number that is free. */
    int first = channel >= 0 ? 4 : 3;
    if (sandbox->file_rules >= 0) {
        if (dup2(sandbox->file_rules, first) < 0) return errno;
        if (fcntl(first, F_SETFD, FD_CLOEXEC) < 0) return errno;
        sandbox->file_rules = first++;
    }
    close_from(first);
    return 0;
}

/* What the child does before it becomes the program. It shares this process's memory until then, so it only makes
   system calls and returns an errno. */
static int become(const struct martlet_process_start *start, pid_t parent, int *step) {
    *step = martlet_step_session;
    if (setsid() < 0) return errno;
    struct martlet_sandbox sandbox = *start->sandbox;
    int error = martlet_sandbox_begin(&sandbox, step);
    if (error) return error;
    *step = martlet_step_descriptors;
    error = place_descriptors(start, &sandbox);
    if (error) return error;
    *step = martlet_step_directory;
    if (chdir(start->directory) < 0) return errno;
    for (int number = 1; number < NSIG; number++) signal(number, SIG_DFL);
    sigset_t nothing;
    sigemptyset(&nothing);
    sigprocmask(SIG_SETMASK, &nothing, NULL);
    error = martlet_sandbox_finish(&sandbox, parent, step);
    if (error) return error;
    *step = martlet_step_program;
    execve(start->program, start->arguments, start->environment);
    return errno;
}

pid_t martlet_start_process(const struct martlet_process_start *start, int *step) {
    /* vfork copies no page tables, however large the server is. The child has its own descriptors and its own signal
       dispositions; while it borrows this memory no handler of ours may run in it. */
    sigset_t everything, before;
    sigfillset(&everything);
    pthread_sigmask(SIG_SETMASK, &everything, &before);
    volatile int error = 0;
    pid_t parent = getpid();
    pid_t child = vfork();
    if (child == 0) {
        error = become(start, parent, step);
        _exit(127);
    }
    int failure = child < 0 ? errno : 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (child < 0) {
        *step = martlet_step_process;
        return -failure;
    }
    if (error == 0) return child;
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {
    }
    return -error;
}

int martlet_process_descriptor(pid_t process) {
#if defined(__linux__)
    long descriptor = syscall(SYS_pidfd_open, process, 0);
    return descriptor < 0 ? -errno : (int)descriptor;
#else
    (void)process;
    return -ENOSYS;
#endif
}

#if !defined(__linux__)
static int close_on_exec(int pair[2]) {
    for (int index = 0; index < 2; index++) {
        if (fcntl(pair[index], F_SETFD, FD_CLOEXEC) < 0) return -errno;
    }
    return 0;
}
#endif

int martlet_socket_pair(int pair[2]) {
#if defined(__linux__)
    return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0 ? -errno : 0;
#else
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0) return -errno;
    return close_on_exec(pair);
#endif
}

int martlet_output_pipe(int pair[2]) {
#if defined(__linux__)
    if (pipe2(pair, O_CLOEXEC) < 0) return -errno;
#else
    if (pipe(pair) < 0) return -errno;
    if (close_on_exec(pair) < 0) return -errno;
#endif
    return fcntl(pair[0], F_SETFL, O_NONBLOCK) < 0 ? -errno : 0;
}

int martlet_ending_signal(int status) {
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

int martlet_exit_status(int status) {
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

#if !defined(MSG_NOSIGNAL)
#define MSG_NOSIGNAL 0
#endif

ssize_t martlet_send_some(int socket, const void *bytes, size_t count) {
    ssize_t sent;
    do sent = send(socket, bytes, count, MSG_DONTWAIT | MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent < 0 ? -errno : sent;
}

ssize_t martlet_receive_some(int socket, void *bytes, size_t count) {
    ssize_t received;
    do received = recv(socket, bytes, count, MSG_DONTWAIT);
    while (received < 0 && errno == EINTR);
    return received < 0 ? -errno : received;
}

/* A process that has ended and is not yet taken still shows what it and those it waited for read and wrote. */
static void read_transfers(pid_t process, struct martlet_process_usage *usage) {
#if defined(__linux__)
    char text[1024];
    snprintf(text, sizeof text, "/proc/%d/io", (int)process);
    int descriptor = open(text, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return;
    ssize_t count = read(descriptor, text, sizeof text - 1);
    close(descriptor);
    if (count <= 0) return;
    text[count] = 0;
    const char *place = strstr(text, "rchar: ");
    if (place) usage->read_bytes = strtoull(place + 7, NULL, 10);
    place = strstr(text, "wchar: ");
    if (place) usage->written_bytes = strtoull(place + 7, NULL, 10);
#else
    (void)process, (void)usage;
#endif
}

static uint64_t microseconds(struct timeval time) {
    return (uint64_t)time.tv_sec * 1000000u + (uint64_t)time.tv_usec;
}

pid_t martlet_reap_measured(pid_t process, int *status, struct martlet_process_usage *usage) {
    siginfo_t information;
    information.si_pid = 0;
    if (waitid(P_PID, (id_t)process, &information, WEXITED | WNOHANG | WNOWAIT) < 0) return -errno;
    if (information.si_pid == 0) return 0;
    kill(-process, SIGKILL);
    memset(usage, 0, sizeof *usage);
    read_transfers(process, usage);
    struct rusage resources;
    memset(&resources, 0, sizeof resources);
    pid_t reaped;
    do reaped = wait4(process, status, 0, &resources);
    while (reaped < 0 && errno == EINTR);
    if (reaped < 0) return -errno;
    usage->cpu_microseconds = microseconds(resources.ru_utime) + microseconds(resources.ru_stime);
#if defined(__APPLE__)
    usage->peak_memory = (uint64_t)resources.ru_maxrss;
#else
    usage->peak_memory = (uint64_t)resources.ru_maxrss * 1024u;
#endif
    if (!usage->read_bytes) usage->read_bytes = (uint64_t)resources.ru_inblock * 512u;
    if (!usage->written_bytes) usage->written_bytes = (uint64_t)resources.ru_oublock * 512u;
    return reaped;
}

pid_t martlet_reap_process(pid_t process, int *status) {
    struct martlet_process_usage usage;
    return martlet_reap_measured(process, status, &usage);
}

int martlet_process_has_variable(pid_t process, const char *assignment) {
#if defined(__linux__)
    enum { most = 256 * 1024 };
    char *text = malloc(most);
    if (!text) return 0;
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/environ", (int)process);
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
        free(text);
        return 0;
    }
    size_t filled = 0;
    ssize_t count;
    while (filled < most && (count = read(descriptor, text + filled, most - filled)) > 0) filled += (size_t)count;
    close(descriptor);
    size_t length = strlen(assignment);
    int found = 0;
    for (char *place = text, *end = text + filled; place < end;) {
        size_t rest = (size_t)(end - place), size = strnlen(place, rest);
        found = size == length && memcmp(place, assignment, length) == 0;
        if (found) break;
        place += size + 1;
    }
    free(text);
    return found;
#else
    (void)process, (void)assignment;
    return 0;
#endif
}
