import ArgumentParser
import Core
import Foundation

/// `martlet secret set NAME`.
struct SecretSet: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "set",
        abstract: "Set a secret's value, read from standard input, a file or a variable.",
        discussion: "The value is never an argument, because others can read those. One line end at the end of standard"
            + " input is left out."
    )

    @OptionGroup var options: GlobalOptions
    @Argument(help: "The secret's name.")
    var name: String
    @Option(name: .customLong("from-file"), help: "Read the value from this file, as it is.")
    var file: String?
    @Option(name: .customLong("from-env"), help: "Read the value from this environment variable.")
    var variable: String?

    func validate() throws {
        if file != nil, variable != nil {
            throw ValidationError("Give --from-file or --from-env, not both.")
        }
    }

    func run(_ session: Session) async throws {
        let value = try value()
        let answer = try await session.server.send(
            "PUT",
            "/api/martlet/v1/secrets/\(ServerClient.segment(name))",
            ["value": .string(value)]
        )
        guard !session.wroteJSON(answer) else { return }
        session.terminal.line("\(name) is set (version \(Words.text(answer["version"]))).")
    }

    private func value() throws -> String {
        if let variable {
            guard let value = ProcessInfo.processInfo.environment[variable] else {
                throw MartletError(.invalidArgument, "The environment variable \(variable) is not set.")
            }
            return value
        }
        let handle: FileHandle
        if let file {
            guard let opened = FileHandle(forReadingAtPath: file) else {
                throw MartletError(.invalidArgument, "The file '\(file)' cannot be read.")
            }
            handle = opened
        } else {
            guard isatty(STDIN_FILENO) == 0 else {
                throw MartletError(
                    .invalidArgument,
                    "Pipe the value in, such as `martlet secret set \(name) < FILE`, or use --from-file or --from-env."
                )
            }
            handle = .standardInput
        }
        let data = try handle.read(upToCount: CommandLimits.secretBytes + 1) ?? Data()
        guard data.count <= CommandLimits.secretBytes, var text = String(data: data, encoding: .utf8) else {
            throw MartletError(
                .invalidArgument,
                "The value must be text in UTF-8 of at most \(CommandLimits.secretBytes) bytes; encode binary data as base64."
            )
        }
        if file == nil, text.last?.isNewline == true { text.removeLast() }
        return text
    }
}
