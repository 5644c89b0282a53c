import Core
import Foundation

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Reads a password from where others do not see it: a file, a pipe, or the keyboard without an echo; never an argument.
enum PasswordInput {
    /// The password in a file (`-` is standard input); without one, what is typed.
    ///
    /// - Throws: `invalidArgument` when there is none, or two that were typed differ.
    static func read(file: String?, prompt: String, isNew: Bool) throws(MartletError) -> String {
        if let file, file != "-" {
            guard let data = FileManager.default.contents(atPath: file) else {
                throw MartletError(.notFound, "The file '\(file)' cannot be read.")
            }
            return try line(of: data)
        }
        guard file == nil, isatty(STDIN_FILENO) == 1 else {
            return try line(of: (try? FileHandle.standardInput.read(upToCount: CommandLimits.tokenFileBytes)) ?? Data())
        }
        let password = try typed(prompt)
        guard isNew else { return password }
        let again = try typed("Once more: ")
        guard password == again else {
            throw MartletError(.invalidArgument, "The two passwords differ; nothing was changed.")
        }
        return password
    }

    private static func line(of data: Data) throws(MartletError) -> String {
        guard data.count <= CommandLimits.tokenFileBytes, let text = String(validating: data, as: UTF8.self),
            let line = text.split(whereSeparator: \.isNewline).first
        else { throw MartletError(.invalidArgument, "There is no password in the input; it is the first line.") }
        return String(line)
    }

    private static func typed(_ prompt: String) throws(MartletError) -> String {
        Terminal.write(prompt, to: FileHandle.standardError)
        var before = termios()
        guard tcgetattr(STDIN_FILENO, &before) == 0 else {
            throw MartletError(.failedPrecondition, "The terminal cannot hide what is typed; use --password-file.")
        }
        var silent = before
        silent.c_lflag &= ~tcflag_t(ECHO)
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent)
        defer {
            tcsetattr(STDIN_FILENO, TCSAFLUSH, &before)
            Terminal.write("\n", to: FileHandle.standardError)
        }
        guard let line = readLine(), !line.isEmpty else {
            throw MartletError(.invalidArgument, "No password was typed.")
        }
        return line
    }
}
