import Core
import Ledger
import Lineage
import Pipelines
import Registry
import Rollouts
import Serving
import Storage
import Tracking

/// What a walk asks the features: what holds now, and what was there before lineage was kept.
extension LineageWiring {
    /// Walks over a house's stores.
    ///
    /// - Parameters:
    ///   - stores: where lineage, runs and versions are.
    ///   - ledger: the predictions, which are written a moment after they were answered.
    ///   - ledgerStore: where they are then.
    /// - Returns: what answers `martlet lineage`.
    static func service(stores: Stores, ledger: PredictionLedger, ledgerStore: LedgerStore) -> LineageService {
        let deployments = DeploymentStore(database: stores.database)
        let lineage = LineageStore(database: stores.database)
        return LineageService(
            store: lineage,
            sources: LineageSources(
                prediction: { id in
                    try await ledger.flush()
                    guard let row = try await ledgerStore.find(id) else { return nil }
                    guard let model = try await model(of: row, deployments, lineage) else { return nil }
                    return (model, facts(of: row))
                },
                present: { try await present($0, stores, deployments) },
                unrecorded: { try await unrecorded($0, $1, stores, deployments) },
                meant: { try await meant($0, stores) }
            )
        )
    }

    private static func facts(of row: LedgerRecord) -> JSONObject {
        [
            "deployment": .string(row.deployment), "version": .int(row.version), "arm": .string(row.arm.rawValue),
            "prediction": .string(row.prediction), "label": .optional(row.label),
            "created_at": .integer(row.createdAt.milliseconds),
        ]
    }

    /// The version that made a prediction: the deployment's model, or what is recorded of a deployment that is gone.
    private static func model(
        of row: LedgerRecord,
        _ deployments: DeploymentStore,
        _ lineage: LineageStore
    ) async throws -> LineageNode? {
        if let deployment = try await deployments.all().first(where: { $0.spec.name == row.deployment }) {
            return .model(deployment.spec.model, row.version)
        }
        let served = try await lineage.edges(
            of: [LineageNode(.deployment, row.deployment)],
            .up,
            limit: LineageLimits.recordedEdges
        )
        return served.map(\.source).first { $0.kind == .model && $0.key.hasSuffix("/\(row.version)") }
    }

    // MARK: - What holds now

    private static func present(
        _ nodes: [LineageNode],
        _ stores: Stores,
        _ deployments: DeploymentStore
    ) async throws -> [LineageNode: JSONObject] {
        var found: [LineageNode: JSONObject] = [:]
        for (node, names) in try await Self.live(deployments) where nodes.contains(node) {
            found[node] = ["live": .array(names.map { .string($0) })]
        }
        for node in nodes {
            switch node.kind {
            case .model:
                guard let (name, number) = version(node) else { continue }
                let known = try await ifThere { try await stores.registry.version(name, number) }
                let facts = known.map { Self.facts(of: $0) } ?? ["deleted": true]
                for (key, value) in facts.pairs { found[node, default: [:]][key] = value }
            case .training:
                let known = try await ifThere { try await stores.tracking.run(node.key) }
                found[node] = known.map { facts(of: $0) } ?? ["deleted": true]
            default: break
            }
        }
        return found
    }

    /// The versions that take traffic, with their deployments.
    private static func live(_ store: DeploymentStore) async throws -> [LineageNode: [String]] {
        var live: [LineageNode: [String]] = [:]
        for deployment in try await store.all() {
            let machine = try await store.rollouts(deployment.spec.name, limit: 1).first?.machine
            let candidate = machine.flatMap { $0.isActive ? $0.candidate : nil }
            for version in Set([deployment.stable, candidate].compactMap(\.self)).sorted() {
                live[.model(deployment.spec.model, version), default: []].append(deployment.spec.name)
            }
        }
        return live
    }

    private static func facts(of version: ModelVersion) -> JSONObject {
        version.aliases.isEmpty ? [:] : ["aliases": .array(version.aliases.map { .string($0) })]
    }

    private static func facts(of run: Run) -> JSONObject {
        var facts: JSONObject = [
            "name": .string(run.info.name), "experiment": .string(run.info.experimentID),
            "state": .string(run.info.status.rawValue), "user": .string(run.info.userID),
        ]
        if let commit = run.tag("mlflow.source.git.commit") { facts["commit"] = .string(commit) }
        if run.info.lifecycle != .active { facts["deleted"] = true }
        return facts
    }

    /// A thing, or nil when there is none of that name.
    private static func ifThere<Thing>(_ read: () async throws -> Thing) async throws -> Thing? {
        do {
            return try await read()
        } catch let error as MartletError where error.code == .notFound || error.code == .invalidArgument {
            return nil
        }
    }

    // MARK: - What was not recorded

    /// Versions from before lineage was kept, and what runs under way have read so far.
    private static func unrecorded(
        _ nodes: [LineageNode],
        _ direction: LineageDirection,
        _ stores: Stores,
        _ deployments: DeploymentStore
    ) async throws -> [LineageEdge] {
        var edges: [LineageEdge] = []
        for node in nodes where direction == .up {
            switch node.kind {
            case .model:
                guard let (name, number) = version(node) else { continue }
                let version = try await ifThere { try await stores.registry.version(name, number) }
                guard let run = version?.runID, !run.isEmpty else { continue }
                edges.append(LineageEdge(LineageNode(.training, run), .registered, node))
            case .training:
                let run = try await ifThere { try await stores.tracking.run(node.key) }
                for dataset in run?.datasets ?? [] {
                    let data = try await stores.database.read { connection in
                        try LineageWiring.dataset(connection, dataset.name, dataset.digest)
                    }
                    edges.append(LineageEdge(data, .read, node))
                }
            default: break
            }
        }
        guard direction == .down, nodes.contains(where: { $0.kind == .model }) else { return edges }
        for (node, names) in try await live(deployments) where nodes.contains(node) {
            for name in names { edges.append(LineageEdge(node, .served, LineageNode(.deployment, name))) }
        }
        return edges
    }

    // MARK: - Names

    /// `name/3` in its parts; a name may hold slashes itself.
    private static func version(_ node: LineageNode) -> (name: String, number: Int)? {
        guard let slash = node.key.lastIndex(of: "/") else { return nil }
        guard let number = Int(node.key[node.key.index(after: slash)...]) else { return nil }
        return (String(node.key[..<slash]), number)
    }

    /// The version behind `model:name@alias`.
    private static func meant(_ node: LineageNode, _ stores: Stores) async throws -> LineageNode? {
        guard node.kind == .model, version(node) == nil else { return nil }
        guard let at = node.key.lastIndex(of: "@") else {
            throw MartletError(
                .invalidArgument,
                "'\(node)' names no version; write model:\(node.key)/3, or model:\(node.key)@production."
            )
        }
        let name = String(node.key[..<at])
        let alias = String(node.key[node.key.index(after: at)...])
        return .model(name, try await stores.registry.resolve(alias: alias, of: name))
    }
}
