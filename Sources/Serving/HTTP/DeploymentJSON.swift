package import Core
import Ledger
import Rollouts

extension DeploymentStatus {
    /// The deployment as the API shows it.
    package var json: JSONValue {
        var object: JSONObject = [
            "name": .string(spec.name),
            "follows": .string(spec.reference.uri),
            "spec": spec.json,
            "ready": .bool(isReady),
            "stable_version": .optional(stable.map { Int64($0) }),
            "candidate_version": .optional(candidate.map { Int64($0) }),
            "candidate_percent": .int(candidate == nil ? 0 : plan?.candidatePercent ?? 0),
            "serving_since": .optional(servingSince?.milliseconds),
            "versions": .array(versions.map(\.json)),
            "rejected": .array(
                rejections.sorted { $0.key < $1.key }.map { ["version": .int($0.key), "reason": .string($0.value)] }
            ),
        ]
        if let previousUntil { object["previous_until"] = .integer(previousUntil.milliseconds) }
        if let plan { object["traffic"] = plan.json }
        if let rollout { object["rollout"] = rollout.json }
        if let waitsFor = rollout?.waitsFor { object["waits_for"] = .string(waitsFor) }
        if let message { object["message"] = .string(message) }
        return .object(object)
    }
}

extension TrafficPlan {
    /// The plan in force as the API shows it: who gets what, by number of version.
    var json: JSONValue {
        var object: JSONObject = [
            "shares": .array(shares.map { ["version": .int($0.version), "percent": .number($0.percent)] })
        ]
        switch base.sticky {
        case .requestID: object["sticky"] = "request_id"
        case .header(let name): object["sticky"] = ["header": .string(name)]
        case .input(let column): object["sticky"] = ["input": .string(column)]
        }
        object["routes"] = .array(
            base.routes.map { route in
                var entry: JSONObject = ["header": .string(route.header)]
                switch route.match {
                case .equals(let text): entry["equals"] = .string(text)
                case .prefix(let text): entry["prefix"] = .string(text)
                case .present: entry["present"] = true
                }
                entry["version"] = .int(route.version)
                return .object(entry)
            }
        )
        var shadows: [JSONValue] = base.shadows.map { ["version": .int($0.target), "percent": .int($0.percent)] }
        if shadowPercent > 0, let candidate {
            shadows.append(["version": .int(candidate), "percent": .int(shadowPercent), "paired_with": .int(stable)])
        }
        object["shadows"] = .array(shadows)
        return .object(object)
    }
}

extension DeploymentStatus.Version {
    var json: JSONValue {
        func microseconds(_ quantile: Double) -> JSONValue {
            stats.latency.quantile(quantile).map { .number(Double($0) / 1000) } ?? .null
        }
        return [
            "version": .int(version), "role": .string(role), "percent": .int(percent), "share": .number(share),
            "shadow": .bool(isShadow), "in_service": .bool(isInService),
            "requests": .int(stats.requests), "rows": .int(stats.rows), "errors": .int(stats.errors),
            "latency_us": ["p50": microseconds(0.5), "p95": microseconds(0.95), "p99": microseconds(0.99)],
        ]
    }
}

extension DeploymentStatus.Rollout {
    var json: JSONValue {
        guard case .object(var object) = RolloutRecord(id: id, deployment: "", machine: machine).json else {
            return .null
        }
        object["deployment"] = nil
        object["evidence"] = machine.evidence.json
        object["checks"] = .array(
            checks.map {
                ["check": .string($0.check), "outcome": .string($0.outcome.rawValue), "detail": .string($0.detail)]
            }
        )
        return .object(object)
    }
}

extension RolloutRecord {
    /// The rollout as the API shows it.
    package var json: JSONValue {
        var object: JSONObject = [
            "id": .string(id),
            "deployment": .string(deployment),
            "stable_version": .int(machine.stable),
            "candidate_version": .optional(machine.candidate.map { Int64($0) }),
            "state": .string(machine.state.name),
            "step": .optional(machine.step.map { Int64($0) }),
            "candidate_percent": .int(machine.state == .promoted ? 100 : machine.plan.candidatePercent),
            "started_at": .integer(machine.startedAt.milliseconds),
            "step_started_at": .integer(machine.stepStartedAt.milliseconds),
        ]
        if let reason = machine.state.reason {
            object["reason"] = ["code": .string(reason.code), "message": .string(reason.message)]
        }
        return .object(object)
    }
}

extension DeploymentEvent {
    /// The event as the API shows it.
    package var json: JSONValue {
        var object: JSONObject = ["seq": .integer(seq), "at": .integer(at.milliseconds), "note": .string(note)]
        if let rollout { object["rollout"] = .string(rollout) }
        if let evidence { object["evidence"] = evidence }
        return .object(object)
    }
}

extension DeploymentRevision {
    /// The revision as the API shows it.
    package var json: JSONValue {
        ["revision": .integer(revision), "version": .int(version), "since": .integer(since.milliseconds)]
    }
}

extension QualityWindow {
    /// The window as the API shows it.
    package var json: JSONValue {
        [
            "start_time": .integer(start.milliseconds), "version": .int(version), "predictions": .int(predictions),
            "labelled": .int(labelled), "correct": .int(correct),
            "accuracy": labelled == 0 ? .null : .number(accuracy),
        ]
    }
}
