/// Opaque page tokens: a JSON value in URL-safe base64, guarded by a check sum against accidents and guesses.
package enum PageToken {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    /// The token that carries `value`.
    package static func encode(_ value: JSONValue) -> String {
        let payload = value.serialized()
        let sum = checksum(payload)
        let bytes = (0..<4).map { UInt8(truncatingIfNeeded: sum >> (UInt32($0) * 8)) } + payload
        var text: [UInt8] = []
        var buffer: UInt32 = 0
        var bits = 0
        for byte in bytes {
            buffer = buffer << 8 | UInt32(byte)
            bits += 8
            while bits >= 6 {
                bits -= 6
                text.append(alphabet[Int((buffer >> UInt32(bits)) & 63)])
            }
        }
        if bits > 0 { text.append(alphabet[Int((buffer << UInt32(6 - bits)) & 63)]) }
        return String(decoding: text, as: UTF8.self)
    }

    /// The value that a token carries.
    ///
    /// - Throws: `invalidArgument` when the token was not made by `encode`.
    package static func decode(_ token: String) throws(MartletError) -> JSONValue {
        let invalid = MartletError(
            .invalidArgument,
            "Invalid page token: ask for the first page again without 'page_token'."
        )
        guard token.utf8.count <= CoreLimits.pageTokenBytes else { throw invalid }
        var bytes: [UInt8] = []
        var buffer: UInt32 = 0
        var bits = 0
        for character in token.utf8 {
            guard let digit = alphabet.firstIndex(of: character) else { throw invalid }
            buffer = buffer << 6 | UInt32(digit)
            bits += 6
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(truncatingIfNeeded: buffer >> UInt32(bits)))
            }
        }
        guard bytes.count > 4 else { throw invalid }
        let sum = (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[$1]) << (UInt32($1) * 8) }
        let payload = bytes.dropFirst(4)
        guard checksum(payload) == sum, let value = try? JSONValue.parse(payload) else { throw invalid }
        return value
    }

    /// FNV-1a, 32 bits.
    private static func checksum(_ bytes: some Sequence<UInt8>) -> UInt32 {
        bytes.reduce(0x811C_9DC5) { ($0 ^ UInt32($1)) &* 0x0100_0193 }
    }
}
