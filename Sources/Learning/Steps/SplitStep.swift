import Core
import Datasets

/// `learning.split`: writes a part's name to every row of a dataset.
struct SplitStep: Sendable {
    let datasets: DatasetStore

    static let parameters = [
        StepParameter("dataset", "The dataset's name under 'data:'.", isRequired: true),
        StepParameter("train", "The share of the training rows; default is the dataset's own 'split'."),
        StepParameter("validation", "The share of the rows that trials are judged on."),
        StepParameter("test", "The share of the rows that the final model is judged on."),
        StepParameter("stratify", "The column whose values keep their shares; the target by default."),
        StepParameter("seed", "The seed of the division, 0 by default."),
    ]

    func run(_ context: StepContext) async throws -> JSONObject {
        let fields = JSONFields(context.parameters, path: "with")
        try fields.rejectUnknown(Self.parameters.map(\.name))
        let name = try fields.string("dataset")
        let rows = try await datasets.rowSet(name)
        let plan = try await plan(fields, name, rows)
        let groups = try Self.groups(plan.stratify, rows.table)
        let assignment = try StratifiedSplit.assign(
            groups: groups,
            parts: plan.parts.map { ($0.name, $0.fraction) },
            seed: plan.seed
        )
        try Task.checkCancellation()
        let parts = assignment.map { plan.parts[$0].name }
        try await datasets.assignSplit(name, assignments: Dictionary(uniqueKeysWithValues: zip(rows.ids, parts)))
        let counts = plan.parts.map { part in (part.name, JSONValue.int(parts.count { $0 == part.name })) }
        let text = counts.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
        context.log("\(rows.ids.count) rows of '\(name)': \(text)" + (plan.stratify.map { ", by \($0)" } ?? ""))
        context.progress(1, text)
        return [
            "dataset": .string(name), "rows": .int(rows.ids.count), "parts": .object(JSONObject(counts)),
            "seed": .int(plan.seed), "version": .string(rows.version),
        ]
    }

    /// Shares in `with:` win over the dataset's own split.
    private func plan(_ fields: JSONFields, _ name: String, _ rows: DatasetRows) async throws -> SplitSpec {
        let given = ["train", "validation", "test"].filter { fields.value($0) != nil }
        let declared = given.isEmpty ? try await datasets.spec(name).split : nil
        guard declared != nil || !given.isEmpty else {
            throw MartletError(
                .invalidArgument,
                "The dataset '\(name)' declares no 'split'; give shares in 'with', such as train: 0.6, validation: 0.2, test: 0.2."
            )
        }
        var parts = declared?.parts ?? []
        for part in given {
            parts.append(SplitSpec.Part(name: part, fraction: try fields.double(part, in: 0.001...1)))
        }
        let seed = try fields.optionalInt("seed", in: 0 ... .max).map { UInt64($0) } ?? declared?.seed ?? 0
        let stratify = try fields.optionalString("stratify") ?? declared?.stratify ?? rows.target?.column
        return SplitSpec(parts: parts, stratify: stratify, seed: seed)
    }

    /// The value of the stratifying column in each row, as text.
    private static func groups(_ column: String?, _ table: Table) throws -> [String] {
        guard let column else { return Array(repeating: "", count: table.rowCount) }
        return switch try table.column(column).values {
        case .integers(let values): values.map { $0.map(String.init) ?? "" }
        case .strings(let values): values.map { $0 ?? "" }
        case .numbers(let values): values.map { "\($0)" }
        }
    }
}
