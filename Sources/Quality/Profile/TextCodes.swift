/// A text column as numbers: each row's category by its place of first appearance.
struct TextCodes: Sendable {
    /// The category of each row; −1 where the text is missing.
    let codes: [Int32]
    /// The different texts in order of appearance.
    let categories: [String]
    /// How many rows have each.
    let counts: [Int]

    init(_ texts: [String?]) {
        var codes: [Int32] = []
        codes.reserveCapacity(texts.count)
        var known = KnownTexts()
        for text in texts { codes.append(text.map { known.code(of: $0) } ?? -1) }
        (self.codes, categories, counts) = (codes, known.texts, known.counts)
    }
}

/// The texts seen so far, found by a hash that is computed once for each row.
///
/// A dictionary hashes every text again whenever it grows, and texts that are all different let it grow often.
private struct KnownTexts {
    private(set) var texts: [String] = []
    private(set) var counts: [Int] = []
    private var hashes: [UInt64] = []
    /// The code of each place, plus 1; at most half of them are taken.
    private var places = [Int32](repeating: 0, count: 64)

    /// Differs between processes, so that nobody can prepare texts that all share a place.
    private static let seed = UInt64.random(in: .min ... .max)
    private static let factor = UInt64.random(in: .min ... .max) | 1

    /// The code of a text, which is counted.
    mutating func code(of text: String) -> Int32 {
        let hash = Self.hash(text)
        var place = Int(truncatingIfNeeded: hash) & (places.count - 1)
        while places[place] != 0 {
            let code = Int(places[place]) - 1
            if hashes[code] == hash, texts[code] == text {
                counts[code] += 1
                return Int32(truncatingIfNeeded: code)
            }
            place = (place + 1) & (places.count - 1)
        }
        let code = Int32(truncatingIfNeeded: texts.count)
        texts.append(text)
        counts.append(1)
        hashes.append(hash)
        places[place] = code + 1
        if texts.count * 2 > places.count { grow() }
        return code
    }

    private mutating func grow() {
        places = [Int32](repeating: 0, count: places.count * 2)
        for (code, hash) in hashes.enumerated() {
            var place = Int(truncatingIfNeeded: hash) & (places.count - 1)
            while places[place] != 0 { place = (place + 1) & (places.count - 1) }
            places[place] = Int32(truncatingIfNeeded: code + 1)
        }
    }

    private static func hash(_ text: String) -> UInt64 {
        let hash = text.utf8.withContiguousStorageIfAvailable { bytes in
            let memory = UnsafeRawBufferPointer(bytes)
            var hash = seed ^ UInt64(bytes.count)
            var offset = 0
            while offset &+ 8 <= memory.count {
                hash = mixed(hash, memory.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
                offset &+= 8
            }
            var rest: UInt64 = 0
            while offset < memory.count {
                rest = rest << 8 | UInt64(memory[offset])
                offset &+= 1
            }
            return mixed(hash, rest)
        }
        return hash ?? text.utf8.reduce(seed) { mixed($0, UInt64($1)) }
    }

    @inline(__always)
    private static func mixed(_ hash: UInt64, _ bits: UInt64) -> UInt64 {
        let product = (hash ^ bits).multipliedFullWidth(by: factor)
        return product.high ^ product.low
    }
}
