import ArgumentParser
import Core
import Foundation
import Pipelines

/// `martlet pipeline compile`.
struct PipelineCompile: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compile",
        abstract: "Make the YAML of a pipeline that is declared in Python.",
        discussion: """
            Runs FILE, which declares it with @task and @pipeline of martlet.py; needs Python 3.9 and nothing else. For your \
            own Python: PYTHONPATH="$(martlet pipeline compile --library)" python3 FILE.
            """
    )

    @Argument(help: "The Python file.")
    var file: String?

    @Option(name: [.short, .long], help: "Write to this file; tasks then find FILE relative to it. (default: print)")
    var output: String?

    @Option(help: "The Python that runs FILE. (default: python3)")
    var python = "python3"

    @Flag(help: "Print the directory in which martlet.py lies, for PYTHONPATH.")
    var library = false

    func run() async throws {
        try await CommandFailure.explaining {
            let path = try PythonLibrary.prepare(below: Self.folder())
            if library {
                Terminal.standard.line(path)
                return
            }
            guard let file else { throw MartletError(.invalidArgument, "Name the Python file.") }
            let text = try await compile(file, library: path)
            if let output {
                try OutputFile.write(text, to: output)
            } else {
                Terminal.standard.line(String(text.dropLast(text.hasSuffix("\n") ? 1 : 0)))
            }
        }
    }

    /// A folder of this user that outlives the command.
    private static func folder() throws -> String {
        let cache = ProcessInfo.processInfo.environment["XDG_CACHE_HOME"] ?? NSHomeDirectory() + "/.cache"
        return URL(fileURLWithPath: cache).standardizedFileURL.path + "/martlet"
    }

    private func compile(_ file: String, library: String) async throws -> String {
        var words = ["-m", "martlet", "compile", file]
        if let output { words += ["--path", Self.relative(file, to: output)] }
        return try await PythonRun.output(of: python, words, library: library)
    }

    /// The path of a file, seen from the directory of another.
    static func relative(_ file: String, to other: String) -> String {
        let from = URL(fileURLWithPath: other).standardizedFileURL.deletingLastPathComponent().pathComponents
        let to = URL(fileURLWithPath: file).standardizedFileURL.pathComponents
        let shared = zip(from, to).prefix { $0 == $1 }.count
        return (from[shared...].map { _ in ".." } + to[shared...]).joined(separator: "/")
    }
}
