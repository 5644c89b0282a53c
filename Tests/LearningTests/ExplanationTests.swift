import Core
import Learning
import Testing

@Suite("Explanations")
struct ExplanationTests {
    private static func explanation(features: Int = 3, rows: Int = 40, name: String = "f") throws -> Explanation {
        var random = SeededGenerator(seed: 9)
        var columns: [Column] = []
        for feature in 0..<features {
            let numbers = (0..<rows).map { _ in random.normal() }
            columns.append(Column(name: "\(name) \(feature)", values: .numbers(numbers)))
        }
        columns.append(Column(name: "y", values: .integers((0..<rows).map { Int64($0 % 2) })))
        let table = try Table(columns: columns)
        let labelled = try LabelledRows(table, target: "y", classes: ["no", "yes"])
        var contributions: [Float] = []
        for row in 0..<rows {
            let direction = Float(row % 3) - 1
            for feature in 0..<features { contributions.append(Float(feature + 1) * direction) }
            contributions.append(0.25)
        }
        return try Explanation(labelled, contributions: contributions, outputs: 1, output: 0, name: "yes")
    }

    /// Whether every tag that opens also closes, in order, and no text holds a bare `<` or `&`.
    private func isWellFormed(_ bytes: [UInt8]) -> Bool {
        var open: [Substring] = []
        var rest = String(decoding: bytes, as: UTF8.self)[...]
        while let start = rest.firstIndex(of: "<") {
            let text = rest[..<start]
            guard !text.contains(">"), text.replacing(/&(amp|lt|gt|quot);/, with: "").contains("&") == false,
                let end = rest[start...].firstIndex(of: ">")
            else { return false }
            let tag = rest[rest.index(after: start)..<end]
            let name = tag.drop { $0 == "/" }.prefix { $0.isLetter }
            if tag.hasPrefix("/") {
                guard open.popLast() == name else { return false }
            } else if !tag.hasSuffix("/") {
                open.append(name)
            }
            rest = rest[rest.index(after: end)...]
        }
        return open.isEmpty
    }

    @Test("rank features by the mean size of their contributions, and add up to the margin")
    func ranking() throws {
        let explanation = try Self.explanation()
        #expect(explanation.rowCount == 40 && explanation.baseValue == 0.25)
        #expect(explanation.ranking == [2, 1, 0])
        #expect(explanation.margin(of: 2) == 6.25 && explanation.margin(of: 1) == 0.25)
        #expect(explanation.json["mean_absolute_contribution"]?.objectValue?.keys.first == "f 2")
    }

    @Test("take the output that is asked for of several, and refuse sizes that do not fit")
    func outputs() throws {
        let table = try Table(columns: [
            Column(name: "a", values: .numbers([1, 2])), Column(name: "y", values: .integers([0, 1])),
        ])
        let rows = try LabelledRows(table, target: "y")
        let values: [Float] = [1, 10, 2, 20, 3, 10, 4, 20]
        let second = try Explanation(rows, contributions: values, outputs: 2, output: 1, name: "b")
        #expect(second.contributions == [2, 4] && second.baseValue == 20)
        for (count, outputs, output) in [(7, 2, 0), (8, 2, 2), (8, 2, -1), (8, 0, 0), (8, 1, 0)] {
            #expect(throws: MartletError.self) {
                try Explanation(
                    rows,
                    contributions: Array(values.prefix(count)),
                    outputs: outputs,
                    output: output,
                    name: ""
                )
            }
        }
    }

    @Test("are drawn as well-formed SVG, whatever the names and values are")
    func drawings() throws {
        for name in ["f", "<script>alert(1)</script>", "a & \"b\" ] 日本 \u{1}", String(repeating: "x", count: 300)] {
            for (features, rows) in [(1, 1), (3, 40), (60, 2)] {
                let explanation = try Self.explanation(features: features, rows: rows, name: name)
                for svg in [
                    ImportancePlot.svg(explanation), BeeswarmPlot.svg(explanation),
                    WaterfallPlot.svg(explanation, row: rows - 1),
                ] {
                    #expect(isWellFormed(svg))
                    let text = String(decoding: svg, as: UTF8.self)
                    #expect(!text.contains("<script") && !text.contains("nan") && !text.contains("inf"))
                }
            }
        }
    }

    @Test("show at most the limit of features, with names cut at the limit")
    func limits() throws {
        let many = LearningLimits.plottedFeatures + 1
        for features in [many - 1, many] {
            let svg = String(decoding: ImportancePlot.svg(try Self.explanation(features: features)), as: UTF8.self)
            #expect(svg.matches(of: />f \d+</).count == LearningLimits.plottedFeatures)
        }
        let limit = LearningLimits.plottedCharacters
        for (length, isCut) in [(limit - 2, false), (limit - 1, true)] {
            let name = String(repeating: "x", count: length)
            let svg = String(decoding: ImportancePlot.svg(try Self.explanation(features: 1, name: name)), as: UTF8.self)
            #expect(svg.contains("…") == isCut)
        }
    }
}

@Suite("A model's files")
struct ModelPackageTests {
    @Test("hold at most the limit of reference rows")
    func reference() throws {
        for extra in [0, 1] {
            let count = LearningLimits.referenceRows + extra
            let table = try Table(columns: [
                Column(name: "it's", values: .numbers((0..<count).map { Double($0) / 10 })),
                Column(name: "y", values: .integers((0..<count).map { Int64($0 % 2) })),
            ])
            let package = ModelPackage(
                runID: "r",
                model: [1, 2, 3],
                training: try LabelledRows(table, target: "y"),
                metrics: [("accuracy", 1), ("auroc", .nan)],
                created: Timestamp(milliseconds: 0),
                seed: 1
            )
            let files = Dictionary(uniqueKeysWithValues: try package.files(modelID: "m").map { ($0.name, $0.bytes) })
            let reference = try CSV.parse(try #require(files["reference.csv"]))
            #expect(reference.rowCount == LearningLimits.referenceRows)
            #expect(String(decoding: files["MLmodel"] ?? [], as: UTF8.self).contains("\"name\":\"it''s\""))
            let own = try JSONValue.parse(try #require(files["martlet.json"]))
            #expect(own["checksums"]?.objectValue?.count == 7 && own["metrics"]?.objectValue?.keys == ["accuracy"])
        }
    }
}
