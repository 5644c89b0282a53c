import Core

/// Reads what `BlobWriter` wrote; bytes that are cut off or out of range are `dataLoss`, never a trap.
struct BlobReader {
    static var damaged: MartletError {
        MartletError(.dataLoss, "The stored sketch is damaged; it begins anew.")
    }

    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Whether everything was read.
    var isAtEnd: Bool { position == bytes.count }

    mutating func count(upTo most: UInt64 = .max) throws -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 64, by: 7) {
            let byte = try next()
            let part = UInt64(byte & 0x7F)
            guard shift < 63 || part < 2 else { throw Self.damaged }
            value |= part << shift
            guard byte & 0x80 != 0 else {
                guard value <= most else { throw Self.damaged }
                return value
            }
        }
        throw Self.damaged
    }

    mutating func int(upTo most: Int) throws -> Int { Int(try count(upTo: UInt64(max(most, 0)))) }

    mutating func float() throws -> Float { Float(bitPattern: try fixed()) }

    mutating func double() throws -> Double { Double(bitPattern: try fixed()) }

    mutating func time() throws -> Int64 { Int64(bitPattern: try fixed()) }

    mutating func text(upTo most: Int) throws -> String {
        let length = try int(upTo: most)
        guard bytes.count - position >= length else { throw Self.damaged }
        defer { position += length }
        return String(decoding: bytes[position..<position + length], as: UTF8.self)
    }

    private mutating func next() throws -> UInt8 {
        guard position < bytes.count else { throw Self.damaged }
        defer { position += 1 }
        return bytes[position]
    }

    private mutating func fixed<Bits: FixedWidthInteger>() throws -> Bits {
        var value: Bits = 0
        for shift in stride(from: 0, to: Bits.bitWidth, by: 8) { value |= Bits(try next()) << Bits(shift) }
        return value
    }
}
