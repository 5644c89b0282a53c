#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Counts what a user runs.
enum ProcessCount {
    /// Processes and threads of a user, as far as `/proc` shows them; 0 elsewhere.
    static func threads(of user: UInt32) -> Int {
        guard let directory = opendir("/proc") else { return 0 }
        defer { closedir(directory) }
        var count = 0
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            var status = stat()
            guard pid_t(name) != nil, stat("/proc/\(name)", &status) == 0, status.st_uid == user,
                stat("/proc/\(name)/task", &status) == 0
            else { continue }
            // Two links are the directory itself, each thread is one more.
            count += max(1, Int(status.st_nlink) - 2)
        }
        return count
    }
}
