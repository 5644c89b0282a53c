/// Changes that know nothing of what the bytes mean.
extension Mutator {
    private static let signs = Array("\0\t\n\r \"'`#$%&()*+,-./0:;<=>?@[\\]^_{|}~".utf8) + [0x7F, 0x80, 0xC0, 0xFF]

    /// Changes bytes in one place.
    mutating func changeBytes(_ bytes: inout [UInt8], _ corpus: [[UInt8]]) {
        guard !bytes.isEmpty else {
            bytes = word()
            return
        }
        let at = number(below: bytes.count)
        switch number(below: 12) {
        case 0: bytes[at] ^= 1 << UInt8(number(below: 8))
        case 1: bytes[at] = UInt8(number(below: 256))
        case 2: bytes[at] = any(Self.signs)
        case 3: bytes[at] = bytes[at] &+ UInt8(number(below: 9)) &- 4
        case 4: bytes.removeSubrange(part(of: bytes))
        case 5: bytes.insert(contentsOf: bytes[part(of: bytes)], at: place(in: bytes))
        case 6: bytes.insert(any(Self.signs), at: place(in: bytes))
        case 7: bytes.insert(contentsOf: word(), at: place(in: bytes))
        case 8: bytes.replaceSubrange(part(of: bytes), with: word())
        case 9: bytes.removeLast(bytes.count - at)
        case 10:
            let other = any(corpus)
            bytes.replaceSubrange(part(of: bytes), with: other[part(of: other)])
        default:
            let repeated = Array(bytes[part(of: bytes)].prefix(8))
            let times = oneIn(4) ? 300 : number(below: 20)
            for _ in 0..<times { bytes.insert(contentsOf: repeated, at: at) }
        }
    }
}
