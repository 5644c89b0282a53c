package import Core

/// What one version of a deployment was asked and answered since a moment, feature by feature, in constant memory.
package struct VersionSketch: Sendable {
    /// One column's sketch.
    package enum Feature: Sendable, Equatable {
        /// Numbers.
        case numbers(NumberSketch)
        /// Texts.
        case texts(TextSketch)
    }

    /// The version.
    package let version: Int
    /// When the first row was taken.
    package private(set) var since: Timestamp
    /// When the newest row was taken.
    package private(set) var newest: Timestamp
    /// Rows taken.
    package private(set) var rows: UInt64 = 0
    /// Rows refused because their columns differed.
    package private(set) var refused: UInt64 = 0
    /// The columns: the model's inputs, the prediction and the score.
    package private(set) var names: [String]
    private let inputs: Int
    private let served: Int
    private var numbers: [NumberSketch]
    private var texts: [TextSketch?]
    private var positions: [String: Int]

    /// An empty sketch with the columns of these rows.
    ///
    /// - Parameters:
    ///   - rows: The version's first rows; nil when they have no columns.
    ///   - bins: The reference's bins by column.
    package init?(first rows: ServedRows, bins: [String: BinCounts]) {
        guard let width = rows.width else { return nil }
        let all: [String]
        var isText: [Bool]
        switch rows.inputs {
        case .numbers:
            all = rows.names.count == width ? rows.names : (0..<width).map { "f\($0)" }
            isText = [Bool](repeating: false, count: width)
        case .columns(let columns):
            all = columns.map(\.name)
            isText = columns.map { if case .texts = $0.values { true } else { false } }
        }
        inputs = min(width, MonitoringLimits.sketchColumns)
        served = width
        let isNumber = if case .numbers = rows.predictions { true } else { false }
        isText = isText.prefix(inputs) + [!isNumber, false]
        names = all.prefix(inputs) + OutputColumn.inRows
        version = rows.version
        since = rows.at
        newest = rows.at
        numbers = names.map { NumberSketch(bins: bins[$0]) }
        texts = isText.map { $0 ? TextSketch() : nil }
        positions = Dictionary(names.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// Gives columns without bins those of a reference that came later than the first row.
    mutating func begin(_ bins: [String: BinCounts]) {
        for place in names.indices where texts[place] == nil {
            if let bins = bins[names[place]] { numbers[place].begin(bins) }
        }
    }

    /// Takes rows.
    package mutating func add(_ rows: ServedRows) {
        switch rows.inputs {
        case .numbers(let values):
            guard rows.count > 0, values.count == served * rows.count else { return refuse(rows) }
            values.withUnsafeBufferPointer { values in
                for row in 0..<rows.count {
                    let start = row * served
                    for column in 0..<inputs { add(values[start + column], to: column) }
                }
            }
        case .columns(let columns):
            guard rows.count > 0, columns.allSatisfy({ $0.values.count == rows.count }) else { return refuse(rows) }
            for column in columns {
                guard let place = positions[column.name], place < inputs else { continue }
                switch column.values {
                case .numbers(let values): for value in values { add(value, to: place) }
                case .texts(let values): for value in values { add(value, to: place) }
                }
            }
        }
        addOutputs(rows)
        self.rows &+= UInt64(rows.count)
        newest = max(newest, rows.at)
    }

    private mutating func refuse(_ rows: ServedRows) { refused &+= UInt64(max(1, rows.count)) }

    private mutating func addOutputs(_ rows: ServedRows) {
        for score in rows.scores.prefix(rows.count) { add(score, to: inputs + 1) }
        switch rows.predictions {
        case .none: break
        case .numbers(let values): for value in values.prefix(rows.count) { add(value, to: inputs) }
        case .texts(let values): for value in values.prefix(rows.count) { add(value, to: inputs) }
        case .classes(let indices, let names):
            for index in indices.prefix(rows.count) {
                add(names.indices.contains(index) ? names[index] : String(index), to: inputs)
            }
        }
    }

    @inline(__always)
    private mutating func add(_ value: Float, to column: Int) {
        guard texts[column] == nil else { return addText(value, to: column) }
        numbers[column].add(value)
    }

    private mutating func addText(_ value: Float, to column: Int) {
        guard !value.isNaN else { texts[column]?.add(nil); return }
        texts[column]?.add(Int64(exactly: value).map(String.init) ?? "\(value)")
    }

    private mutating func add(_ value: String?, to column: Int) {
        guard texts[column] == nil else {
            texts[column]?.add(value.map(TextPool.cut))
            return
        }
        guard let value else { return numbers[column].add(.nan) }
        guard let number = Float(value) else { return numbers[column].addText() }
        numbers[column].add(number)
    }

    /// One column's sketch by its place in `names`; nil past the end.
    package func feature(_ place: Int) -> Feature? {
        guard names.indices.contains(place) else { return nil }
        return texts[place].map(Feature.texts) ?? .numbers(numbers[place])
    }

    /// A column's sketch by name.
    package func feature(named name: String) -> Feature? { positions[name].flatMap(feature) }

    /// The share of a column's values that were missing; nil before the first value.
    package func missingShare(_ place: Int) -> Double? {
        switch feature(place) {
        case .numbers(let sketch): sketch.missingShare
        case .texts(let sketch): sketch.missingShare
        case nil: nil
        }
    }
}

extension VersionSketch {
    /// The sketch as bytes, for a restart.
    package func encoded() -> [UInt8] {
        var writer = BlobWriter()
        writer.int(1)
        writer.int(version)
        writer.time(since.milliseconds)
        writer.time(newest.milliseconds)
        writer.count(rows)
        writer.count(refused)
        writer.int(served)
        writer.int(names.count)
        for place in names.indices {
            writer.text(names[place])
            writer.int(texts[place] == nil ? 0 : 1)
            if let text = texts[place] { text.encode(into: &writer) } else { numbers[place].encode(into: &writer) }
        }
        return writer.bytes
    }

    /// Reads what `encoded` wrote.
    ///
    /// - Throws: `dataLoss` for bytes that are damaged.
    package init(_ bytes: [UInt8]) throws {
        var reader = BlobReader(bytes)
        guard try reader.int(upTo: 1) == 1 else { throw BlobReader.damaged }
        version = try reader.int(upTo: Int(Int32.max))
        since = Timestamp(milliseconds: try reader.time())
        newest = Timestamp(milliseconds: try reader.time())
        rows = try reader.count()
        refused = try reader.count()
        served = try reader.int(upTo: CoreLimits.tableColumns)
        let count = try reader.int(upTo: MonitoringLimits.sketchColumns + OutputColumn.inRows.count)
        guard count > OutputColumn.inRows.count, count - OutputColumn.inRows.count <= served else {
            throw BlobReader.damaged
        }
        inputs = count - OutputColumn.inRows.count
        names = []
        numbers = []
        texts = []
        for _ in 0..<count {
            names.append(try reader.text(upTo: CoreLimits.jsonBytes))
            let isText = try reader.int(upTo: 1) == 1
            texts.append(isText ? try TextSketch(from: &reader) : nil)
            numbers.append(isText ? NumberSketch() : try NumberSketch(from: &reader))
        }
        guard reader.isAtEnd else { throw BlobReader.damaged }
        positions = Dictionary(names.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    }
}
