import Core
import Plots
import Testing

@Suite("Plots of contributions")
struct AttributionPlotTests {
    private static func explanation(features: Int = 3, rows: Int = 40, name: String = "f") throws -> Attributions {
        var random = SeededGenerator(seed: 9)
        let values = (0..<rows * features).map { _ in Float(random.normal()) }
        var contributions: [Float] = []
        for row in 0..<rows {
            let direction = Float(row % 3) - 1
            for feature in 0..<features { contributions.append(Float(feature + 1) * direction) }
            contributions.append(0.25)
        }
        return try Attributions(
            featureNames: (0..<features).map { "\(name) \($0)" },
            values: values,
            groups: contributions,
            outputs: 1,
            output: 0,
            name: "yes"
        )
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
        let values: [Float] = [1, 10, 2, 20, 3, 10, 4, 20]
        let second = try Attributions(
            featureNames: ["a"],
            values: [1, 2],
            groups: values,
            outputs: 2,
            output: 1,
            name: "b"
        )
        #expect(second.contributions == [2, 4] && second.baseValue == 20)
        for (count, outputs, output) in [(7, 2, 0), (8, 2, 2), (8, 2, -1), (8, 0, 0), (8, 1, 0)] {
            #expect(throws: MartletError.self) {
                try Attributions(
                    featureNames: ["a"],
                    values: [1, 2],
                    groups: Array(values.prefix(count)),
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
                    #expect(!text.contains("<script") && !hasBrokenNumber(text))
                }
            }
        }
    }

    @Test("show at most the limit of features, with names cut at the limit")
    func limits() throws {
        let many = PlotsLimits.features + 1
        for features in [many - 1, many] {
            let svg = String(decoding: ImportancePlot.svg(try Self.explanation(features: features)), as: UTF8.self)
            #expect(svg.matches(of: />f \d+</).count == PlotsLimits.features)
        }
        let limit = PlotsLimits.labelCharacters
        for (length, isCut) in [(limit - 2, false), (limit - 1, true)] {
            let name = String(repeating: "x", count: length)
            let svg = String(decoding: ImportancePlot.svg(try Self.explanation(features: 1, name: name)), as: UTF8.self)
            #expect(svg.contains("…") == isCut)
        }
    }
}
