import CHost

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Finds the processes of an attempt by the mark in their environment and kills them.
///
/// A process group does not hold a child that made a session of its own, and after a restart of the server nothing else
/// tells which processes an attempt left behind. Linux shows each process's environment under `/proc`; elsewhere only the
/// process group is known.
enum ProcessSweep {
    /// The variable that carries the mark.
    static let variable = "MARTLET_TASK_MARKER"

    /// Kills every process that carries `marker`, again until none is left or it has tried often enough.
    ///
    /// - Returns: How many were killed.
    @discardableResult
    static func kill(marker: String) -> Int {
        let needle = "\(variable)=\(marker)"
        var killed = 0
        for _ in 0..<8 {
            let found = processes(with: needle)
            if found.isEmpty { break }
            for process in found where signal(process, SIGKILL) { killed += 1 }
        }
        return killed
    }

    /// The processes that carry `marker` now.
    static func processes(marker: String) -> [pid_t] {
        processes(with: "\(variable)=\(marker)")
    }

    private static func signal(_ process: pid_t, _ number: Int32) -> Bool {
        #if canImport(Glibc)
        Glibc.kill(process, number) == 0
        #elseif canImport(Musl)
        Musl.kill(process, number) == 0
        #else
        Darwin.kill(process, number) == 0
        #endif
    }

    private static func processes(with needle: String) -> [pid_t] {
        guard let directory = opendir("/proc") else { return [] }
        defer { closedir(directory) }
        var found: [pid_t] = []
        let own = getpid()
        while let entry = readdir(directory) {
            // Names of processes are numbers; the first byte tells.
            guard (0x30...0x39).contains(UInt8(bitPattern: entry.pointee.d_name.0)) else { continue }
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard let process = pid_t(name), process > 1, process != own else { continue }
            if martlet_process_has_variable(process, needle) != 0 { found.append(process) }
        }
        return found
    }
}
