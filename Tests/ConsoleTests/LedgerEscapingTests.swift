import Console
import Core
import Foundation
import Testing

/// What clients send to be predicted, labelled or declared stays text on the pages that show it.
struct LedgerEscapingTests {
    private let evil = "<img src=x onerror=alert(1)>\"'&"
    private let renderer: PageRenderer

    init() throws {
        renderer = try PageRenderer(assets: .embedded(version: "0.1"))
    }

    private func expectHarmless(_ page: some ConsolePage, times: Int) {
        let html = renderer.document(page)
        #expect(!html.contains("<img src=x"), "\(type(of: page))")
        #expect(!html.contains("onerror=alert(1)>"), "\(type(of: page))")
        #expect(!html.contains("\"'&"), "\(type(of: page))")
        let found = html.components(separatedBy: "&lt;img src=x onerror=alert(1)&gt;").count - 1
        #expect(found >= times, "\(type(of: page)) shows it \(found) times")
    }

    @Test func ledger() {
        let time = SampleTime.ago(3)
        let row = PredictionRow(id: evil, time: time, version: evil, output: evil, label: evil, correct: false)
        let query = PredictionsPage.Query(
            deployment: evil,
            filter: evil,
            since: evil,
            labels: evil,
            version: evil,
            arm: evil
        )
        expectHarmless(
            PredictionsPage(
                query: query,
                deployments: [evil],
                rows: [row],
                note: evil,
                next: "/?\(evil)",
                exports: [(evil, evil)],
                notices: [Notice(.bad, evil)],
                example: evil
            ),
            times: 14
        )
        expectHarmless(
            PredictionPage(
                deployment: evil,
                id: evil,
                facts: [(evil, .text(evil))],
                inputs: [(evil, evil)],
                inputNote: evil,
                shadows: [.init(version: evil, output: evil, agrees: false)],
                labels: [.init(text: evil, observed: time, counts: true)],
                classes: [evil],
                notices: [Notice(.bad, evil)]
            ),
            times: 14
        )
        let quality = HourlyQualityPage.Row(name: evil, hour: evil, predictions: 1, labelled: 1, quality: evil)
        let chart = LineChart(label: evil, curves: [.init(evil, [(0, 1), (1, 2)], color: 1)], axis: .step)
        expectHarmless(
            HourlyQualityPage(
                deployment: evil,
                measure: evil,
                chart: chart,
                versions: [quality],
                hours: [quality],
                note: evil
            ),
            times: 12
        )
    }

    @Test func replays() {
        let time = SampleTime.ago(3)
        let row = ReplaysPage.Row(
            id: evil,
            candidate: evil,
            deployment: evil,
            tone: .bad,
            state: evil,
            finding: evil,
            by: evil,
            asked: time
        )
        expectHarmless(
            ReplaysPage(
                rows: [row],
                deployments: [evil],
                values: ["candidate": evil, "since": evil, "limit": evil],
                notices: [Notice(.bad, evil)]
            ),
            times: 10
        )
        expectHarmless(
            ReplayPage(
                row: row,
                sentence: evil,
                stats: [.init(evil, evil, unit: evil, note: evil)],
                checks: [(evil, .bad, evil, evil)],
                segments: [.init(by: evil, value: evil, rows: 1, agreement: 0, candidate: evil, logged: evil)],
                disagreements: [.init(id: evil, logged: evil, candidate: evil, label: evil)],
                request: [(evil, .text(evil))],
                actions: [ActionButton(evil, path: evil)]
            ),
            times: 20
        )
    }

    @Test func declarationsAndEvents() {
        let names = [
            "name", "model", "follows", "monitors", "strategy", "steps", "bake", "minimum_samples", "timeout",
            "error_rate", "latency", "disagreement", "quality", "replicas_min", "replicas_max", "rollback_window",
        ]
        let all = Dictionary(uniqueKeysWithValues: names.map { ($0, evil) })
        expectHarmless(
            DeclarePage(
                values: all,
                problems: all,
                entry: evil,
                entryProblem: evil,
                notices: [Notice(.bad, evil)],
                models: [evil]
            ),
            times: 30
        )
        let line = FieldDiff.Line(path: evil, before: evil, after: evil)
        expectHarmless(
            DeclareReviewPage(deployment: evil, lines: [line], notes: [evil], entry: evil, base: evil),
            times: 9
        )
        expectHarmless(
            EventsPage(
                entries: [.init(.bad, .text(evil), more: evil, time: SampleTime.ago(3))],
                kind: evil,
                kinds: [(evil, evil)],
                subject: evil,
                stream: evil,
                older: evil,
                notices: [Notice(.bad, evil)]
            ),
            times: 8
        )
    }

    @Test func aTextAreaKeepsItsFirstLine() {
        let html = renderer.document(DeclarePage(deployment: "d", entry: "\nmodel: m</textarea><b>"))
        #expect(
            html.contains("autocomplete=\"off\" spellcheck=\"false\">\n\nmodel: m&lt;/textarea&gt;&lt;b&gt;</textarea>")
        )
    }
}
