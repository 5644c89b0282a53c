/// What is known of the texts that one feature had, in constant memory.
package struct TextSketch: Sendable, Equatable {
    /// Texts seen.
    package private(set) var present: UInt64 = 0
    /// Values that were missing.
    package private(set) var missing: UInt64 = 0
    /// The most frequent texts.
    package private(set) var frequent = FrequentTexts()
    /// How many different texts there were.
    package private(set) var distinct = DistinctEstimate()

    /// No value yet.
    package init() {}

    /// Values seen, missing ones included.
    package var count: UInt64 { present &+ missing }

    /// The share of values that were missing; nil before the first value.
    package var missingShare: Double? { count == 0 ? nil : Double(missing) / Double(count) }

    /// Takes a text, no longer than `MonitoringLimits.textBytes`; nil is missing.
    package mutating func add(_ text: String?) {
        guard let text else {
            missing &+= 1
            return
        }
        present &+= 1
        frequent.add(text)
        distinct.add(DistinctEstimate.hash(text))
    }
}

extension TextSketch {
    func encode(into writer: inout BlobWriter) {
        writer.count(present)
        writer.count(missing)
        frequent.encode(into: &writer)
        distinct.encode(into: &writer)
    }

    init(from reader: inout BlobReader) throws {
        present = try reader.count()
        missing = try reader.count()
        frequent = try FrequentTexts(from: &reader)
        distinct = try DistinctEstimate(from: &reader)
    }
}
