#define _GNU_SOURCE
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__linux__)
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

/* The kernel's numbers, spelt out because older C libraries lack <linux/landlock.h>. */
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule 445
#define SYS_landlock_restrict_self 446
#endif
struct martlet_rules_attributes {
    uint64_t files;
    uint64_t network;
    uint64_t scoped;
};
struct martlet_path_rule {
    uint64_t allowed;
    int32_t descriptor;
} __attribute__((packed));

enum {
    rules_version_flag = 1,
    rule_beneath_path = 1,
    /* Rights of files: execute, write, read; listing is the fourth; all that follow make or remove names, until
       truncate, which is the fifteenth. */
    right_execute = 1 << 0,
    right_write = 1 << 1,
    right_read = 1 << 2,
    right_list = 1 << 3,
    right_truncate = 1 << 14,
    rights_of_files = right_execute | right_write | right_read | right_truncate,
};

static uint64_t known_rights(int version) {
    if (version >= 3) return (1 << 15) - 1;
    return version == 2 ? (1 << 14) - 1 : (1 << 13) - 1;
}

int martlet_file_rules_version(void) {
    long version = syscall(SYS_landlock_create_ruleset, NULL, (size_t)0, rules_version_flag);
    return version < 0 ? 0 : (int)version;
}

int martlet_file_rules(int refuses_network) {
    int version = martlet_file_rules_version();
    if (version < 1) return -ENOSYS;
    struct martlet_rules_attributes attributes = {known_rights(version), 0, 0};
    size_t size = sizeof attributes.files;
    if (version >= 4) {
        if (refuses_network) attributes.network = 3; /* bind and connect over TCP */
        size += sizeof attributes.network;
    }
    if (version >= 6) {
        attributes.scoped = 3; /* abstract sockets and signals */
        size += sizeof attributes.scoped;
    }
    long rules = syscall(SYS_landlock_create_ruleset, &attributes, size, 0);
    return rules < 0 ? -errno : (int)rules;
}

int martlet_file_rules_allow(int rules, const char *path, int may) {
    int descriptor = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (descriptor < 0) return -errno;
    int error = 0;
    struct stat status;
    if (fstat(descriptor, &status) != 0) error = errno;
    if (!error && !S_ISLNK(status.st_mode)) {
        uint64_t known = known_rights(martlet_file_rules_version());
        uint64_t allowed = 0;
        if (may & martlet_may_read) allowed |= right_execute | right_read | right_list;
        if (may & martlet_may_list) allowed |= right_list;
        if (may & martlet_may_write) allowed |= known & ~(uint64_t)right_execute;
        if (!S_ISDIR(status.st_mode)) allowed &= rights_of_files;
        struct martlet_path_rule rule = {allowed & known, descriptor};
        if (rule.allowed != 0 && syscall(SYS_landlock_add_rule, rules, rule_beneath_path, &rule, 0) < 0) error = errno;
    }
    close(descriptor);
    return -error;
}

/* The privileges that a superuser keeps: those over its own and others' files, users and signals. */
static const unsigned kept_capabilities = 1u << 0 | 1u << 1 | 1u << 3 | 1u << 4 | 1u << 5 | 1u << 6 | 1u << 7 | 1u << 10;

static int drop_capabilities(void) {
    for (int capability = 0; capability < 64; capability++) {
        if (capability < 32 && (kept_capabilities >> capability & 1u)) continue;
        /* EINVAL: the kernel has no such one. EPERM: a user who has none to drop. */
        if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) < 0 && errno != EINVAL && errno != EPERM) return errno;
    }
    struct {
        uint32_t version;
        int32_t process;
    } header = {0x20080522, 0};
    struct {
        uint32_t effective, permitted, inheritable;
    } data[2];
    if (syscall(SYS_capget, &header, data) < 0) return errno;
    data[0].effective &= kept_capabilities;
    data[0].permitted &= kept_capabilities;
    data[1].effective = data[1].permitted = 0;
    data[0].inheritable = data[1].inheritable = 0;
    return syscall(SYS_capset, &header, data) < 0 ? errno : 0;
}

#if defined(__x86_64__)
#define MARTLET_ARCHITECTURE 0xC000003Eu
#elif defined(__aarch64__)
#define MARTLET_ARCHITECTURE 0xC00000B7u
#endif

#if defined(MARTLET_ARCHITECTURE)
#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define ANSWER(value) BPF_STMT(BPF_RET | BPF_K, (value))
#define REFUSAL(error) (SECCOMP_RET_ERRNO | (error))
#define REFUSE_WITH(number, error) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (number), 0, 1), ANSWER(REFUSAL(error))
#define REFUSE(number) REFUSE_WITH(number, EPERM)
#define MARTLET_NEW_USER 0x10000000u

/* What every confined process is refused: other processes' memory, mounts, namespaces, kernel modules and programs,
   the key ring, and queues of calls that no filter sees. */
static const struct sock_filter common_calls[] = {
    LOAD(arch),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, MARTLET_ARCHITECTURE, 1, 0),
    ANSWER(REFUSAL(EPERM)),
    LOAD(nr),
#if defined(__x86_64__)
    /* The calls of the x32 variant have numbers of their own. */
    BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000u, 0, 1),
    ANSWER(REFUSAL(EPERM)),
#endif
    REFUSE(SYS_ptrace),
    REFUSE(SYS_process_vm_readv),
    REFUSE(SYS_process_vm_writev),
    REFUSE(SYS_kcmp),
    REFUSE(438 /* pidfd_getfd */),
    REFUSE(SYS_bpf),
    REFUSE(SYS_perf_event_open),
    REFUSE(SYS_userfaultfd),
    REFUSE_WITH(425 /* io_uring_setup */, ENOSYS),
    REFUSE_WITH(426 /* io_uring_enter */, ENOSYS),
    REFUSE_WITH(427 /* io_uring_register */, ENOSYS),
    REFUSE(SYS_mount),
    REFUSE(SYS_umount2),
    REFUSE(428 /* open_tree */),
    REFUSE(429 /* move_mount */),
    REFUSE(430 /* fsopen */),
    REFUSE(431 /* fsconfig */),
    REFUSE(432 /* fsmount */),
    REFUSE(442 /* mount_setattr */),
    REFUSE(SYS_pivot_root),
    REFUSE(SYS_chroot),
    REFUSE(SYS_swapon),
    REFUSE(SYS_swapoff),
    REFUSE(SYS_reboot),
    REFUSE(SYS_kexec_load),
    REFUSE(SYS_init_module),
    REFUSE(SYS_finit_module),
    REFUSE(SYS_delete_module),
    REFUSE(SYS_add_key),
    REFUSE(SYS_request_key),
    REFUSE(SYS_keyctl),
    REFUSE(SYS_open_by_handle_at),
    REFUSE(SYS_setns),
    REFUSE(SYS_unshare),
    REFUSE(SYS_acct),
    REFUSE(SYS_settimeofday),
    REFUSE(SYS_clock_settime),
    REFUSE(SYS_sethostname),
    REFUSE(SYS_setdomainname),
#if defined(SYS_iopl)
    REFUSE(SYS_iopl),
    REFUSE(SYS_ioperm),
#endif
    /* Its flags lie in memory, where no filter sees them; C libraries then use clone. */
    REFUSE_WITH(435 /* clone3 */, ENOSYS),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 4),
    LOAD(args[0]),
    BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, MARTLET_NEW_USER, 0, 1),
    ANSWER(REFUSAL(EPERM)),
    ANSWER(SECCOMP_RET_ALLOW),
};

static const struct sock_filter no_sockets[] = {REFUSE_WITH(SYS_socket, EACCES)};
static const struct sock_filter rest[] = {ANSWER(SECCOMP_RET_ALLOW)};

static int refuse_calls(int refuses_sockets) {
    enum { common = sizeof common_calls / sizeof *common_calls, sockets = sizeof no_sockets / sizeof *no_sockets };
    struct sock_filter program[common + sockets + 1];
    unsigned short length = common;
    memcpy(program, common_calls, sizeof common_calls);
    if (refuses_sockets) {
        memcpy(program + length, no_sockets, sizeof no_sockets);
        length += sockets;
    }
    memcpy(program + length, rest, sizeof rest);
    struct sock_fprog filter = {(unsigned short)(length + 1), program};
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) < 0 ? errno : 0;
}
#else
static int refuse_calls(int refuses_sockets) {
    (void)refuses_sockets;
    return ENOSYS;
}
#endif

/* The C library's own functions would change every thread of the process whose memory this one borrows. */
static int become_user(int64_t user, int64_t group) {
#if defined(SYS_setresuid32)
    return ENOSYS;
#else
    if (group >= 0) {
        if (syscall(SYS_setgroups, (size_t)0, NULL) < 0) return errno;
        if (syscall(SYS_setresgid, (gid_t)group, (gid_t)group, (gid_t)group) < 0) return errno;
    }
    if (user >= 0 && syscall(SYS_setresuid, (uid_t)user, (uid_t)user, (uid_t)user) < 0) return errno;
    return 0;
#endif
}

int martlet_shield_process(void) {
    return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ? -errno : 0;
}
#else
int martlet_file_rules_version(void) {
    return 0;
}

int martlet_file_rules(int refuses_network) {
    (void)refuses_network;
    return -ENOSYS;
}

int martlet_file_rules_allow(int rules, const char *path, int may) {
    (void)rules, (void)path, (void)may;
    return -ENOSYS;
}

int martlet_shield_process(void) {
    return -ENOSYS;
}
#endif

static int limit(int resource, uint64_t most) {
    if (most == 0) return 0;
    struct rlimit limit;
    if (getrlimit(resource, &limit) < 0) return errno;
    /* What holds for the server already holds here. */
    if (limit.rlim_max != RLIM_INFINITY && most > limit.rlim_max) most = limit.rlim_max;
    limit.rlim_cur = limit.rlim_max = most;
    return setrlimit(resource, &limit) < 0 ? errno : 0;
}

int martlet_sandbox_begin(const struct martlet_sandbox *sandbox, int *step) {
    *step = martlet_step_control_group;
    if (sandbox->control_group >= 0 && write(sandbox->control_group, "0", 1) != 1) return errno;
    *step = martlet_step_limits;
    struct rlimit none = {0, 0};
    if (setrlimit(RLIMIT_CORE, &none) < 0) return errno;
    int error = limit(RLIMIT_AS, sandbox->address_space);
    if (!error) error = limit(RLIMIT_CPU, sandbox->cpu_seconds);
    if (!error) error = limit(RLIMIT_FSIZE, sandbox->file_bytes);
    if (error) return error;
#if defined(__linux__)
    *step = martlet_step_network;
    if (sandbox->own_network && unshare(CLONE_NEWNET) < 0) return errno;
#else
    *step = martlet_step_network;
    if (sandbox->own_network) return ENOSYS;
#endif
    return 0;
}

int martlet_sandbox_finish(const struct martlet_sandbox *sandbox, pid_t parent, int *step) {
    int error = 0;
#if defined(__linux__)
    *step = martlet_step_user;
    if (sandbox->user >= 0 || sandbox->group >= 0) error = become_user(sandbox->user, sandbox->group);
    if (error) return error;
    *step = martlet_step_limits;
    /* Counted for the user that the process has become; files, once those of the server are closed. */
    error = limit(RLIMIT_NPROC, sandbox->processes);
    if (!error) error = limit(RLIMIT_NOFILE, sandbox->open_files);
    if (error) return error;
    *step = martlet_step_privileges;
    if (sandbox->drops_capabilities) error = drop_capabilities();
    if (error) return error;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) return errno;
    /* After the change of user, which would forget it. */
    if (sandbox->ends_with_parent) {
        if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0) return errno;
        if (getppid() != parent) return ESRCH;
    }
    *step = martlet_step_files;
    if (sandbox->file_rules >= 0 && syscall(SYS_landlock_restrict_self, sandbox->file_rules, 0) < 0) return errno;
    *step = martlet_step_calls;
    if (sandbox->refuses_calls) error = refuse_calls(sandbox->refuses_sockets);
#else
    (void)parent;
    *step = martlet_step_user;
    if (sandbox->user >= 0 || sandbox->group >= 0) return ENOSYS;
    *step = martlet_step_limits;
    error = limit(RLIMIT_NPROC, sandbox->processes);
    if (!error) error = limit(RLIMIT_NOFILE, sandbox->open_files);
    if (error) return error;
    *step = martlet_step_calls;
    if (sandbox->refuses_calls || sandbox->file_rules >= 0) return ENOSYS;
#endif
    return error;
}

int martlet_sandbox_try(const struct martlet_sandbox *sandbox, int *step) {
    sigset_t everything, before;
    sigfillset(&everything);
    pthread_sigmask(SIG_SETMASK, &everything, &before);
    volatile int error = 0;
    pid_t parent = getpid();
    pid_t child = vfork();
    if (child == 0) {
        int failure = martlet_sandbox_begin(sandbox, step);
        if (!failure) failure = martlet_sandbox_finish(sandbox, parent, step);
        error = failure;
        _exit(0);
    }
    int failure = child < 0 ? errno : 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (child < 0) {
        *step = martlet_step_process;
        return failure;
    }
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {
    }
    if (!error) *step = martlet_step_none;
    return error;
}
