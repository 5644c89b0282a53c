import Core

/// Where the keys of secrets come from; the first key encrypts, the others only decrypt.
package enum KeySource: Sendable, Equatable {
    /// A file, made with a new key when the first secret is set.
    case file(String)
    /// A text: `MARTLET_SECRET_KEY`.
    case text(String)
    /// A command of the shell whose standard output is the text: `--secret-key-command`.
    case command(String)

    /// What it is called in messages.
    package var name: String {
        switch self {
        case .file: "the key file secret.key in the data directory"
        case .text: "MARTLET_SECRET_KEY"
        case .command: "the output of the command of --secret-key-command"
        }
    }

    /// The keys; none for a file that is not there yet.
    ///
    /// Blocks: call it through `BlockingWork`.
    ///
    /// - Throws: what is wrong with the source, and the remedy.
    func load() throws(MartletError) -> [SecretKey] {
        switch self {
        case .file(let path): try SecretKeyFile.read(path)
        case .text(let text): try SecretKey.parse(text, origin: name)
        case .command(let command): try SecretKey.parse(try KeyCommand.output(of: command), origin: name)
        }
    }
}
