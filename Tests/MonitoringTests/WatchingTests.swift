import Core
import HTTPSupport
import Storage
import Synchronization
import TestSupport
import Testing

import Drift
import Monitoring

@Suite(.overEveryDatabase)
struct WatchingTests {
    typealias Harness = MonitorHarness

    private func spec(_ fields: String) throws -> MonitorSpec {
        let text = #"{"deployment":"cancer","window":40,"minimum":20,"interval":"1s","hysteresis":1\#(fields)}"#
        return try MonitorSpec(name: "drift", JSONFields(JSONValue.parse(text)))
    }

    private func cities(_ count: Int, seed: UInt64, _ names: [String?], at now: Timestamp) -> ServedRows {
        var generator = SeededGenerator(seed: seed)
        return ServedRows(
            deployment: "cancer",
            version: 1,
            names: ["city", "size"],
            inputs: .columns([
                ServedColumn(
                    name: "city",
                    values: .texts((0..<count).map { _ in names[generator.index(below: names.count)] })
                ),
                ServedColumn(name: "size", values: .numbers((0..<count).map { _ in Float(generator.normal()) })),
            ]),
            count: count,
            predictions: .texts((0..<count).map { $0.isMultiple(of: 2) ? "yes" : "no" }),
            scores: (0..<count).map { _ in 0.5 },
            at: now
        )
    }

    private func cityTable(_ count: Int) throws -> Table {
        var generator = SeededGenerator(seed: 77)
        return try Table(columns: [
            Column(
                name: "city",
                values: .strings((0..<count).map { _ in ["Rome", "Oslo"][generator.index(below: 2)] })
            ),
            Column(name: "size", values: .numbers((0..<count).map { _ in generator.normal() })),
        ])
    }

    private func evaluation(_ service: MonitorService) async throws -> MonitorEvaluation {
        try #require(try await service.detail("drift").evaluation)
    }

    @Test func textColumnsAreWatchedAndUnseenCategoriesSeen() async throws {
        let harness = try await Harness()
        let service = harness.service()
        try await service.apply(spec(#","detectors":{"chisquare":{"columns":"city"}}"#))
        try await service.setReference(deployment: "cancer", version: "1", table: cityTable(200))
        service.observe(cities(40, seed: 1, ["Rome", "Oslo"], at: harness.manual.now))
        await harness.step(service, rows: [])
        #expect(try await evaluation(service).drift == false)
        #expect(service.signal(deployment: "cancer")?.state == .ok)

        service.observe(cities(40, seed: 2, ["Rome", "Paris", nil], at: harness.manual.now))
        await harness.step(service, rows: [])
        let found = try await evaluation(service)
        #expect(found.drift == true)
        #expect(
            Set(found.events.filter { $0.column == "city" }.map(\.kind)).isSuperset(of: [.unseenCategory, .missingRise])
        )
        #expect(service.signal(deployment: "cancer")?.state == .drift)
        #expect(service.signal(deployment: "cancer")?.driftedFeatures.contains("city") == true)
        let change = try #require(harness.delivered.withLock { $0.last })
        #expect(change.dataEvents.isEmpty == false)
        #expect(change.json["severity"] == "warning")
        #expect(harness.noted.withLock { $0.contains(change.id) })

        // Texts are not in the ledger: they come back from what was saved.
        await service.save()
        let after = harness.service()
        try await after.start()
        #expect(await after.monitors().first?.rows == 40)
        let sketches = try await after.detail("drift").sketches
        #expect(sketches.map(\.rows) == [80])
        try await after.setReference(deployment: "cancer", version: "1", table: cityTable(200))
        let again = try await after.evaluate("drift")
        #expect(again.drift == true)
        #expect(again.events == found.events)
    }

    @Test func predictionsAreComparedWithTheSameVersionsOwn() async throws {
        let harness = try await Harness()
        let service = harness.service()
        let detectors = #","events":false,"detectors":[{"kind":"chisquare","columns":"prediction"}]"#
        try await service.apply(spec(detectors))
        let predictions = try Table(columns: [
            Column(name: "prediction", values: .strings((0..<200).map { $0.isMultiple(of: 2) ? "yes" : "no" })),
            Column(name: "score", values: .numbers((0..<200).map { _ in 0.5 })),
        ])
        try await service.setReference(
            deployment: "cancer",
            version: "1",
            table: cityTable(200),
            predictions: predictions
        )
        service.observe(cities(40, seed: 1, ["Rome"], at: harness.manual.now))
        await harness.step(service, rows: [])
        #expect(try await evaluation(service).drift == false)
        let skewed = cities(40, seed: 1, ["Rome"], at: harness.manual.now)
        service.observe(
            ServedRows(
                deployment: "cancer",
                version: 1,
                names: skewed.names,
                inputs: skewed.inputs,
                count: 40,
                predictions: .texts([String](repeating: "yes", count: 40)),
                at: harness.manual.now
            )
        )
        await harness.step(service, rows: [])
        let found = try await evaluation(service)
        #expect(found.drift == true)
        #expect(found.driftedNames == ["prediction"])

        // A reference without predictions leaves the detector without a verdict, and says so.
        try await service.setReference(deployment: "cancer", version: "2", table: cityTable(100))
        service.observe(cities(40, seed: 3, ["Rome"], at: harness.manual.now))
        await harness.step(service, rows: [])
        let none = try await evaluation(service)
        #expect(none.drift == nil)
        #expect(none.reason?.contains("insufficient data: there is no prediction") == true)
    }

    @Test func sequentialDetectorsReadScoresAndErrorsAndSurviveARestart() async throws {
        let harness = try await Harness()
        let service = harness.service()
        try await service.apply(
            spec(#","events":false,"detectors":[{"kind":"adwin","column":"score"},{"kind":"ddm"}]"#)
        )
        func serve(_ service: MonitorService, _ score: Float) {
            for index in 0..<40 {
                service.observe(
                    ServedRows(
                        deployment: "cancer",
                        version: 1,
                        names: ["x"],
                        inputs: .numbers([0]),
                        count: 1,
                        scores: [score + (index.isMultiple(of: 2) ? 0.01 : 0)],
                        at: harness.manual.now
                    )
                )
            }
        }
        for _ in 0..<5 {
            serve(service, 0.2)
            await harness.step(service, rows: [])
        }
        let calm = try await evaluation(service)
        #expect(calm.drift == false)
        #expect(calm.detectors.map(\.name) == ["adwin", "ddm"])
        #expect(calm.detectors[1].reason?.contains("no label has come") == true)

        let after = harness.service()
        try await after.start()
        serve(after, 0.9)
        await harness.step(after, rows: [])
        let found = try await evaluation(after)
        #expect(found.detectors[0].drifted, "What it had read before the restart is what the change is seen against.")
        #expect(found.driftedNames == ["score"])
        #expect(after.signal(deployment: "cancer")?.detected == true)
        for index in 0..<60 { after.observeError(deployment: "cancer", index.isMultiple(of: 10) ? 1 : 0) }
        await harness.step(after, rows: [])
        #expect(try await evaluation(after).detectors[1].isDecided)
    }

    @Test func aDatasetCanBeTheReference() async throws {
        let harness = try await Harness()
        let service = harness.service()
        let monitor = try spec(#","reference":{"dataset":"patients@3"}"#)
        let missing = await #expect(throws: MartletError.self) { try await service.apply(monitor) }
        #expect(missing?.code == .notFound)
        harness.datasets.withLock { $0["patients@3"] = try? Harness.table() }
        try await service.apply(monitor)
        await harness.step(service, rows: Harness.rows(40, seed: 2))
        #expect(service.signal(deployment: "cancer")?.referenceVersion == "dataset:patients@3")
        #expect(service.signal(deployment: "cancer")?.state == .ok)
        // A promoted version changes nothing for it, and after a restart the dataset is found again.
        try await service.setReference(deployment: "cancer", version: "2", table: Harness.table(seed: 9, shift: 5))
        #expect(service.signal(deployment: "cancer")?.state == .ok)
        let after = harness.service()
        try await after.start()
        await harness.step(after, rows: Harness.rows(40, seed: 3, shift: 3))
        #expect(after.signal(deployment: "cancer")?.state == .drift)
    }

    @Test func badInputIsInsufficientDataWithAReason() async throws {
        let harness = try await Harness()
        let service = harness.service()
        try await service.apply(spec(""))
        let early = await #expect(throws: MartletError.self) { try await service.evaluate("drift") }
        #expect(early?.message.contains("no reference yet") == true)
        #expect(await service.monitors().first?.reason == "insufficient data: there is no reference yet.")
        try await service.setReference(deployment: "cancer", version: "1", table: Harness.table())
        let empty = try await service.evaluate("drift")
        #expect((empty.drift, empty.reason) == (nil, "insufficient data: the window is empty."))
        service.observe(deployment: "cancer", features: [1, 2, 3])
        let one = try await service.evaluate("drift")
        #expect(one.drift == nil)
        #expect(one.reason == "insufficient data: the window holds 1 of the 20 rows it needs.")
        #expect(one.json["verdict"] == "insufficient data")
        #expect(await service.monitors().first?.reason == one.reason)
        let foreign = ServedRows(
            deployment: "cancer",
            version: 1,
            names: ["other"],
            inputs: .numbers([1]),
            count: 1,
            at: harness.manual.now
        )
        let fresh = harness.service()
        try await fresh.apply(spec(#","stride":2"#))
        for _ in 0..<40 { fresh.observe(foreign) }
        try await fresh.setReference(deployment: "cancer", version: "1", table: Harness.table())
        let strange = try await fresh.evaluate("drift")
        #expect(strange.drift == nil)
        #expect(strange.reason?.contains("no common columns") == true)
        for evaluation in [empty, one, strange] { #expect(!evaluation.json.description.contains("nan")) }
    }

    @Test func aConstantReferenceAndAllNaNDoNotStopAMonitor() async throws {
        let harness = try await Harness()
        let service = harness.service()
        let kinds = ["mmd", "ks", "lsdd", "energy", "psi", "wasserstein", "pca", "univariate", "domain_classifier"]
        let list = kinds.map { #"{"kind":"\#($0)"}"# }.joined(separator: ",")
        try await service.apply(spec(#","detectors":[\#(list)]"#))
        let constant = try Table(
            columns: ["a", "b"].map { Column(name: $0, values: .numbers([Double](repeating: 3, count: 50))) }
        )
        try await service.setReference(deployment: "cancer", version: "1", table: constant)
        for rows: [Float] in [[3, 3], [.nan, .nan], [.infinity, 3]] {
            await harness.step(service, rows: [[Float]](repeating: rows, count: 40))
            let evaluation = try await evaluation(service)
            #expect(evaluation.detectors.count == kinds.count)
            for detector in evaluation.detectors {
                #expect(detector.statistic.map(\.isFinite) != false, "\(detector.name)")
                #expect(detector.pValue.map(\.isFinite) != false, "\(detector.name)")
                #expect(detector.isDecided || detector.reason != nil, "\(detector.name)")
            }
        }
    }

    @Test func snapshotsAreKeptListedAndBounded() async throws {
        let harness = try await Harness()
        let service = harness.service()
        try await service.apply(spec(""))
        try await service.setReference(deployment: "cancer", version: "1", table: Harness.table())
        await harness.step(service, rows: Harness.rows(40, seed: 2))
        await harness.step(service, rows: Harness.rows(40, seed: 3, shift: 4))
        let page = try await service.snapshots("drift", limit: 1, pageToken: nil)
        #expect(page.items.map(\.cause) == ["transition"])
        #expect(page.items.map(\.state) == [.drift])
        let token = try #require(page.nextPageToken)
        let rest = try await service.snapshots("drift", limit: 10, pageToken: token)
        #expect(rest.items.map(\.state) == [.ok])
        let first = try await service.snapshot("drift", 1)
        #expect(first.content["evaluation"]?["drift"] == false)
        #expect(first.content["sketches"]?.arrayValue?.first?["features"]?.arrayValue?.count == 5)
        await #expect(throws: MartletError.self) { try await service.snapshot("drift", 99) }

        // An hour later the sketch begins anew, and what it said is kept.
        harness.manual.advance(by: .seconds(MonitoringLimits.profileSeconds + 1))
        await service.save()
        #expect(try await service.detail("drift").sketches.isEmpty)
        #expect(try await service.snapshots("drift", limit: 1, pageToken: nil).items.map(\.cause) == ["profile"])
        for seed in 0..<UInt64(MonitoringLimits.snapshotsPerMonitor) {
            service.observe(cities(1, seed: seed, ["Rome"], at: harness.manual.now))
            harness.manual.advance(by: .seconds(MonitoringLimits.profileSeconds + 1))
            await service.save()
        }
        let all = try await service.snapshots("drift", limit: 1_000, pageToken: nil)
        #expect(all.items.count == MonitoringLimits.snapshotsPerMonitor)
    }

    @Test func versionsHaveSketchesOfTheirOwnUpToALimit() async throws {
        let harness = try await Harness()
        let service = harness.service()
        try await service.apply(spec(""))
        for version in 1...(MonitoringLimits.sketchVersions + 1) {
            service.observe(
                ServedRows(
                    deployment: "cancer",
                    version: version,
                    names: ["x"],
                    inputs: .numbers([Float(version)]),
                    count: 1,
                    at: harness.manual.now + .milliseconds(Int64(version))
                )
            )
        }
        let versions = try await service.detail("drift").sketches.map(\.version)
        #expect(versions == Array(2...(MonitoringLimits.sketchVersions + 1)))
    }

    @Test func aCronLineDecidesWhen() async throws {
        let harness = try await Harness()
        let service = harness.service()
        let text = #"{"deployment":"cancer","window":40,"minimum":20,"hysteresis":1,"schedule":"*/10 * * * *"}"#
        try await service.apply(MonitorSpec(name: "drift", JSONFields(JSONValue.parse(text))))
        try await service.setReference(deployment: "cancer", version: "1", table: Harness.table())
        await harness.step(service, rows: Harness.rows(40, seed: 2))
        #expect(service.signal(deployment: "cancer")?.evaluatedAt == nil)
        harness.manual.advance(by: .seconds(600))
        await service.evaluateDue()
        #expect(service.signal(deployment: "cancer")?.evaluatedAt == harness.manual.now)
    }

    @Test func reportsCompareTheWindowWithTheReference() async throws {
        let harness = try await Harness()
        let service = harness.service()
        try await service.apply(spec(""))
        await #expect(throws: MartletError.self) { try await service.report("drift") }
        try await service.setReference(deployment: "cancer", version: "1", table: Harness.table())
        let empty = try await service.report("drift")
        #expect(empty.verdict == .insufficientData)
        await harness.step(service, rows: Harness.rows(40, seed: 3, shift: 4))
        let report = try await service.report("drift")
        #expect(report.verdict == .drift)
        #expect(report.json["drift_by_columns"]?["radius"]?["drift_detected"] == true)
        #expect(String(decoding: report.html(title: "Drift"), as: UTF8.self).contains("radius"))
    }
}
