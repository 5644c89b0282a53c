import Artifacts
import Core
import Datasets
import Learning
import Registry

/// `registry.champion`: the best of several tuned models becomes a version and takes the alias, if it beats the present one.
///
/// All are judged on the same rows, through the runtime that will serve them. The present champion keeps its alias when
/// no candidate is better by `min_delta`; then nothing is registered.
enum ChampionStep {
    private static let parameters = [
        StepParameter("model", "The registered model; created if there is none.", isRequired: true),
        StepParameter("dataset", "The dataset on which all are judged.", isRequired: true),
        StepParameter("alias", "The champion's alias, 'production' by default."),
        StepParameter("metric", "What the champion is best at: accuracy by default."),
        StepParameter("test", "The part of the split to judge on, 'test' by default."),
        StepParameter("min_delta", "How much better a candidate must be than the present champion, 0 by default."),
    ]
    /// Most models that are compared.
    private static let mostCandidates = 32

    static func make(stores: Stores) -> BuiltinStep {
        BuiltinStep(
            name: "registry.champion",
            summary: "Judges the models of the needed tasks and the present champion, and registers the best.",
            parameters: parameters
        ) { context in
            try await run(context, stores)
        }
    }

    /// One model and what it is worth.
    private struct Contender: Sendable {
        let name: String
        let outputs: JSONObject
        let path: String
    }

    private static func run(_ context: StepContext, _ stores: Stores) async throws -> JSONObject {
        let fields = JSONFields(context.parameters, path: "with")
        try fields.rejectUnknown(parameters.map(\.name))
        let (model, dataset) = (try fields.string("model"), try fields.string("dataset"))
        let alias = try fields.optionalString("alias") ?? "production"
        let metric = try fields.optionalString("metric") ?? "accuracy"
        let delta = try fields.optionalDouble("min_delta") ?? 0
        let candidates = try await contenders(context, stores)
        let rows = try await stores.datasets.rowSet(dataset, split: try fields.optionalString("test") ?? "test")
        guard let target = rows.target else {
            throw MartletError(.failedPrecondition, "The dataset '\(dataset)' declares no target to judge by.")
        }
        var found: [(contender: Contender, value: Double)] = []
        for contender in candidates {
            let value = try await value(contender.path, metric, rows.table, target)
            context.log("\(contender.name): \(metric) \(text(value)) on \(rows.table.rowCount) rows")
            found.append((contender, value))
        }
        let isLow = ["log_loss", "rmse"].contains(metric)
        let order = found.sorted { isLow ? $0.value < $1.value : $0.value > $1.value }
        guard let best = order.first else { throw MartletError(.internal, "There is no candidate.") }
        let present = try await champion(model, alias, stores)
        var json: JSONObject = [
            "model": .string(model), "alias": .string(alias), "metric": .string(metric),
            "candidate": .string(best.contender.name), "candidate_value": .number(best.value),
            "candidates": .object(JSONObject(found.map { ($0.contender.name, .number($0.value)) })),
        ]
        if let present, present.task != "\(context.runID)/\(context.task)" {
            let path = try await stores.artifacts.localURL(present.path)
            let value = try await value(path, metric, rows.table, target)
            let gain = isLow ? value - best.value : best.value - value
            json["champion_version"] = .int(present.version)
            json["champion_value"] = .number(value)
            context.log("the champion, version \(present.version): \(metric) \(text(value))")
            guard gain > delta else {
                context.log(
                    "\(best.contender.name) is not better by more than \(text(delta)): version \(present.version) stays."
                )
                json["registered"] = false
                json["version"] = .int(present.version)
                return json
            }
        }
        var outputs = best.contender.outputs
        outputs["metrics"] = .object([metric: .number(best.value)])
        // A retry after a crash between registering and recording must not make a second version.
        let version = try await RegistrySteps.register(
            outputs,
            as: model,
            tags: [taskTag: "\(context.runID)/\(context.task)", "martlet.pipeline": context.pipeline],
            uniqueTag: taskTag,
            description: "Best by \(metric) of \(found.count): \(best.contender.name).",
            in: stores.registry
        )
        try await stores.registry.setAlias(model: model, alias: alias, version: version.version)
        context.log("\(best.contender.name) is version \(version.version); alias '\(alias)' points to it.")
        json["registered"] = true
        json["version"] = .int(version.version)
        json["run_id"] = .string(version.runID)
        return json
    }

    private static let taskTag = "martlet.task"

    private static func contenders(_ context: StepContext, _ stores: Stores) async throws -> [Contender] {
        var found: [Contender] = []
        for task in context.upstream.keys.sorted() {
            guard let outputs = context.upstream[task], let path = outputs["model_path"]?.stringValue else { continue }
            let local = try await stores.artifacts.localURL(ArtifactPath(validating: path))
            found.append(Contender(name: task, outputs: outputs, path: local))
        }
        guard !found.isEmpty, found.count <= mostCandidates else {
            throw MartletError(
                .failedPrecondition,
                "'\(context.task)' found \(found.count) models among the tasks it needs; need 1 to \(mostCandidates) tasks"
                    + " that train one."
            )
        }
        return found
    }

    private static func champion(
        _ model: String,
        _ alias: String,
        _ stores: Stores
    ) async throws -> (version: Int, path: ArtifactPath, task: String?)? {
        do {
            let number = try await stores.registry.resolve(alias: alias, of: model)
            let record = try await stores.registry.version(model, number)
            return (number, try record.artifactPath, record.tags.first { $0.key == taskTag }?.value)
        } catch let error as MartletError where error.code == .notFound || error.code == .invalidArgument {
            // The first champion has nobody to beat.
            return nil
        }
    }

    private static func value(
        _ path: String,
        _ metric: String,
        _ table: Table,
        _ target: DatasetTarget
    ) async throws -> Double {
        let model = try await ExplainedModel.open(path)
        do {
            let value = try await ModelExplainer(model).score(
                metric,
                on: table,
                target: target.column,
                classes: target.classes
            )
            await model.close()
            return value
        } catch {
            await model.close()
            throw error
        }
    }

    private static func text(_ value: Double) -> String {
        "\((value * 10_000).rounded() / 10_000)"
    }
}
