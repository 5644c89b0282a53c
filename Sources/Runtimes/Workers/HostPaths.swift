/// Takes paths of this host out of texts that clients get.
package enum HostPaths {
    /// The text with the last name in place of each absolute path of two names or more.
    package static func removed(from text: String) -> String {
        var kept: [UInt8] = []
        let bytes = Array(text.utf8)
        var index = 0
        while index < bytes.count {
            guard bytes[index] == slash, startsPath(bytes, index) else {
                kept.append(bytes[index])
                index += 1
                continue
            }
            let end = bytes[index...].firstIndex { !isPathByte($0) } ?? bytes.count
            let path = bytes[index..<end]
            let names = path.split(separator: slash)
            if names.count >= 2, let last = names.last { kept += last } else { kept += path }
            index = end
        }
        return String(decoding: kept, as: UTF8.self)
    }

    private static let slash = UInt8(ascii: "/")

    /// A path starts at the text's start or after what cannot be part of one, so that `a/b` and `https://…` stay.
    private static func startsPath(_ bytes: [UInt8], _ index: Int) -> Bool {
        guard index > 0 else { return true }
        guard bytes[index - 1] == UInt8(ascii: ":") else { return !isPathByte(bytes[index - 1]) }
        let isAddress = index + 1 < bytes.count && bytes[index + 1] == slash
        return !isAddress || bytes[..<(index - 1)].suffix(4).elementsEqual("file".utf8)
    }

    private static func isPathByte(_ byte: UInt8) -> Bool {
        switch byte {
        case slash, UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "+"), UInt8(ascii: "~"),
            UInt8(ascii: "@"), UInt8(ascii: "%"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"), 0x80...:
            true
        default: false
        }
    }
}
