import Artifacts
import Core
import Datasets
import Loop
import Registry

/// What a gate measures: candidate and champion on the same rows, the candidate's own test split, which neither was trained on.
struct GateWiring: Sendable {
    let stores: Stores

    /// Measures what the rule asks for.
    @Sendable func figures(_ question: GateQuestion) async throws -> GateFigures {
        let candidate = try Candidate(outputs: question.candidate)
        let champion = try await championVersion(question)
        let given = candidate.metrics.pairs.compactMap { name, value in value.doubleValue.map { (name, $0) } }
        let own = Dictionary(given) { first, _ in first }
        var figures = GateFigures(championVersion: champion?.version, candidate: own)
        let rule = question.rule
        let isKnown = rule.metrics.allSatisfy { own[$0.metric] != nil }
        if champion != nil || !isKnown || !rule.fairness.isEmpty || rule.latency != nil {
            try await measure(&figures, candidate, champion, rule)
            try check(rule, figures)
        }
        if rule.size != nil {
            figures.candidateBytes = try await bytes(try ArtifactPath(validating: candidate.modelPath))
            if let champion { figures.championBytes = try await bytes(champion.artifactPath) }
        }
        return figures
    }

    private func measure(
        _ figures: inout GateFigures,
        _ candidate: Candidate,
        _ champion: ModelVersion?,
        _ rule: GateRule
    ) async throws {
        let path = try await candidate.localPath(in: stores)
        var championPath: String?
        if let champion { championPath = try await stores.artifacts.localURL(champion.artifactPath) }
        let rows = try await stores.datasets.rows(candidate.dataset, split: "test")
        guard let target = try await stores.datasets.spec(candidate.dataset).target else {
            throw MartletError(.failedPrecondition, "The dataset '\(candidate.dataset)' names no target column.")
        }
        let measurement = GateMeasurement(rule: rule, rows: rows, target: target.column, classes: target.classes)
        let other = championPath
        let (ours, theirs) = try await BlockingWork.run {
            (try measurement.measure(path), try other.map { try measurement.measure($0) })
        }
        figures.rows = rows.rowCount
        figures.candidate.merge(ours.metrics) { _, measured in measured }
        figures.candidateSeconds = ours.seconds
        figures.championSeconds = theirs?.seconds
        if let theirs, let champion {
            // What only its pipeline could measure stands in the version's tags.
            figures.champion = Self.tagged(champion).merging(theirs.metrics) { _, measured in measured }
        }
        figures.segments = ours.segments.enumerated().map { position, segment in
            GateFigures.Segment(
                column: segment.column,
                name: segment.name,
                rows: segment.rows,
                candidate: segment.metrics,
                champion: theirs?.segments[position].metrics
            )
        }
    }

    /// A metric that nobody computes is a mistake in the rule and not in the candidate.
    private func check(_ rule: GateRule, _ figures: GateFigures) throws(MartletError) {
        for metric in rule.metrics.map(\.metric) where figures.candidate[metric] == nil {
            throw Self.unknown(metric, figures.candidate.keys.sorted())
        }
        guard let champion = figures.champion else { return }
        for metric in rule.metrics.map(\.metric) where champion[metric] == nil {
            throw Self.unknown(metric, champion.keys.sorted())
        }
    }

    private static func unknown(_ metric: String, _ known: [String]) -> MartletError {
        MartletError(
            .invalidArgument,
            "The gate's metric '\(metric)' is not computed; there are \(known.prefix(40).joined(separator: ", "))."
        )
    }

    private static func tagged(_ version: ModelVersion) -> [String: Double] {
        var metrics: [String: Double] = [:]
        for tag in version.tags where tag.key.hasPrefix("metrics.") {
            if let value = Double(tag.value) { metrics[String(tag.key.dropFirst("metrics.".count))] = value }
        }
        return metrics
    }

    private func championVersion(_ question: GateQuestion) async throws -> ModelVersion? {
        do {
            let version = try await stores.registry.resolve(alias: question.alias, of: question.model)
            return try await stores.registry.version(question.model, version)
        } catch let error as MartletError where error.code == .notFound || error.code == .invalidArgument {
            return nil
        }
    }

    private func bytes(_ path: ArtifactPath) async throws -> Int64 {
        var sum: Int64 = 0
        for file in try await stores.artifacts.files(beneath: path) { sum += Int64(file.size ?? 0) }
        return sum
    }
}
