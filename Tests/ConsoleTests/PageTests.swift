import Console
import Core
import Foundation
import Testing

/// Every page, rendered full and empty with the templates that are in the binary.
struct PageTests {
    private let renderer: PageRenderer

    init() throws {
        renderer = try PageRenderer(assets: .embedded(version: "0.1"))
    }

    @Test(arguments: SamplePages.all.indices)
    func rendersEveryPage(_ index: Int) {
        let (name, page) = SamplePages.all[index]
        let html = renderer.document(page)
        #expect(html.hasPrefix("<!doctype html>"), "\(name)")
        #expect(html.contains("<h1>\(Markup.escaped(page.head.title))</h1>"), "\(name)")
        #expect(!html.contains("{{"), "\(name) has a tag that was not rendered")
        #expect(html.contains(renderer.main(page)), "\(name): the fragment is the inside of the page")
        #expect(html.utf8.count < 150_000, "\(name) is \(html.utf8.count) bytes")
    }

    @Test(arguments: SamplePages.all.indices)
    func needsNothingThatThePolicyForbids(_ index: Int) throws {
        let (name, page) = SamplePages.all[index]
        let html = renderer.document(page)
        #expect(!html.contains(" style="), "\(name)")
        #expect(!html.contains("<style"), "\(name)")
        #expect(!html.contains("javascript:"), "\(name)")
        #expect(try html.firstMatch(of: Regex(#"<[^>]* on[a-z]+="#)) == nil, "\(name)")
        let scripts = html.components(separatedBy: "<script").dropFirst()
        #expect(scripts.count == 1 && scripts.allSatisfy { $0.hasPrefix(" src=\"/assets/") }, "\(name)")
        #expect(try html.firstMatch(of: Regex(#"(src|href|action)="(https?:)?//"#)) == nil, "\(name)")
    }

    @Test(arguments: SamplePages.empty.indices)
    func saysWhatToDoWhenThereIsNothing(_ index: Int) {
        let (name, page) = SamplePages.empty[index]
        guard name != "loop-empty" else { return }
        #expect(renderer.main(page).contains("class=\"empty\"") || name == "run-empty", "\(name)")
    }

    @Test func namesOfTemplatesAndTheirValuesAgree() throws {
        var known: [String: Set<String>] = [:]
        for (_, page) in SamplePages.full {
            known[type(of: page).template, default: []].formUnion(keys(of: page.context))
        }
        for (name, source) in ConsoleTemplates.all where known[name] != nil {
            let text = String(decoding: source, as: UTF8.self)
            for match in text.matches(of: try Regex(#"\{\{\{?[#^/]?([A-Za-z]+)\}?\}\}"#)) {
                let tag = String(match.output[1].substring ?? "")
                #expect(known[name]?.contains(tag) == true, "\(name) names '\(tag)', which its page does not give")
            }
        }
        #expect(Set(known.keys).union(["layout", "head"]) == Set(ConsoleTemplates.all.map(\.name)))
    }

    private func keys(of value: Any) -> Set<String> {
        var found: Set<String> = []
        if let dictionary = value as? [String: Any] {
            for (key, inner) in dictionary { found.formUnion(keys(of: inner).union([key])) }
        } else if let list = value as? [Any] {
            for inner in list { found.formUnion(keys(of: inner)) }
        }
        return found
    }

    @Test func marksThePresentPlace() {
        let html = renderer.document(DeploymentsPage(deployments: []))
        #expect(html.contains("<a href=\"/deployments\" aria-current=\"page\">"))
        #expect(html.components(separatedBy: "aria-current").count == 2)
        #expect(html.contains("data-refresh=\"2\""))
    }

    @Test func keepsTheNewestLogLines() {
        func page(_ count: Int) -> String {
            let lines = (0..<count).map { PipelineRunPage.Line(task: "t", text: "line \($0)!", isError: false) }
            return renderer.main(PipelineRunPage(row: SampleOverview.runs[0], tasks: [], log: lines))
        }
        #expect(page(ConsoleLimits.logLines).contains("line 0!"))
        #expect(!page(ConsoleLimits.logLines + 1).contains("line 0!"))
        #expect(page(ConsoleLimits.logLines + 1).contains("line \(ConsoleLimits.logLines)!"))
    }

    @Test func showsSoManyColumnsAndNoMore() {
        var row = SampleExperiments.rows[1]
        row.metrics = [:]
        for index in 0...ConsoleLimits.columnsPerKind { row.metrics["m\(index)"] = 1 }
        let table = RunTable(rows: [row]) { _, _ in "/" }
        #expect(table.metrics.count == ConsoleLimits.columnsPerKind)
        let rare = [row] + (0..<4).map { RunRow(id: "\($0)", name: "r", tone: .good, status: "finished") }
        #expect(RunTable(rows: rare) { _, _ in "/" }.metrics.isEmpty)
    }

    @Test func marksTheBestOfEachMetric() {
        let rows = [("a", 0.9, 0.3), ("b", 0.8, 0.2)].map { name, accuracy, loss in
            RunRow(
                id: name,
                name: name,
                tone: .good,
                status: "finished",
                metrics: ["accuracy": accuracy, "loss": loss]
            )
        }
        let html = RunTable(rows: rows) { _, _ in "/" }.view().markup().html
        #expect(html.contains("<span class=\"best\">0.9</span>"))
        #expect(html.contains("<span class=\"best\">0.2</span>"))
        #expect(html.components(separatedBy: "class=\"best\"").count == 3)
        let same = rows.map { row in
            var row = row
            row.metrics = ["accuracy": 1]
            return row
        }
        #expect(!RunTable(rows: same) { _, _ in "/" }.view().markup().html.contains("class=\"best\""))
        #expect(RunTable.quoted("val loss") == "`val loss`")
    }
}
