import Core
import Ledger
import TestSupport
import Testing

@Suite("Filters: a small language, answered by the database and by hand alike", .overEveryDatabase)
struct LedgerFilterTests {
    private func filled() async throws -> LedgerFixture {
        let fixture = try await LedgerFixture()
        var records: [LedgerRecord] = []
        for index in 0..<60 {
            var record = LedgerFixture.record(
                "r\(index)",
                at: Int64(index) * 60,
                version: 1 + index % 3,
                arm: index % 5 == 0 ? .candidate : .stable,
                prediction: index % 2 == 0 ? "benign" : "malignant",
                score: index % 7 == 0 ? .nan : Double(index) / 60,
                features: [Float(index), index % 4 == 0 ? .nan : 10],
                entity: index % 6 == 0 ? nil : "e\(index % 6)"
            )
            record.drift = index % 9 == 0
            record.microseconds = Int64(index) * 100
            if index % 2 == 1 {
                record.shadowVersion = 9
                record.shadowPrediction = index % 4 == 1 ? "benign" : "malignant"
                record.shadowScore = 0.5
            }
            records.append(record)
        }
        try await fixture.insert(records)
        for index in stride(from: 0, to: 60, by: 3) { _ = try await fixture.label("r\(index)", "benign") }
        return fixture
    }

    private func ids(_ fixture: LedgerFixture, _ text: String) async throws -> Set<String> {
        let query = LedgerQuery(deployment: "cancer", filter: try LedgerFilter(parsing: text))
        return Set(try await fixture.store.page(query, limit: 100).rows.map(\.record.id))
    }

    @Test("The database finds what a look at every row finds")
    func agreement() async throws {
        let fixture = try await filled()
        // With a column of the inputs that every row meets or not, each row is looked at once more by hand.
        let always = "(features.age >= 0 or features.age is null)"
        for text in [
            "version = 2", "version != 2 and arm = candidate", "version in (1, 3)", "score > 0.5", "not score > 0.5",
            "score is null", "prediction = benign", "wrong", "right or unlabelled", "not labelled", "drifted",
            "drift = true", "latency > 2ms", "latency_us <= 300", "entity = e2",
            "entity is not null and not entity = 'e2'",
            "entity in (e1, 'e3')", "disagreed", "shadowed and not disagreed",
            "shadow_version = 9 and shadow_score >= 0.5",
            "time >= '2026-01-01T00:30:00Z'", "time < 1767226000000 and (wrong or score < 0.1)", "label = benign",
            "label is null", "version = 1.5", "protocol = predict", "rollout is null", "step = 0 and not cut",
        ] {
            #expect(try await ids(fixture, text) == (try await ids(fixture, "(\(text)) and \(always)")), "\(text)")
        }
        #expect(try await ids(fixture, "").count == 60)
        #expect(try await ids(fixture, "features.\"mean radius\" is null").count == 15)
        #expect(try await ids(fixture, "features.age > 57 or features.age in (3)") == ["r58", "r59", "r3"])
        #expect(try await ids(fixture, "features.age = 3 and version = 2").isEmpty)
    }

    @Test("Pages follow each other without gap or repetition, in both orders, while rows arrive")
    func pages() async throws {
        let fixture = try await filled()
        for order in LedgerQuery.Order.allCases {
            for text in ["", "version = 2", "entity = e2", "features.age < 30", "labelled"] {
                let query = LedgerQuery(
                    deployment: "cancer",
                    filter: try LedgerFilter(parsing: text),
                    order: order
                )
                let whole = try await fixture.store.page(query, limit: 100).rows
                var seen: [LedgerRow] = []
                var place: LedgerPosition?
                repeat {
                    let page = try await fixture.store.page(query, after: place, limit: 7)
                    seen += page.rows
                    place = page.next
                } while place != nil
                #expect(seen.map(\.position) == whole.map(\.position), "\(order) \(text)")
            }
        }
    }

    @Test(
        "What does not fit is refused, naming the place",
        arguments: [
            ("verson = 3", "position 1: 'verson' is not a field; did you mean 'version'"),
            ("version = ", "position 11: expected a number, but found the end"),
            ("version = 3 wrong", "position 13: expected 'and', 'or' or the end, but found 'wrong'"),
            ("(wrong", "position 7: expected ')'"), ("score > high", "position 9: expected a number"),
            ("arm < stable", "position 5: '<' does not go with 'arm'"),
            ("label = 'a", "position 9: the text that begins"),
            ("version ! 3", "position 9: '!' stands alone"), ("version = 3;", "position 12: ';' cannot stand here"),
            ("time > tomorrow", "position 8: expected a time"), ("latency > 5 parsec", "position 13"),
            ("drift = maybe", "position 9: expected true or false"), ("version in 3", "position 12: expected '('"),
            ("features > 3", "position 10: expected '.'"), ("entity is nil", "position 11: expected 'null'"),
        ]
    )
    func refusals(text: String, message: String) {
        let error = #expect(throws: MartletError.self) { _ = try LedgerFilter(parsing: text) }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
    }

    @Test("LedgerLimits.filterBytes, .filterTerms and .filterDepth are kept")
    func limits() throws {
        let term = "version = 1"
        let most = Array(repeating: term, count: LedgerLimits.filterTerms).joined(separator: " or ")
        _ = try LedgerFilter(parsing: most)
        #expect(throws: MartletError.self) { _ = try LedgerFilter(parsing: most + " or \(term)") }
        let depth = LedgerLimits.filterDepth - 1
        let deep = String(repeating: "(", count: depth) + term + String(repeating: ")", count: depth)
        _ = try LedgerFilter(parsing: deep)
        #expect(throws: MartletError.self) { _ = try LedgerFilter(parsing: "(\(deep))") }
        let padding = String(repeating: " ", count: LedgerLimits.filterBytes - term.utf8.count)
        _ = try LedgerFilter(parsing: term + padding)
        #expect(throws: MartletError.self) { _ = try LedgerFilter(parsing: term + padding + " ") }
    }

    @Test("A column that no version has is named, with the one that was meant")
    func unknownColumn() async throws {
        let fixture = try await filled()
        let error = await #expect(throws: MartletError.self) { _ = try await ids(fixture, "features.agee > 3") }
        #expect(error?.message.contains("did you mean 'age'") == true)
    }

    @Test("Groups count what the pages list")
    func groups() async throws {
        let fixture = try await filled()
        let query = LedgerQuery(deployment: "cancer", filter: try LedgerFilter(parsing: "version in (1, 2)"))
        let groups = try await fixture.store.groups(query, by: [.version, .prediction])
        #expect(groups.isComplete && groups.groups.map(\.rows) == [10, 10, 10, 10])
        #expect(groups.groups.map(\.values) == [[1, "benign"], [1, "malignant"], [2, "benign"], [2, "malignant"]])
        #expect(groups.groups.map(\.labelled).reduce(0, +) == 20)
    }
}
