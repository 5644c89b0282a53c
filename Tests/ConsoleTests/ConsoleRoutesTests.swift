import Access
import Console
import Core
import Foundation
import HTTPSupport
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import Pipelines
import Registry
import Serving
import TestSupport
import Testing

/// The console over real stores: pages, headers, fragments, assets, pictures, buttons, and what is not there.
@Suite(.overEveryDatabase)
struct ConsoleRoutesTests {
    /// A response with its body as text.
    private struct Answer {
        let status: Int
        let headers: HTTPFields
        let text: String
    }

    private func get(
        _ client: any TestClientProtocol,
        _ path: String,
        _ headers: HTTPFields = [:]
    ) async throws -> Answer {
        try await client.execute(uri: path, method: .get, headers: headers) { response in
            Answer(
                status: Int(response.status.code),
                headers: response.headers,
                text: String(decoding: response.body.readableBytesView, as: UTF8.self)
            )
        }
    }

    private func post(
        _ client: any TestClientProtocol,
        _ path: String,
        _ headers: HTTPFields,
        _ body: String = ""
    ) async throws -> Answer {
        try await client.execute(uri: path, method: .post, headers: headers, body: ByteBuffer(string: body)) {
            response in
            Answer(
                status: Int(response.status.code),
                headers: response.headers,
                text: String(decoding: response.body.readableBytesView, as: UTF8.self)
            )
        }
    }

    private static let lists = [
        "/", "/data", "/pipelines", "/experiments", "/models", "/deployments", "/drift", "/loop", "/events",
        "/replays",
    ]

    @Test func pagesOfAnEmptyServerSayWhatToDo() async throws {
        let house = try await ConsoleFixture()
        try await house.withClient { client in
            for path in Self.lists {
                let answer = try await get(client, path)
                #expect(answer.status == 200, "\(path)")
                if path != "/experiments" { #expect(answer.text.contains("class=\"empty\""), "\(path)") }
            }
        }
    }

    @Test func everyPageShowsWhatThereIs() async throws {
        let house = try await ConsoleFixture()
        let story = try await ConsoleStory(house)
        let pages: [(String, [String])] = [
            ("/", ["cancer", "serving", "training", "cancer-retrain", "serves all traffic"]),
            ("/data", ["flowers", "rows made here"]), ("/data/flowers", ["label", "Columns"]),
            ("/experiments", ["tuning &lt;img"]),
            ("/experiments/\(story.experimentID)", ["trial &lt;img", "0.97", "loss"]),
            ("/runs/\(story.runID)", ["accuracy", "shap.svg", "page.html", "child", "class=\"curve\"", "model/"]),
            ("/runs/\(story.runID)?path=model", ["martlet.json"]), ("/runs/\(story.childID)", ["child of"]),
            ("/models", ["cancer", "production → 1"]), ("/models/cancer", ["Version 1", "auroc", "0.99", "100%"]),
            ("/models/cancer/1", ["double", "xgboost", "runs:/", "martlet.json"]),
            ("/pipelines", ["training", "queued"]), ("/pipelines/training", ["test.echo", "echo b", "Run now"]),
            ("/pipeline-runs/\(story.pipelineRunID)", ["queued", "waiting", "Cancel"]),
            ("/pipeline-runs/\(story.pipelineRunID)?task=a", ["No output yet."]),
            ("/deployments", ["cancer", "models:/cancer@production"]),
            (
                "/deployments/cancer",
                ["since loaded", "malignant", "request", "version 1", "not yet", "class=\"curve\""]
            ),
            ("/drift", ["cancer-drift", "collecting rows"]), ("/drift/cancer-drift", ["No reference yet"]),
            ("/loop", ["cancer-retrain", "reports drift"]),
            ("/loops/\(story.loopID)", ["Signal", "Outcome", "Fired &lt;img"]),
        ]
        try await house.withClient { client in
            for (path, texts) in pages {
                let answer = try await get(client, path)
                #expect(answer.status == 200, "\(path)")
                for text in texts { #expect(answer.text.contains(text), "\(path) shows no '\(text)'") }
                #expect(!answer.text.contains("<img src=x"), "\(path)")
            }
        }
    }

    @Test func pagesSetAStrictPolicy() async throws {
        let house = try await ConsoleFixture()
        try await house.withClient { client in
            for path in Self.lists + ["/runs/none"] {
                let headers = try await get(client, path).headers
                let policy = headers[.contentSecurityPolicy] ?? ""
                for part in ["default-src 'self'", "frame-ancestors 'none'", "object-src 'none'", "form-action 'self'"]
                {
                    #expect(policy.contains(part), "\(path)")
                }
                #expect(!policy.contains("unsafe"), "\(path)")
                #expect(headers[.xContentTypeOptions] == "nosniff")
                #expect(headers[HTTPField.Name("X-Frame-Options") ?? .eTag] == "DENY")
                #expect(headers[HTTPField.Name("Referrer-Policy") ?? .eTag] == "same-origin")
                #expect(headers[.contentType] == "text/html; charset=utf-8")
            }
        }
    }

    @Test(arguments: [
        "/runs/none", "/experiments/77", "/experiments/x", "/models/none", "/models/cancer/9", "/models/cancer/x",
        "/models/cancer/0", "/pipelines/none", "/pipeline-runs/none", "/deployments/none", "/drift/none", "/loops/none",
        "/data/none", "/data/%3Cimg%20src=x%20onerror=alert(1)%3E", "/runs/..%2f..%2fetc",
    ])
    func whatIsNotThereIsAPageThatSaysSo(_ path: String) async throws {
        let house = try await ConsoleFixture()
        try await house.registry.createModel(name: "cancer")
        try await house.withClient { client in
            let answer = try await get(client, path)
            #expect(answer.status == 404 || answer.status == 400)
            #expect(answer.text.contains("<title>") && answer.text.contains("class=\"lost\""))
            #expect(!answer.text.contains("<img src=x"))
            #expect(!answer.text.contains("/tmp/"))
        }
    }

    @Test func unchangedFragmentsAreNotSentAgain() async throws {
        let house = try await ConsoleFixture()
        _ = try await ConsoleStory(house)
        try await house.withClient { client in
            let page = try await get(client, "/deployments")
            let fragment = try await get(client, "/deployments?fragment=main")
            #expect(fragment.text.hasPrefix("<div class=\"page-head\">"))
            #expect(page.text.contains(fragment.text))
            let etag = try #require(fragment.headers[.eTag])
            let again = try await get(client, "/deployments?fragment=main", [.ifNoneMatch: etag])
            #expect(again.status == 304 && again.text.isEmpty)
            house.clock.advance(by: .seconds(30))
            #expect(try await get(client, "/deployments?fragment=main", [.ifNoneMatch: etag]).status == 200)
        }
    }

    @Test func badFiltersSayWhatIsWrong() async throws {
        let house = try await ConsoleFixture()
        let story = try await ConsoleStory(house)
        let base = "/experiments/\(story.experimentID)"
        try await house.withClient { client in
            let found = try await get(client, base + "?filter=metrics.accuracy+%3E+0.9")
            #expect(found.text.contains("trial &lt;img"))
            let none = try await get(client, base + "?filter=metrics.accuracy+%3E+0.99")
            #expect(none.text.contains("No run matches this filter."))
            let bad = try await get(client, base + "?filter=%27%3B+DROP+TABLE+runs%3B--")
            #expect(bad.status == 200 && bad.text.contains("notice bad"))
            #expect(
                try await get(client, base + "?order_by=metrics.accuracy+ASC").text.contains("aria-sort=\"ascending\"")
            )
            #expect(try await get(client, base + "?page_token=zzz").text.contains("notice bad"))
            let long = String(repeating: "a", count: ConsoleLimits.queryCharacters + 1)
            #expect(try await get(client, base + "?filter=" + long).status == 400)
            #expect(try await get(client, base + "?filter=" + long.dropLast()).status == 200)
            #expect(try await get(client, base + "?filter=%zz").status == 400)
        }
    }

    @Test func assetsAreKeptByTheirHash() async throws {
        let house = try await ConsoleFixture()
        try await house.withClient { client in
            let page = try await get(client, "/").text
            for match in page.matches(of: try Regex("\"(/assets/[^\"]+)\"")) {
                let path = String(match.output[1].substring ?? "")
                let asset = try await get(client, path)
                #expect(asset.status == 200 && !asset.text.isEmpty, "\(path)")
                #expect(asset.headers[.cacheControl]?.contains("immutable") == true)
                let etag = try #require(asset.headers[.eTag])
                #expect(try await get(client, path, [.ifNoneMatch: etag]).status == 304)
            }
            #expect(try await get(client, "/assets/console-0000000000000000.css").status == 404)
            #expect(try await get(client, "/assets/..%2f..%2fetc%2fpasswd").status == 404)
        }
    }

    @Test func picturesCannotAct() async throws {
        let house = try await ConsoleFixture()
        let story = try await ConsoleStory(house)
        let base = "/runs/\(story.runID)/picture"
        try await house.withClient { client in
            let picture = try await get(client, base + "?path=shap.svg")
            #expect(picture.status == 200)
            #expect(picture.headers[.contentType] == "image/svg+xml")
            #expect(picture.headers[.contentSecurityPolicy]?.hasPrefix("sandbox; default-src 'none'") == true)
            #expect(picture.headers[.xContentTypeOptions] == "nosniff")
            #expect(try await get(client, base + "?path=page.html").status == 415)
            #expect(try await get(client, base + "?path=none.svg").status == 404)
            #expect(try await get(client, base + "?path=..%2f..%2fx.svg").status == 400)
            #expect(try await get(client, base).status == 400)
        }
    }

    @Test func buttonsActForOurOwnPagesOnly() async throws {
        let house = try await ConsoleFixture()
        let story = try await ConsoleStory(house)
        let form: HTTPField.Name = try #require(HTTPField.Name("Sec-Fetch-Site"))
        let cancel = "/pipeline-runs/\(story.pipelineRunID)/cancel"
        let encoded = "application/x-www-form-urlencoded"
        try await house.withClient { client in
            #expect(try await post(client, cancel, [.contentType: encoded]).status == 403)
            #expect(try await post(client, cancel, [.contentType: encoded, form: "cross-site"]).status == 403)
            #expect(try await house.pipelines.run(story.pipelineRunID).isCancelRequested == false)
            let done = try await post(client, cancel, [.contentType: encoded, form: "same-origin"])
            #expect(done.status == 303)
            #expect(done.headers[.location] == "/pipeline-runs/\(story.pipelineRunID)")
            #expect(try await house.pipelines.run(story.pipelineRunID).isCancelRequested)
            let run = try await post(client, "/pipelines/training/runs", [.contentType: "application/json"], "{}")
            #expect(run.status == 200 && run.text.contains("/pipeline-runs/"))
            let pause = try await post(client, "/deployments/cancer/pause", [.contentType: "application/json"], "{}")
            #expect(pause.status == 409 && pause.text.contains("No rollout is in progress"))
            #expect(
                try await post(client, "/deployments/none/abort", [.contentType: "application/json"], "{}").status
                    == 404
            )
            let large = String(repeating: " ", count: SessionLimits.formBytes + 1)
            #expect(try await post(client, cancel, [.contentType: "application/json"], large).status == 413)
        }
    }

    @Test func rolloutsShowStepsEvidenceAndButtons() async throws {
        let house = try await ConsoleFixture()
        let story = try await ConsoleStory(house)
        try await house.registry.createVersion(
            model: "cancer",
            source: "runs:/\(story.runID)/model",
            runID: story.runID
        )
        try await house.registry.setAlias(model: "cancer", alias: "production", version: 2)
        await house.deployments.reconcileAll()
        try await house.withClient { client in
            let page = try await get(client, "/deployments/cancer").text
            let expected = [
                "Version 2 replaces version 1", "canary 10%", "class=\"now\"", "Promote", "Pause", "candidate",
            ]
            for text in expected { #expect(page.contains(text), "no '\(text)'") }
            let promoted = try await post(
                client,
                "/deployments/cancer/promote",
                [.contentType: "application/json"],
                "{}"
            )
            #expect(promoted.status == 200)
            let after = try await get(client, "/deployments/cancer").text
            #expect(after.contains("promoted") && after.contains("Roll back to version 1"))
            #expect(try await get(client, "/models/cancer").text.contains("Version 2"))
        }
    }
}
