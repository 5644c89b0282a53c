import Core

/// What webhooks may be; the texts are MLflow's.
enum WebhookRules {
    /// Checks a name: letters and digits, inside also `.`, `_` and `-`.
    static func checkName(_ name: String) throws(MartletError) {
        func isPlain(_ character: Character) -> Bool {
            character.isASCII && (character.isLetter || character.isNumber)
        }
        let isFine =
            (1...WebhooksLimits.nameCharacters).contains(name.count)
            && name.allSatisfy { isPlain($0) || "._-".contains($0) }
            && name.first.map(isPlain) == true && name.last.map(isPlain) == true
        guard isFine else {
            throw MartletError(
                .invalidArgument,
                "Webhook name '\(name.prefix(100))' is invalid. It must start and end with a letter or digit, be at most "
                    + "\(WebhooksLimits.nameCharacters) characters long, and contain only letters, digits, dots (.), "
                    + "underscores (_), and hyphens (-)."
            )
        }
    }

    /// Checks the events and takes repeated ones out.
    static func checkEvents(_ events: [WebhookEvent]) throws(MartletError) -> [WebhookEvent] {
        guard !events.isEmpty else {
            throw MartletError(.invalidArgument, "Webhook events must be a non-empty list of WebhookEvent objects: [].")
        }
        var seen: Set<WebhookEvent> = []
        return events.filter { seen.insert($0).inserted }
    }

    /// Checks a description.
    static func checkDescription(_ description: String) throws(MartletError) {
        guard description.count <= WebhooksLimits.descriptionCharacters else {
            throw MartletError(
                .invalidArgument,
                "'description' exceeds the maximum length of \(WebhooksLimits.descriptionCharacters) characters"
            )
        }
    }

    /// Checks a secret.
    static func checkSecret(_ secret: String) throws(MartletError) {
        guard secret.utf8.count <= WebhooksLimits.secretBytes else {
            throw MartletError(
                .invalidArgument,
                "'secret' exceeds the maximum length of \(WebhooksLimits.secretBytes) bytes"
            )
        }
    }
}
