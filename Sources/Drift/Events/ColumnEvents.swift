import Core
import Statistics

/// Looks for the events of one column.
struct ColumnEvents {
    private let name: String
    private let kind: ColumnKind
    private let options: DataEventOptions
    private let before: ColumnSample
    private let now: ColumnSample
    private let wasText: Bool
    private let isText: Bool
    private let wereIntegers: Bool

    init(reference: Column, current: Column, kind: ColumnKind, options: DataEventOptions) {
        name = reference.name
        self.kind = kind
        self.options = options
        before = ColumnSample(reference, as: kind)
        now = ColumnSample(current, as: kind)
        (wasText, isText) = (reference.isText, current.isText)
        if case .integers = reference.values { wereIntegers = true } else { wereIntegers = false }
    }

    /// The events, the gravest kind first.
    var all: [DataEvent] {
        guard now.rows > 0, before.rows > 0 else { return [] }
        if now.count + now.infinities + now.foreign == 0 { return missing }
        return types + missing + infinities + categories + constants + range
    }

    private var missing: [DataEvent] {
        let (past, present) = (Self.share(before.missing, before.rows), Self.share(now.missing, now.rows))
        let pValue = RiseTest.pValue(reference: (before.missing, before.rows), current: (now.missing, now.rows))
        if now.missing == now.rows {
            guard before.missing < before.rows else { return [] }
            return [
                event(
                    .allMissing,
                    "All \(now.rows) values are missing; \(Self.percent(past)) were.",
                    past,
                    present,
                    nil
                )
            ]
        }
        guard pValue < options.significance, present - past >= options.leastRise else { return [] }
        let text = "\(Self.percent(present)) of the values are missing; \(Self.percent(past)) were."
        return [event(.missingRise, text, past, present, pValue)]
    }

    private var infinities: [DataEvent] {
        guard now.infinities > 0 else { return [] }
        let (past, present) = (Self.share(before.infinities, before.rows), Self.share(now.infinities, now.rows))
        let pValue = RiseTest.pValue(reference: (before.infinities, before.rows), current: (now.infinities, now.rows))
        // The first infinity is an event: a column without any does not bring forth some by chance.
        guard before.infinities == 0 || pValue < options.significance else { return [] }
        let text = "\(now.infinities) of \(now.rows) values are infinite; \(before.infinities) of \(before.rows) were."
        return [event(.infinities, text, past, present, before.infinities == 0 ? nil : pValue)]
    }

    private var types: [DataEvent] {
        let (past, present) = (Self.share(before.foreign, before.rows), Self.share(now.foreign, now.rows))
        if kind == .numeric {
            if now.foreign > 0 {
                let pValue = RiseTest.pValue(reference: (before.foreign, before.rows), current: (now.foreign, now.rows))
                guard before.foreign == 0 || pValue < options.significance else { return [] }
                let example = now.example.map { ", such as '\(Self.shortened($0))'" } ?? ""
                let text = "\(now.foreign) of \(now.rows) values are text where numbers were\(example)."
                return [event(.typeChange, text, past, present, before.foreign == 0 ? nil : pValue)]
            }
            if before.foreign > 0 {
                let example = before.example.map { ", such as '\(Self.shortened($0))'" } ?? ""
                let text =
                    "\(before.foreign) of \(before.rows) values of the reference are text among numbers\(example)."
                return [event(.typeChange, text, past, present, nil, severity: .warning)]
            }
            guard wereIntegers, case .numbers(let values, false) = now.values else { return [] }
            let fractions = values.count { $0 != $0.rounded() }
            guard fractions > 0 else { return [] }
            let text = "\(fractions) of \(now.rows) values have a fraction; all were whole numbers."
            return [event(.typeChange, text, 0, Self.share(fractions, now.rows), nil, severity: .warning)]
        }
        guard wasText != isText, before.count > 0 else { return [] }
        let text = wasText ? "The values are numbers; they were text." : "The values are text; they were numbers."
        return [event(.typeChange, text, 0, 1, nil)]
    }

    private var categories: [DataEvent] {
        guard kind == .categorical, before.count > 0, wasText == isText else { return [] }
        var counts: [String: Int] = [:]
        for value in before.categoryNames { counts[value, default: 0] += 1 }
        var unseen: [String: Int] = [:]
        for value in now.categoryNames where counts[value] == nil { unseen[value, default: 0] += 1 }
        let rows = unseen.values.reduce(0, +)
        guard rows > 0 else { return [] }
        // What was seen once says how much was not seen at all (Good 1953).
        let singles = counts.values.count { $0 == 1 }
        let pValue = RiseTest.pValue(reference: (singles, before.count), current: (rows, now.count))
        let isCertain = singles == 0
        let examples = unseen.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(3)
            .map { "'\(Self.shortened($0.key))'" }.joined(separator: ", ")
        let text =
            "\(rows) of \(now.count) values are of \(unseen.count) \(unseen.count == 1 ? "category" : "categories") "
            + "that the reference does not have: \(examples)\(unseen.count > 3 ? ", …" : "")."
        return [
            event(
                .unseenCategory,
                text,
                0,
                Self.share(rows, now.count),
                isCertain ? nil : pValue,
                severity: isCertain || pValue < options.significance ? .drift : .warning
            )
        ]
    }

    private var constants: [DataEvent] {
        guard before.count > 0, now.count > 0, kind != .text else { return [] }
        if let constant = now.constantName {
            guard before.constantName == nil else {
                return now.constantName == before.constantName ? [] : changed(from: before.constantName ?? "")
            }
            // The chance that rows like the reference's would all be alike, at the share of the commonest value.
            let share = Double(before.mostFrequent.count) / Double(before.count)
            let pValue = power(share, now.count)
            guard pValue < options.significance, now.count > 1 else { return [] }
            let text = "All \(now.count) values are \(Self.shortened(constant)); the column varied."
            return [event(.constant, text, share, 1, pValue)]
        }
        return before.constantName.map(changed) ?? []
    }

    /// The event of a column that was constant and is no longer.
    private func changed(from constant: String) -> [DataEvent] {
        guard before.count > 1, kind == .numeric else { return [] }
        let others = now.values.count { $0 != constant }
        let pValue = RiseTest.pValue(reference: (0, before.count), current: (others, now.count))
        guard pValue < options.significance else { return [] }
        let text = "The column was constant at \(Self.shortened(constant)); \(others) of \(now.count) values differ."
        return [event(.constant, text, 0, Self.share(others, now.count), pValue)]
    }

    private var range: [DataEvent] {
        guard kind == .numeric, before.count > 1, case .numbers(let past, _) = before.values,
            case .numbers(let present, _) = now.values, let low = past.min(), let high = past.max(), low < high
        else { return [] }
        let below = present.count { $0 < low }
        let above = present.count { $0 > high }
        guard below + above > 0 else { return [] }
        let tails = [below, above].filter { $0 > 0 }.map {
            RiseTest.extremes(beyond: $0, referenceRows: past.count, currentRows: present.count)
        }
        let pValue = min(1, 2 * (tails.min() ?? 1))
        guard pValue < options.rangeSignificance else { return [] }
        let text =
            "\(below + above) of \(present.count) values lie outside the reference's range of "
            + "\(ColumnSample.name(low)) to \(ColumnSample.name(high))."
        return [event(.rangeExceeded, text, 0, Self.share(below + above, present.count), pValue)]
    }

    private func event(
        _ kind: DataEvent.Kind,
        _ detail: String,
        _ past: Double,
        _ present: Double,
        _ pValue: Double?,
        severity: DataEvent.Severity = .drift
    ) -> DataEvent {
        DataEvent(
            column: name,
            kind: kind,
            detail: detail,
            referenceShare: past,
            currentShare: present,
            pValue: pValue,
            severity: severity
        )
    }

    private static func share(_ part: Int, _ whole: Int) -> Double {
        whole > 0 ? Double(part) / Double(whole) : 0
    }

    private static func shortened(_ text: String) -> String {
        let limit = DriftLimits.exampleCharacters
        return text.count <= limit ? text : text.prefix(limit) + "…"
    }

    private static func percent(_ share: Double) -> String {
        Decimals.percent(share)
    }

    private func power(_ base: Double, _ exponent: Int) -> Double {
        var (result, factor, rest) = (1.0, base, exponent)
        while rest > 0 {
            if rest & 1 == 1 { result *= factor }
            factor *= factor
            rest >>= 1
        }
        return result
    }
}

extension Column {
    /// Whether some value is text that is no number.
    fileprivate var isText: Bool {
        guard case .strings(let values) = values else { return false }
        return values.contains { $0.map { ColumnKinds.number($0) == nil } ?? false }
    }
}

extension UnivariateSample {
    /// How many values satisfy a condition on their name as a category.
    fileprivate func count(where condition: (String) -> Bool) -> Int {
        switch self {
        case .numbers(let values, _): values.count { condition(ColumnSample.name($0)) }
        case .categories(let values): values.count(where: condition)
        }
    }
}
