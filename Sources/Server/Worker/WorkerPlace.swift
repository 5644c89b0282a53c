import Core
import Foundation

/// The directory in which a worker's attempts have theirs; those of workers that are gone are removed.
struct WorkerPlace {
    let path: String
    private let lock: Int32

    /// Makes the directory of a worker, locked while it lives.
    static func take(below data: String, name: String) throws(MartletError) -> WorkerPlace {
        let root = URL(fileURLWithPath: "\(data)/workers").standardizedFileURL.path
        sweep(root)
        let path = "\(root)/\(name)"
        do {
            try FileManager.default.createDirectory(
                atPath: path,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o711]
            )
        } catch {
            throw MartletError(
                .unavailable,
                "The worker's directory cannot be made; name another with --data.",
                cause: error
            )
        }
        let lock = open("\(path)/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard lock >= 0, flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            throw MartletError(.unavailable, "The worker's directory cannot be locked.")
        }
        return WorkerPlace(path: path, lock: lock)
    }

    /// Removes the directory.
    func leave() {
        try? FileManager.default.removeItem(atPath: path)
        close(lock)
    }

    private static func sweep(_ root: String) {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? [] {
            let path = "\(root)/\(name)"
            let lock = open("\(path)/lock", O_RDWR | O_CLOEXEC)
            guard lock >= 0 else { continue }
            defer { close(lock) }
            if flock(lock, LOCK_EX | LOCK_NB) == 0 { try? FileManager.default.removeItem(atPath: path) }
        }
    }
}
