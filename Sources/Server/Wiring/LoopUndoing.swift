import Core
import Loop
import Pipelines
import Registry
import Rollouts
import Serving

/// Stops what a cancelled loop has under way; asked again it finds everything stopped.
struct LoopUndoing: Sendable {
    let wiring: LoopWiring

    /// Stops the run, the rollout and the move of the alias, whichever there is.
    @Sendable func undo(_ order: UndoOrder) async throws -> Undone {
        var lines: [String] = []
        if let line = try await stopRun(order) { lines.append(line) }
        guard let version = try await version(order) else { return Undone(lines) }
        if let line = try await stopRollout(order, version) {
            lines.append(line)
        } else if try await isPromoted(order, version) {
            return Undone(lines + ["Version \(version) serves all traffic already."], isPromoted: true)
        }
        if let line = try await moveBack(order, version) { lines.append(line) }
        lines.append("Version \(version) stays registered.")
        return Undone(lines)
    }

    /// A run that was asked for is found by its key, also when nobody recorded its id.
    private func stopRun(_ order: UndoOrder) async throws -> String? {
        guard let run = try await wiring.pipelines.run(key: order.pipelineKey) else { return nil }
        guard !run.state.isFinal else { return nil }
        do {
            try await wiring.pipelines.cancel(run.id)
        } catch let error as MartletError where error.code == .failedPrecondition {
            return nil
        }
        return "The pipeline run \(run.id) was cancelled."
    }

    private func version(_ order: UndoOrder) async throws -> Int? {
        if let version = order.version { return version }
        do {
            return try await wiring.stores.registry.versions(of: order.model).first { version in
                version.tag(LoopWiring.loopTag) == order.versionKey
            }?.version
        } catch let error as MartletError where error.code == .notFound {
            return nil
        }
    }

    private func stopRollout(_ order: UndoOrder, _ version: Int) async throws -> String? {
        let found = try await wiring.deployments.rollout(model: order.model, alias: order.alias, version: version)
        guard let record = found, record.machine.isActive else { return nil }
        do {
            try await wiring.deployments.command(.abort, record.deployment, by: order.by)
        } catch let error as MartletError where error.code == .failedPrecondition {
            return nil
        }
        return "The rollout of version \(version) by \(record.deployment) was aborted."
    }

    private func isPromoted(_ order: UndoOrder, _ version: Int) async throws -> Bool {
        await wiring.deployments.serves(model: order.model, alias: order.alias, version: version)
    }

    /// The alias, when no deployment has taken up its move and none has moved it back.
    private func moveBack(_ order: UndoOrder, _ version: Int) async throws -> String? {
        let registry = wiring.stores.registry
        guard try await wiring.aliasVersion(order.model, order.alias) == version else { return nil }
        guard let champion = order.champion else {
            try await registry.deleteAlias(model: order.model, alias: order.alias)
            return "The alias '\(order.alias)' was removed from version \(version)."
        }
        try await registry.setAlias(model: order.model, alias: order.alias, version: champion)
        return "The alias '\(order.alias)' was moved back to version \(champion)."
    }
}
