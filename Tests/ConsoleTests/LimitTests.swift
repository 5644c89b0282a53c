import Artifacts
import Console
import Core
import Foundation
import HTTPTypes
import HummingbirdTesting
import Ledger
import NIOCore
import Registry
import Serving
import TestSupport
import Testing
import Tracking

/// Each named maximum of the pages, at it and past it.
struct LimitTests {
    private func text(_ client: any TestClientProtocol, _ path: String) async throws -> (status: Int, text: String) {
        try await client.execute(uri: path, method: .get) { response in
            (Int(response.status.code), String(decoding: response.body.readableBytesView, as: UTF8.self))
        }
    }

    private func count(_ part: String, in text: String) -> Int {
        text.components(separatedBy: part).count - 1
    }

    @Test func drawingsPerPage() throws {
        let renderer = try PageRenderer(assets: .embedded(version: "0.1"))
        let chart = LineChart(label: "m", curves: [.init("m", [(0, 1), (1, 2)], color: 1)], axis: .step)
        let run = RunRow(id: "r", name: "r", tone: .good, status: "finished")
        for extra in [0, 1] {
            let charts = Array(repeating: chart, count: ConsoleLimits.chartsPerRun + extra)
            let page = renderer.main(RunPage(row: run, experiment: ("1", "e"), charts: charts))
            #expect(count("<figure class=\"chart\"", in: page) == ConsoleLimits.chartsPerRun)
            let drawn = Distribution(reference: [1, 2], current: [1, 2])
            #expect(drawn.reference.count == ConsoleLimits.histogramBins)
            let feature = MonitorPage.Feature(name: "x", distribution: drawn, drifted: false, figure: "")
            let features = Array(repeating: feature, count: ConsoleLimits.featureFigures + extra)
            let monitor = MonitorPage(
                name: "m",
                deployment: "d",
                tone: .good,
                verdict: "stable",
                sentence: "",
                features: features
            )
            #expect(count("<figure class=\"stable\"", in: renderer.main(monitor)) == ConsoleLimits.featureFigures)
        }
    }

    @Test func runsOnAPage() async throws {
        let house = try await ConsoleFixture()
        let id = try await house.tracking.createExperiment(name: "many")
        for _ in 0..<ConsoleLimits.runsPerPage { _ = try await house.tracking.createRun(experimentID: id) }
        try await house.withClient { client in
            let full = try await text(client, "/experiments/\(id)").text
            #expect(count("class=\"primary\"", in: full) == ConsoleLimits.runsPerPage)
            #expect(!full.contains("Next page"))
            _ = try await house.tracking.createRun(experimentID: id)
            let past = try await text(client, "/experiments/\(id)").text
            #expect(count("class=\"primary\"", in: past) == ConsoleLimits.runsPerPage)
            let link = try #require(past.firstMatch(of: try Regex("href=\"([^\"]*page_token[^\"]*)\"")))
            let next = String(link.output[1].substring ?? "").replacing("&amp;", with: "&")
            let last = try await text(client, next).text
            #expect(count("class=\"primary\"", in: last) == 1)
        }
    }

    @Test func rowsOfAList() async throws {
        let house = try await ConsoleFixture()
        for index in 0...ConsoleLimits.listRows { try await house.registry.createModel(name: "m\(index)") }
        try await house.withClient { client in
            let page = try await text(client, "/models").text
            #expect(count("class=\"primary\"", in: page) == ConsoleLimits.listRows)
        }
    }

    @Test func predictionsAndEventsOfADeployment() async throws {
        let house = try await ConsoleFixture()
        _ = try await ConsoleStory(house)
        let plane = DataPlane(deployments: house.table, ledger: house.ledger, observer: nil, clock: house.clock.clock)
        let live = try house.table.find("cancer")
        for index in 0...ConsoleLimits.latencySamples {
            let request = InferenceRequest(id: "more-\(index)", deployment: live, rows: [1], count: 1, via: .predict)
            _ = try await plane.infer(request)
        }
        var change = DeploymentChange("cancer")
        change.events = (0...ConsoleLimits.recentEvents).map { .init(rollout: nil, note: "note \($0)", evidence: nil) }
        try await house.deploymentStore.commit(change, now: house.clock.now)
        try await house.withClient { client in
            let page = try await text(client, "/deployments/cancer").text
            #expect(page.contains("of the newest \(ConsoleLimits.latencySamples) predictions"))
            #expect(count("<code title", in: page) == ConsoleLimits.recentPredictions)
            #expect(count("Note ", in: page) == ConsoleLimits.recentEvents)
            let overview = try await text(client, "/").text
            #expect(count("<li><span class=\"dot", in: overview) == ConsoleLimits.recentEvents)
        }
    }

    @Test func labelsOfAPoint() async throws {
        let house = try await ConsoleFixture()
        _ = try await ConsoleStory(house)
        // The story has labelled request-3 already; requests 0 to 9 fall into one window.
        for index in 0..<(ConsoleLimits.labelsPerPoint - 1) where index != 3 {
            _ = try await house.ledger.feedback("request-\(index)", label: "benign")
        }
        try await house.withClient { client in
            #expect(try await text(client, "/deployments/cancer").text.contains("Nothing in the last minutes."))
            _ = try await house.ledger.feedback("request-8", label: "benign")
            let page = try await text(client, "/deployments/cancer").text
            #expect(!page.contains("Nothing in the last minutes."))
        }
    }

    @Test func versionsOfAModel() async throws {
        let house = try await ConsoleFixture()
        let story = try await ConsoleStory(house)
        let source = "runs:/\(story.runID)/model"
        for _ in 0..<ConsoleLimits.modelVersions {
            try await house.registry.createVersion(model: "cancer", source: source, runID: story.runID)
        }
        try await house.withClient { client in
            let page = try await text(client, "/models/cancer").text
            #expect(count("class=\"primary\"", in: page) == ConsoleLimits.modelVersions)
            #expect(page.contains("Version \(ConsoleLimits.modelVersions + 1)<"))
        }
    }

    @Test func bytesOfACard() async throws {
        let house = try await ConsoleFixture()
        let story = try await ConsoleStory(house)
        let card = try await house.tracking.artifactRoot(runID: story.runID).appending("model/martlet.json")
        @Sendable func write(_ size: Int) async throws {
            let json = Array(#"{"flavor":"padded"}"#.utf8)
            let padding = [UInt8](repeating: UInt8(ascii: " "), count: size - json.count)
            try await house.tracking.artifacts.write(card, bytes: json + padding)
        }
        try await house.withClient { client in
            try await write(ConsoleLimits.modelCardBytes)
            #expect(try await text(client, "/models/cancer/1").text.contains("padded"))
            try await write(ConsoleLimits.modelCardBytes + 1)
            #expect(try await text(client, "/models/cancer/1").status == 413)
        }
    }

    @Test func pictures() async throws {
        let house = try await ConsoleFixture()
        let story = try await ConsoleStory(house)
        let root = try await house.tracking.artifactRoot(runID: story.runID)
        for index in 0...ConsoleLimits.picturesPerRun {
            try await house.tracking.artifacts.write(root.appending("more/p\(index).svg"), bytes: Array("<svg/>".utf8))
        }
        let bytes = [UInt8](repeating: 0x20, count: ConsoleLimits.pictureBytes)
        try await house.tracking.artifacts.write(root.appending("fits.png"), bytes: bytes)
        try await house.tracking.artifacts.write(root.appending("large.png"), bytes: bytes + [0x20])
        try await house.withClient { client in
            let page = try await text(client, "/runs/\(story.runID)").text
            #expect(count("<figcaption>", in: page) == ConsoleLimits.picturesPerRun)
            #expect(try await text(client, "/runs/\(story.runID)/picture?path=fits.png").status == 200)
            #expect(try await text(client, "/runs/\(story.runID)/picture?path=large.png").status == 413)
        }
    }
}
