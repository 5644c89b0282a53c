import Core
import Testing

extension JSONValue {
    /// The numbers of an array under a key.
    func numbers(_ key: String) throws -> [Double] {
        try #require(self[key]?.arrayValue).map { try #require($0.doubleValue) }
    }
}
