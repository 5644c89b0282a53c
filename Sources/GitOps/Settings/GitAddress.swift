package import Core
import Foundation

/// Where a repository is: over HTTPS, over SSH, or a directory of this machine.
package struct GitAddress: Sendable, Equatable, CustomStringConvertible {
    /// How it is reached.
    package enum Kind: String, Sendable, CaseIterable {
        case https
        case ssh
        case directory
    }

    /// How it is reached.
    package let kind: Kind
    /// What git is given.
    package let text: String
    /// The host; nil for a directory.
    package let host: String?
    /// The port; nil for the usual one.
    package let port: Int?

    /// Reads an address: `https://host/path`, `ssh://user@host/path`, `user@host:path` or `/directory`.
    ///
    /// - Throws: `invalidArgument` for another form, and for one with a password in it.
    package init(_ text: String) throws(MartletError) {
        let isPlain = text.unicodeScalars.allSatisfy { $0.value > 0x20 && $0.value < 0x7F }
        guard (1...GitOpsLimits.addressCharacters).contains(text.count), isPlain, !text.hasPrefix("-") else {
            throw Self.malformed("it must have 1 to \(GitOpsLimits.addressCharacters) plain characters")
        }
        if text.hasPrefix("/") {
            guard !text.split(separator: "/").contains("..") else { throw Self.malformed("it must not contain '..'") }
            (kind, self.text, host, port) = (.directory, text, nil, nil)
            return
        }
        if text.contains("://") {
            guard let url = URL(string: text), let name = url.host, !name.isEmpty, !name.hasPrefix("-") else {
                throw Self.malformed("it names no host")
            }
            guard url.password == nil, url.scheme == "ssh" || url.user == nil else {
                throw Self.malformed("it must not contain credentials; name a secret in 'credentials'")
            }
            switch url.scheme {
            case "https": kind = .https
            case "ssh": kind = .ssh
            default: throw Self.malformed("it must begin with https://, ssh:// or /")
            }
            guard !(url.user ?? "").hasPrefix("-"), !url.path.isEmpty, url.query == nil, url.fragment == nil else {
                throw Self.malformed("it must be a host and a path")
            }
            (self.text, host, port) = (text, name, url.port)
            return
        }
        let parts = text.split(separator: ":", maxSplits: 1)
        let names = (parts.first ?? "").split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, names.count == 2, let user = names.first, let name = names.last,
            !user.isEmpty, !name.isEmpty, !user.hasPrefix("-"), !name.hasPrefix("-"), !parts[1].hasPrefix(":"),
            (user + name).allSatisfy({ $0.isLetter || $0.isNumber || "._-".contains($0) })
        else { throw Self.malformed("it must be https://host/path, user@host:path or /directory") }
        (kind, self.text, host, port) = (.ssh, text, String(name), nil)
    }

    private static func malformed(_ reason: String) -> MartletError {
        MartletError(.invalidArgument, "The address of the Git repository is not usable: \(reason).")
    }

    /// The address without what a person need not see.
    package var description: String { kind == .directory ? "the local repository" : text }
}
