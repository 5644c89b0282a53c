#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A control group of the kernel (version 2) that holds the processes of one task, however they fork.
package struct ControlGroup: Sendable, Equatable {
    /// The limits that hold for the group as a whole.
    package struct Limits: OptionSet, Sendable, Hashable {
        /// One bit for each.
        package let rawValue: Int

        /// The limits with these bits.
        package init(rawValue: Int) {
            self.rawValue = rawValue
        }

        /// `memory.max`.
        package static let memory = Limits(rawValue: 1)
        /// `pids.max`.
        package static let processes = Limits(rawValue: 2)
        /// `cpu.max`.
        package static let processors = Limits(rawValue: 4)
    }

    /// The group's directory.
    package let directory: String
    /// Which of its limits were set.
    package let limits: Limits

    /// Ends every process in the group at once; says whether the kernel can do that.
    @discardableResult
    package func kill() -> Bool {
        KernelFile.write("1", to: directory + "/cgroup.kill")
    }

    /// Whether a process is in it, or in one of its groups.
    package var isPopulated: Bool {
        KernelFile.read(directory + "/cgroup.events")?.contains("populated 1") ?? false
    }

    /// The processes in it.
    package var processes: [Int32] {
        (KernelFile.read(directory + "/cgroup.procs") ?? "").split(separator: "\n").compactMap { Int32($0) }
    }

    /// Processor time that its processes used so far, in microseconds; nil where the kernel does not tell.
    package var processorMicroseconds: Int64? {
        number(after: "usage_usec ", in: "cpu.stat")
    }

    /// The most memory that it held at once, in bytes; nil where the kernel does not tell.
    package var peakMemoryBytes: Int64? {
        number(after: "", in: "memory.peak")
    }

    private func number(after prefix: String, in file: String) -> Int64? {
        let lines = (KernelFile.read("\(directory)/\(file)") ?? "").split(separator: "\n")
        return lines.first { $0.hasPrefix(prefix) }.flatMap { Int64($0.dropFirst(prefix.count)) }
    }

    /// How often the kernel ended a process in it because memory ran out.
    package var memoryKills: Int {
        let events = KernelFile.read(directory + "/memory.events") ?? ""
        let line = events.split(separator: "\n").first { $0.hasPrefix("oom_kill ") }
        return line.flatMap { Int($0.dropFirst("oom_kill ".count)) } ?? 0
    }

    /// Ends what is in it and removes it; a group that does not get empty is left to the next server.
    package func remove() {
        kill()
        for _ in 0..<ControlGroups.attempts {
            if rmdir(directory) == 0 || errno == ENOENT { return }
            usleep(ControlGroups.pauseMicroseconds)
        }
    }
}

/// The place in the kernel's tree of control groups where this process may make groups.
package struct ControlGroups: Sendable, Equatable {
    /// The directory in which groups are made.
    package let directory: String
    /// The limits that groups there can have.
    package let limits: ControlGroup.Limits
    /// Why not all limits can be had; nil if they can.
    package let shortcoming: String?

    static let attempts = 50
    static let pauseMicroseconds: UInt32 = 10_000
    private static let prefix = "martlet-task-"
    private static let own = "martlet-server"
    private static let controllers: [(name: String, limit: ControlGroup.Limits)] = [
        ("memory", .memory), ("pids", .processes), ("cpu", .processors),
    ]

    /// A place whose limits are known.
    package init(directory: String, limits: ControlGroup.Limits, shortcoming: String? = nil) {
        self.directory = directory
        self.limits = limits
        self.shortcoming = shortcoming
    }

    /// Finds the place and readies it; what a server left there that was killed is ended and removed.
    ///
    /// - Returns: the place; nil where groups cannot be made, which is the common case without root.
    package static func find(isArranging: Bool = true) -> ControlGroups? {
        guard let mount = mountPoint(), let path = ownPath() else { return nil }
        var directory = path == "/" ? mount : mount + path
        // A server that was here before has moved itself one down.
        if directory.hasSuffix("/" + own) { directory = String(directory.dropLast(own.count + 1)) }
        guard access(directory, W_OK) == 0 else { return nil }
        let trial = directory + "/" + prefix + "trial-\(getpid())"
        guard mkdir(trial, 0o755) == 0 else { return nil }
        rmdir(trial)
        if isArranging { sweep(directory) }
        let available = words(directory + "/cgroup.controllers")
        let wanted = controllers.filter { available.contains($0.name) }
        let missing = controllers.filter { !available.contains($0.name) }.map(\.name)
        let order = wanted.map { "+" + $0.name }.joined(separator: " ")
        let switches = directory + "/cgroup.subtree_control"
        if isArranging, !wanted.isEmpty, !KernelFile.write(order, to: switches), moveAside(in: directory) {
            KernelFile.write(order, to: switches)
        }
        let enabled = words(switches)
        let limits = wanted.filter { enabled.contains($0.name) }.reduce(into: ControlGroup.Limits()) {
            $0.insert($1.limit)
        }
        let refused = wanted.filter { !enabled.contains($0.name) }.map(\.name)
        let shortcoming: String? =
            !refused.isEmpty
            ? "other processes are in the server's control group"
            : missing.isEmpty ? nil : "the controllers \(missing.joined(separator: ", ")) are not delegated"
        return ControlGroups(directory: directory, limits: limits, shortcoming: shortcoming)
    }

    /// Makes a group with the limits that can be had.
    ///
    /// - Throws: `unavailable` if the kernel refuses.
    package func make(name: String, _ wanted: ResourceLimits) throws(MartletError) -> ControlGroup {
        let path = "\(directory)/\(Self.prefix)\(getpid())-\(name)"
        guard mkdir(path, 0o755) == 0 || errno == EEXIST else {
            throw MartletError(.unavailable, "A control group for the task cannot be made.")
        }
        var set: ControlGroup.Limits = []
        var failed = false
        func put(_ limit: ControlGroup.Limits, _ file: String, _ value: String?) {
            guard limits.contains(limit), let value else { return }
            if KernelFile.write(value, to: "\(path)/\(file)") { set.insert(limit) } else { failed = true }
        }
        put(.memory, "memory.max", wanted.memoryBytes.map(String.init))
        // Else what does not fit is only moved to the disk.
        if set.contains(.memory) { KernelFile.write("0", to: path + "/memory.swap.max") }
        put(.processes, "pids.max", wanted.processes.map(String.init))
        put(.processors, "cpu.max", wanted.processors.map { "\(Int(($0 * 100_000).rounded())) 100000" })
        guard !failed else {
            rmdir(path)
            throw MartletError(.unavailable, "A limit of the task cannot be set in its control group.")
        }
        return ControlGroup(directory: path, limits: set)
    }

    /// Moves this process one down, so that groups beside it may have limits; not if others are here.
    private static func moveAside(in directory: String) -> Bool {
        guard words(directory + "/cgroup.procs") == [String(getpid())] else { return false }
        let aside = directory + "/" + own
        guard mkdir(aside, 0o755) == 0 || errno == EEXIST else { return false }
        return KernelFile.write(String(getpid()), to: aside + "/cgroup.procs")
    }

    /// Ends and removes the groups of servers that are gone.
    private static func sweep(_ directory: String) {
        guard let stream = opendir(directory) else { return }
        defer { closedir(stream) }
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard name.hasPrefix(prefix), let owner = pid_t(name.dropFirst(prefix.count).prefix { $0.isNumber }),
                isGone(owner)
            else { continue }
            ControlGroup(directory: directory + "/" + name, limits: []).remove()
        }
    }

    /// Whether no process has this number.
    private static func isGone(_ process: pid_t) -> Bool {
        signal(process) != 0 && errno == ESRCH
    }

    private static func words(_ path: String) -> [String] {
        (KernelFile.read(path) ?? "").split { $0.isWhitespace }.map(String.init)
    }

    private static func ownPath() -> String? {
        let lines = (KernelFile.read("/proc/self/cgroup") ?? "").split(separator: "\n")
        return lines.first { $0.hasPrefix("0::") }.map { String($0.dropFirst(3)) }
    }

    private static func mountPoint() -> String? {
        let lines = (KernelFile.read("/proc/self/mountinfo") ?? "").split(separator: "\n")
        guard let line = lines.first(where: { $0.contains(" - cgroup2 ") }) else { return nil }
        let words = line.split(separator: " ")
        return words.count > 4 ? String(words[4]) : nil
    }
}

/// Asks whether a process can be signalled, which `ControlGroup.kill` would hide.
private func signal(_ process: pid_t) -> Int32 {
    kill(process, 0)
}
