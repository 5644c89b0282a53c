import Core
import Statistics

/// The values of one column made comparable, and what had to be left out for that.
struct ColumnSample: Sendable {
    /// Finite numbers or categories.
    let values: UnivariateSample
    /// Rows of the column.
    let rows: Int
    /// Missing values: empty fields, nil, NaN.
    let missing: Int
    /// Positive and negative infinities.
    let infinities: Int
    /// Values of another type: text in a column of numbers.
    let foreign: Int
    /// One of the foreign values.
    let example: String?

    /// Reads a column as its kind.
    ///
    /// Whole numbers with few distinct values stay numbers, which the methods count one by one; other categories are text.
    init(_ column: Column, as kind: ColumnKind) {
        rows = column.values.count
        switch (kind, column.values) {
        case (.numeric, .numbers(let numbers)):
            let (finite, missing, infinities) = Self.finite(numbers)
            values = .numbers(finite, areIntegers: false)
            (self.missing, self.infinities, foreign, example) = (missing, infinities, 0, nil)
        case (.numeric, .integers(let integers)):
            let present = integers.compactMap { $0.map(Double.init) }
            values = .numbers(present, areIntegers: true)
            (missing, infinities, foreign, example) = (integers.count - present.count, 0, 0, nil)
        case (.numeric, .strings(let texts)):
            var numbers: [Double] = []
            var (foreign, missing) = (0, 0)
            var example: String?
            for text in texts {
                guard let text else {
                    missing += 1
                    continue
                }
                if let number = ColumnKinds.number(text) {
                    numbers.append(number)
                } else {
                    foreign += 1
                    example = example ?? text
                }
            }
            let (finite, undefined, infinities) = Self.finite(numbers)
            values = .numbers(finite, areIntegers: false)
            (self.missing, self.infinities, self.foreign, self.example) =
                (missing + undefined, infinities, foreign, example)
        case (_, .integers(let integers)):
            let present = integers.compactMap { $0.map(Double.init) }
            values = Self.categories(present, kind)
            (missing, infinities, foreign, example) = (integers.count - present.count, 0, 0, nil)
        case (_, .numbers(let numbers)):
            let (finite, missing, infinities) = Self.finite(numbers)
            values = Self.categories(finite, kind)
            (self.missing, self.infinities, foreign, example) = (missing, infinities, 0, nil)
        case (_, .strings(let texts)):
            let present = texts.compactMap(\.self)
            values = .categories(present)
            (missing, infinities, foreign, example) = (texts.count - present.count, 0, 0, nil)
        }
    }

    /// Values that can be compared.
    var count: Int { values.count }

    /// The values as categories, for a comparison with a column of text.
    var asCategories: UnivariateSample { .categories(categoryNames) }

    /// The values by their names as categories.
    var categoryNames: [String] {
        switch values {
        case .numbers(let numbers, _): numbers.map(Self.name)
        case .categories(let names): names
        }
    }

    /// The only value there is; nil for several and for none.
    var constantName: String? {
        switch values {
        case .numbers(let numbers, _):
            guard let first = numbers.first, numbers.allSatisfy({ $0 == first }) else { return nil }
            return Self.name(first)
        case .categories(let names):
            guard let first = names.first, names.allSatisfy({ $0 == first }) else { return nil }
            return first
        }
    }

    /// The commonest value and how many there are; the first of several.
    var mostFrequent: (name: String, count: Int) {
        switch values {
        case .numbers(let numbers, _):
            // Only a constant matters to callers when most values are distinct: counting stops being worth it.
            if let first = numbers.first, numbers.allSatisfy({ $0 == first }) {
                return (Self.name(first), numbers.count)
            }
            var counts: [Double: Int] = [:]
            for number in numbers.prefix(2_000) { counts[number, default: 0] += 1 }
            guard let top = counts.max(by: { $0.value < $1.value }) else { return ("", 0) }
            return (Self.name(top.key), numbers.count { $0 == top.key })
        case .categories(let names):
            var counts: [String: Int] = [:]
            for name in names { counts[name, default: 0] += 1 }
            guard let top = counts.max(by: { ($0.value, $1.key) < ($1.value, $0.key) }) else { return ("", 0) }
            return (top.key, top.value)
        }
    }

    private static let countedCategories = 20

    private static func categories(_ numbers: [Double], _ kind: ColumnKind) -> UnivariateSample {
        var distinct: Set<Double> = []
        var isSmall = kind == .categorical
        for number in numbers where isSmall {
            distinct.insert(number)
            isSmall = distinct.count <= countedCategories
        }
        return isSmall ? .numbers(numbers, areIntegers: true) : .categories(numbers.map(name))
    }

    /// A number as the name of a category: whole numbers without a fraction.
    static func name(_ number: Double) -> String {
        Int64(exactly: number).map(String.init) ?? String(number)
    }

    private static func finite(_ numbers: [Double]) -> (finite: [Double], missing: Int, infinities: Int) {
        var missing = 0
        var infinities = 0
        for number in numbers where !number.isFinite {
            if number.isNaN { missing += 1 } else { infinities += 1 }
        }
        guard missing + infinities > 0 else { return (numbers, 0, 0) }
        return (numbers.filter(\.isFinite), missing, infinities)
    }
}
