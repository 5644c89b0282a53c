import Core
import Plots

/// What is known of a version, and the card that it makes.
struct CardFacts {
    let subject: CardSubject
    var params: [(name: String, value: String)] = []
    var metrics: [(name: String, value: Double)] = []
    var runTags: [(name: String, value: String)] = []
    var datasets: [(name: String, digest: String)] = []
    var evaluation: JSONValue?
    var shap: JSONValue?
    var model: JSONValue?

    init(_ subject: CardSubject) {
        self.subject = subject
    }

    var card: ModelCard {
        ModelCard(
            title: "\(subject.model), version \(subject.version)",
            sections: [
                summary, said("Intended use", ["intended_use", "out_of_scope"]), data, columns, training, results,
                segments, explanation, said("Limits", ["limits", "ethics"]), origin,
            ]
        )
    }

    /// A tag of the version wins over one of the run.
    private func tag(_ name: String) -> String? {
        subject.tags.last { $0.name == name }?.value ?? runTags.last { $0.name == name }?.value
    }

    private func param(_ name: String) -> String? { params.first { $0.name == name }?.value }

    private func said(_ title: String, _ fields: [String]) -> ModelCard.Section {
        let texts = fields.compactMap { tag(ModelCardMaker.tag($0)) }.filter { !$0.isEmpty }
        let text = texts.isEmpty ? "Nothing was stated." : texts.joined(separator: "\n")
        return ModelCard.Section(title, [.text(text)])
    }

    private var summary: ModelCard.Section {
        var facts: [(name: String, value: String)] = []
        let task = evaluation?["task"]?.stringValue ?? param("task")
        if let task { facts.append(("Task", task)) }
        if let flavor = model?["flavor"]?.stringValue { facts.append(("Library", flavor)) }
        facts.append(("Registered", subject.created.iso8601))
        for field in ["owner", "license"] {
            if let value = tag(ModelCardMaker.tag(field)) {
                facts.append((field.prefix(1).uppercased() + field.dropFirst(), value))
            }
        }
        var blocks: [ModelCard.Block] = subject.description.isEmpty ? [] : [.text(subject.description)]
        blocks.append(.facts(facts))
        return ModelCard.Section("Summary", blocks)
    }

    private var data: ModelCard.Section {
        var facts = datasets.map { (name: "Dataset \($0.name)", value: "version \($0.digest)") }
        if let target = param("target") { facts.append(("Target", target)) }
        for (key, name) in [("training_rows", "Training rows"), ("validation_rows", "Validation rows")] {
            if let value = param(key) { facts.append((name, value)) }
        }
        if let rows = evaluation?["rows"]?.integerValue { facts.append(("Test rows", "\(rows)")) }
        return ModelCard.Section("Data", facts.isEmpty ? [] : [.facts(facts)])
    }

    private var columns: ModelCard.Section {
        guard let inputs = model?["signature"]?["inputs"]?.arrayValue, !inputs.isEmpty else {
            return ModelCard.Section("Inputs and outputs", [])
        }
        let rows = inputs.prefix(LearningLimits.cardRows).map { input in
            [input["name"]?.stringValue ?? "", input["type"]?.stringValue ?? ""]
        }
        var blocks: [ModelCard.Block] = [.table(columns: ["input", "type"], rows: Array(rows))]
        if inputs.count > rows.count { blocks.append(.text("… and \(inputs.count - rows.count) more.")) }
        let outputs = (model?["signature"]?["outputs"]?.arrayValue ?? []).compactMap { $0["name"]?.stringValue }
        var facts: [(name: String, value: String)] = []
        if !outputs.isEmpty { facts.append(("Outputs", outputs.joined(separator: ", "))) }
        let classes = (model?["classes"]?.arrayValue ?? []).compactMap(\.stringValue)
        if !classes.isEmpty { facts.append(("Classes", classes.joined(separator: ", "))) }
        if classes.count == 2, let threshold = model?["threshold"]?.doubleValue {
            facts.append(("Threshold", NumberText.short(threshold)))
        }
        if model?["transform"]?.stringValue != nil {
            facts.append(("Preprocessing", "recorded with the model and applied to raw rows (transform.json)"))
        }
        if !facts.isEmpty { blocks.append(.facts(facts)) }
        return ModelCard.Section("Inputs and outputs", blocks)
    }

    private var training: ModelCard.Section {
        let rows = params.sorted { $0.name < $1.name }.prefix(LearningLimits.cardRows).map { [$0.name, $0.value] }
        return ModelCard.Section("Training", rows.isEmpty ? [] : [.table(columns: ["parameter", "value"], rows: rows)])
    }

    private var results: ModelCard.Section {
        var rows: [[String]] = []
        let intervals = evaluation?["intervals"]?.objectValue ?? [:]
        for (name, value) in evaluation?["metrics"]?.objectValue?.pairs ?? [] {
            guard let number = value.doubleValue else { continue }
            let interval = intervals[name].flatMap { interval -> String? in
                guard let low = interval["low"]?.doubleValue, let high = interval["high"]?.doubleValue else {
                    return nil
                }
                return "\(NumberText.short(low)) to \(NumberText.short(high))"
            }
            rows.append([name, NumberText.short(number), interval ?? ""])
        }
        guard !rows.isEmpty else {
            let known = metrics.sorted { $0.name < $1.name }.prefix(LearningLimits.cardRows)
            let table = known.map { [$0.name, NumberText.short($0.value)] }
            return ModelCard.Section(
                "Results",
                table.isEmpty
                    ? []
                    : [
                        .text("The model was not judged on test rows."),
                        .table(columns: ["metric", "value"], rows: table),
                    ]
            )
        }
        var blocks: [ModelCard.Block] = [
            .table(columns: ["metric", "on the test rows", "95 % interval (bootstrap)"], rows: rows)
        ]
        if let matrix = evaluation?["confusion_matrix"]?.arrayValue,
            let classes = evaluation?["classes"]?.arrayValue?.compactMap(\.stringValue), matrix.count == classes.count,
            classes.count <= 20
        {
            let counts = matrix.enumerated().map { index, row in
                [classes[index]] + (row.arrayValue ?? []).map(\.description)
            }
            blocks.append(.table(columns: ["true \\ predicted"] + classes, rows: counts))
        }
        return ModelCard.Section("Results", blocks)
    }

    private var segments: ModelCard.Section {
        let segments = evaluation?["segments"]?.arrayValue ?? []
        guard let first = segments.first?["metrics"]?.objectValue else { return ModelCard.Section("By segment", []) }
        let names = Array(first.keys.prefix(4))
        let rows = segments.prefix(LearningLimits.cardRows).map { segment in
            [
                segment["column"]?.stringValue ?? "", segment["segment"]?.stringValue ?? "",
                segment["rows"]?.description ?? "",
            ] + names.map { segment["metrics"]?[$0]?.doubleValue.map(NumberText.short) ?? "" }
        }
        return ModelCard.Section(
            "By segment",
            [.table(columns: ["column", "segment", "rows"] + names, rows: Array(rows))]
        )
    }

    private var explanation: ModelCard.Section {
        let pairs = shap?["mean_absolute_contribution"]?.objectValue?.pairs ?? []
        let rows = pairs.prefix(LearningLimits.cardFeatures).map { name, value in
            [name, value.doubleValue.map(NumberText.short) ?? ""]
        }
        let unit = shap?["unit"]?.stringValue ?? ""
        return ModelCard.Section(
            "What moves its answers",
            rows.isEmpty ? [] : [.table(columns: ["feature", "mean size of SHAP values (\(unit))"], rows: Array(rows))]
        )
    }

    private var origin: ModelCard.Section {
        var facts: [(name: String, value: String)] = [("Source", subject.source)]
        if let runID = subject.runID { facts.append(("Run", runID)) }
        for (key, name) in [
            ("mlflow.source.name", "Made by"), ("mlflow.source.git.commit", "Code"), ("mlflow.user", "User"),
        ] {
            if let value = tag(key) { facts.append((name, value)) }
        }
        if let file = model?["file"]?.stringValue, let sum = model?["checksums"]?[file]?.stringValue {
            facts.append(("SHA-256 of \(file)", sum))
        }
        return ModelCard.Section("Where it comes from", [.facts(facts)])
    }
}
