internal import CPostgres
package import Core
internal import Synchronization

/// PostgreSQL's client library, opened when the first database needs it.
package struct PostgresLibrary: Sendable {
    /// Its functions; valid for the rest of the process.
    // Safe because the table is written before it is published and never again.
    nonisolated(unsafe) let functions: UnsafePointer<martlet_postgres>

    private static let opened = Mutex<PostgresLibrary?>(nil)
    #if os(macOS)
    private static let names = [
        "libpq.5.dylib", "/opt/homebrew/opt/libpq/lib/libpq.5.dylib", "/usr/local/opt/libpq/lib/libpq.5.dylib",
    ]
    #else
    private static let names = ["libpq.so.5"]
    #endif

    /// The library, opened once for the process.
    ///
    /// - Throws: `failedPrecondition` naming what to install.
    static func shared() throws(MartletError) -> PostgresLibrary {
        try opened.withLock { library throws(MartletError) in
            if let library { return library }
            let found = try open(anyOf: names)
            library = found
            return found
        }
    }

    /// Opens the first of the libraries that is there.
    ///
    /// - Throws: `failedPrecondition` naming what to install.
    package static func open(anyOf names: [String]) throws(MartletError) -> PostgresLibrary {
        var reason = "none was named"
        for name in names {
            var buffer = [CChar](repeating: 0, count: 512)
            if let table = martlet_postgres_open(name, &buffer, buffer.count) {
                return PostgresLibrary(functions: table)
            }
            reason = String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        }
        throw MartletError(
            .failedPrecondition,
            "A PostgreSQL database needs the client library libpq (version 14 or newer); "
                + "install it (Debian and Ubuntu: apt-get install libpq5).",
            cause: PostgresFailure(state: "", message: reason)
        )
    }
}
