package import Core
import Foundation

/// How the command line shows who it is, and for which workspace it asks.
package struct ClientAccess: Sendable, Equatable {
    /// The value of `Authorization`; nil for a server that asks for no log-in.
    package var authorization: String?
    /// The workspace; nil for the one that the server chooses.
    package var workspace: String?
    /// A file of certificates that are trusted instead of the system's, for a server with a certificate of one's own.
    package var certificates: String?

    /// Nobody, in no workspace.
    package init() {}

    /// What flags and environment say: a token from a file or MARTLET_TOKEN, else MARTLET_USERNAME and MARTLET_PASSWORD.
    ///
    /// A token never stands among the arguments, where everybody on the machine sees it.
    ///
    /// - Throws: `invalidArgument` for a file that holds no token, without repeating what it holds.
    package init(tokenFile: String?, workspace: String?, environment: [String: String]) throws(MartletError) {
        func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        if let tokenFile {
            authorization = "Bearer \(try Self.token(tokenFile))"
        } else if let token = value("MARTLET_TOKEN") {
            guard let token = Self.cleaned(token) else {
                throw MartletError(.invalidArgument, "MARTLET_TOKEN holds no token.")
            }
            authorization = "Bearer \(token)"
        } else if let name = value("MARTLET_USERNAME"), let password = value("MARTLET_PASSWORD") {
            authorization = "Basic " + Data("\(name):\(password)".utf8).base64EncodedString()
        }
        self.workspace = workspace ?? value("MARTLET_WORKSPACE")
        certificates = value("MARTLET_CA_FILE")
        guard self.workspace?.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) ?? true else {
            throw MartletError(.invalidArgument, "--workspace is no name of a workspace.")
        }
    }

    /// The headers of every request.
    package var headers: [(name: String, value: String)] {
        var headers: [(name: String, value: String)] = []
        if let authorization { headers.append(("authorization", authorization)) }
        if let workspace { headers.append(("x-martlet-workspace", workspace)) }
        return headers
    }

    private static func token(_ path: String) throws(MartletError) -> String {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw MartletError(.notFound, "The token file '\(path)' cannot be read.")
        }
        guard data.count <= CommandLimits.tokenFileBytes, let text = String(validating: data, as: UTF8.self),
            let token = cleaned(text)
        else { throw MartletError(.invalidArgument, "The file '\(path)' holds no token.") }
        return token
    }

    /// One word of visible characters, or nil.
    private static func cleaned(_ text: String) -> String? {
        let token = text.trimmingCharacters(in: .whitespacesAndNewlines)
        return !token.isEmpty && token.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F } ? token : nil
    }
}
