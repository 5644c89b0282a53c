import Core

/// The beginning of what went into a trace or came out of it: the last message of a chat, or the text itself.
package enum TracePreview {
    /// The preview of a root span's inputs or outputs.
    ///
    /// - Parameters:
    ///   - text: JSON text.
    ///   - role: whose last message is wanted, `user` or `assistant`.
    /// - Returns: at most `TracesLimits.previewCharacters` characters.
    package static func make(of text: String, role: String) -> String {
        var content = text
        if let value = AttributeText.parse(text), let messages = messages(in: value), let last = messages.last {
            let message = messages.last { $0["role"]?.stringValue == role } ?? last
            if let words = words(of: message), !words.isEmpty { content = words }
        }
        let short = TraceRules.cut(content, TracesLimits.previewCharacters)
        if short.utf8.count == content.utf8.count { return content }
        return TraceRules.cut(content, TracesLimits.previewCharacters - 3) + "..."
    }

    /// The messages of the requests and replies of chat interfaces.
    private static func messages(in value: JSONValue) -> [JSONValue]? {
        if let list = list(value["messages"]) { return list.filter(isMessage) }
        if let choice = list(value["choices"])?.first, let message = choice["message"], isMessage(message) {
            return [message]
        }
        for key in ["input", "output"] {
            if let list = list(value[key]) { return list.filter(isMessage) }
        }
        // Agents wrap the request once more; deeper than that it is something else.
        if let request = value["request"], request["request"] == nil { return messages(in: request) }
        return nil
    }

    private static func list(_ value: JSONValue?) -> [JSONValue]? {
        guard let elements = value?.arrayValue, !elements.isEmpty else { return nil }
        return elements
    }

    private static func isMessage(_ value: JSONValue) -> Bool {
        value["role"] != nil && value["content"] != nil
    }

    private static func words(of message: JSONValue) -> String? {
        guard let content = message["content"] else { return nil }
        if let text = content.stringValue { return text }
        for part in content.arrayValue ?? [] {
            if let text = part.stringValue { return text }
            if ["text", "output_text"].contains(part["type"]?.stringValue) { return part["text"]?.stringValue }
        }
        return nil
    }
}
