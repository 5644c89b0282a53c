import Core
package import Server

/// Connects to the database server that the settings name.
package enum DatabaseProbe {
    /// What PostgreSQL answers; nil when the database is a file.
    package static func check(settings: ServerSettings) async -> DoctorCheck? {
        let name = "database"
        do {
            return try await DatabaseWiring.probe(settings: settings).map { DoctorCheck(name, .ok, $0) }
        } catch {
            let remedy = MartletError.wrapping(error).message
            return DoctorCheck(name, .missing, "the PostgreSQL database cannot be used", remedy: remedy)
        }
    }
}
