import Core
import Foundation

/// The directory of an attempt.
enum AttemptDirectory {
    /// Removes what lies in it; what cannot be removed stays.
    static func clear(_ path: String) async {
        try? await BlockingWork.run {
            let manager = FileManager.default
            let names = (try? manager.contentsOfDirectory(atPath: path)) ?? []
            for name in names { try? manager.removeItem(atPath: "\(path)/\(name)") }
        }
    }

    /// Removes it with all that lies in it.
    static func remove(_ path: String) async {
        try? await BlockingWork.run { try FileManager.default.removeItem(atPath: path) }
    }
}
