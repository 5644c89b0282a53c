package import Core

/// The built-in steps of datasets: `data.ingest` and `data.check`.
package enum DatasetSteps {
    /// The steps over one store.
    package static func all(_ store: DatasetStore) -> [BuiltinStep] {
        [ingest(store), check(store)]
    }

    private static let dataset = StepParameter("dataset", "The dataset's name under 'data:'.", isRequired: true)

    private static func ingest(_ store: DatasetStore) -> BuiltinStep {
        BuiltinStep(
            name: "data.ingest",
            summary: "Reads a dataset's file into SQL tables, raw then clean, in blocks with a durable cursor.",
            parameters: [dataset]
        ) { context in
            let name = try JSONFields(context.parameters, path: "with").string("dataset")
            let report = try await store.ingest(name) { progress in
                // The raw stage fills the first half of the bar, the clean stage the second.
                let share = progress.fraction / 2 + (progress.stage == .clean ? 0.5 : 0)
                context.progress(share, "\(progress.rows) \(progress.stage.rawValue) rows")
                context.log("\(progress.stage.rawValue): block \(progress.blocks), \(progress.rows) rows")
            }
            if report.startedAnew { context.log("The file is another one than before; its rows were read anew.") }
            if report.resumedAtRow > 0 { context.log("\(report.resumedAtRow) rows were there already.") }
            if report.invalidCells > 0 {
                context.log("\(report.invalidCells) cells are not of their column's type; data.check will name them.")
            }
            return [
                "dataset": .string(name), "rows": .integer(report.rows), "new_blocks": .integer(report.newBlocks),
                "resumed_at_row": .integer(report.resumedAtRow), "invalid_cells": .integer(report.invalidCells),
                "version": .string(report.version),
            ]
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
            return ["dataset": .string(name), "checks": .int(results.count), "passed": .int(results.count)]
        }
    }
}
