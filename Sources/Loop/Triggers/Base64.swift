import Foundation

/// Base64 as webhooks carry it.
enum Base64 {
    /// The bytes of a text; nil for text that is not base64.
    static func decode(_ text: Substring) -> [UInt8]? {
        Data(base64Encoded: String(text)).map { Array($0) }
    }
}
