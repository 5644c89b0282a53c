package import Core
import Foundation
import Storage

/// `martlet gc` without a server: opens the data directory as a server would, and collects.
package enum DataCollection {
    /// Collects in the data directory that the settings name.
    ///
    /// - Throws: `failedPrecondition` when a server has the directory; `notFound` when there is none.
    package static func run(
        settings: ServerSettings,
        olderThan age: Duration,
        isDryRun: Bool,
        clock: Clock = .system
    ) async throws -> JSONValue {
        guard FileManager.default.fileExists(atPath: settings.data) else {
            throw MartletError(.notFound, "There is no data directory '\(settings.data)'; name it with --data.")
        }
        let directory = try DataDirectory.lock(path: settings.data)
        defer { directory.unlock() }
        let stores = try await Stores.open(
            settings: settings,
            clock: clock,
            onAliasChange: { _ in },
            onRegistryEvent: {}
        )
        let report: CollectionReport
        do {
            report = try await CollectionWiring.collector(stores: stores, clock: clock)
                .collect(olderThan: age, isDryRun: isDryRun)
        } catch {
            try await stores.database.close()
            throw error
        }
        try await stores.database.close()
        return report.json
    }
}
