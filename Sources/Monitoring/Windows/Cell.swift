/// A value in a window: a number, or the code of a text in the bits that a NaN leaves free.
enum Cell {
    /// No value.
    static let missing = Float.nan
    /// The largest code of a text.
    static let largestCode: UInt32 = 0x3F_FFFF
    private static let mark: UInt32 = 0xFFC0_0000

    /// A number; every NaN becomes the one that means missing, so that none can be taken for a text.
    @inline(__always)
    static func number(_ value: Float) -> Float { value.isNaN ? missing : value }

    /// A text by its code, from 1.
    static func text(_ code: UInt32) -> Float { Float(bitPattern: mark | (code & largestCode)) }

    /// The code of the text; nil for a number and for what is missing.
    @inline(__always)
    static func code(of cell: Float) -> UInt32? {
        let bits = cell.bitPattern
        guard bits & mark == mark, bits & largestCode != 0 else { return nil }
        return bits & largestCode
    }
}
