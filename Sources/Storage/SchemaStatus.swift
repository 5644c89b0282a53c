package import Core

/// How the schema of a database compares with the one that a version of the product knows.
package struct SchemaStatus: Sendable {
    /// The migrations that have been applied, in the order of their application.
    package let applied: [String]
    /// The migrations that are still to be applied, in order.
    package let pending: [Migration]
    /// Migrations in the database that the product does not know: a newer version wrote it.
    package let unknown: [String]
    /// The version of the product that applied the newest unknown migration, or else the newest; nil when not recorded.
    package let writtenBy: String?

    /// Compares what was applied, by which versions, with the list that is known.
    package init(migrations: [Migration], applied: [String], versions: [String: String] = [:]) {
        let known = Set(migrations.map(\.id))
        let done = Set(applied)
        self.applied = applied
        pending = migrations.filter { !done.contains($0.id) }
        unknown = applied.filter { !known.contains($0) }
        writtenBy = (unknown.last ?? applied.last).flatMap { versions[$0] }
    }

    /// Whether nothing has to be done before the product can use the database.
    package var isCurrent: Bool { pending.isEmpty && unknown.isEmpty }

    /// Refuses a database that a newer version wrote.
    ///
    /// - Throws: `failedPrecondition` naming the step, the version and what helps.
    package func refuseNewer(than version: String = ProductVersion.text) throws(MartletError) {
        guard let step = unknown.first else { return }
        let writer = writtenBy.map { "martlet \($0)" } ?? "a newer version of martlet"
        throw MartletError(
            .failedPrecondition,
            "The database has the newer schema step '\(step)', written by \(writer); this is martlet \(version). Start it "
                + "with \(writer), or restore a backup from before the upgrade into a new directory: "
                + "martlet restore SOURCE --data DIR."
        )
    }
}
