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
    /// The script and what it imports from beside it.
    private static let files = [
        ("martlet_worker.py", PackageResources.martlet_worker_py),
        ("martlet_protocol.py", PackageResources.martlet_protocol_py),
        ("martlet_inputs.py", PackageResources.martlet_inputs_py),
        ("martlet_outputs.py", PackageResources.martlet_outputs_py),
    ]

    /// Makes a directory below another one, which is made if it is missing, or in the system's temporary directory.
    ///
    /// - Throws: `storageFull` or `failedPrecondition` when that is not possible.
    init(in place: String? = nil) throws(MartletError) {
        var parent = NSTemporaryDirectory()
        if let place {
            parent = place.hasPrefix("/") ? place : FileManager.default.currentDirectoryPath + "/" + place
            // Should this fail, so does the next step, which says why.
            mkdir(parent, 0o700)
        }
        Self.sweep(parent)
        var template = Array(
            "\(parent.hasSuffix("/") ? parent : parent + "/")\(Self.prefix)\(getpid())-XXXXXX".utf8CString
        )
        guard mkdtemp(&template) != nil else {
            throw MartletError(.failedPrecondition, "No directory for the model's workers can be made: \(Self.reason).")
        }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        for (name, text) in Self.files { try Self.place(text, at: path + "/" + name) }
    }

    deinit {
        // What a model left there that cannot be removed is only untidy.
        try? FileManager.default.removeItem(atPath: path)
    }

    /// The path of `martlet_worker.py`.
    var script: String { path + "/martlet_worker.py" }

    private static var reason: String { String(cString: strerror(errno)) }

    /// Writes a file that is not there yet, however many writes that takes.
    private static func place(_ text: [UInt8], at path: String) throws(MartletError) {
        let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        var rest = text[...]
        while file >= 0, !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if count == 0 || errno != EINTR {
                break
            }
        }
        let reason = Self.reason
        if file >= 0 { close(file) }
        guard file >= 0, rest.isEmpty else {
            throw MartletError(.storageFull, "The worker's script cannot be written: \(reason).")
        }
    }

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
