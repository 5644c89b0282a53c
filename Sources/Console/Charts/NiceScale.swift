/// An axis whose ends and ticks are round numbers.
package struct NiceScale: Equatable {
    /// The value at the low end.
    package let lower: Double
    /// The value at the high end; always above `lower`.
    package let upper: Double
    /// The distance between ticks.
    package let step: Double

    /// The smallest round axis that holds `low...high` with about `intervals` ticks; values that are not finite count as 0.
    ///
    /// With `whole`, ticks are whole numbers.
    package init(_ low: Double, _ high: Double, intervals: Int = 4, whole: Bool = false) {
        var low = low.isFinite ? low : 0
        var high = high.isFinite ? high : 0
        if low > high { swap(&low, &high) }
        if high - low <= abs(high) * 1e-9 || high == low {
            let margin = high == 0 ? 1 : abs(high) * 0.1
            low = low >= 0 ? max(0, low - margin) : low - margin
            high += margin
        }
        let raw = (high - low) / Double(max(1, intervals))
        let step = whole ? max(1, NiceScale.roundStep(raw).rounded(.up)) : NiceScale.roundStep(raw)
        self.step = step
        lower = (low / step + 1e-9).rounded(.down) * step
        upper = max((high / step - 1e-9).rounded(.up) * step, lower + step)
    }

    /// 1, 2, 2.5 or 5 times a power of ten, not below `raw`.
    private static func roundStep(_ raw: Double) -> Double {
        guard raw.isFinite, raw > 0 else { return 1 }
        var power = 1.0
        while power * 10 <= raw { power *= 10 }
        while power > raw { power /= 10 }
        for factor in [1.0, 2, 2.5, 5] where factor * power >= raw * (1 - 1e-9) {
            return factor * power
        }
        return 10 * power
    }

    /// The values that carry labels, low to high.
    package var ticks: [Double] {
        let count = min(12, max(1, Int(((upper - lower) / step).rounded())))
        return (0...count).map { lower + Double($0) * step }
    }

    /// Where `value` lies, 0 at the low end and 1 at the high end, held within.
    package func position(_ value: Double) -> Double {
        guard value.isFinite else { return 0 }
        return min(1, max(0, (value - lower) / (upper - lower)))
    }
}
