package import Core
import Foundation

/// The environments that `martlet model env` prepared: a directory for each set of requirements.
package struct PythonEnvironments: Sendable {
    /// One complete environment.
    package struct Environment: Sendable, Equatable {
        /// The identifier of its requirements.
        package let identifier: String
        /// Its interpreter's absolute path.
        package let interpreter: String
        /// What was written when it was complete.
        package let marker: JSONValue
    }

    /// Where they lie, an absolute path.
    package let directory: String
    /// The file that says that an environment is complete; it is written last.
    static let markerName = "martlet-environment.json"

    /// The environments in a directory, which need not exist.
    package init(directory: String) {
        self.directory =
            directory.hasPrefix("/") ? directory : FileManager.default.currentDirectoryPath + "/" + directory
    }

    /// Where the environment of these requirements lies, or would lie.
    package func path(of identifier: String) -> String { directory + "/" + identifier }

    /// A complete environment; nil when there is none.
    package func environment(_ identifier: String) -> Environment? {
        guard Self.isIdentifier(identifier),
            let bytes = FileManager.default.contents(atPath: path(of: identifier) + "/" + Self.markerName),
            let marker = try? JSONValue.parse([UInt8](bytes))
        else { return nil }
        let interpreter = path(of: identifier) + "/bin/python"
        guard FileManager.default.isExecutableFile(atPath: interpreter) else { return nil }
        return Environment(identifier: identifier, interpreter: interpreter, marker: marker)
    }

    /// Every complete environment, by identifier.
    package func all() -> [Environment] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        return names.sorted().prefix(WorkerLimits.environments).compactMap(environment)
    }

    /// Removes an environment, complete or not; says whether there was one.
    ///
    /// - Throws: `failedPrecondition` when it cannot be removed.
    package func remove(_ identifier: String) throws(MartletError) -> Bool {
        guard Self.isIdentifier(identifier), FileManager.default.fileExists(atPath: path(of: identifier)) else {
            return false
        }
        do {
            try FileManager.default.removeItem(atPath: path(of: identifier))
        } catch {
            throw MartletError(.failedPrecondition, "The environment \(identifier) cannot be removed.", cause: error)
        }
        return true
    }

    private static func isIdentifier(_ text: String) -> Bool {
        text.utf8.count == 32 && text.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
    }
}
