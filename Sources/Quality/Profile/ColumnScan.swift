import Core

/// One look at a column: its profile, and what comparisons with other columns need of it.
struct ColumnScan: Sendable {
    /// The values of a column as comparisons need them.
    enum Values: Sendable {
        /// Finite numbers in order; the numbers by row have NaN for what is missing or infinite.
        case numbers(byRow: [Double], order: ValueOrder, ascending: [Double])
        case texts(TextCodes)
    }

    let profile: ColumnProfile
    let values: Values

    init(_ column: Column) {
        switch column.values {
        case .numbers(let numbers): self.init(column.name, numbers: numbers)
        case .integers(let integers): self.init(column.name, integers: integers)
        case .strings(let texts): self.init(column.name, texts: texts)
        }
    }

    private init(_ name: String, numbers: [Double]) {
        var (keys, rows): ([UInt64], [Int32]) = ([], [])
        keys.reserveCapacity(numbers.count)
        rows.reserveCapacity(numbers.count)
        var (nan, positive, negative) = (0, 0, 0)
        var byRow = numbers
        for (row, number) in numbers.enumerated() {
            if number.isFinite {
                keys.append(ValueOrder.key(number))
                rows.append(Int32(truncatingIfNeeded: row))
                continue
            }
            if number.isNaN { nan += 1 } else if number > 0 { positive += 1 } else { negative += 1 }
            byRow[row] = .nan
        }
        let order = ValueOrder(keys: keys, rows: rows)
        let ascending = order.keys.map(ValueOrder.number)
        var runs = ValueRuns(order.keys) { .number(ValueOrder.number($0)) }
        runs.take(positive) { .number(.infinity) }
        runs.take(negative) { .number(-.infinity) }
        profile = ColumnProfile(
            name: name,
            type: nan == numbers.count ? .empty : .number,
            rows: numbers.count,
            missing: nan,
            nan: nan,
            positiveInfinities: positive,
            negativeInfinities: negative,
            distinct: runs.distinct,
            common: runs.frequent.values,
            numbers: NumberSummary(ascending: ascending),
            texts: nil
        )
        values = .numbers(byRow: byRow, order: order, ascending: ascending)
    }

    private init(_ name: String, integers: [Int64?]) {
        var (keys, rows): ([UInt64], [Int32]) = ([], [])
        var byRow = [Double](repeating: .nan, count: integers.count)
        for (row, integer) in integers.enumerated() {
            guard let integer else { continue }
            keys.append(ValueOrder.key(integer))
            rows.append(Int32(truncatingIfNeeded: row))
            byRow[row] = Double(integer)
        }
        let order = ValueOrder(keys: keys, rows: rows)
        let ascending = order.keys.map { Double(ValueOrder.integer($0)) }
        let runs = ValueRuns(order.keys) { .integer(ValueOrder.integer($0)) }
        profile = ColumnProfile(
            name: name,
            type: keys.isEmpty ? .empty : .number,
            rows: integers.count,
            missing: integers.count - keys.count,
            nan: 0,
            positiveInfinities: 0,
            negativeInfinities: 0,
            distinct: runs.distinct,
            common: runs.frequent.values,
            numbers: NumberSummary(ascending: ascending),
            texts: nil
        )
        values = .numbers(byRow: byRow, order: order, ascending: ascending)
    }

    private init(_ name: String, texts: [String?]) {
        let codes = TextCodes(texts)
        var frequent = FrequentValues(limit: QualityLimits.listedValues)
        for (category, count) in zip(codes.categories, codes.counts) { frequent.take(count) { .text(category) } }
        profile = ColumnProfile(
            name: name,
            type: codes.categories.isEmpty ? .empty : .text,
            rows: texts.count,
            missing: texts.count - codes.counts.reduce(0, +),
            nan: 0,
            positiveInfinities: 0,
            negativeInfinities: 0,
            distinct: codes.categories.count,
            common: frequent.values,
            numbers: nil,
            texts: TextSummary(codes)
        )
        values = .texts(codes)
    }
}

/// The different values in ascending keys and how often each comes.
private struct ValueRuns {
    private(set) var distinct = 0
    private(set) var frequent = FrequentValues(limit: QualityLimits.listedValues)

    init(_ keys: [UInt64], label: (UInt64) -> QualityLabel) {
        var start = 0
        while start < keys.count {
            let key = keys[start]
            var end = start + 1
            while end < keys.count, keys[end] == key { end += 1 }
            take(end - start) { label(key) }
            start = end
        }
    }

    mutating func take(_ count: Int, _ label: () -> QualityLabel) {
        guard count > 0 else { return }
        distinct += 1
        frequent.take(count, label)
    }
}
