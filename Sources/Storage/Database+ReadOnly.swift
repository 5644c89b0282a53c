package import Core

extension Database {
    /// Opens an SQLite file of another program for reading only: nothing is changed, nothing is created beside it.
    ///
    /// - Throws: `dataLoss` when the file is no database or damaged, `unavailable` when it cannot be opened.
    package static func openReadOnly(path: String) throws(MartletError) -> Database {
        Database(backend: try SQLiteBackend.openReadOnly(path: path))
    }
}
