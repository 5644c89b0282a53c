internal import Core
internal import GRDB

extension SQLiteBackend {
    /// Opens a file for reading only: it is not changed, and nothing is created beside it.
    ///
    /// A file in WAL mode needs files beside it even to be read; whoever has one reads a copy.
    static func openReadOnly(path: String) throws(MartletError) -> SQLiteBackend {
        var configuration = configuration()
        configuration.readonly = true
        do {
            return SQLiteBackend(writer: try DatabaseQueue(path: path, configuration: configuration))
        } catch {
            throw SQLiteFailure.translate(error)
        }
    }
}
