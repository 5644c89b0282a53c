/// Writes families as text in one of the two formats, sorted, so that the same state gives the same bytes.
struct Exposition {
    private let format: ExpositionFormat
    private let help: [String: String]
    private var blocks: [String: [UInt8]] = [:]

    init(format: ExpositionFormat, help: [String: String]) {
        self.format = format
        self.help = help
    }

    /// The whole text.
    func bytes() -> [UInt8] {
        var bytes = blocks.sorted { $0.key < $1.key }.flatMap(\.value)
        if format == .openMetrics { bytes.append(contentsOf: "# EOF\n".utf8) }
        return bytes
    }

    /// Adds a registered family; one without series is left out.
    mutating func add(_ name: String, _ family: MetricFamily) {
        guard !family.series.isEmpty else { return }
        var block = head(name, family.kind, help[name])
        for (labels, series) in Self.sorted(family.series) {
            switch series {
            case .whole(let counter): append(name, labels, counter.value, to: &block)
            case .fraction(let counter): append(name, labels, counter.value, to: &block)
            case .gauge(let gauge): append(name, labels, gauge.value, to: &block)
            case .histogram(let histogram): append(name, labels, histogram, to: &block)
            }
        }
        blocks[name] = block
    }

    /// Adds observed figures; a name that is registered already keeps its own.
    mutating func add(_ family: ObservedFamily) {
        guard !family.samples.isEmpty, blocks[family.name] == nil else { return }
        var block = head(family.name, family.kind, family.help)
        for sample in family.samples {
            append(family.name + sample.suffix, sample.labels, sample.value, bound: sample.bound, to: &block)
        }
        blocks[family.name] = block
    }

    private static func sorted(
        _ series: [LabelSet: MetricFamily.Series]
    ) -> [(key: LabelSet, value: MetricFamily.Series)] {
        series.sorted { left, right in
            left.key.pairs.lexicographicallyPrecedes(right.key.pairs) { ($0.name, $0.value) < ($1.name, $1.value) }
        }
    }

    private func head(_ name: String, _ kind: MetricKind, _ help: String?) -> [UInt8] {
        // OpenMetrics names a counter's family without the suffix that its samples carry.
        let isBare = format == .openMetrics && kind == .counter && name.hasSuffix("_total")
        let family = isBare ? String(name.dropLast("_total".count)) : name
        let text = help ?? Self.words(of: name, kind)
        var bytes = Array("# HELP \(family) ".utf8)
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\\"): bytes.append(contentsOf: "\\\\".utf8)
            case UInt8(ascii: "\n"): bytes.append(contentsOf: "\\n".utf8)
            case UInt8(ascii: "\"") where format == .openMetrics: bytes.append(contentsOf: "\\\"".utf8)
            default: bytes.append(byte)
            }
        }
        // OpenMetrics knows no counter without the suffix.
        let isUnknown = format == .openMetrics && kind == .counter && !isBare
        bytes.append(contentsOf: "\n# TYPE \(family) \(isUnknown ? "unknown" : kind.rawValue)\n".utf8)
        return bytes
    }

    /// Help for a metric that nobody described: its name in words.
    private static func words(of name: String, _ kind: MetricKind) -> String {
        let words = name.replacing("_", with: " ").replacing(":", with: " ")
        return "\(words.prefix(1).uppercased())\(words.dropFirst()) (\(kind.rawValue))."
    }

    private func append(
        _ name: String,
        _ labels: LabelSet,
        _ value: Double,
        bound: String? = nil,
        to block: inout [UInt8]
    ) {
        block.append(contentsOf: name.utf8)
        labels.append(to: &block, extra: bound.map { ("le", $0) })
        block.append(UInt8(ascii: " "))
        block.append(contentsOf: Self.text(value).utf8)
        block.append(UInt8(ascii: "\n"))
    }

    private func append(_ name: String, _ labels: LabelSet, _ histogram: Histogram, to block: inout [UInt8]) {
        let snapshot = histogram.snapshot
        var total: UInt64 = 0
        for (position, count) in snapshot.counts.enumerated() {
            total &+= count
            let bound = position < histogram.bounds.count ? histogram.bounds[position].description : "+Inf"
            block.append(contentsOf: "\(name)_bucket".utf8)
            labels.append(to: &block, extra: ("le", bound))
            block.append(contentsOf: " \(total)\n".utf8)
        }
        append(name + "_sum", labels, snapshot.sum, to: &block)
        append(name + "_count", labels, Double(total), to: &block)
    }

    /// A number as both formats read it: whole ones without a fraction.
    static func text(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
        if let whole = Int64(exactly: value), whole.magnitude < 1 << 53 { return whole.description }
        return value.description
    }
}
