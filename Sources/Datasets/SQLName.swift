/// SQL identifiers made from names that users chose: sanitised, bounded, unique and quoted.
enum SQLName {
    /// `text` in lower case with everything but letters and digits as `_`, at most `identifierBytes` long.
    static func sanitised(_ text: String) -> String {
        var bytes: [UInt8] = []
        for byte in text.utf8.prefix(DatasetsLimits.identifierBytes) {
            switch byte {
            case 0x30...0x39, 0x61...0x7A: bytes.append(byte)
            case 0x41...0x5A: bytes.append(byte + 0x20)
            default: bytes.append(0x5F)
            }
        }
        return bytes.isEmpty ? "_" : String(decoding: bytes, as: UTF8.self)
    }

    /// A sanitised form of `text` that is not in `taken`, with a number appended where needed.
    static func unique(_ text: String, taken: Set<String>) -> String {
        let stem = sanitised(text)
        var candidate = stem
        var number = 2
        while taken.contains(candidate) {
            candidate = "\(stem)_\(number)"
            number += 1
        }
        return candidate
    }

    /// The identifier between double quotes.
    ///
    /// Sanitised names hold none; doubling them keeps this right for any text.
    static func quoted(_ identifier: String) -> String {
        var text = "\""
        for character in identifier {
            if character == "\"" { text.append(character) }
            text.append(character)
        }
        return text + "\""
    }

    /// `?, ?, …` for `count` values.
    static func placeholders(_ count: Int) -> String {
        Array(repeating: "?", count: count).joined(separator: ", ")
    }
}
