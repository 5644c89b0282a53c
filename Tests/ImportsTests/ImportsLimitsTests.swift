import Core
import Foundation
import Imports
import Registry
import Storage
import Synchronization
import TestSupport
import Testing
import Tracking

/// The named maxima, at the limit and past it.
struct ImportsLimitsTests {
    private func source(_ folder: Folder) throws -> any ImportSource {
        try ImportAddress.open(folder.path + "/mlruns")
    }

    private func id(_ number: Int) -> String {
        String(repeating: "0", count: 32 - String(number).count) + String(number)
    }

    @Test func runsComeInPages() async throws {
        let folder = try Folder()
        try folder.write("mlruns/0/meta.yaml", FolderFixture.experiment("0", "Default", "active"))
        for number in 0...ImportsLimits.pageItems {
            let meta = FolderFixture.meta(id(number), "0", "r", status: 3, "active", folder.path)
            try folder.write("mlruns/0/\(id(number))/meta.yaml", meta)
        }
        let first = try await source(folder).runs(of: "0", after: nil)
        #expect(first.items.count == ImportsLimits.pageItems)
        let second = try await source(folder).runs(of: "0", after: first.next)
        #expect(second.items.count == 1 && second.next == nil)
    }

    @Test func pointsComeInPages() async throws {
        let folder = try Folder()
        try await DatabaseFixture.make(folder.path)
        let database = try Database.open(path: folder.path + "/mlflow.db")
        try await database.write { connection in
            for step in 0..<Int64(ImportsLimits.pagePoints) {
                try connection.execute(
                    "INSERT INTO metrics VALUES ('many', 0.5, 1, ?, ?, 0)",
                    [.text(SourceFixture.run), .integer(step)]
                )
            }
        }
        try await database.close()
        let source = try ImportAddress.open(folder.path + "/mlflow.db")
        let run = try #require(try await SourceContractTests.runs(source, "7").first)
        var batches: [Int] = []
        try await source.points(of: run) { batches.append($0.count) }
        #expect(batches == [ImportsLimits.pagePoints, SourceFixture.points.count])
        await source.close()
    }

    /// What is written over a file of the fixture, and whether its run can still be read.
    @Test(arguments: ["params/depth", "meta.yaml", "nodes"])
    func filesThatAreTooLarge(_ name: String) async throws {
        let folder = try Folder()
        try FolderFixture.make(folder.path)
        let run = "mlruns/7/\(SourceFixture.run)/"
        let meta = FolderFixture.meta(SourceFixture.run, "7", "whole", status: 3, "active", folder.path)
        let (fits, tooMuch): (String, String)
        switch name {
        case "params/depth":
            fits = String(repeating: "x", count: ImportsLimits.valueBytes)
            tooMuch = fits + "x"
        case "meta.yaml":
            fits = meta + String(repeating: "\n", count: ImportsLimits.metaBytes - meta.utf8.count)
            tooMuch = fits + "\n"
        default:
            // Sixteen nodes are there already: the mapping, and ten values of which one is an empty list.
            fits = meta + "more: [" + String(repeating: "1,", count: ImportsLimits.metaNodes - 100) + "]\n"
            tooMuch = meta + "more: [" + String(repeating: "1,", count: ImportsLimits.metaNodes) + "]\n"
        }
        let file = run + (name == "nodes" ? "meta.yaml" : name)
        for (text, isFine) in [(fits, true), (tooMuch, false)] {
            try folder.write(file, text)
            let items = try await source(folder).runs(of: "7", after: nil).items
            #expect(items.compactMap(\.value).contains { $0.run.id == SourceFixture.run } == isFine)
        }
    }

    @Test func filesOfOneRun() async throws {
        let folder = try Folder()
        try FolderFixture.make(folder.path)
        let artifacts = "mlruns/7/\(SourceFixture.run)/artifacts/many/"
        for number in 0..<(ImportsLimits.files - SourceFixture.artifacts.count) {
            try folder.write(artifacts + "\(number)", "")
        }
        let run = try #require(try await SourceContractTests.runs(source(folder), "7").first)
        #expect(try await source(folder).files.list(run.place).files.count == ImportsLimits.files)
        try folder.write(artifacts + "more", "")
        let error = await #expect(throws: MartletError.self) { try await source(folder).files.list(run.place) }
        #expect(error?.code == .resourceExhausted)
    }

    @Test func problemsAreCountedPastTheirLimit() async throws {
        let folder = try Folder()
        try folder.write("mlruns/0/meta.yaml", FolderFixture.experiment("0", "Default", "active"))
        for number in 0...ImportsLimits.problems { try folder.write("mlruns/0/\(id(number))/tags/a", "b") }
        let report = try await Importer(source: try source(folder), destination: nil).run()
        #expect(report.problems.count == ImportsLimits.problems)
        #expect(report.problemCount == ImportsLimits.problems + 1)
    }

    @Test func runsAtOnce() async throws {
        let gauge = Gauge()
        let report = try await Importer(source: gauge, destination: nil).run()
        #expect(report.lines.first { $0.noun == .runs }?.source == 40)
        #expect(gauge.highest.withLock(\.self) == ImportsLimits.runsAtOnce)
    }

    @Test func answersHoldAWholeHistory() {
        // Servers that know no pages send a million points, of about 100 bytes each, at once.
        #expect(ImportsLimits.answerBytes > 100_000_000)
        #expect(ImportsLimits.requestSeconds >= 60)
    }
}

/// A source of many runs that counts how many are read at the same time.
private final class Gauge: ImportSource {
    let highest = Mutex(0)
    private let present = Mutex(0)
    let title = "a gauge"
    let identity = "gauge"
    let files = ServerFixture.source().files

    func check() async throws -> SourceFacts { SourceFacts(version: "1") }
    func experiments() async throws -> [SourceItem<ImportedExperiment>] {
        let time = Timestamp(milliseconds: 1)
        return [.found(ImportedExperiment(id: "0", name: "Default", creationTime: time, lastUpdateTime: time))]
    }
    func runs(of experiment: String, after token: String?) async throws -> SourcePage<SourceRun> {
        let base = try await ServerFixture.source().runs(of: "7", after: nil)
        guard let run = base.items.compactMap(\.value).last else { return base }
        return SourcePage(items: Array(repeating: .found(run), count: 40), next: nil)
    }
    func points(of run: SourceRun, _ take: (_ batch: [Metric]) async throws -> Void) async throws {
        let count = present.withLock { count in
            count += 1
            return count
        }
        highest.withLock { $0 = max($0, count) }
        // Lets the others come in before this one goes.
        for _ in 0..<200 { await Task.yield() }
        present.withLock { $0 -= 1 }
    }
    func loggedModels(of experiment: String) async throws -> [SourceItem<SourceLoggedModel>] { [] }
    func registeredModels() async throws -> [SourceItem<ImportedModel>] { [] }
}
