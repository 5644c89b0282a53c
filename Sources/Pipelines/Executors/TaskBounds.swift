import Core
import Foundation

/// The limits of an attempt: what the task says, and what holds for every task that says nothing.
struct TaskBounds: Sendable {
    /// What the kernel is asked to hold.
    let limits: ResourceLimits
    /// Most bytes in the attempt's directory.
    let disk: Int

    /// The bounds of an attempt in `directory`.
    ///
    /// What a task may write without saying so leaves the server's disk some room.
    init(_ declared: ResourceLimits, directory: String) {
        let free = Self.freeBytes(at: directory)
        let room = max(free - PipelinesLimits.diskReserve, free / 2)
        disk = declared.diskBytes ?? min(PipelinesLimits.defaultDisk, room)
        var limits = declared
        limits.diskBytes = disk
        if limits.processes == nil { limits.processes = PipelinesLimits.defaultProcesses }
        self.limits = limits
    }

    /// What watches over the limits that the kernel does not hold in this sandbox for the task as a whole.
    func watch(_ sandbox: Sandbox, directory: String, marker: String) -> TaskWatch {
        let held = sandbox.controlGroup?.limits ?? []
        return TaskWatch(
            directory: directory,
            marker: marker,
            group: sandbox.controlGroup,
            disk: disk,
            memory: held.contains(.memory) ? nil : limits.memoryBytes,
            processes: held.contains(.processes) ? nil : limits.processes
        )
    }

    /// What enforces which limit, in words.
    static func isolation(_ sandbox: Sandbox, declared: ResourceLimits) -> String {
        let held = sandbox.controlGroup?.limits ?? []
        var group: [String] = []
        var each: [String] = []
        var watched = ["disk"]
        if declared.memoryBytes != nil {
            if held.contains(.memory) { group.append("memory") } else { each.append("memory") }
            if !held.contains(.memory) { watched.append("memory") }
        }
        if held.contains(.processes) { group.append("processes") } else { watched.append("processes") }
        if declared.processors != nil, held.contains(.processors) { group.append("cpus") }
        if declared.processorTime != nil { each.append("cpu_time") }
        if declared.openFiles != nil { each.append("open_files") }
        each.append("file size")
        var parts = [
            sandbox.controlGroup == nil
                ? "process group"
                : group.isEmpty ? "cgroup v2 without limits" : "cgroup v2: \(group.joined(separator: ", "))"
        ]
        parts.append("rlimits: \(each.joined(separator: ", "))")
        parts.append("watch: \(watched.joined(separator: ", "))")
        return parts.joined(separator: "; ")
    }

    private static func freeBytes(at directory: String) -> Int {
        var status = statvfs()
        guard statvfs(directory, &status) == 0 else { return PipelinesLimits.defaultDisk }
        let (bytes, overflow) = Int(clamping: status.f_bavail).multipliedReportingOverflow(
            by: Int(clamping: status.f_frsize)
        )
        return overflow ? .max : bytes
    }
}
