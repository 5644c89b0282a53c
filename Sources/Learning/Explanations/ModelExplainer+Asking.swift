package import Core
import Plots

/// Explanations that only ask the model, whatever it is.
extension ModelExplainer {
    /// How good the model is on all rows of a table.
    ///
    /// - Parameters:
    ///   - name: the metric: accuracy, auroc, log_loss, rmse or r2, as far as it suits the model.
    ///   - table: the rows with their target.
    ///   - target: the column with the truth.
    ///   - classes: the class names by number; empty for those of the model.
    /// - Returns: the metric's value.
    /// - Throws: `invalidArgument` for a metric that does not suit the model, or rows that do not.
    package func score(_ name: String, on table: Table, target: String, classes: [String]) async throws -> Double {
        let rows = try rows(table, target: target, classes: classes, limit: table.rowCount)
        let score = try ExplanationScore.named(name, classes: rows.classCount)
        let outputs = try await predict(rows.values, rows.count)
        return score.value(outputs, truths: rows.truths, threshold: model.threshold)
    }

    func permutation(_ query: ExplanationQuery, _ rows: Rows) async throws -> ExplanationAnswer {
        guard rows.truths.count == rows.count else {
            throw MartletError(
                .invalidArgument,
                "Permutation importance needs to know what is true: name the rows' 'target' column."
            )
        }
        let score = try ExplanationScore.named(query.score, classes: rows.classCount)
        let threshold = model.threshold
        let found = try await PermutationImportance(
            rows.values,
            count: rows.count,
            width: model.features.count,
            repeats: query.repeats,
            seed: query.seed,
            isHighGood: score.isHighGood
        ) { changed in
            score.value(try await predict(changed, rows.count), truths: rows.truths, threshold: threshold)
        }
        let order = found.features.sorted { ($1.mean, $0.index) < ($0.mean, $1.index) }
        let list = order.map { feature -> JSONValue in
            [
                "feature": .string(model.features[feature.index]), "mean": .number(feature.mean),
                "low": .number(feature.interval.lowerBound), "high": .number(feature.interval.upperBound),
                "losses": .array(feature.losses.map { .number($0) }),
            ]
        }
        let plot = BarPlot(
            title: "What the model needs",
            subtitle:
                "\(score.rawValue) \(NumberText.short(found.baseline)) on \(rows.count) rows, \(query.repeats) shuffles"
                + " of each feature, 95 % intervals",
            label: "how much worse \(score.rawValue) gets when the feature is shuffled",
            bars: order.prefix(PlotsLimits.features).map {
                BarPlot.Bar(model.features[$0.index], $0.mean, interval: $0.interval)
            }
        )
        return ExplanationAnswer(
            json: [
                "score": .string(score.rawValue), "baseline": .number(found.baseline), "repeats": .int(query.repeats),
                "seed": .integer(Int64(clamping: query.seed)), "importance": .array(list),
            ],
            svg: query.plot == nil ? nil : plot.svg()
        )
    }

    func dependence(_ query: ExplanationQuery, _ rows: Rows) async throws -> ExplanationAnswer {
        let width = model.features.count
        let outputs = try await predict(Array(rows.values.prefix(width)), 1).count
        let output = try output(query.output, width: outputs)
        let found = try await PartialDependence(
            rows.values,
            count: rows.count,
            width: width,
            features: try query.features.map { try feature($0) },
            points: query.features.count > 1 ? min(query.points, 20) : query.points,
            lines: ExplanationLimits.lines
        ) { changed, count in
            let all = try await predict(changed, count)
            return Swift.stride(from: output.index, to: all.count, by: outputs).map { Double(all[$0]) }
        }
        let grids = zip(query.features, found.grids).map { ($0, JSONValue.array($1.map { .number($0) })) }
        var json: JSONObject = [
            "output": .string(output.name), "features": .array(query.features.map { .string($0) }),
            "grid": .object(JSONObject(grids)), "mean": .array(found.means.map { .number($0) }),
        ]
        if query.features.count == 1 {
            json["lines"] = .array(found.lines.map { .array($0.map { .number($0) }) })
        }
        return ExplanationAnswer(json: json, svg: query.plot == nil ? nil : svg(query, found, rows, output.name))
    }

    private func svg(
        _ query: ExplanationQuery,
        _ found: PartialDependence,
        _ rows: Rows,
        _ output: String
    ) -> [UInt8] {
        let subtitle = "mean over \(rows.count) rows, “\(output)”"
        guard query.features.count == 1 else {
            let (first, second) = (found.grids[0], found.grids[1])
            return ContourPlot(
                title: "What the model says over two features",
                subtitle: subtitle,
                x: PlotAxis(query.features[0]),
                y: PlotAxis(query.features[1]),
                xs: first,
                ys: second,
                values: second.indices.flatMap { row in first.indices.map { found.means[$0 * second.count + row] } },
                valueName: output
            ).svg()
        }
        let line = { (values: [Double]) in zip(found.grids[0], values).map { PlotPoint($0, $1) } }
        return LinePlot(
            title: "What the model says over \(SVGCanvas.label(query.features[0]))",
            subtitle: "\(subtitle); thin lines are single rows",
            x: PlotAxis(query.features[0]),
            y: PlotAxis(output),
            lines: found.lines.map { LinePlot.Line("", line($0), style: .faint) }
                + [LinePlot.Line("mean", line(found.means), style: .dotted)]
        ).svg()
    }
}
