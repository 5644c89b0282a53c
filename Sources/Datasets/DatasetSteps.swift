package import Core
import Transforms

/// The built-in steps of datasets: `data.ingest`, `data.check`, `data.split` and `data.transform`.
package enum DatasetSteps {
    /// The steps over one store.
    package static func all(_ store: DatasetStore) -> [BuiltinStep] {
        [ingest(store), check(store), split(store), transform(store)]
    }

    private static let dataset = StepParameter("dataset", "The dataset's name under 'data:'.", isRequired: true)

    private static func ingest(_ store: DatasetStore) -> BuiltinStep {
        BuiltinStep(
            name: "data.ingest",
            summary: "Reads a dataset's source into SQL tables, raw then clean, in blocks with a durable cursor.",
            parameters: [dataset]
        ) { context in
            let name = try JSONFields(context.parameters, path: "with").string("dataset")
            let report = try await store.ingest(name) { progress in
                // The raw stage fills the first half of the bar, the clean stage the second.
                let share = progress.fraction / 2 + (progress.stage == .clean ? 0.5 : 0)
                context.progress(share, "\(progress.rows) \(progress.stage.rawValue) rows")
                context.log("\(progress.stage.rawValue): block \(progress.blocks), \(progress.rows) rows")
            }
            for line in report.remarks { context.log(line) }
            var outputs = report.json
            outputs["dataset"] = .string(name)
            return outputs
        }
    }

    private static func check(_ store: DatasetStore) -> BuiltinStep {
        BuiltinStep(
            name: "data.check",
            summary: "Checks a dataset's clean rows; a failed check fails the task and so stops what needs it.",
            parameters: [dataset]
        ) { context in
            let name = try JSONFields(context.parameters, path: "with").string("dataset")
            let results = try await store.check(name)
            for result in results {
                context.log("passed: \(result.name)\(result.column.map { " '\($0)'" } ?? ""), \(result.message)")
            }
            context.progress(1, "\(results.count) checks passed")
            return [
                "dataset": .string(name), "checks": .int(results.count), "passed": .int(results.count),
                "version": .optional(try await store.summary(name)?.version),
            ]
        }
    }

    private static func split(_ store: DatasetStore) -> BuiltinStep {
        BuiltinStep(
            name: "data.split",
            summary: "Divides a dataset's rows: at random by class, by groups that stay together, or by time.",
            parameters: [
                dataset,
                StepParameter("train", "The share of the training rows; default is the dataset's own 'split'."),
                StepParameter("validation", "The share of the rows that trials are judged on."),
                StepParameter("test", "The share of the rows that the final model is judged on."),
                StepParameter(
                    "stratify",
                    "The column whose values keep their shares; the target's classes by default."
                ),
                StepParameter("group", "The column of which rows with equal values stay together."),
                StepParameter("time", "The column by which the earliest rows come first."),
                StepParameter("seed", "The seed of the division, 0 by default."),
            ]
        ) { context in
            let fields = JSONFields(context.parameters, path: "with")
            let name = try fields.string("dataset")
            let report = try await store.split(name, by: try await plan(fields, store, name))
            let counts = zip(report.spec.parts, report.counts).map { ($0.name, JSONValue.int($1)) }
            let text = counts.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
            context.log("\(report.rows) rows of '\(name)': \(text)")
            context.progress(1, text)
            return [
                "dataset": .string(name), "rows": .int(report.rows), "parts": .object(JSONObject(counts)),
                "seed": .int(report.spec.seed), "version": .string(report.version),
            ]
        }
    }

    /// Shares in `with:` win over the dataset's own split, column by column.
    private static func plan(_ fields: JSONFields, _ store: DatasetStore, _ name: String) async throws -> SplitSpec? {
        let declared = try await store.spec(name).split
        let given = ["train", "validation", "test"].filter { fields.value($0) != nil }
        var parts = given.isEmpty ? declared?.parts ?? [] : []
        for part in given {
            parts.append(SplitSpec.Part(name: part, fraction: try fields.double(part, in: 0.001...1)))
        }
        guard !parts.isEmpty else { return nil }
        var object = SplitSpec(parts: parts).json.objectValue ?? [:]
        let own = given.isEmpty ? declared : nil
        let columns = ["stratify", "group", "time"]
        let isChosen = columns.contains { fields.value($0) != nil }
        for (key, value) in zip(columns, [own?.stratify, own?.group, own?.time]) {
            object[key] =
                try fields.optionalString(key).map(JSONValue.string) ?? (isChosen ? nil : value.map(JSONValue.string))
        }
        let seed = try fields.optionalInt("seed", in: 0 ... .max) ?? declared.map { Int64(clamping: $0.seed) } ?? 0
        object["seed"] = .integer(seed)
        return try SplitSpec.parse(JSONFields(object, path: "with"))
    }

    private static func transform(_ store: DatasetStore) -> BuiltinStep {
        BuiltinStep(
            name: "data.transform",
            summary: "Fits a dataset's transform on its training rows and keeps it with the dataset.",
            parameters: [dataset, StepParameter("part", "The part that it is fitted on; 'train' by default.")]
        ) { context in
            let fields = JSONFields(context.parameters, path: "with")
            let name = try fields.string("dataset")
            let fitted = try await store.fitTransform(name, part: try fields.optionalString("part") ?? "train")
            let transform = fitted.transform
            context.log("\(transform.inputs.count) columns in, \(transform.outputs.count) out, on \(fitted.rows) rows")
            context.progress(1, "fitted on \(fitted.rows) rows")
            return [
                "dataset": .string(name), "version": .string(fitted.version), "part": .string(fitted.part),
                "rows": .integer(fitted.rows), "inputs": .array(transform.inputs.map { .string($0.name) }),
                "outputs": .array(transform.outputs.map { .string($0.name) }),
            ]
        }
    }
}

extension IngestReport {
    /// The report as outputs of a step and as the API's answer.
    package var json: JSONObject {
        [
            "rows": .integer(rows), "new_blocks": .integer(newBlocks), "resumed_at_row": .integer(resumedAtRow),
            "updated_rows": .integer(updatedRows), "invalid_cells": .integer(invalidCells),
            "started_anew": .bool(startedAnew), "version": .string(version), "sources": [source.json],
        ]
    }

    /// What is worth a line to somebody who reads along.
    package var remarks: [String] {
        var lines: [String] = []
        if startedAnew { lines.append("The source is another one than before; its rows were read anew.") }
        if resumedAtRow > 0 { lines.append("\(resumedAtRow) rows were there already.") }
        if updatedRows > 0 { lines.append("\(updatedRows) rows took the place of one with the same key.") }
        if invalidCells > 0 {
            lines.append("\(invalidCells) cells are not of their column's type; data.check will name them.")
        }
        return lines
    }
}
