import Core
import Statistics

/// Turns the comparisons of many columns into one verdict.
struct BankVerdict {
    private let correction: DetectorSpec.Correction
    private let driftShare: Double

    init(_ spec: DetectorSpec) {
        correction = spec.correction
        driftShare = spec.driftShare
    }

    /// The report over compared columns; those without a verdict count neither as drifted nor in the number.
    func report(kind: DetectorKind, _ compared: [FeatureDrift]) throws(MartletError) -> DetectorReport {
        let features = try corrected(compared)
        let decided = features.filter { $0.drifted != nil }
        guard let worst = decided.max(by: { Self.strength($0) < Self.strength($1) }) else {
            let first = features.first?.reason ?? "no column was compared."
            let text = first.hasPrefix("insufficient data") ? first : "insufficient data: \(first)"
            return DetectorReport(kind: kind, threshold: fallbackThreshold(features), features: features, reason: text)
        }
        let drifted = decided.count { $0.drifted == true }
        guard correction == .none else {
            return DetectorReport(
                kind: kind,
                statistic: worst.statistic ?? worst.score,
                pValue: worst.pValue,
                threshold: worst.threshold,
                drifted: drifted > 0,
                features: features
            )
        }
        let share = Double(drifted) / Double(decided.count)
        return DetectorReport(
            kind: kind,
            statistic: share,
            threshold: driftShare,
            drifted: drifted > 0 && share >= driftShare,
            features: features
        )
    }

    private func fallbackThreshold(_ features: [FeatureDrift]) -> Double {
        correction == .none ? driftShare : features.first?.threshold ?? driftShare
    }

    /// How far a score is beyond its bound, comparable between p-values and distances; ties go to the larger statistic.
    private static func strength(_ feature: FeatureDrift) -> (Double, Double) {
        guard let score = feature.score else { return (0, 0) }
        if let pValue = feature.pValue {
            return ((feature.threshold + 1e-300) / (pValue + 1e-300), feature.statistic ?? 0)
        }
        return (score / max(feature.threshold, 1e-300), score)
    }

    /// The columns whose score is a p-value, decided again by the corrected bound.
    private func corrected(_ features: [FeatureDrift]) throws(MartletError) -> [FeatureDrift] {
        let rule: MultipleTesting
        switch correction {
        case .none: return features
        case .bonferroni: rule = .bonferroni
        case .benjaminiHochberg: rule = .benjaminiHochberg
        }
        let tests = features.filter { $0.pValue != nil && $0.drifted != nil }
        guard !tests.isEmpty else { return features }
        // Columns may have bounds of their own: a p-value is scaled to a level of one half before the rule decides.
        let level = 0.5
        let scaled = tests.map { min(1, ($0.pValue ?? 1) * level / max($0.threshold, 1e-300)) }
        let decision: MultipleTesting.Decision
        do { decision = try rule.decide(scaled, level: level) } catch { throw MartletError.wrapping(error) }
        return features.map { feature in
            guard let pValue = feature.pValue, feature.drifted != nil else { return feature }
            let bound = decision.threshold * feature.threshold / level
            return FeatureDrift(
                name: feature.name,
                method: feature.method,
                score: feature.score,
                statistic: feature.statistic,
                pValue: pValue,
                threshold: bound,
                drifted: decision.rejected && pValue < bound
            )
        }
    }
}
