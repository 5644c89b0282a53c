import Dispatch
import Foundation

/// Finds a command's program.
enum ProgramSearch {
    /// The absolute path of a program: a path as it is or in `directory`, a name on the search path; nil if there is none.
    static func find(_ name: String, searchPath: String, directory: String) -> String? {
        if name.hasPrefix("/") { return isProgram(name) ? name : nil }
        if name.contains("/") { return isProgram("\(directory)/\(name)") ? "\(directory)/\(name)" : nil }
        return searchPath.split(separator: ":").filter { $0.hasPrefix("/") }.map { "\($0)/\(name)" }.first(
            where: isProgram
        )
    }

    private static func isProgram(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG && access(path, X_OK) == 0
    }
}
