package import Core
import Plots
import Runtimes

/// Answers questions about a model, within the limits of rows and time.
package struct ModelExplainer: Sendable {
    /// The rows that are looked at.
    package struct Rows: Sendable {
        /// In the model's features, row-major.
        package let values: [Float]
        /// How many.
        package let count: Int
        /// The class or value of each; empty when nobody knows.
        package let truths: [Double]
        /// How many classes the truth has; 0 for values.
        let classCount: Int
    }

    let model: ExplainedModel
    private let deadline: UInt64

    /// Prepares answers about a model.
    ///
    /// - Parameters:
    ///   - model: the model.
    ///   - seconds: how long one answer may take.
    package init(_ model: ExplainedModel, seconds: Int = ExplanationLimits.seconds) {
        self.model = model
        deadline = Clock.monotonicNanoseconds + UInt64(max(0, seconds)) * 1_000_000_000
    }

    /// Takes the rows of a table, with the truth where the table has it.
    ///
    /// - Parameters:
    ///   - table: the rows; columns are found by name.
    ///   - target: the column with the truth: class names or numbers, or values; nil for none.
    ///   - classes: the classes by number; empty for those of the model.
    ///   - limit: more rows than this are drawn from evenly.
    /// - Returns: the rows as the model sees them.
    /// - Throws: `invalidArgument` for no rows, a column that is missing or a target that is no class.
    package func rows(_ table: Table, target: String?, classes: [String] = [], limit: Int) throws -> Rows {
        guard table.rowCount > 0 else { throw MartletError(.invalidArgument, "There are no rows to explain.") }
        let kept = min(limit, table.rowCount)
        let shown =
            kept < table.rowCount ? try table.selecting((0..<kept).map { $0 * table.rowCount / kept }) : table
        let truths = try target.map { try Self.truths(shown.column($0), classes.isEmpty ? model.classes : classes) }
        return Rows(
            values: try model.matrix(shown),
            count: kept,
            truths: truths ?? [],
            classCount: classes.isEmpty ? model.classes.count : classes.count
        )
    }

    private static func truths(_ column: Column, _ classes: [String]) throws(MartletError) -> [Double] {
        let found: [Double?]
        switch column.values {
        case .strings(let texts):
            found = texts.map { text in
                text.flatMap { text in classes.firstIndex(of: text).map(Double.init) ?? Double(text) }
            }
        case .numbers, .integers: found = (column.numbers ?? []).map { $0.isFinite ? $0 : nil }
        }
        var truths: [Double] = []
        for (row, value) in found.enumerated() {
            let isClass = classes.isEmpty || value.flatMap { Int(exactly: $0) }.map(classes.indices.contains) ?? false
            guard let value, isClass else {
                throw MartletError(
                    .invalidArgument,
                    "Row \(row + 1): the target '\(column.name)' is missing or no class."
                )
            }
            truths.append(value)
        }
        return truths
    }

    /// How many rows of a table a question looks at; more are drawn from evenly.
    package static func rowLimit(_ kind: ExplanationQuery.Kind) -> Int {
        switch kind {
        case .shap: ExplanationLimits.rows
        case .interactions: ExplanationLimits.interactionRows
        case .kernel: ExplanationLimits.sampledRows
        case .permutation, .pdp: ExplanationLimits.askedRows
        }
    }

    /// Answers a question.
    ///
    /// - Throws: `invalidArgument` for an unknown feature or output, `unimplemented` when the model cannot be explained
    ///   this way, naming the way that works, `deadlineExceeded`, what the model throws.
    package func answer(_ query: ExplanationQuery, _ rows: Rows) async throws -> ExplanationAnswer {
        for name in query.features { _ = try feature(name) }
        var answer: ExplanationAnswer
        switch query.kind {
        case .shap, .kernel:
            answer = try self.answer(query, try await attributions(query, rows), rows)
        case .interactions: answer = try await interactions(query, rows)
        case .permutation: answer = try await permutation(query, rows)
        case .pdp: answer = try await dependence(query, rows)
        }
        var json: JSONObject = ["kind": .string(query.kind.rawValue), "rows": .int(rows.count)]
        for (key, value) in answer.json.pairs { json[key] = value }
        return ExplanationAnswer(json: json, svg: answer.svg)
    }

    func feature(_ name: String) throws(MartletError) -> Int {
        guard let index = model.features.firstIndex(of: name) else {
            let some = model.features.prefix(10).joined(separator: ", ")
            throw MartletError(.invalidArgument, "The model has no feature '\(name.prefix(60))'; it has \(some)…")
        }
        return index
    }

    /// Which of `width` outputs is asked for, and what it is called.
    func output(_ name: String?, width: Int) throws(MartletError) -> (index: Int, name: String) {
        let names =
            model.classes.count == width
            ? model.classes : width == 1 && model.classes.count == 2 ? [model.classes[1]] : []
        guard let name else { return (width - 1, names.last ?? (width > 1 ? "output \(width - 1)" : "prediction")) }
        guard let index = names.firstIndex(of: name) ?? Int(name), (0..<width).contains(index) else {
            throw MartletError(
                .invalidArgument,
                "'output' is '\(name.prefix(60))'; the model has \(width) outputs \(names.joined(separator: ", "))."
            )
        }
        return (index, names.indices.contains(index) ? names[index] : "output \(index)")
    }

    func requireTime() throws {
        try Task.checkCancellation()
        guard Clock.monotonicNanoseconds < deadline else {
            throw MartletError(
                .deadlineExceeded,
                "The explanation took longer than \(ExplanationLimits.seconds) s; ask about fewer rows or repeats."
            )
        }
    }

    /// Asks the model in batches, within the time.
    func predict(_ rows: [Float], _ count: Int) async throws -> [Float] {
        let width = model.features.count
        var outputs: [Float] = []
        for first in stride(from: 0, to: count, by: ExplanationLimits.batchRows) {
            try requireTime()
            let taken = min(ExplanationLimits.batchRows, count - first)
            outputs += try await model.predict(Array(rows[first * width..<(first + taken) * width]), taken)
        }
        return outputs
    }

    // MARK: SHAP values

    /// SHAP values of the rows, exact or sampled.
    func attributions(_ query: ExplanationQuery, _ rows: Rows) async throws -> Attributions {
        query.kind == .shap ? try await exact(query, rows) : try await sampled(query, rows)
    }

    private func requireExact() throws(MartletError) -> any ExplainableRuntime {
        guard let runtime = model.exact else {
            throw MartletError(
                .unimplemented,
                "Only models of trees have exact SHAP values; ask for 'kernel', 'permutation' or 'pdp'."
            )
        }
        return runtime
    }

    private func exact(_ query: ExplanationQuery, _ rows: Rows) async throws -> Attributions {
        let runtime = try requireExact()
        let output = try output(query.output, width: runtime.marginWidth)
        var groups: [Float] = []
        let width = model.features.count
        for first in stride(from: 0, to: rows.count, by: 1024) {
            try requireTime()
            let part = Array(rows.values[first * width..<min(first + 1024, rows.count) * width])
            groups += try await BlockingWork.run { try runtime.contributions(part, count: part.count / max(1, width)) }
        }
        return try Attributions(
            featureNames: model.features,
            values: rows.values,
            groups: groups,
            outputs: runtime.marginWidth,
            output: output.index,
            name: output.name,
            unit: model.marginUnit
        )
    }

    private func sampled(_ query: ExplanationQuery, _ rows: Rows) async throws -> Attributions {
        let width = model.features.count
        guard !model.reference.isEmpty else {
            throw MartletError(
                .unimplemented,
                "The model has no sample of its training rows (reference.csv), which sampled SHAP values stand on."
            )
        }
        let background = min(100, model.reference.count / width)
        let kernel = try KernelSHAP(
            background: Array(model.reference.prefix(background * width)),
            rows: background,
            featureCount: width,
            sets: query.samples,
            seed: query.seed
        )
        var (contributions, base): ([Float], Double) = ([], 0)
        var name = ""
        for row in 0..<rows.count {
            try requireTime()
            let found = try await kernel.explain(Array(rows.values[row * width..<(row + 1) * width])) { rows, count in
                try await predict(rows, count)
            }
            let output = try output(query.output, width: found.baseValues.count)
            (base, name) = (found.baseValues[output.index], output.name)
            contributions += found.values[output.index * width..<(output.index + 1) * width].map { Float($0) }
        }
        return try Attributions(
            featureNames: model.features,
            values: rows.values,
            contributions: contributions,
            baseValue: base,
            output: name,
            unit: model.classes.isEmpty ? "prediction" : "probability"
        )
    }

    private func answer(_ query: ExplanationQuery, _ found: Attributions, _ rows: Rows) throws -> ExplanationAnswer {
        let width = model.features.count
        let values = (0..<rows.count).map { row in
            JSONValue.array(found.contributions[row * width..<(row + 1) * width].map { .number(Double($0)) })
        }
        let json: JSONObject = [
            "method": .string(query.kind == .shap ? "tree_shap" : "kernel_shap"), "output": .string(found.output),
            "unit": .string(found.unit), "base_value": .number(found.baseValue),
            "features": .array(model.features.map { .string($0) }),
            "importance": found.json["mean_absolute_contribution"] ?? .null, "values": .array(values),
        ]
        guard query.row < rows.count else {
            throw MartletError(.invalidArgument, "'row' is \(query.row), but there are \(rows.count) rows.")
        }
        let svg: [UInt8]?
        switch query.plot {
        case .bar: svg = ImportancePlot.svg(found)
        case .beeswarm: svg = BeeswarmPlot.svg(found)
        case .waterfall: svg = WaterfallPlot.svg(found, row: query.row)
        case .force: svg = ForcePlot.svg(found, row: query.row)
        case .decision: svg = DecisionPlot.svg(found)
        case .dependence: svg = DependencePlot.svg(found, feature: try feature(query.features.first ?? ""))
        case .heat, .pdp, nil: svg = nil
        }
        return ExplanationAnswer(json: json, svg: svg)
    }

    private func interactions(_ query: ExplanationQuery, _ rows: Rows) async throws -> ExplanationAnswer {
        let runtime = try requireExact()
        let output = try output(query.output, width: runtime.marginWidth)
        let width = model.features.count
        guard width <= ExplanationLimits.interactionFeatures else {
            throw MartletError(
                .invalidArgument,
                "Interactions are written out for up to \(ExplanationLimits.interactionFeatures) features; the model has"
                    + " \(width)."
            )
        }
        try requireTime()
        let found = try await BlockingWork.run { try runtime.interactions(rows.values, count: rows.count) }
        let side = width + 1
        var means = [Double](repeating: 0, count: width * width)
        for row in 0..<rows.count {
            let start = (row * runtime.marginWidth + output.index) * side * side
            for first in 0..<width {
                for second in 0..<width {
                    // Both halves of a pair together, as the pair moves the margin.
                    let value = Double(abs(found[start + first * side + second])) * (first == second ? 1 : 2)
                    means[first * width + second] += value / Double(rows.count)
                }
            }
        }
        let table = (0..<width).map { row in
            JSONValue.array(means[row * width..<(row + 1) * width].map { .number($0) })
        }
        let order = (0..<width).sorted { means[$0 * width + $0] > means[$1 * width + $1] }.prefix(PlotsLimits.features)
        let svg = HeatPlot(
            title: "Which features act together",
            subtitle: "mean |SHAP interaction| over \(rows.count) rows, \(model.marginUnit) of “\(output.name)”",
            x: "feature",
            y: "feature",
            rows: order.map { model.features[$0] },
            columns: order.map { model.features[$0] },
            values: order.flatMap { first in order.map { means[first * width + $0] } }
        )
        return ExplanationAnswer(
            json: [
                "method": "tree_shap", "output": .string(output.name), "unit": .string(model.marginUnit),
                "features": .array(model.features.map { .string($0) }), "mean_absolute_interaction": .array(table),
            ],
            svg: query.plot == nil ? nil : svg.svg()
        )
    }
}
