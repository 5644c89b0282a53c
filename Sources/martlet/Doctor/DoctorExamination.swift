import Core
import Foundation
import Runtimes

/// Looks at what a server on this machine would need, without changing anything.
package struct DoctorExamination {
    /// The folder that a server would keep its data in.
    package let data: String
    /// The address that a server would listen on.
    package let host: String
    /// The port that a server would listen on.
    package let port: Int
    /// Where programs are looked for.
    package let searchPath: String

    /// An examination of one place and address.
    package init(data: String, host: String, port: Int, searchPath: String) {
        self.data = data
        self.host = host
        self.port = port
        self.searchPath = searchPath
    }

    /// Least free space on the data folder's disk without a warning, in bytes.
    static let wantedSpace: Int64 = 1 << 30
    /// Least number of open files without a warning.
    static let wantedFiles: UInt64 = 1024

    /// All checks, the most important first.
    package func checks() -> [DoctorCheck] {
        let (folder, isServed) = dataFolder()
        return [folder, portCheck(isServed: isServed), space(), files()]
            + NativeLibrary.status().map(Self.library)
            + [program("python3", for: "pipeline tasks written in Python", package: "python3")]
    }

    /// A model library; the server runs without it until a model or task needs it.
    static func library(_ status: NativeLibraryStatus) -> DoctorCheck {
        let name = "library \(status.name)"
        guard status.found else {
            return DoctorCheck(name, .missing, "\(status.version) is not installed", remedy: status.remedy)
        }
        return DoctorCheck(name, .ok, "\(status.version)" + (status.place.map { " in \($0)" } ?? ""))
    }

    /// Whether the folder can be used, and whether a server uses it now.
    package func dataFolder() -> (check: DoctorCheck, isServed: Bool) {
        let name = "data folder"
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: data, isDirectory: &isDirectory) else {
            let parent = URL(filePath: data).deletingLastPathComponent().path
            guard Self.isUsable(parent) else {
                return (DoctorCheck(name, .missing, "\(data) cannot be created", remedy: Self.otherFolder), false)
            }
            return (DoctorCheck(name, .ok, "\(data) will be created at the first start"), false)
        }
        guard isDirectory.boolValue else {
            return (DoctorCheck(name, .missing, "\(data) is a file", remedy: Self.otherFolder), false)
        }
        guard Self.isUsable(data) else {
            return (DoctorCheck(name, .missing, "\(data) cannot be written", remedy: Self.otherFolder), false)
        }
        guard isLocked else { return (DoctorCheck(name, .ok, "\(data) is there and free"), false) }
        return (DoctorCheck(name, .ok, "\(data) is used by a running server"), true)
    }

    private static let otherFolder = "Choose another folder with `martlet up --data DIR` or MARTLET_DATA."

    private static func isUsable(_ path: String) -> Bool {
        access(path, W_OK | X_OK) == 0
    }

    /// Whether a server holds the lock; looks without writing to the lock's file.
    private var isLocked: Bool {
        let descriptor = open("\(data)/lock", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else { return true }
        flock(descriptor, LOCK_UN)
        return false
    }

    /// Whether the port is free, or taken by the server of this data folder.
    package func portCheck(isServed: Bool) -> DoctorCheck {
        let name = "port \(port)"
        switch PortProbe.state(host: host, port: port) {
        case .free:
            return DoctorCheck(name, .ok, "free on \(host)")
        case .taken where isServed:
            return DoctorCheck(name, .ok, "in use, as the running server would have it")
        case .taken:
            return DoctorCheck(
                name,
                .missing,
                "another program listens on \(host):\(port)",
                remedy: "Stop it, or choose another port with `martlet up --port PORT` or MARTLET_PORT."
            )
        case .refused(let reason):
            return DoctorCheck(
                name,
                .missing,
                "\(host):\(port) cannot be used: \(reason)",
                remedy: "Choose --port or --host."
            )
        }
    }

    private func space() -> DoctorCheck {
        var place = data
        while access(place, F_OK) != 0, place != "/", place != "." {
            place = URL(filePath: place).deletingLastPathComponent().path
        }
        var status = statvfs()
        guard statvfs(place, &status) == 0 else {
            return DoctorCheck("disk space", .warning, "unknown")
        }
        let free = Int64(
            clamping: UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize)).partialValue
        )
        let text = "\(free / (1 << 20)) MiB free"
        guard free < Self.wantedSpace else { return DoctorCheck("disk space", .ok, text) }
        return DoctorCheck(
            "disk space",
            .warning,
            text,
            remedy: "Free some space, or choose a larger disk with --data."
        )
    }

    private func files() -> DoctorCheck {
        var limit = rlimit()
        #if canImport(Glibc)
        let known = getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0
        #else
        let known = getrlimit(RLIMIT_NOFILE, &limit) == 0
        #endif
        guard known else { return DoctorCheck("open files", .warning, "unknown") }
        let text = "at most \(limit.rlim_cur)"
        guard UInt64(limit.rlim_cur) < Self.wantedFiles else { return DoctorCheck("open files", .ok, text) }
        return DoctorCheck("open files", .warning, text, remedy: "Run `ulimit -n \(Self.wantedFiles)` before starting.")
    }

    /// Whether a program is installed that some features call.
    package func program(_ name: String, for use: String, package: String) -> DoctorCheck {
        for folder in searchPath.split(separator: ":") where access("\(folder)/\(name)", X_OK) == 0 {
            return DoctorCheck(name, .ok, "installed")
        }
        return DoctorCheck(
            name,
            .warning,
            "not installed; needed for \(use)",
            remedy: "Run `apt-get install \(package)`."
        )
    }
}
