import Core
import Statistics

/// The rows that a deployment served last, in constant memory: numbers, texts and what the model said.
///
/// A window of few rows holds each of them; one over a time or over many rows holds a uniform sample. Its columns are the
/// model's inputs; rows of a version with other inputs are counted and left out. Beside the inputs it holds the prediction,
/// the score and the version that answered.
package struct FeatureWindow: Sendable {
    /// Cells beside the inputs: prediction, score and version.
    static let extras = 3

    /// What the window spans.
    let extent: WindowExtent
    /// The inputs' names; nil while only rows without names came.
    package private(set) var names: [String]?
    /// Inputs in a row; 0 until the first row or reference gives it.
    package private(set) var inputs = 0
    /// Rows wanted; fewer are held where they would exceed a limit.
    package private(set) var capacity: Int
    /// Rows ever appended.
    package private(set) var total: UInt64 = 0
    /// Rows refused because their inputs differed.
    package private(set) var refused: UInt64 = 0
    /// Labels ever taken for a detector of errors.
    private(set) var labels: UInt64 = 0
    /// When the newest row came.
    private(set) var newest = Timestamp(milliseconds: 0)
    /// Values for sequential detectors.
    var streams: [ValueStream]
    private var ring: RowRing?
    private var panes: RowPanes?
    private var pool = TextPool()
    private var hasTexts = false
    /// Columns of texts that the layout makes room for.
    private var textColumns = 0
    private var namesAreServed = false
    private var positions: [String: Int] = [:]
    /// By version, where each of its numbers goes; nil for a version whose rows do not fit.
    private var orders: [Int: [Int]?] = [:]
    private var scratch: [Float] = []

    /// An empty window.
    ///
    /// - Parameters:
    ///   - extent: What it spans.
    ///   - streams: What sequential detectors want to see of each row.
    package init(extent: WindowExtent, streams: [String] = []) {
        self.extent = extent
        self.streams = streams.map { ValueStream(source: $0) }
        capacity = extent.rowsWanted
    }

    /// A window of the last rows.
    package init(capacity: Int) { self.init(extent: .rows(capacity)) }

    /// Rows that the window spans, of which `snapshot` may hold fewer.
    package var count: Int { ring?.count ?? panes?.seen ?? 0 }

    /// Whether a restart needs more than the ledger to bring the rows back.
    var needsSnapshot: Bool { hasTexts || panes != nil }

    /// Forgets the rows; the columns stay until other ones come.
    package mutating func removeAll() {
        ring?.removeAll()
        panes?.removeAll()
        namesAreServed = false
        orders = [:]
    }

    /// Lets go what is older than the window's time.
    mutating func expire(_ now: Timestamp) { panes?.expire(now.milliseconds) }

    /// Gives columns without names those of the reference; drops what was held of another width.
    mutating func align(with reference: [String]) {
        guard names == nil || (count == 0 && !namesAreServed) else { return }
        if inputs != reference.count { arrange(inputs: reference.count, texts: 0) }
        name(reference)
    }

    private mutating func name(_ names: [String]) {
        self.names = names
        positions = Dictionary(names.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        orders = [:]
    }

    /// Lays out the window for rows of so many inputs, and drops what it held.
    private mutating func arrange(inputs: Int, texts: Int) {
        self.inputs = inputs
        names = nil
        positions = [:]
        orders = [:]
        pool = TextPool()
        hasTexts = texts > 0
        textColumns = texts
        let width = inputs + Self.extras
        let byText = texts > 0 ? MonitoringLimits.windowTexts / texts : Int.max
        let most = min(MonitoringLimits.windowElements / width, byText)
        scratch = [Float](repeating: Cell.missing, count: width)
        if let span = extent.span {
            capacity = max(1, min(extent.rowsWanted, most / MonitoringLimits.windowPanes))
            panes = RowPanes(width: width, kept: capacity, span: span)
        } else {
            capacity = max(1, min(extent.rowsWanted, most))
            ring = RowRing(width: width, capacity: capacity)
        }
    }
}

// MARK: - Appending

extension FeatureWindow {
    /// Appends rows; those with other inputs are counted and left out.
    package mutating func append(_ served: ServedRows) {
        guard served.count > 0, let width = served.width, width <= StatisticsLimits.features else {
            return refuse(served)
        }
        switch served.inputs {
        case .numbers(let values): append(numbers: values, width: width, served)
        case .columns(let columns): append(columns: columns, served)
        }
    }

    private mutating func refuse(_ served: ServedRows) { refused &+= UInt64(max(1, served.count)) }

    private mutating func append(numbers values: [Float], width: Int, _ served: ServedRows) {
        if inputs == 0 || (count == 0 && !namesAreServed && !served.names.isEmpty && names != served.names) {
            arrange(inputs: width, texts: 0)
        }
        if served.names.count == width, names == nil || (count == 0 && !namesAreServed), inputs == width {
            name(served.names)
            namesAreServed = true
        }
        guard let order = order(of: served, width: width) else { return refuse(served) }
        for row in 0..<served.count {
            let start = row * width
            if order.isEmpty {
                for column in 0..<width { scratch[column] = Cell.number(values[start + column]) }
            } else {
                for column in 0..<width { scratch[order[column]] = Cell.number(values[start + column]) }
            }
            finish(row, served)
        }
    }

    /// Where the numbers of a version's rows go: nowhere else when empty; nil when they do not fit.
    private mutating func order(of served: ServedRows, width: Int) -> [Int]? {
        guard width == inputs else { return nil }
        guard !served.names.isEmpty, let names else { return [] }
        if let known = orders[served.version] { return known }
        var order: [Int]?
        if served.names == names {
            order = []
        } else {
            let found = served.names.compactMap { positions[$0] }
            order = found.count == width && Set(found).count == width ? found : nil
        }
        if orders.count >= MonitoringLimits.windowVersions { orders = [:] }
        orders[served.version] = .some(order)
        return order
    }

    private mutating func append(columns: [ServedColumn], _ served: ServedRows) {
        guard columns.allSatisfy({ $0.values.count == served.count }) else { return refuse(served) }
        if inputs == 0 || (count == 0 && !namesAreServed) {
            let texts = columns.count { if case .texts = $0.values { true } else { false } }
            arrange(inputs: columns.count, texts: texts)
            name(columns.map(\.name))
            namesAreServed = true
        }
        let places = columns.map { positions[$0.name] }
        guard places.contains(where: { $0 != nil }) else { return refuse(served) }
        for row in 0..<served.count {
            for column in 0..<inputs { scratch[column] = Cell.missing }
            for (column, place) in zip(columns, places) {
                guard let place else { continue }
                switch column.values {
                case .numbers(let values): scratch[place] = Cell.number(values[row])
                case .texts(let values): scratch[place] = cell(of: values[row])
                }
            }
            finish(row, served)
        }
    }

    /// Adds what the model said to the row in `scratch`, and takes it in.
    private mutating func finish(_ row: Int, _ served: ServedRows) {
        let score = row < served.scores.count ? served.scores[row] : Cell.missing
        var prediction = Cell.missing
        var streamed = Cell.missing
        switch served.predictions {
        case .none: break
        case .numbers(let values) where row < values.count:
            prediction = Cell.number(values[row])
            streamed = prediction
        case .classes(let indices, let names) where row < indices.count:
            let index = indices[row]
            streamed = Float(index)
            prediction = cell(of: names.indices.contains(index) ? names[index] : String(index))
        case .texts(let values) where row < values.count: prediction = cell(of: values[row])
        default: break
        }
        scratch[inputs] = prediction
        scratch[inputs + 1] = Cell.number(score)
        scratch[inputs + 2] = Float(served.version)
        for index in streams.indices {
            switch streams[index].source {
            case OutputColumn.prediction: streams[index].append(streamed)
            case OutputColumn.score: streams[index].append(scratch[inputs + 1])
            case OutputColumn.error: break
            default: if let place = positions[streams[index].source] { streams[index].append(scratch[place]) }
            }
        }
        ring?.append(scratch)
        panes?.append(scratch, at: served.at.milliseconds)
        newest = max(newest, served.at)
        total &+= 1
    }

    /// Takes how wrong a prediction was, when its label came.
    mutating func appendError(_ value: Float) {
        for index in streams.indices where streams[index].source == OutputColumn.error {
            streams[index].append(value)
            labels &+= 1
        }
    }

    /// Hands over what has gathered for sequential detectors, by what it is.
    mutating func takeStreams() -> [String: [Float]] {
        var found: [String: [Float]] = [:]
        for index in streams.indices { found[streams[index].source] = streams[index].take() }
        return found
    }

    /// A text's cell; nil, and a text for which there is no room even after tidying, are missing.
    private mutating func cell(of text: String?) -> Float {
        guard let text else { return Cell.missing }
        hasTexts = true
        if let code = pool.code(of: text) { return Cell.text(code) }
        tidy()
        return pool.code(of: text).map(Cell.text) ?? Cell.missing
    }

    /// Drops the texts that no row has any more.
    private mutating func tidy() {
        let old = pool
        var new = TextPool()
        let move: (Float) -> Float = { cell in
            guard let code = Cell.code(of: cell), let text = old[code] else { return cell }
            return new.code(of: text).map(Cell.text) ?? Cell.missing
        }
        ring?.mapCells(move)
        panes?.mapCells(move)
        for index in scratch.indices { scratch[index] = move(scratch[index]) }
        pool = new
    }
}

// MARK: - Reading

extension FeatureWindow {
    /// A copy of the rows, oldest first; of a window that spans more than it holds, a uniform sample.
    package func snapshot() -> WindowSnapshot {
        WindowSnapshot(
            names: names,
            inputs: inputs,
            elements: ring?.elements ?? panes?.sample ?? [],
            texts: pool.texts,
            total: total,
            spanned: count
        )
    }

    /// The rows as bytes, for a restart.
    func encoded() -> [UInt8] {
        var writer = BlobWriter()
        writer.int(1)
        writer.int(inputs)
        writer.int(names?.count ?? 0)
        for name in names ?? [] { writer.text(name) }
        writer.int(hasTexts ? 1 : 0)
        writer.int(textColumns)
        writer.int(pool.texts.count)
        for text in pool.texts { writer.text(text) }
        writer.time(newest.milliseconds)
        let held =
            panes?.panes ?? ring.map {
                [RowPanes.Pane(start: newest.milliseconds, seen: $0.count, elements: $0.elements)]
            } ?? []
        writer.int(held.count)
        for pane in held {
            writer.time(pane.start)
            writer.int(pane.seen)
            writer.int(pane.elements.count)
            for cell in pane.elements { writer.float(cell) }
        }
        return writer.bytes
    }

    /// Takes back the rows that `encoded` wrote; what was held is dropped.
    ///
    /// - Throws: `dataLoss` for bytes that are damaged or belong to another kind of window; then it is empty.
    mutating func restore(_ bytes: [UInt8]) throws {
        var reader = BlobReader(bytes)
        guard try reader.int(upTo: 1) == 1 else { throw BlobReader.damaged }
        let inputs = try reader.int(upTo: StatisticsLimits.features)
        var names: [String] = []
        for _ in 0..<(try reader.int(upTo: inputs)) { names.append(try reader.text(upTo: CoreLimits.jsonBytes)) }
        let hasTexts = try reader.int(upTo: 1) == 1
        let textColumns = try reader.int(upTo: StatisticsLimits.features)
        var pool = TextPool()
        for _ in 0..<(try reader.int(upTo: MonitoringLimits.pooledTexts)) {
            _ = pool.code(of: try reader.text(upTo: MonitoringLimits.textBytes))
        }
        let newest = Timestamp(milliseconds: try reader.time())
        guard inputs > 0 else { return }
        var blank = FeatureWindow(extent: extent)
        blank.arrange(inputs: inputs, texts: textColumns)
        if names.count == inputs { blank.name(names) }
        blank.namesAreServed = names.count == inputs
        blank.pool = pool
        blank.hasTexts = hasTexts
        let width = inputs + Self.extras
        for _ in 0..<(try reader.int(upTo: MonitoringLimits.windowPanes)) {
            var pane = RowPanes.Pane(start: try reader.time())
            pane.seen = try reader.int(upTo: Int(Int32.max))
            let size = try reader.int(upTo: MonitoringLimits.windowElements)
            guard size.isMultiple(of: width), size / width <= pane.seen else { throw BlobReader.damaged }
            for _ in 0..<size { pane.elements.append(try reader.float()) }
            if blank.panes != nil { blank.panes?.restore(pane) } else { blank.takeBack(pane.elements, width: width) }
        }
        blank.newest = newest
        blank.streams = streams
        blank.total = UInt64(blank.count)
        self = blank
    }

    private mutating func takeBack(_ elements: [Float], width: Int) {
        for start in stride(from: 0, to: elements.count, by: width) {
            ring?.append(Array(elements[start..<start + width]))
        }
    }
}
