package import Core
import Ledger

/// The pipeline step `serving.labelled`: what a deployment was asked and how it came out, as a dataset to train on.
package enum LabelledStep {
    /// Makes the step.
    ///
    /// - Parameters:
    ///   - ledger: where predictions and labels are.
    ///   - deployments: tells the names of the model's columns.
    ///   - store: replaces the rows of a dataset, given the target's column and its classes by index.
    /// - Returns: a step whose outputs are `dataset`, `rows`, `duplicates` and, when there are rows, `first_at`/`last_at`.
    package static func make(
        ledger: PredictionLedger,
        deployments: DeploymentTable,
        store:
            @escaping @Sendable (_ dataset: String, _ rows: Table, _ target: String, _ classes: [String])
            async throws -> Void
    ) -> BuiltinStep {
        BuiltinStep(
            name: "serving.labelled",
            summary: "Exports the labelled predictions of a deployment as a dataset.",
            parameters: [
                StepParameter("deployment", "the deployment whose predictions are exported", isRequired: true),
                StepParameter("dataset", "the dataset that receives the rows", isRequired: true),
                StepParameter("since", "earliest prediction in milliseconds since 1970; 0 for all"),
                StepParameter("target", "name of the column that receives the label; 'target' by default"),
                StepParameter("only_drifted", "whether only predictions made during drift are exported"),
                StepParameter("minimum", "fewest rows to export; fewer fail the step; 1 by default"),
            ],
            run: { context in
                let fields = JSONFields(context.parameters, path: "with")
                let deployment = try fields.string("deployment")
                let dataset = try fields.string("dataset")
                let target = try fields.optionalString("target") ?? "target"
                let minimum = try fields.optionalInt("minimum", in: 1...Int64(LedgerLimits.exportRows)) ?? 1
                let model = try await deployments.find(deployment).ready().stable.load().loaded
                let columns = model.inputs
                let records = try await ledger.labelledRows(
                    deployment,
                    since: try since(fields),
                    onlyDrifted: try fields.optionalBool("only_drifted") ?? false
                )
                let (kept, duplicates) = unique(records.filter { $0.features.count == columns.count })
                guard kept.count >= minimum else {
                    throw MartletError(
                        .failedPrecondition,
                        "'\(deployment)' has \(kept.count) labelled predictions to export; at least \(minimum) are "
                            + "needed. Labels come by POST /feedback."
                    )
                }
                try await store(dataset, try table(kept, columns, target), target, model.classes)
                context.log(
                    "exported \(kept.count) labelled rows of '\(deployment)', \(duplicates) duplicates left out"
                )
                return [
                    "dataset": .string(dataset), "rows": .int(kept.count), "duplicates": .int(duplicates),
                    "first_at": .optional(kept.first?.createdAt.milliseconds),
                    "last_at": .optional(kept.last?.createdAt.milliseconds),
                ]
            }
        )
    }

    /// `since` as a number, or as text when it was substituted from a parameter.
    private static func since(_ fields: JSONFields) throws(MartletError) -> Timestamp {
        guard let value = fields.value("since") else { return Timestamp(milliseconds: 0) }
        guard let milliseconds = value.integerValue ?? value.stringValue.flatMap({ Int64($0) }), milliseconds >= 0
        else {
            throw fields.invalid("since", "must be milliseconds since 1970, or 0")
        }
        return Timestamp(milliseconds: milliseconds)
    }

    /// The records without those whose features and label repeat an earlier one's.
    private static func unique(_ records: [LedgerRecord]) -> ([LedgerRecord], duplicates: Int) {
        struct Key: Hashable {
            let bits: [UInt32]
            let label: String?
        }
        var seen: Set<Key> = []
        let kept = records.filter { record in
            seen.insert(Key(bits: record.features.map(\.bitPattern), label: record.label)).inserted
        }
        return (kept, records.count - kept.count)
    }

    private static func table(_ records: [LedgerRecord], _ columns: [String], _ target: String) throws(MartletError)
        -> Table
    {
        guard !columns.contains(target) else {
            throw MartletError(.invalidArgument, "'with.target': '\(target)' is a feature of the model already.")
        }
        var table = columns.enumerated().map { position, name in
            Column(name: name, values: .numbers(records.map { LedgerRecord.shortest($0.features[position]) }))
        }
        table.append(Column(name: target, values: .strings(records.map(\.label))))
        return try Table(columns: table)
    }
}
