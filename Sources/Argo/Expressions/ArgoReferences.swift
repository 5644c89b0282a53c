import Core
import Pipelines

/// Every reference inside a JSON value, with the path of the text that it stands in.
enum ArgoReferences {
    static func all(
        in value: JSONValue,
        place: String
    ) throws(MartletError) -> [(reference: ValueTemplate.Reference, place: String)] {
        switch value {
        case .string(let text):
            return try ValueTemplate(text, path: place).references.map { ($0, place) }
        case .array(let elements):
            var found: [(reference: ValueTemplate.Reference, place: String)] = []
            for (position, element) in elements.enumerated() {
                found += try all(in: element, place: "\(place)[\(position)]")
            }
            return found
        case .object(let object):
            var found: [(reference: ValueTemplate.Reference, place: String)] = []
            for (key, member) in object.pairs { found += try all(in: member, place: "\(place).\(key)") }
            return found
        default: return []
        }
    }
}
