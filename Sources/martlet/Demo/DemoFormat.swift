/// Figures as the demo's lines show them.
enum DemoFormat {
    /// A share as percent with one decimal, or a dash.
    static func share(_ value: Double?) -> String {
        guard let value, value.isFinite else { return "–" }
        return "\((value * 1000).rounded() / 10) %"
    }

    /// Milliseconds with two decimals, or a dash.
    static func milliseconds(_ value: Double?) -> String {
        guard let value, value.isFinite else { return "–" }
        return "\((value * 100).rounded() / 100) ms"
    }

    /// A metric with three decimals, or a dash.
    static func metric(_ value: Double?) -> String {
        guard let value, value.isFinite else { return "–" }
        return "\((value * 1000).rounded() / 1000)"
    }
}
