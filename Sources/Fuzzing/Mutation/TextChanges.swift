/// Changes of words, quoted texts, numbers and signs.
extension Mutator {
    /// Changes one piece of a text.
    mutating func changeText(_ bytes: inout [UInt8]) {
        let pieces = Self.pieces(of: bytes)
        guard let last = pieces.last else {
            bytes += word()
            return
        }
        let piece = any(pieces)
        switch number(below: 8) {
        case 0: bytes.removeSubrange(piece)
        case 1: bytes.insert(contentsOf: bytes[piece], at: any(pieces).lowerBound)
        case 2: bytes.replaceSubrange(piece, with: word())
        case 3: bytes.insert(contentsOf: word() + [0x20], at: piece.lowerBound)
        case 4:
            let other = any(pieces)
            let text = Array(bytes[other])
            bytes.replaceSubrange(piece, with: text)
        case 5: bytes.replaceSubrange(piece, with: [0x27] + bytes[piece] + [0x27])
        case 6: for index in piece where bytes[index] &- 0x41 < 58 { bytes[index] ^= 0x20 }
        default: bytes.insert(contentsOf: bytes[piece.lowerBound..<last.upperBound], at: last.upperBound)
        }
    }

    /// Where the words, the quoted texts and the single signs stand.
    private static func pieces(of bytes: [UInt8]) -> [Range<Int>] {
        var pieces: [Range<Int>] = []
        var at = 0
        while at < bytes.count {
            let start = at
            let byte = bytes[at]
            at += 1
            switch byte {
            case 0x20, 0x09, 0x0A, 0x0D: continue
            case 0x22, 0x27, 0x60:
                while at < bytes.count, bytes[at] != byte { at += 1 }
                at = Swift.min(at + 1, bytes.count)
            case _ where isWord(byte): while at < bytes.count, isWord(bytes[at]) { at += 1 }
            default: break
            }
            pieces.append(start..<at)
        }
        return pieces
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x5F, 0x80...: true
        default: false
        }
    }
}
