import Core
import Synchronization

/// Keeps a library once it is open; a failure is not kept.
final class LibraryCache<Library: Sendable>: Sendable {
    private let library = Mutex<Library?>(nil)

    /// The library, opened by `open` when it is not yet there.
    func get(_ open: () throws -> Library) throws -> Library {
        try library.withLock { library in
            if let library { return library }
            let opened = try open()
            library = opened
            return opened
        }
    }
}

extension NativeLibrary {
    /// The error for a library that opens but is not the one Martlet was written for.
    func lacks(_ symbol: UnsafePointer<CChar>?) -> MartletError {
        let name = symbol.map { String(cString: $0) } ?? "a function"
        return MartletError(.failedPrecondition, "The installed \(rawValue) library lacks \(name). \(remedy)")
    }
}
