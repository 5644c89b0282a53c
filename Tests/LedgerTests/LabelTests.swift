import Core
import Ledger
import TestSupport
import Testing

@Suite("Labels: late, out of order, corrected, repeated, unknown", .overEveryDatabase)
struct LabelTests {
    @Test("The label observed last holds, whatever came first; every other is kept in the history")
    func corrections() async throws {
        let fixture = try await LedgerFixture()
        try await fixture.insert([LedgerFixture.record("a")])
        #expect(try await fixture.label("a", "benign", observed: 50).outcome == .stored)
        let early = try await fixture.label("a", "malignant", observed: 20)
        #expect(early.outcome == .superseded && early.other == "benign")
        let late = try await fixture.label("a", 0, observed: 70)
        #expect(late.outcome == .corrected && late.label == "malignant" && late.other == "benign")
        #expect(try await fixture.label("a", "malignant", observed: 80).outcome == .confirmed)
        for (label, observed) in [("benign", 50), ("malignant", 20), ("malignant", 70), ("malignant", 80)] {
            let answer = try await fixture.label("a", .string(label), observed: Int64(observed))
            #expect(answer.outcome == .duplicate)
        }
        let story = try await fixture.store.story("a")
        #expect(story.labels.map(\.label) == ["malignant", "malignant", "benign", "malignant"])
        #expect(story.labels.map(\.isCurrent) == [true, false, false, false])
        #expect(story.rows.first?.record.observedAt == LedgerFixture.begin + .seconds(80))
    }

    @Test("A label without a time is of now, and never older than the one that holds, even when the clock went back")
    func untimed() async throws {
        let fixture = try await LedgerFixture()
        try await fixture.insert([LedgerFixture.record("a")])
        #expect(try await fixture.label("a", "benign", now: 500).outcome == .stored)
        #expect(try await fixture.label("a", true, now: 600).outcome == .duplicate)
        #expect(try await fixture.label("a", "malignant", now: 100).outcome == .corrected)
        let record = try #require(try await fixture.store.find("a"))
        #expect(record.label == "malignant" && record.observedAt == LedgerFixture.begin + .seconds(500))
    }

    @Test("A label that comes before its prediction waits for it, once, and is joined when it comes")
    func pending() async throws {
        let fixture = try await LedgerFixture()
        #expect(try await fixture.label("a", "malignant").outcome == .pending)
        #expect(try await fixture.label("a", "malignant").outcome == .alreadyPending)
        #expect(try await fixture.label("a", "benign", observed: 2000).outcome == .pending)
        #expect(try await fixture.store.pendingCount() == 2)
        let result = try await fixture.insert([LedgerFixture.record("a"), LedgerFixture.record("b")])
        #expect(result.changes.map(\.record.label) == ["malignant", "benign"])
        #expect(try await fixture.store.pendingCount() == 0)
        #expect(try await fixture.store.find("a")?.label == "benign")
        #expect(try await fixture.store.hours("cancer") == (try await fixture.store.countedHours("cancer")))
    }

    @Test("A waiting label that is none of the model is dropped and counted; one that nobody needs expires")
    func pendingEnds() async throws {
        let fixture = try await LedgerFixture()
        _ = try await fixture.label("a", "purple")
        #expect(try await fixture.insert([LedgerFixture.record("a")]).rejected == 1)
        #expect(try await fixture.store.find("a")?.label == nil)
        _ = try await fixture.label("never", "benign", now: 0)
        let almost = LedgerFixture.begin + LedgerLimits.pendingAge - .seconds(1)
        #expect(try await fixture.store.prune(now: almost).expiredLabels == 0)
        #expect(try await fixture.store.prune(now: almost + .seconds(1)).expiredLabels == 1)
        #expect(try await fixture.store.pendingCount() == 0)
    }

    @Test("By entity and time: every prediction in the window gets the label, also one that is written later")
    func entities() async throws {
        let fixture = try await LedgerFixture()
        try await fixture.insert([
            LedgerFixture.record("old", at: 0, entity: "p7"), LedgerFixture.record("new", at: 7200, entity: "p7"),
            LedgerFixture.record("else", at: 7200, entity: "p8"),
            LedgerFixture.record("other", at: 7200, deployment: "churn", entity: "p7"),
        ])
        let item = FeedbackItem(
            subject: .entity(
                deployment: "cancer",
                key: "p7",
                at: LedgerFixture.begin + .seconds(9000),
                window: .seconds(3600)
            ),
            label: "malignant"
        )
        let now = LedgerFixture.begin + .seconds(9000)
        let results = try await fixture.store.label([item], now: now, keepsUnknown: true)
        #expect(try results.answers[0]?.get().ids == ["new"])
        try await fixture.insert([LedgerFixture.record("late", at: 8000, entity: "p7")])
        let rows = try await fixture.store.recent("cancer", limit: 10)
        let labelled = rows.filter { $0.record.label != nil }.map(\.record.id)
        #expect(Set(labelled) == ["new", "late"])
        let again = try await fixture.store.label([item], now: now, keepsUnknown: true)
        #expect(try again.answers[0]?.get().outcome == .duplicate)
    }

    @Test("One wrong label leaves the others of its request as they are")
    func independence() async throws {
        let fixture = try await LedgerFixture()
        try await fixture.insert([LedgerFixture.record("a"), LedgerFixture.record("b")])
        func item(_ id: String, _ label: JSONValue, _ deployment: String? = nil) -> FeedbackItem {
            FeedbackItem(subject: .request(id: id, deployment: deployment), label: label)
        }
        let results = try await fixture.store.label(
            [item("a", "purple"), item("b", "benign"), item("a", "benign", "churn"), item("c", 1)],
            now: LedgerFixture.begin,
            keepsUnknown: false
        )
        #expect(throws: MartletError.self) { try results.answers[0]?.get() }
        #expect(try results.answers[1]?.get().outcome == .stored)
        #expect(throws: MartletError.self) { try results.answers[2]?.get() }
        #expect(results.answers[3] == nil)
        #expect(results.changes.map(\.record.id) == ["b"])
    }

    @Test("A mirrored row has its request's id, and gets the same label")
    func mirrors() async throws {
        let fixture = try await LedgerFixture()
        let mirror = LedgerFixture.record("a", version: 2, arm: .shadow, prediction: "malignant")
        #expect(try await fixture.insert([LedgerFixture.record("a"), mirror, mirror]).inserted == 2)
        #expect(try await fixture.label("a", "malignant").ids == ["a"])
        let hours = try await fixture.store.hours("cancer")
        #expect(hours.map(\.correct) == [0, 1] && hours.map(\.labelled) == [1, 1])
        #expect(
            try await fixture.store.quality("cancer", since: LedgerFixture.begin, window: .seconds(3600)).count == 1
        )
    }

    @Test("The history keeps LedgerLimits.labelHistory labels")
    func historyLimit() async throws {
        let fixture = try await LedgerFixture()
        try await fixture.insert([LedgerFixture.record("a")])
        for moment in 0...(LedgerLimits.labelHistory + 2) {
            _ = try await fixture.label("a", .int(moment % 2), observed: Int64(moment))
        }
        #expect(try await fixture.store.story("a").labels.count == LedgerLimits.labelHistory + 1)
    }
}
