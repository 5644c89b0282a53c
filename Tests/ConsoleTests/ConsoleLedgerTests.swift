import Access
import Console
import Core
import Events
import Foundation
import HTTPTypes
import HummingbirdTesting
import Ledger
import Loop
import NIOCore
import Replay
import Rollouts
import Serving
import Storage
import TestSupport
import Testing

/// The pages and forms of the ledger, replays, declarations, events and decisions, over real stores.
@Suite(.overEveryDatabase)
struct ConsoleLedgerTests {
    private struct Answer {
        let status: Int
        let location: String
        let text: String
    }

    private func get(_ client: any TestClientProtocol, _ path: String) async throws -> Answer {
        try await client.execute(uri: path, method: .get) { response in
            Answer(
                status: Int(response.status.code),
                location: "",
                text: String(decoding: response.body.readableBytesView, as: UTF8.self)
            )
        }
    }

    /// Sends a form as the browser does.
    private func send(_ client: any TestClientProtocol, _ path: String, _ fields: [(String, String)]) async throws
        -> Answer
    {
        let body = String(ConsolePath.query("", fields).dropFirst())
        var headers: HTTPFields = [.contentType: "application/x-www-form-urlencoded"]
        headers[try #require(HTTPField.Name("Sec-Fetch-Site"))] = "same-origin"
        return try await client.execute(uri: path, method: .post, headers: headers, body: ByteBuffer(string: body)) {
            response in
            Answer(
                status: Int(response.status.code),
                location: response.headers[.location] ?? "",
                text: String(decoding: response.body.readableBytesView, as: UTF8.self)
            )
        }
    }

    @Test func theLedgerIsSearchedPagedAndExported() async throws {
        let house = try await ConsoleFixture()
        _ = try await ConsoleStory(house)
        try await house.withClient { client in
            let all = try await get(client, "/ledger?deployment=cancer").text
            #expect(all.contains("/ledger/cancer/request-3") && all.contains("class=\"tabs\""))
            #expect(all.contains("/api/martlet/v1/ledger/export?deployment=cancer&amp;format=csv"))
            let labelled = try await get(client, "/ledger?deployment=cancer&labels=labelled&since=24h&version=1").text
            #expect(labelled.contains("request-3") && !labelled.contains("request-4"))
            let filtered = try await get(client, "/ledger?deployment=cancer&filter=score+%3E+0.9&arm=stable").text
            #expect(filtered.contains("class=\"primary\"") && filtered.contains("value=\"score &gt; 0.9\""))
            for bad in ["filter=scroe+%3E+1", "labels=x", "version=x", "arm=a%27b", "since=x", "page_token=x"] {
                let answer = try await get(client, "/ledger?deployment=cancer&" + bad)
                #expect(answer.status == 200 && answer.text.contains("notice bad"), "\(bad)")
            }
            #expect(try await get(client, "/ledger?deployment=none").text.contains("No prediction is found."))
            let hours = try await get(client, "/ledger/quality?deployment=cancer").text
            #expect(hours.contains("version 1") && hours.contains("Hour (UTC)"))
            #expect(try await get(client, "/ledger/quality").status == 400)
        }
    }

    @Test func pagesOfTheLedgerEndAtTheirLimit() async throws {
        let house = try await ConsoleFixture()
        _ = try await ConsoleStory(house)
        let plane = DataPlane(deployments: house.table, ledger: house.ledger, observer: nil, clock: house.clock.clock)
        let live = try house.table.find("cancer")
        for index in 20...ConsoleLimits.predictionsPerPage {
            let request = InferenceRequest(id: "more-\(index)", deployment: live, rows: [1], count: 1, via: .predict)
            _ = try await plane.infer(request)
        }
        try await house.withClient { client in
            let first = try await get(client, "/ledger?deployment=cancer").text
            #expect(first.components(separatedBy: "<code title").count - 1 == ConsoleLimits.predictionsPerPage)
            let link = try #require(first.firstMatch(of: try Regex("href=\"([^\"]*page_token[^\"]*)\"")))
            let next = String(link.output[1].substring ?? "").replacing("&amp;", with: "&")
            let last = try await get(client, next).text
            #expect(last.components(separatedBy: "<code title").count - 1 == 1 && !last.contains("Older predictions"))
        }
    }

    @Test func oneWideRowShowsItsFirstColumns() async throws {
        let house = try await ConsoleFixture()
        _ = try await ConsoleStory(house)
        for (id, count) in [("fits", ConsoleLimits.inputColumns), ("wide", ConsoleLimits.inputColumns + 1)] {
            let record = LedgerRecord(
                id: id,
                deployment: "cancer",
                version: 1,
                arm: .stable,
                rollout: nil,
                step: 0,
                via: "predict",
                features: [Float](repeating: 1, count: count),
                prediction: "benign",
                score: 0.5,
                shadowVersion: nil,
                shadowPrediction: nil,
                shadowScore: nil,
                microseconds: 10,
                drift: false,
                createdAt: house.clock.now
            )
            _ = try await LedgerStore(database: house.database).insert([record])
        }
        try await house.withClient { client in
            #expect(try await !get(client, "/ledger/cancer/fits").text.contains("the first"))
            let wide = try await get(client, "/ledger/cancer/wide").text
            #expect(wide.contains("the first \(ConsoleLimits.inputColumns) of"))
        }
    }

    @Test func aPredictionIsLabelledAndCorrected() async throws {
        let house = try await ConsoleFixture()
        _ = try await ConsoleStory(house)
        let path = "/ledger/cancer/request-15"
        try await house.withClient { client in
            let before = try await get(client, path).text
            for text in ["No label has come yet.", "version 1", "What was right", "Inputs", "stable"] {
                #expect(before.contains(text), "no '\(text)'")
            }
            func fields(_ label: String) -> [(String, String)] {
                [("deployment", "cancer"), ("id", "request-15"), ("label", label)]
            }
            let saved = try await send(client, "/ledger/label", fields("benign"))
            #expect(saved.status == 303 && saved.location == path)
            house.clock.advance(by: .seconds(5))
            _ = try await send(client, "/ledger/label", fields("malignant"))
            let after = try await get(client, path).text
            #expect(after.contains("Correct the label") && after.contains("counts") && after.contains("replaced"))
            let refused = try await send(client, "/ledger/label", fields("purple"))
            #expect(refused.status == 400 && refused.text.contains("notice bad"))
            #expect(try await get(client, "/ledger/cancer/none").status == 404)
            #expect(try await get(client, "/ledger/other/request-15").status == 404)
        }
    }

    @Test func aDeploymentIsChangedAfterAReview() async throws {
        let house = try await ConsoleFixture()
        _ = try await ConsoleStory(house)
        try await house.withClient { client in
            let form = try await get(client, "/declare?deployment=cancer").text
            for text in ["value=\"production\"", "value=\"10, 50, 100\"", "model: cancer", "alias: production"] {
                #expect(form.contains(text), "no '\(text)'")
            }
            #expect(try await get(client, "/declare").text.contains("New deployment"))
            var fields = [
                ("kind", "fields"), ("name", "cancer"), ("model", "cancer"), ("follows", "production"),
                ("strategy", "canary"), ("steps", "5, 25, 100"), ("bake", "1m"), ("minimum_samples", "100"),
                ("timeout", "1h"), ("rollback_window", "0ms"), ("error_rate", "0.01"),
            ]
            let review = try await send(client, "/declare/review", fields)
            #expect(review.status == 200 && review.text.contains("What changes") && review.text.contains("Apply"))
            #expect(review.text.contains("what follows") || review.text.contains("What follows"))
            func hidden(_ name: String) throws -> String {
                let match = try review.text.firstMatch(of: Regex("name=\"\(name)\" value=\"([^\"]*)\""))
                let text = String(match?.output[1].substring ?? "")
                return text.replacing("&quot;", with: "\"").replacing("&#39;", with: "'").replacing("&amp;", with: "&")
            }
            let sent = [("name", "cancer"), ("entry", try hidden("entry")), ("base", try hidden("base"))]
            let applied = try await send(client, "/declare/apply", sent)
            #expect(applied.status == 303 && applied.location == "/deployments/cancer")
            #expect(try await house.deployments.status("cancer").spec.rollout.steps.map(\.percent) == [5, 25, 100])
            let late = try await send(client, "/declare/apply", sent)
            #expect(late.status == 409 && late.text.contains("review the change again"))
            fields[5].1 = "5, 4, 100"
            let wrong = try await send(client, "/declare/review", fields)
            #expect(wrong.status == 400 && wrong.text.contains("class=\"problem\""))
            #expect(wrong.text.contains("value=\"5, 4, 100\""))
            let broken = try await send(client, "/declare/review", [("kind", "entry"), ("name", "n"), ("entry", "{")])
            #expect(broken.status == 400 && broken.text.contains("class=\"problem\""))
        }
    }

    @Test func aCandidateIsReplayed() async throws {
        let house = try await ConsoleFixture()
        _ = try await ConsoleStory(house)
        try await house.withClient { client in
            let fields = [("deployment", "cancer"), ("candidate", "models:/cancer/1"), ("since", "24h")]
            let begun = try await send(client, "/replays", fields)
            #expect(begun.status == 303 && begun.location.hasPrefix("/replays/"))
            let page = try await get(client, begun.location).text
            #expect(page.contains("waits for its turn") && page.contains("Cancel"))
            #expect(try await get(client, "/replays?deployment=cancer").text.contains("models:/cancer/1"))
            #expect(try await send(client, begun.location + "/cancel", []).status == 303)
            #expect(try await get(client, begun.location).text.contains("stopped"))
            let bad = try await send(
                client,
                "/replays",
                [("deployment", "cancer"), ("candidate", "x"), ("since", "1h")]
            )
            #expect(bad.status == 404 && bad.text.contains("notice bad") && bad.text.contains("value=\"x\""))
            for _ in 0..<ConsoleLimits.replaysPerPage {
                house.clock.advance(by: .milliseconds(1))
                let request = ReplayRequest(
                    deployment: "cancer",
                    model: "cancer",
                    version: 1,
                    since: house.clock.now - .seconds(60),
                    until: house.clock.now
                )
                let record = try await house.replays.start(request, key: nil, requestedBy: "t")
                _ = try await house.replays.cancel(record.id, by: "t")
            }
            let full = try await get(client, "/replays").text
            #expect(full.components(separatedBy: "class=\"primary\"").count - 1 == ConsoleLimits.replaysPerPage)
            #expect(full.contains("Older replays"))
        }
    }

    @Test func eventsAreListedAndFollowed() async throws {
        let house = try await ConsoleFixture()
        try await house.database.write { [events = house.events, now = house.clock.now] connection in
            for index in 0...ConsoleLimits.eventsPerPage {
                let data: JSONObject = ["message": .string("Moved \(index) \(ConsoleFixture.evil)")]
                let subject = "models/cancer/aliases/production"
                _ = try events.append(
                    connection,
                    EventRecord(type: "martlet.alias.moved", subject: subject, data: data, at: now)
                )
            }
        }
        try await house.withClient { client in
            let page = try await get(client, "/events?kind=models").text
            let shown = page.components(separatedBy: "<li><span class=\"dot").count - 1
            #expect(shown == ConsoleLimits.eventsPerPage)
            #expect(page.contains("data-stream=\"/api/martlet/v1/events?types=") && page.contains("cancer@production"))
            #expect(!page.contains("<img src=x"))
            let link = try #require(page.firstMatch(of: try Regex("href=\"(/events[^\"]*before[^\"]*)\"")))
            let older = String(link.output[1].substring ?? "").replacing("&amp;", with: "&")
            let past = try await get(client, older).text
            #expect(past.contains("Moved 0 ") && !past.contains("data-stream"))
            #expect(try await get(client, "/events?kind=loops").text.contains("Nothing has happened yet."))
            #expect(try await get(client, "/events?kind=x").text.contains("notice bad"))
            #expect(try await get(client, "/events?before=x").text.contains("notice bad"))
        }
    }

    @Test func loopsAreFiredAndDecided() async throws {
        let house = try await ConsoleFixture()
        _ = try await ConsoleStory(house)
        try await house.withClient { client in
            #expect(try await get(client, "/loop").text.contains("/loop/triggers/cancer-retrain/fire"))
            let busy = try await send(client, "/loop/triggers/cancer-retrain/fire", [])
            #expect(busy.status == 409)
            let id = try #require(try await house.loops.loops(limit: 1).loops.first?.id)
            let refused = try await send(client, "/loops/\(id)/approve", [("comment", "yes")])
            #expect(refused.status == 409 && refused.text.contains("nobody is asked to approve"))
            #expect(try await send(client, "/loops/\(id)/cancel", []).location == "/loops/\(id)")
        }
    }
}
