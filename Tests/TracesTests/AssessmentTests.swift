import Artifacts
import Core
import Storage
import TestSupport
import Testing
import Traces

@Suite(.overEveryDatabase) struct AssessmentTests {
    @Test func anAssessmentIsMadeReadChangedAndDeleted() async throws {
        let fixture = try await TracesFixture()
        let id = try await fixture.start(1)
        var sent = assessment(id, "correct", ["score": 1])
        sent.metadata = [TracePair(key: "a", value: "1"), TracePair(key: "b", value: "2")]
        sent.rationale = "why"
        let made = try await fixture.store.create(sent)
        #expect(made.id.hasPrefix("a-") && made.id.count == 34 && made.created == fixture.clock.clock.now)
        #expect(try await fixture.store.assessment(made.id, traceID: id) == made)
        fixture.clock.advance(by: .seconds(5))
        var change = AssessmentChange()
        change.name = "right"
        change.feedback = (value: "no", error: ["error_code": "E"])
        change.metadata = [TracePair(key: "b", value: "3")]
        let changed = try await fixture.store.update(made.id, traceID: id, change)
        #expect(changed.name == "right" && changed.value == "no" && changed.error == ["error_code": "E"])
        #expect(changed.rationale == "why" && changed.created == made.created && changed.updated != made.updated)
        #expect(changed.metadata.map(\.value).sorted() == ["1", "3"])
        #expect(try await fixture.store.info(id).assessments == [changed])
        try await fixture.store.deleteAssessment(made.id, traceID: id)
        try await fixture.store.deleteAssessment(made.id, traceID: id)
        let missing = await failure { _ = try await fixture.store.assessment(made.id, traceID: id) }
        #expect(missing?.message == "Assessment with ID '\(made.id)' not found for trace '\(id)'")
    }

    @Test func anOverriddenAssessmentCountsAgainWhenTheOtherIsDeleted() async throws {
        let fixture = try await TracesFixture()
        let id = try await fixture.start(1)
        let first = try await fixture.store.create(assessment(id, "good", true))
        var other = assessment(id, "good", false)
        other.overrides = first.id
        let second = try await fixture.store.create(other)
        #expect(try await fixture.store.assessment(first.id, traceID: id).isValid == false)
        #expect(try await fixture.search("feedback.good = 'true'").isEmpty)
        #expect(try await fixture.search("feedback.good = 'false'") == [1])
        try await fixture.store.deleteAssessment(second.id, traceID: id)
        #expect(try await fixture.search("feedback.good = 'true'") == [1])
        other.overrides = "a-none"
        #expect(await code { _ = try await fixture.store.create(other) } == .notFound)
    }

    @Test func kindsDoNotMixAndIdsAreNotTaken() async throws {
        let fixture = try await TracesFixture()
        let id = try await fixture.start(1)
        let other = try await fixture.start(2)
        var expectation = assessment(id, "answer", ["a", "b"])
        expectation.kind = .expectation
        expectation.id = "a-1"
        _ = try await fixture.store.create(expectation)
        var change = AssessmentChange()
        change.feedback = (value: 1, error: nil)
        let refused = await failure { _ = try await fixture.store.update("a-1", traceID: id, change) }
        #expect(refused?.message == "Cannot update feedback value on an Expectation assessment.")
        var thief = assessment(other, "answer", 1)
        thief.id = "a-1"
        #expect(await code { _ = try await fixture.store.create(thief) } == .alreadyExists)
        let trace = TraceInfo(
            id: other,
            experimentID: "1",
            requestTime: Timestamp(milliseconds: 1),
            assessments: [thief]
        )
        #expect(await code { _ = try await fixture.store.start(trace) } == .alreadyExists)
        #expect(await code { _ = try await fixture.store.create(assessment("tr-none", "x", 1)) } == .notFound)
    }

    @Test func theAssessmentsOfARunGoWithIt() async throws {
        let fixture = try await TracesFixture()
        let id = try await fixture.start(1)
        var sent = assessment(id, "a", 1)
        sent.metadata = [TracePair(key: "mlflow.assessment.sourceRunId", value: "run1")]
        _ = try await fixture.store.create(sent)
        _ = try await fixture.store.create(assessment(id, "b", 1))
        try await fixture.database.write { try TraceStore.deleteAssessments($0, runID: "run1") }
        #expect(try await fixture.store.info(id).assessments.map(\.name) == ["b"])
    }
}
