import Core
import Evaluations
import TestSupport
import Testing

@Suite struct ScorerTests {
    private let fixture: EvaluationFixture
    private var store: EvaluationStore { fixture.store }

    init() async throws {
        fixture = try await EvaluationFixture()
    }

    private func register(_ text: String = "{}", _ name: String = "s", _ experiment: String = "1") async throws
        -> Scorer
    {
        try await store.registerScorer(experiment: experiment, name: name, serialized: text)
    }

    @Test func versionsCountUp() async throws {
        let first = try await register(#"{"a":1}"#)
        #expect(first.version == 1)
        #expect(first.creationTime == fixture.clock.now)
        let second = try await register(#"{"a":2}"#)
        #expect(second.version == 2)
        #expect(second.id == first.id)
        #expect(try await register("{}", "s", "2").version == 1)
        _ = try await register("{}", "a")
        #expect(try await store.scorers(of: "1").map { "\($0.name)\($0.version)" } == ["a1", "s2"])
        #expect(try await store.scorers(ofActive: nil).map { "\($0.experiment)\($0.name)" } == ["1a", "1s", "2s"])
        #expect(try await store.scorers(ofActive: ["2", "9"]).map(\.experiment) == ["2"])
        #expect(try await store.scorerVersions(experiment: "1", name: "s") == [first, second])
        #expect(try await store.scorer(experiment: "1", name: "s", version: nil) == second)
        #expect(try await store.scorer(experiment: "1", name: "s", version: 1) == first)
        try await store.deleteScorer(experiment: "1", name: "s", version: 2)
        #expect(try await store.scorer(experiment: "1", name: "s", version: nil) == first)
        #expect(await code { try await store.deleteScorer(experiment: "1", name: "s", version: 2) } == .notFound)
        let missing = await failure { _ = try await store.scorer(experiment: "1", name: "s", version: 9) }
        #expect(missing?.message == "Scorer with name 's' and version 9 not found for experiment 1.")
        try await store.deleteScorer(experiment: "1", name: "s", version: nil)
        let gone = await failure { _ = try await store.scorer(experiment: "1", name: "s", version: nil) }
        #expect(gone?.message == "Scorer with name 's' not found for experiment 1.")
        #expect(try await register().version == 1)
    }

    @Test func experimentsMustBeThere() async {
        #expect(await code { _ = try await register("{}", "s", "9") } == .notFound)
        #expect(await code { _ = try await register("{}", "s", "3") } == .failedPrecondition)
        #expect(await code { _ = try await store.scorers(of: "9") } == .notFound)
    }

    @Test(arguments: [
        "", "no", "[]", "5", #"{"call_source":"x"}"#, #"{"a":{"b":[{"call_source":"x"}]}}"#,
        #"{"instructions_judge_pydantic_data":{"model":5}}"#, #"{"builtin_scorer_pydantic_data":{"model":" "}}"#,
    ])
    func scorersThatAreRefused(_ text: String) async {
        #expect(await code { _ = try await register(text) } == .invalidArgument)
    }

    @Test(arguments: [
        "{}", #"{"call_source":null}"#, #"{"builtin_scorer_pydantic_data":{"model":null}}"#,
        #"{"memory_augmented_judge_data":{"base_judge":{"instructions_judge_pydantic_data":{"model":"openai:/x"}}}}"#,
    ])
    func scorersThatAreAccepted(_ text: String) async throws {
        #expect(try await register(text).serialized == text)
    }

    @Test func onlineScoring() async throws {
        let gateway = #"{"instructions_judge_pydantic_data":{"model":"gateway:/mine"}}"#
        let scorer = try await register(gateway)
        let plain = try await register("{}", "plain")
        let config = try await store.setOnlineScoring(
            experiment: "1",
            name: "s",
            sampleRate: 0.5,
            filter: "tags.a = 'b'"
        )
        #expect(config.scorer == scorer.id)
        #expect(try await store.onlineScoring(of: [scorer.id, plain.id, "none"]) == [config])
        let again = try await store.setOnlineScoring(experiment: "1", name: "s", sampleRate: 0, filter: nil)
        #expect(try await store.onlineScoring(of: [scorer.id]) == [again])
        for rate in [-0.1, 1.1, Double.nan] {
            let refused = await code {
                _ = try await store.setOnlineScoring(experiment: "1", name: "s", sampleRate: rate, filter: nil)
            }
            #expect(refused == .invalidArgument)
        }
        let bad = await code {
            _ = try await store.setOnlineScoring(experiment: "1", name: "s", sampleRate: 0.1, filter: "a ==")
        }
        #expect(bad == .invalidArgument)
        let direct = await failure {
            _ = try await store.setOnlineScoring(experiment: "1", name: "plain", sampleRate: 0.1, filter: nil)
        }
        #expect(direct?.message.contains("does not use a gateway model") == true)
        try await store.deleteScorer(experiment: "1", name: "s", version: nil)
        #expect(try await store.onlineScoring(of: [scorer.id]).isEmpty)
    }
}
