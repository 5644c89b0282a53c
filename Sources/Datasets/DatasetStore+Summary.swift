import Storage

extension DatasetStore {
    /// One dataset as the list shows it; nil when there is none of that name.
    ///
    /// Cheap enough to be asked again and again.
    package func summary(_ name: String) async throws -> DatasetSummary? {
        try await database.read { connection in
            let known = try connection.first("SELECT name FROM datasets WHERE name = ?", [.text(name)])
            guard known != nil else { return nil }
            return try Self.summary(of: DatasetRecord.load(name, on: connection), on: connection)
        }
    }
}
