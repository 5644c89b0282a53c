import Core
package import Rollouts

/// The headers of calls to the outside: their texts lie in secrets.
package struct ExternalHeaders: Sendable {
    private let secrets: @Sendable (_ names: [String]) async throws -> [String: String]

    /// Finds texts by the names of secrets; `secrets` throws `notFound` naming those that are missing.
    package init(secrets: @escaping @Sendable (_ names: [String]) async throws -> [String: String]) {
        self.secrets = secrets
    }

    /// The text of one secret.
    func text(_ name: String) async throws -> String {
        guard let text = try await secrets([name])[name] else {
            throw MartletError(.notFound, "There is no secret '\(name.prefix(80))'.")
        }
        return text
    }

    /// Names and values to send.
    ///
    /// - Throws: `notFound` for a missing secret, `failedPrecondition` for one that is no header's value.
    package func values(_ headers: [ExternalHeader]) async throws -> [(name: String, value: String)] {
        guard !headers.isEmpty else { return [] }
        let texts = try await secrets(headers.map(\.secret))
        return try headers.map { header in
            var value = texts[header.secret] ?? ""
            while value.last?.isNewline == true { value.removeLast() }
            let isSound = !value.isEmpty && value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
            guard isSound, value.utf8.count <= AnalysisLimits.headerBytes else {
                throw MartletError(
                    .failedPrecondition,
                    "The secret '\(header.secret.prefix(80))' cannot be the value of a header: it must be one line of 1 to "
                        + "\(AnalysisLimits.headerBytes) bytes."
                )
            }
            return (header.name, value)
        }
    }
}
