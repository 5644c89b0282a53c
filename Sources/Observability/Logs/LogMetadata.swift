import Core
import Logging

/// The metadata of a record as JSON: provider, handler and record merged, cleaned and bounded.
enum LogMetadata {
    static func merged(
        _ handler: Logger.Metadata,
        _ provider: Logger.MetadataProvider?,
        _ record: Logger.Metadata?
    ) -> JSONObject {
        guard !handler.isEmpty || provider != nil || record?.isEmpty == false else { return [:] }
        var all = handler
        if let provided = provider?.get() {
            all.merge(provided) { _, provided in provided }
        }
        if let record {
            all.merge(record) { _, own in own }
        }
        return object(all, depth: 1)
    }

    /// Text with secrets removed and its length bounded.
    static func text(_ text: String) -> String {
        let clean = Redaction.clean(text)
        guard clean.count > LogLimits.maximumTextCharacters else { return clean }
        return clean.prefix(LogLimits.maximumTextCharacters) + "…"
    }

    private static func object(_ metadata: Logger.Metadata, depth: Int) -> JSONObject {
        let sorted = metadata.sorted { $0.key < $1.key }.prefix(LogLimits.maximumMetadata)
        return JSONObject(
            sorted.map { key, value in
                (key, Redaction.isTelling(key) ? .string(Redaction.mark) : json(value, depth: depth))
            }
        )
    }

    private static func json(_ value: Logger.MetadataValue, depth: Int) -> JSONValue {
        switch value {
        case .dictionary(let members) where depth < LogLimits.maximumDepth:
            return .object(object(members, depth: depth + 1))
        case .array(let elements) where depth < LogLimits.maximumDepth:
            let bounded = elements.prefix(LogLimits.maximumMetadata)
            return .array(bounded.map { json($0, depth: depth + 1) })
        default:
            return .string(text(value.description))
        }
    }
}
