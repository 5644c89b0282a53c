package import Core
import Foundation

/// Finds the interpreter that runs a model's workers.
package enum PythonInterpreter {
    /// The absolute path of the interpreter: the one that the settings name, else that of the model's prepared
    /// environment, else `python3`.
    ///
    /// - Throws: `failedPrecondition` naming the remedy when there is none.
    static func find(for directory: String, _ settings: PythonSettings) throws(MartletError) -> String {
        if let named = settings.interpreter { return try path(of: named) }
        if let folder = settings.environments {
            let environments = PythonEnvironments(directory: folder)
            if let requirements = try PythonRequirements(directory: directory),
                let environment = environments.environment(requirements.identifier)
            {
                return environment.interpreter
            }
        }
        return try path(of: "python3")
    }

    /// The absolute path of a program that is named by its path or found on the search path.
    ///
    /// - Throws: `failedPrecondition` when there is none.
    package static func path(of name: String) throws(MartletError) -> String {
        let candidates: [String]
        if name.hasPrefix("/") {
            candidates = [name]
        } else if name.contains("/") {
            candidates = [FileManager.default.currentDirectoryPath + "/" + name]
        } else {
            let search = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
            candidates = search.split(separator: ":").map { "\($0)/\(name)" }
        }
        if let found = candidates.first(where: isProgram) { return found }
        throw MartletError(
            .failedPrecondition,
            "The Python interpreter '\(HostPaths.removed(from: name))' was not found; install it, or name another one."
        )
    }

    private static func isProgram(_ path: String) -> Bool {
        var isDirectory: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) && !isDirectory.boolValue
            && FileManager.default.isExecutableFile(atPath: path)
    }
}
