#ifndef MARTLET_SANDBOX_H
#define MARTLET_SANDBOX_H

#include <stdint.h>
#include <sys/types.h>

/// What a process gives up before it becomes its program. A step that was asked for and cannot be taken is a failure.
struct martlet_sandbox {
    /// The most address space, in bytes; 0 for no limit.
    uint64_t address_space;
    /// The most processor time, in seconds; 0 for no limit.
    uint64_t cpu_seconds;
    /// The most open descriptors; 0 for no limit.
    uint64_t open_files;
    /// The most processes and threads of the user; 0 for no limit.
    uint64_t processes;
    /// The largest file, in bytes; 0 for no limit.
    uint64_t file_bytes;
    /// The user to become; -1 to stay.
    int64_t user;
    /// The group to become; -1 to stay.
    int64_t group;
    /// A rule set of files made by martlet_file_rules; -1 for none.
    int file_rules;
    /// The file `cgroup.procs` of the control group to join, open for writing; -1 for none.
    int control_group;
    /// Whether it gets a network of its own, without a way out. Needs the privilege to make one.
    int own_network;
    /// Whether the calls are refused by which a process reaches into others or into the system.
    int refuses_calls;
    /// Whether sockets are refused as well; needs refuses_calls.
    int refuses_sockets;
    /// Whether the privileges of a superuser that reach past its own files are given up.
    int drops_capabilities;
    /// Whether it ends by SIGKILL when the thread that started it ends.
    int ends_with_parent;
};

/// The steps of a start, for saying which one failed.
enum martlet_start_step {
    martlet_step_none = 0,
    martlet_step_process,
    martlet_step_session,
    martlet_step_limits,
    martlet_step_control_group,
    martlet_step_network,
    martlet_step_descriptors,
    martlet_step_directory,
    martlet_step_user,
    martlet_step_privileges,
    martlet_step_files,
    martlet_step_calls,
    martlet_step_program,
};

/// Takes the steps that concern what the process may do, up to the refusal of calls. For the process that is to be
/// confined, before it becomes its program; it makes system calls only. 0, or the errno and the step.
int martlet_sandbox_begin(const struct martlet_sandbox *sandbox, int *step);

/// Takes the last steps, after which opening files and making sockets may be refused.
int martlet_sandbox_finish(const struct martlet_sandbox *sandbox, pid_t parent, int *step);

/// Takes the steps in a process that ends at once: 0 if they can be taken here, else the errno and the step.
int martlet_sandbox_try(const struct martlet_sandbox *sandbox, int *step);

/// The version of the kernel's file rules (Landlock); 0 where it has none.
int martlet_file_rules_version(void);

/// Makes an empty rule set that refuses what no rule allows: reading, running and changing files, and, where the kernel
/// knows that, signals to processes outside. With `refuses_network` also TCP. A descriptor, or the negated errno.
int martlet_file_rules(int refuses_network);

enum {
    /// Reading and running files, listing directories.
    martlet_may_read = 1,
    /// Changing, making and removing files.
    martlet_may_write = 2,
    /// Listing directories.
    martlet_may_list = 4,
};

/// Allows something for a file, or for a directory and all beneath it. A symbolic link is passed over: what it leads to
/// has its own place. 0, or the negated errno.
int martlet_file_rules_allow(int rules, const char *path, int may);

/// Makes what this process has in memory and in its environment unreadable for other processes of the same user.
/// 0, or the negated errno.
int martlet_shield_process(void);

#endif
