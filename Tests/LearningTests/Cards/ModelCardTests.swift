import Artifacts
import Core
import Datasets
import Learning
import Testing
import Tracking

@Suite("Model cards")
struct ModelCardTests {
    private static func rows(_ card: ModelCard, _ title: String) -> Int? {
        for block in card.sections.first(where: { $0.title == title })?.blocks ?? [] {
            if case .table(_, let rows) = block { return rows.count }
        }
        return nil
    }

    @Test("stay readable however much was recorded")
    func limits() async throws {
        let bench = try await TrainBench(TrainBench.flats(20), target: DatasetTarget(column: "rent"))
        let experiment = try await bench.tracking.createExperiment(name: "cards")
        let run = try await bench.tracking.createRun(experimentID: experiment, name: "r", startTime: bench.clock.now)
        let root = try await bench.tracking.artifactRoot(runID: run.info.id)
        let segment: JSONValue = ["column": "c", "segment": "s", "rows": 3, "metrics": ["accuracy": 0.5]]
        let report: JSONValue = [
            "task": "binary", "rows": 9, "metrics": ["accuracy": 0.5],
            "segments": .array(Array(repeating: segment, count: LearningLimits.cardRows + 3)),
        ]
        let shares = JSONObject((0..<LearningLimits.cardFeatures + 3).map { ("f\($0)", JSONValue.number(1)) })
        let shap: JSONValue = ["unit": "log-odds", "mean_absolute_contribution": .object(shares)]
        try await bench.tracking.artifacts.write(root.appending("evaluation.json"), bytes: report.serialized())
        try await bench.tracking.artifacts.write(root.appending("explanations/shap.json"), bytes: shap.serialized())
        let subject = CardSubject(
            model: "m",
            version: 1,
            runID: run.info.id,
            source: "runs:/x/model",
            folder: nil,
            created: bench.clock.now
        )
        let maker = ModelCardMaker(tracking: bench.tracking)
        let card = try await maker.card(of: subject)
        #expect(Self.rows(card, "By segment") == LearningLimits.cardRows)
        #expect(Self.rows(card, "What moves its answers") == LearningLimits.cardFeatures)
        #expect(Self.rows(card, "Results") == 1)
        // A file past the limit is left out, as is one that is no JSON.
        let large = [UInt8](repeating: 0x20, count: LearningLimits.cardSourceBytes + 1)
        try await bench.tracking.artifacts.write(root.appending("evaluation.json"), bytes: large)
        try await bench.tracking.artifacts.write(root.appending("explanations/shap.json"), bytes: Array("{".utf8))
        let titles = try await maker.card(of: subject).sections.map(\.title)
        #expect(titles == ["Summary", "Intended use", "Limits", "Where it comes from"])
    }
}
