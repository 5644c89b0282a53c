/// The message of a commit: the template filled, and trailers by which the commit is found again.
package enum CommitText {
    /// The trailer that holds an order's key.
    package static let keyTrailer = "Martlet-Loop"

    /// The whole message.
    ///
    /// - Parameters:
    ///   - template: the message's template.
    ///   - order: what is written back.
    /// - Returns: subject, body and trailers.
    package static func text(_ template: MessageTemplate, _ order: GitOrder) -> String {
        // A line of the template that looks like the trailer could be taken for it.
        let lines = template.filled(order).split(separator: "\n", omittingEmptySubsequences: false).filter {
            !$0.lowercased().hasPrefix(keyTrailer.lowercased())
        }
        var body = lines.joined(separator: "\n")
        while let last = body.last, last.isWhitespace { body.removeLast() }
        while let first = body.first, first.isWhitespace { body.removeFirst() }
        if body.isEmpty { body = "\(MessageTemplate.line(order.model)): version \(order.version)" }
        return """
            \(body)

            \(keyTrailer): \(order.key)
            Martlet-Model: \(MessageTemplate.line(order.model))
            Martlet-Version: \(order.version)

            """
    }
}
