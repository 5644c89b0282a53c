import Core
import Ledger
import Replay
import Synchronization
import TestSupport
import Testing

/// Replays over a ledger: what is compared, what is skipped, what it says.
@Suite("Replay: service", .overEveryDatabase)
struct ReplayServiceTests {
    @Test("A candidate that answers the same passes; every figure is there")
    func same() async throws {
        let fixture = try await ReplayFixture()
        fixture.world.change { state in
            state.models[2] = ReplayFixture.classifier(2) { $0[0] > 0.5 }
            state.rows = ReplayFixture.rows(1200)
        }
        let gate = ReplayBounds(minimumRows: 500, minimumAgreement: 0.9, maximumDrop: 0.02)
        let record = try await fixture.replay(ReplayFixture.request(gate: gate))
        #expect(record.state == .succeeded, "\(record.message)")
        #expect(record.verdict == .pass)
        #expect(record.rowsRead == 1200)
        let report = try #require(record.report)
        #expect(report["rows"] == 1200)
        #expect(report["kind"] == "classification")
        #expect(report["agreement"]?["agreement"]?["value"]?.doubleValue == 1)
        #expect(report["labels"]?["metric"] == "accuracy")
        #expect(report["labels"]?["candidate"]?["value"]?.doubleValue == 1)
        #expect(report["labels"]?["f1_macro"]?["candidate"]?.doubleValue == 1)
        #expect(report["latency"]?["candidate"]?["rows"] == 1200)
        #expect(report["latency"]?["serving"]?["rows"] == 1200)
        #expect(report["latency"]?["logged"]?["p95_us"]?.doubleValue == 100)
        #expect(report["disagreements"]?.arrayValue?.isEmpty == true)
        #expect(fixture.world.state.withLock { $0.closed.sorted() } == [1, 2])
        #expect(
            fixture.world.state.withLock { $0.pages }
                == [ReplayLimits.pageRows, ReplayLimits.pageRows, 1200 - 2 * ReplayLimits.pageRows, 0]
        )
    }

    @Test("A seeded regression in one segment is found, named, and fails the gate")
    func regression() async throws {
        let fixture = try await ReplayFixture()
        fixture.world.change { state in
            // Wrong only where texture is 2, a third of the rows.
            state.models[2] = ReplayFixture.classifier(2) { $0[1] == 2 ? $0[0] <= 0.5 : $0[0] > 0.5 }
            state.rows = ReplayFixture.rows(900)
        }
        let gate = ReplayBounds(minimumRows: 500, minimumAgreement: 0.9, maximumDrop: 0.02)
        let request = ReplayFixture.request(segments: ["texture", "entity", "prediction"], gate: gate)
        let record = try await fixture.replay(request)
        #expect(record.verdict == .fail)
        let report = try #require(record.report)
        let checks = try #require(report["verdict"]?["checks"]?.arrayValue)
        #expect(
            checks.filter { $0["outcome"] == "fail" }.compactMap { $0["check"]?.stringValue } == [
                "agreement", "metric",
            ]
        )
        #expect(report["labels"]?["only_logged_right"] == 300)
        let drop = try #require(report["labels"]?["gain"])
        #expect(abs((drop["value"]?.doubleValue ?? 0) + 1.0 / 3) < 1e-9)
        #expect((drop["low"]?.doubleValue ?? 0) < -0.33)
        #expect((drop["high"]?.doubleValue ?? 0) > -0.34)
        let segments = try #require(report["segments"]?.arrayValue)
        let texture = segments.filter { $0["by"] == "texture" }
        #expect(texture.count == 3)
        for segment in texture {
            let agreement = segment["agreement"]?["value"]?.doubleValue
            #expect(agreement == (segment["value"] == "2" ? 0 : 1))
        }
        let sample = try #require(report["disagreements"]?.arrayValue)
        #expect(sample.count == ReplayLimits.disagreements)
        #expect(sample.allSatisfy { $0["logged"] == $0["label"] && $0["logged"] != $0["candidate"] })
        #expect(Set(sample.compactMap { $0["request_id"]?.stringValue }).count == ReplayLimits.disagreements)
    }

    @Test("What the ledger does not hold is skipped with the reason and never guessed")
    func skipped() async throws {
        let fixture = try await ReplayFixture()
        let redacted = LedgerRecord.redacted
        fixture.world.change { state in
            state.models[2] = ReplayFixture.classifier(2, columns: ["texture"]) { $0[0] > 1 }
            state.columns[3] = ["radius"]
            state.columns[2] = ReplayFixture.columns
            state.rows = [
                ReplayFixture.row(1, features: [0.1, redacted], prediction: "benign"),
                ReplayFixture.row(2, features: [redacted, 1], prediction: "benign"),
                ReplayFixture.row(3, features: [0.1, 1], prediction: "benign", isCut: true),
                ReplayFixture.row(4, features: [], prediction: "benign"),
                ReplayFixture.row(5, version: 9, features: [0.1, 1], prediction: "benign"),
                ReplayFixture.row(6, version: 3, features: [0.1], prediction: "benign"),
                ReplayFixture.row(7, features: [0.1], prediction: "benign"),
                ReplayFixture.row(8, version: 2, features: [0.1, 1], prediction: "benign"),
                ReplayFixture.row(9, features: [0.1, 1], prediction: ""),
                ReplayFixture.row(10, arm: .shadow, features: [0.1, 1], prediction: "benign"),
            ]
        }
        let record = try await fixture.replay(ReplayFixture.request())
        #expect(record.verdict == .reported)
        let report = try #require(record.report)
        // The second row's redacted column is none of the candidate's.
        #expect(report["rows"] == 1)
        #expect(report["rows_read"] == 10)
        #expect(
            report["skipped"] == [
                "mirrored": 1, "missing_columns": 1, "no_answer": 1, "no_inputs": 1, "other_width": 1, "own_answer": 1,
                "payload_cut": 1, "redacted": 1, "unknown_columns": 1,
            ]
        )
    }

    @Test("Nothing to compare is no evidence, with a gate and without")
    func nothing() async throws {
        let fixture = try await ReplayFixture()
        fixture.world.change { $0.models[2] = ReplayFixture.classifier(2) { _ in true } }
        let plain = try await fixture.replay(ReplayFixture.request())
        #expect(plain.verdict == .noEvidence)
        let gated = try await fixture.replay(ReplayFixture.request(gate: ReplayBounds(minimumRows: 1)))
        #expect(gated.verdict == .noEvidence)
        #expect(gated.report?["verdict"]?["message"]?.stringValue?.contains("no prediction of 'cancer'") == true)
        fixture.world.change { $0.rows = [ReplayFixture.row(1, features: [], prediction: "benign")] }
        let empty = try await fixture.replay(ReplayFixture.request(gate: ReplayBounds(minimumRows: 1)))
        #expect(empty.verdict == .noEvidence)
        #expect(empty.report?["verdict"]?["message"]?.stringValue?.contains("no_inputs 1") == true)
    }

    @Test("Too few rows and missing labels decide nothing; labels may be left out where that is said")
    func undecided() async throws {
        let fixture = try await ReplayFixture()
        fixture.world.change { state in
            state.models[2] = state.models[1]
            state.rows = ReplayFixture.rows(99, labelled: false)
        }
        func verdict(_ bounds: ReplayBounds) async throws -> ReplayVerdict.Outcome? {
            try await fixture.replay(ReplayFixture.request(gate: bounds)).verdict
        }
        #expect(try await verdict(ReplayBounds(minimumRows: 100, minimumAgreement: 0.5)) == .inconclusive)
        #expect(try await verdict(ReplayBounds(minimumRows: 99, minimumAgreement: 0.5)) == .pass)
        #expect(try await verdict(ReplayBounds(minimumRows: 99, maximumDrop: 0.5)) == .inconclusive)
        let optional = ReplayBounds(minimumRows: 99, minimumAgreement: 0.5, maximumDrop: 0.5, requiresLabels: false)
        #expect(try await verdict(optional) == .pass)
    }

    @Test("A regression is judged by its error, as a share of the logged one")
    func numbers() async throws {
        let fixture = try await ReplayFixture()
        fixture.world.change { state in
            state.models[1] = ReplayFixture.regression(1) { Double($0[0]) * 10 }
            state.models[2] = ReplayFixture.regression(2) { Double($0[0]) * 10 + 3 }
            state.models[3] = ReplayFixture.regression(3) { Double($0[0]) * 10 + 0.5 }
            state.rows = (0..<400).map { index in
                let value = Double(index % 10)
                return ReplayFixture.row(
                    Int64(index),
                    features: [Float(index % 10) / 10, 0],
                    prediction: "\(value)",
                    score: value,
                    label: "\(value + (index % 2 == 0 ? 1 : -1))"
                )
            }
        }
        let gate = ReplayBounds(minimumRows: 100, maximumDrop: 0.1)
        let worse = try await fixture.replay(ReplayFixture.request(version: 2, gate: gate))
        #expect(worse.verdict == .fail)
        #expect(worse.report?["kind"] == "regression")
        #expect(worse.report?["labels"]?["metric"] == "mae")
        #expect(worse.report?["labels"]?["logged"]?["value"]?.doubleValue == 1)
        #expect(abs((worse.report?["labels"]?["candidate"]?["value"]?.doubleValue ?? 0) - 3) < 1e-6)
        #expect(abs((worse.report?["labels"]?["rmse"]?["logged"]?["value"]?.doubleValue ?? 0) - 1) < 1e-6)
        // Half off in either direction: the mean error stays what it was.
        let level = try await fixture.replay(ReplayFixture.request(version: 3, gate: gate))
        #expect(level.verdict == .pass)
    }

    @Test("A candidate that fails on rows is told with its words; failing often fails the gate")
    func failing() async throws {
        let fixture = try await ReplayFixture()
        fixture.world.change { state in
            state.models[2] = ReplayFixture.classifier(2) { values in
                guard values[1] != 2 else { throw MartletError(.internal, "The tree has no branch.") }
                return values[0] > 0.5
            }
            state.rows = ReplayFixture.rows(3000)
        }
        let record = try await fixture.replay(ReplayFixture.request(gate: ReplayBounds(minimumRows: 100)))
        #expect(record.verdict == .fail)
        #expect(record.report?["candidate_failures"]?["rows"] == 1000)
        #expect(record.report?["candidate_failures"]?["first"] == "The tree has no branch.")
        #expect(record.report?["agreement"]?["agreement"]?["value"]?.doubleValue == 2000.0 / 3000)
    }

    @Test("The candidate's columns are found by name, whatever their order")
    func columns() async throws {
        let fixture = try await ReplayFixture()
        fixture.world.change { state in
            state.models[2] = ReplayFixture.classifier(2, columns: ["texture", "radius"]) { $0[1] > 0.5 }
            state.rows = ReplayFixture.rows(100)
        }
        let record = try await fixture.replay(ReplayFixture.request())
        #expect(record.report?["agreement"]?["agreement"]?["value"]?.doubleValue == 1)
    }

    @Test("A segment that is no column is refused with the columns' names")
    func unknownSegment() async throws {
        let fixture = try await ReplayFixture()
        fixture.world.change { $0.models[2] = $0.models[1] }
        let record = try await fixture.replay(ReplayFixture.request(segments: ["colour"]))
        #expect(record.state == .failed)
        #expect(record.message.contains("'colour'"))
        #expect(record.message.contains("radius, texture"))
        #expect(fixture.world.state.withLock { $0.closed.sorted() } == [1, 2])
    }

    @Test("As many rows as the limit are timed one by one, the rest go in batches")
    func batches() async throws {
        let fixture = try await ReplayFixture()
        let sizes = Mutex<[Int]>([])
        fixture.world.change { state in
            let rule = ReplayFixture.classifier(2) { $0[0] > 0.5 }
            state.models[2] = ReplayModel(version: 2, columns: rule.columns, classes: rule.classes) { rows, count in
                sizes.withLock { $0.append(count) }
                return try await rule.answer(rows, count)
            }
            state.rows = ReplayFixture.rows(ReplayLimits.timedRows + 200)
        }
        let record = try await fixture.replay(ReplayFixture.request())
        #expect(record.report?["latency"]?["candidate"]?["rows"] == .int(ReplayLimits.timedRows))
        let asked = sizes.withLock { $0 }
        #expect(asked.prefix(ReplayLimits.timedRows).allSatisfy { $0 == 1 })
        #expect(asked.dropFirst(ReplayLimits.timedRows).max() == ReplayLimits.batchRows)
        #expect(asked.reduce(0, +) == ReplayLimits.timedRows + 200)
    }

    @Test("Values past the limit are counted together, and only the largest segments are named")
    func segments() async throws {
        let fixture = try await ReplayFixture()
        let count = ReplayLimits.countedSegments + 50
        fixture.world.change { state in
            state.models[2] = state.models[1]
            state.rows = (0..<count).map { index in
                ReplayFixture.row(Int64(index), features: [0.1, 0], prediction: "benign", entity: "p\(index)")
            }
        }
        let record = try await fixture.replay(ReplayFixture.request(segments: ["entity"]))
        let segments = try #require(record.report?["segments"]?.arrayValue)
        #expect(segments.count == ReplayLimits.namedSegments + 1)
        #expect(segments.last?["is_rest"] == true)
        #expect(segments.last?["rows"] == .int(count - ReplayLimits.namedSegments))
    }

    @Test("Past the limit of classes nobody counts who was taken for whom", arguments: [0, 1])
    func classes(excess: Int) async throws {
        let fixture = try await ReplayFixture()
        let count = ReplayLimits.classes + excess
        fixture.world.change { state in
            state.models[2] = ReplayModel(version: 2, columns: ReplayFixture.columns, classes: []) { rows, count in
                (0..<count).map { ReplayAnswer(prediction: "c\(Int(rows[$0 * 2]))", score: 0) }
            }
            state.rows = (0..<count).map { index in
                ReplayFixture.row(
                    Int64(index),
                    features: [Float(index), 0],
                    prediction: "c\(index)",
                    label: "c\(index)"
                )
            }
        }
        let report = try #require(try await fixture.replay(ReplayFixture.request()).report)
        #expect(report["agreement"]?["agreement"]?["value"]?.doubleValue == 1)
        #expect((report["labels"]?["f1_macro"] == nil) == (excess > 0))
    }
}
