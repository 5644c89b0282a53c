/// The most frequent texts of any number of them, by Space-Saving (Metwally, Agrawal and El Abbadi 2005).
///
/// Every text that made up more than 1 in `MonitoringLimits.frequentTexts` of all is among them; a count is never too low, and
/// too high by at most the `excess` that stands beside it.
package struct FrequentTexts: Sendable, Equatable {
    /// A text and how often it came.
    package struct Entry: Sendable, Equatable {
        /// The text.
        package let text: String
        /// How often, at most.
        package let count: UInt64
        /// By how much the count may be too high.
        package let excess: UInt64
    }

    private var slots: [String: Int] = [:]
    private var texts: [String] = []
    private var counts: [UInt64] = []
    private var excesses: [UInt64] = []

    /// Nothing seen.
    package init() {}

    /// Takes a text; a new one takes the place of the rarest when there is no room.
    package mutating func add(_ text: String) {
        if let slot = slots[text] {
            counts[slot] &+= 1
            return
        }
        guard counts.count >= MonitoringLimits.frequentTexts else {
            slots[text] = counts.count
            texts.append(text)
            counts.append(1)
            excesses.append(0)
            return
        }
        var rarest = 0
        var least = counts[0]
        for slot in 1..<counts.count where counts[slot] < least {
            least = counts[slot]
            rarest = slot
        }
        slots[texts[rarest]] = nil
        slots[text] = rarest
        texts[rarest] = text
        excesses[rarest] = least
        counts[rarest] = least &+ 1
    }

    /// The texts, most frequent first, equally frequent ones by name.
    package func top(_ limit: Int) -> [Entry] {
        texts.indices.map { Entry(text: texts[$0], count: counts[$0], excess: excesses[$0]) }
            .sorted { ($1.count, $0.text) < ($0.count, $1.text) }
            .prefix(max(limit, 0)).map(\.self)
    }
}

extension FrequentTexts {
    func encode(into writer: inout BlobWriter) {
        writer.int(texts.count)
        for slot in texts.indices {
            writer.text(texts[slot])
            writer.count(counts[slot])
            writer.count(excesses[slot])
        }
    }

    init(from reader: inout BlobReader) throws {
        for slot in 0..<(try reader.int(upTo: MonitoringLimits.frequentTexts)) {
            let text = try reader.text(upTo: MonitoringLimits.textBytes)
            guard slots.updateValue(slot, forKey: text) == nil else { throw BlobReader.damaged }
            texts.append(text)
            counts.append(try reader.count())
            excesses.append(try reader.count())
        }
    }
}
