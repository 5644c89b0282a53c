import Core
import Foundation

/// TF-IDF weights: how often a term is in a text, damped, against how many texts have it.
///
/// As scikit-learn's `TfidfVectorizer(sublinear_tf: true, max_df: 0.5, stop_words: "english")`: (1 + ln tf) · (1 + ln((1 + n) /
/// (1 + df))), rows scaled to length 1, terms in more than half of the texts left out.
struct TermWeights: Sendable {
    /// The terms, sorted; a term's position is its feature.
    let terms: [String]
    private let positions: [String: Int32]
    private let rarity: [Double]
    /// When each term was first seen: the order in which scikit-learn stores the terms of a text that it learned from, which
    /// decides the last digits of what is summed over them.
    private let seen: [Int]

    /// Learns the terms of some texts.
    ///
    /// - Throws: `failedPrecondition` when no term is left, `payloadTooLarge` past `StatisticsLimits.textTerms`.
    init(_ texts: [[String]], mostTexts: Double = 0.5) throws(MartletError) {
        var frequencies: [String: Int] = [:]
        var firstSeen: [String: Int] = [:]
        for text in texts {
            for term in text where firstSeen[term] == nil { firstSeen[term] = firstSeen.count }
            for term in Set(text) { frequencies[term, default: 0] += 1 }
        }
        let most = mostTexts * Double(texts.count)
        let kept = frequencies.filter { Double($0.value) <= most }
        guard !kept.isEmpty else {
            throw MartletError(
                .failedPrecondition,
                "The texts have no term to compare by: all words are missing, stop words or in more than half of them."
            )
        }
        guard kept.count <= StatisticsLimits.textTerms else {
            throw MartletError(
                .payloadTooLarge,
                "The texts have \(kept.count) terms; the limit is \(StatisticsLimits.textTerms). Use fewer texts."
            )
        }
        terms = kept.keys.sorted { $0.unicodeScalars.lexicographicallyPrecedes($1.unicodeScalars) }
        var positions: [String: Int32] = [:]
        for (position, term) in terms.enumerated() { positions[term] = Int32(position) }
        self.positions = positions
        seen = terms.map { firstSeen[$0] ?? 0 }
        rarity = terms.map { term in
            log(Double(1 + texts.count) / Double(1 + (kept[term] ?? 0))) + 1
        }
    }

    /// The weights of the known terms of each text; `learned` are the texts that the terms come from.
    func rows(_ texts: [[String]], learned: Bool = false) -> SparseRows {
        var rows = SparseRows()
        for text in texts {
            var counts: [Int32: Int] = [:]
            for term in text {
                if let position = positions[term] { counts[position, default: 0] += 1 }
            }
            let order: (Int32) -> Int = { learned ? seen[Int($0)] : Int($0) }
            var entries = counts.sorted { order($0.key) < order($1.key) }.map { feature, count in
                (feature: feature, value: (log(Double(count)) + 1) * rarity[Int(feature)])
            }
            let length = entries.reduce(0) { $0 + $1.value * $1.value }.squareRoot()
            if length > 0 { for index in entries.indices { entries[index].value /= length } }
            rows.append(entries)
        }
        return rows
    }
}
