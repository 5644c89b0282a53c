import Core
import Foundation

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A directory of the workers of one model: their home, their temporary files and the script they run.
///
/// It is removed with the value. What a server left that was killed is removed by the next one.
final class WorkerScratch: Sendable {
    /// The directory, which only this user may enter.
    let path: String
    private static let prefix = "martlet-workers-"

    /// Makes a directory in the system's temporary directory.
    ///
    /// - Throws: `storageFull` or `failedPrecondition` when that is not possible.
    init() throws(MartletError) {
        let parent = NSTemporaryDirectory()
        Self.sweep(parent)
        var template = Array(
            "\(parent.hasSuffix("/") ? parent : parent + "/")\(Self.prefix)\(getpid())-XXXXXX".utf8CString
        )
        guard mkdtemp(&template) != nil else {
            throw MartletError(.failedPrecondition, "No directory for the model's workers can be made: \(Self.reason).")
        }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let script = open(script, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        let bytes = PackageResources.martlet_worker_py
        let written = script < 0 ? -1 : bytes.withUnsafeBytes { write(script, $0.baseAddress, $0.count) }
        if script >= 0 { close(script) }
        guard written == bytes.count else {
            throw MartletError(.storageFull, "The worker's script cannot be written: \(Self.reason).")
        }
    }

    deinit {
        // What a model left there that cannot be removed is only untidy.
        try? FileManager.default.removeItem(atPath: path)
    }

    /// The path of `martlet_worker.py`.
    var script: String { path + "/martlet_worker.py" }

    private static var reason: String { String(cString: strerror(errno)) }

    /// Removes the directories of processes of this user that have ended.
    private static func sweep(_ parent: String) {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: parent) else { return }
        for name in names where name.hasPrefix(prefix) {
            let number = name.dropFirst(prefix.count).prefix { $0.isNumber }
            guard let process = pid_t(number), kill(process, 0) != 0, errno == ESRCH else { continue }
            // Another user's directory is not removed: the system refuses.
            try? FileManager.default.removeItem(atPath: parent + "/" + name)
        }
    }
}
