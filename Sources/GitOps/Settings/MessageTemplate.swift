package import Core

/// A text with placeholders such as `{model}`.
package struct MessageTemplate: Sendable, Equatable {
    /// What can stand in a text.
    package enum Placeholder: String, Sendable, CaseIterable {
        case model
        case alias
        case version
        case champion
        case deployment
        case outcome
        case loop
        case metrics
    }

    private enum Piece: Sendable, Equatable {
        case text(String)
        case placeholder(Placeholder)
    }

    private let pieces: [Piece]
    /// The text as written.
    package let text: String

    /// Reads a text; `{{` and `}}` stand for braces.
    ///
    /// - Throws: `invalidArgument` for an unknown placeholder, a brace without its other, or too long a text.
    package init(_ text: String) throws(MartletError) {
        guard (1...GitOpsLimits.messageCharacters).contains(text.count) else {
            throw MartletError(
                .invalidArgument,
                "A text with placeholders has 1 to \(GitOpsLimits.messageCharacters) characters."
            )
        }
        var pieces: [Piece] = []
        var plain = ""
        var rest = text[...]
        while let character = rest.popFirst() {
            switch character {
            case "{" where rest.first == "{", "}" where rest.first == "}": plain.append(rest.removeFirst())
            case "}": throw Self.unclear("a '}' stands alone; write '}}' for a brace")
            case "{":
                guard let end = rest.firstIndex(of: "}") else { throw Self.unclear("a '{' has no '}'") }
                guard let placeholder = Placeholder(rawValue: String(rest[..<end])) else {
                    let known = Placeholder.allCases.map { "{\($0.rawValue)}" }.joined(separator: ", ")
                    throw Self.unclear("'{\(rest[..<end].prefix(40))}' is not known; there are \(known)")
                }
                pieces += [.text(plain), .placeholder(placeholder)]
                plain = ""
                rest = rest[rest.index(after: end)...]
            default: plain.append(character)
            }
        }
        self.pieces = pieces + [.text(plain)]
        self.text = text
    }

    private static func unclear(_ reason: String) -> MartletError {
        MartletError(.invalidArgument, "A text with placeholders cannot be read: \(reason).")
    }

    /// The text with what an order says; values have no line breaks, except the list of metrics.
    package func filled(_ order: GitOrder) -> String {
        pieces.map { piece in
            switch piece {
            case .text(let text): text
            case .placeholder(let placeholder): Self.value(placeholder, order)
            }
        }.joined()
    }

    private static func value(_ placeholder: Placeholder, _ order: GitOrder) -> String {
        switch placeholder {
        case .model: line(order.model)
        case .alias: line(order.alias)
        case .version: String(order.version)
        case .champion: order.champion.map { String($0) } ?? ""
        case .deployment: line(order.deployment ?? "")
        case .outcome: line(order.outcome)
        case .loop: line(order.key)
        case .metrics:
            order.metrics.prefix(GitOpsLimits.messageMetrics).map { metric in
                let champion = metric.champion.map { " (before: \($0))" } ?? ""
                return "\(line(metric.name)): \(metric.value)\(champion)"
            }.joined(separator: "\n")
        }
    }

    /// A text without line breaks and control characters, so that it can add no line of its own to a message.
    static func line(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? " " : $0 }))
            .replacing("\u{2028}", with: " ").replacing("\u{85}", with: " ")
    }
}
