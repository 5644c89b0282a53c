import CHost

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// What of a sandbox this machine and this user can apply, found out by trying.
package struct SandboxReport: Sendable, Equatable {
    /// The version of the kernel's rules for files (Landlock); 0 if it takes none here.
    package let fileRules: Int
    /// Whether system calls can be refused (seccomp).
    package let refusesCalls: Bool
    /// Whether a process can be given a network of its own, which takes a superuser's privileges.
    package let ownNetworks: Bool
    /// Whether the server runs as the superuser.
    package let isSuperuser: Bool
    /// Whether a superuser's privileges over the system can be given up.
    package let dropsCapabilities: Bool
    /// Where control groups can be made; nil if nowhere.
    package let controlGroups: ControlGroups?
    /// Whether ended processes are found by the mark in their environment.
    package let seesProcesses: Bool

    /// What can be applied here, found out once for the process.
    package static let here = probe()

    /// A machine that can apply nothing, for processes that must not be confined.
    package static let nothing = SandboxReport(
        fileRules: 0,
        refusesCalls: false,
        ownNetworks: false,
        isSuperuser: false,
        dropsCapabilities: false,
        controlGroups: nil,
        seesProcesses: here.seesProcesses
    )

    /// A report of what was found elsewhere.
    package init(
        fileRules: Int,
        refusesCalls: Bool,
        ownNetworks: Bool,
        isSuperuser: Bool,
        dropsCapabilities: Bool,
        controlGroups: ControlGroups?,
        seesProcesses: Bool
    ) {
        self.fileRules = fileRules
        self.refusesCalls = refusesCalls
        self.ownNetworks = ownNetworks
        self.isSuperuser = isSuperuser
        self.dropsCapabilities = dropsCapabilities
        self.controlGroups = controlGroups
        self.seesProcesses = seesProcesses
    }

    /// Tries each part of a sandbox in a process that ends at once.
    ///
    /// - Parameter isArranging: whether this process may move to a control group beside those of its tasks, without which
    ///   some have no limits.
    /// - Returns: what can be applied.
    package static func probe(isArranging: Bool = true) -> SandboxReport {
        func works(_ change: (inout Sandbox) -> Void) -> Bool {
            var sandbox = Sandbox()
            change(&sandbox)
            var confined = martlet_sandbox(sandbox)
            defer { confined.closeDescriptors() }
            do { try confined.openDescriptors(sandbox) } catch { return false }
            var step: Int32 = 0
            return martlet_sandbox_try(&confined, &step) == 0
        }
        let hasFileRules = works { $0.files = FileAccess(hidden: []) }
        return SandboxReport(
            fileRules: hasFileRules ? Int(martlet_file_rules_version()) : 0,
            refusesCalls: works {
                $0.refusesCalls = true
                $0.refusesSockets = true
            },
            ownNetworks: works { $0.hasOwnNetwork = true },
            isSuperuser: geteuid() == 0,
            dropsCapabilities: works { $0.dropsCapabilities = true },
            controlGroups: ControlGroups.find(isArranging: isArranging),
            seesProcesses: access("/proc/self/environ", F_OK) == 0
        )
    }

    /// Whether a process can be kept from the network.
    package var closesNetworks: Bool { refusesCalls || ownNetworks }

    /// One part of the sandbox and how it stands here.
    package struct Part: Sendable, Equatable {
        /// What it is about.
        package let name: String
        /// Whether it holds.
        package let holds: Bool
        /// What holds, or what does not and what would help.
        package let detail: String

        /// The part as the API shows it.
        package var json: JSONValue {
            ["name": .string(name), "holds": .bool(holds), "detail": .string(detail)]
        }
    }

    /// Every part, for `martlet doctor`, the API and the log.
    package var parts: [Part] {
        [files, calls, network, groups, user]
    }

    private var files: Part {
        guard fileRules > 0 else {
            return Part(
                name: "files",
                holds: false,
                detail:
                    "The kernel has no Landlock, so that code in tasks and workers can read the server's data as its"
                    + " user can. Use Linux 5.13 or later with lsm=landlock, or --sandbox-user."
            )
        }
        let signals = fileRules >= 6 ? " and can signal no process outside" : ""
        return Part(
            name: "files",
            holds: true,
            detail: "Tasks and workers cannot reach the server's data\(signals) (Landlock \(fileRules))."
        )
    }

    private var calls: Part {
        refusesCalls
            ? Part(
                name: "calls",
                holds: true,
                detail: "Calls into other processes and the system are refused (seccomp)."
            )
            : Part(
                name: "calls",
                holds: false,
                detail: "The kernel takes no filters of system calls (seccomp); a task can look into other processes of"
                    + " its user."
            )
    }

    private var network: Part {
        closesNetworks
            ? Part(name: "network", holds: true, detail: "The network can be closed to tasks and workers.")
            : Part(
                name: "network",
                holds: false,
                detail: "The network cannot be closed: the kernel takes no filters of system calls (seccomp)."
            )
    }

    private var groups: Part {
        guard let controlGroups else {
            return Part(
                name: "groups",
                holds: false,
                detail: "No control group can be made, so that limits hold for each process, not for a task as a whole."
                    + " Run as root, or as a service of systemd with Delegate=yes."
            )
        }
        let names: [(ControlGroup.Limits, String)] = [
            (.memory, "memory"), (.processes, "processes"), (.processors, "processors"),
        ]
        let held = names.filter { controlGroups.limits.contains($0.0) }.map(\.1)
        guard let shortcoming = controlGroups.shortcoming else {
            return Part(
                name: "groups",
                holds: true,
                detail: "Tasks have control groups that limit \(held.joined(separator: ", "))."
            )
        }
        let limits = held.isEmpty ? "nothing" : held.joined(separator: ", ")
        return Part(
            name: "groups",
            holds: false,
            detail:
                "Tasks have control groups, which end all their processes, but limit \(limits): \(shortcoming). Other"
                + " limits hold for each process."
        )
    }

    private var user: Part {
        if isSuperuser {
            return Part(
                name: "user",
                holds: false,
                detail:
                    "The server runs as root. Tasks keep root's rights over files outside the server's data; name a user"
                    + " for them with --sandbox-user."
            )
        }
        return Part(
            name: "user",
            holds: true,
            detail: "Tasks and workers run as the server's own user, without a way to gain privileges."
        )
    }
}
