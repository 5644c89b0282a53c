/// A sum of numbers that does not depend on their order, and from which any of them can be taken again: fixed point,
/// 40 binary places.
///
/// A number is rounded to 2⁻⁴⁰ when it is added and bounded at 2⁶⁰; floating-point sums would drift with every correction.
package struct ExactSum: Sendable, Equatable {
    /// The sum in units of 2⁻⁴⁰.
    package private(set) var units: Int128 = 0

    /// Makes an empty sum.
    package init() {}

    /// The sum that `text` writes.
    init?(text: String) {
        guard let units = Int128(text) else { return nil }
        self.units = units
    }

    /// The sum in digits, for the table.
    var text: String { units.description }

    /// The nearest number.
    package var value: Double { Double(units) * 0x1p-40 }

    /// Adds a number, or takes it away again; what is no number counts as nothing.
    package mutating func add(_ number: Double, times sign: Int128 = 1) {
        guard !number.isNaN else { return }
        let bounded = min(max(number, -0x1p60), 0x1p60)
        let step = Int128((bounded * 0x1p40).rounded()) * sign
        let (sum, overflow) = units.addingReportingOverflow(step)
        units = overflow ? (step > 0 ? .max : .min) : sum
    }

    /// Adds another sum.
    package mutating func add(_ other: ExactSum) {
        let (sum, overflow) = units.addingReportingOverflow(other.units)
        units = overflow ? (other.units > 0 ? .max : .min) : sum
    }
}
