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
        let needle = Array("\(variable)=\(marker)".utf8)
        var killed = 0
        for _ in 0..<8 {
            let found = processes(with: needle)
            if found.isEmpty { break }
            for process in found where signal(process, SIGKILL) { killed += 1 }
        }
        return killed
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

    private static func processes(with needle: [UInt8]) -> [pid_t] {
        guard let directory = opendir("/proc") else { return [] }
        defer { closedir(directory) }
        var found: [pid_t] = []
        let own = getpid()
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard let process = pid_t(name), process > 1, process != own else { continue }
            if environment(of: process).split(separator: 0).contains(where: { $0.elementsEqual(needle) }) {
                found.append(process)
            }
        }
        return found
    }

    /// The environment as the process was started with; empty for one that has ended or belongs to another user.
    private static func environment(of process: pid_t) -> [UInt8] {
        let descriptor = open("/proc/\(process)/environ", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return [] }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 256 * 1024)
        let count = bytes.count
        let received = bytes.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, count) }
        return received > 0 ? Array(bytes.prefix(received)) : []
    }
}
