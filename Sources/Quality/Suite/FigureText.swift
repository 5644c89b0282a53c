import Foundation

/// Numbers in the names and sentences of tests.
enum FigureText {
    /// A number with three digits after the point; very large ones in their shortest form.
    static func of(_ value: Double) -> String {
        guard abs(value) < 1e15 else { return String(describing: value) }
        return String(format: "%.3f", value)
    }
}
