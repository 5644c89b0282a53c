import Core
import Foundation

/// Runs a Python that is on this machine and takes what it prints.
enum PythonRun {
    /// What Python prints; its errors go where those of this command go.
    ///
    /// - Parameters:
    ///   - python: the interpreter.
    ///   - words: its arguments.
    ///   - library: where `martlet.py` lies.
    /// - Returns: the text.
    /// - Throws: `failedPrecondition` when it is missing or fails.
    static func output(of python: String, _ words: [String], library: String) async throws -> String {
        try await BlockingWork.run {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            process.arguments = [python] + words
            var environment = ProcessInfo.processInfo.environment
            environment["PYTHONPATH"] = environment["PYTHONPATH"].map { "\($0):\(library)" } ?? library
            environment["PYTHONIOENCODING"] = "utf-8"
            process.environment = environment
            let pipe = Pipe()
            process.standardOutput = pipe
            try process.run()
            let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
            process.waitUntilExit()
            guard process.terminationStatus == 0 else {
                let message =
                    process.terminationStatus == 127
                    ? "'\(python)' is not on the PATH; name a Python with --python."
                    : "The file could not be compiled; '\(python)' says why above."
                throw MartletError(.failedPrecondition, message)
            }
            return String(decoding: data, as: UTF8.self)
        }
    }
}
