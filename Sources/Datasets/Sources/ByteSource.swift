/// Bytes that are read from the front to the back, and again from the front.
protocol ByteSource: Sendable {
    /// What messages call it.
    var name: String { get }

    /// Up to `count` bytes from `offset`; fewer only at the end.
    func read(from offset: Int64, count: Int) throws -> [UInt8]

    /// The share of it that lies before an offset, 0 to 1.
    func fraction(at offset: Int64) throws -> Double
}

extension SourceFile: ByteSource {
    func fraction(at offset: Int64) throws -> Double {
        let size = try size()
        return size > 0 ? min(1, Double(offset) / Double(size)) : 1
    }
}
