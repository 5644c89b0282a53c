import Core
import Foundation
import Ledger
import Rollouts
import Serving

extension DeploymentLoader {
    /// The present or last rollout with its evidence.
    static func rollout(_ status: DeploymentStatus, now: Timestamp) -> RolloutView? {
        guard let rollout = status.rollout, let candidate = rollout.machine.candidate else { return nil }
        let machine = rollout.machine
        let (tone, state) = state(of: machine)
        return RolloutView(
            title: machine.spec.strategy == .comparison
                ? "Version \(candidate) against version \(machine.stable)"
                : "Version \(candidate) replaces version \(machine.stable)",
            tone: tone,
            state: state,
            began: TimeText(machine.startedAt, now: now),
            strategy: words(machine.spec.strategy),
            waits: waits(rollout, now: now),
            reason: machine.state.reason.map { "\(sentence($0.code)): \($0.message)." } ?? "",
            steps: steps(machine, now: now),
            checks: rollout.checks.map(check),
            arms: arms(machine, candidate)
        )
    }

    private static func state(of machine: RolloutStateMachine) -> (Tone, String) {
        let percent = machine.plan.candidatePercent
        return switch machine.state {
        case .idle: (.idle, "idle")
        case .progressing: (.live, "collecting evidence at \(percent)%")
        case .baking: (.live, "baking at \(percent)%")
        case .awaitingConfirmation: (.warn, "awaits confirmation at \(percent)%")
        case .paused: (.warn, "paused at \(percent)%")
        case .inconclusive: (.warn, "inconclusive at \(percent)%")
        case .promoting: (.live, "promoting")
        case .watching: (.live, "promoted, watched")
        case .rolledBack: (.bad, "rolled back")
        case .promoted: (.good, "promoted")
        case .aborted: (.warn, "ended by hand")
        }
    }

    /// What a rollout waits for, with the bake time or the rollback window that is left; empty when it is over.
    static func waits(_ rollout: DeploymentStatus.Rollout, now: Timestamp) -> String {
        let machine = rollout.machine
        guard let step = machine.step else { return "" }
        let spent = max(.zero, now - machine.stepStartedAt)
        let left = machine.spec.stage(step).bake - spent
        let time = left > .zero ? TimeText.took(left) : ""
        let what = rollout.waitsFor ?? machine.waitsFor(now: now)
        switch machine.state {
        case .watching:
            let window =
                time.isEmpty ? "the next look" : "\(time) more, while checks go on and the version before is ready"
            return what.map { "Watched for \(window); waits for \($0)." } ?? "Watched for \(window)."
        case .progressing, .baking:
            guard let what else { return time.isEmpty ? "" : "Bakes for \(time) more." }
            return time.isEmpty ? "Waits for \(what)." : "Waits for \(what), and bakes for \(time) more."
        default: return what.map { "Waits for \($0)." } ?? ""
        }
    }

    /// A reason's or check's code as the beginning of a sentence.
    static func sentence(_ code: String) -> String {
        let words = code.replacing("_", with: " ")
        return words.prefix(1).uppercased() + words.dropFirst()
    }

    private static func steps(_ machine: RolloutStateMachine, now: Timestamp) -> [RolloutSteps.Step] {
        let stages = machine.spec.stages
        var steps = stages.indices.map { index in
            let stage = machine.spec.stage(index)
            let isGate = !machine.spec.gates.isOpen && index == 0
            return step(isGate ? "gate" : name(of: stage), index, stage, machine, now: now)
        }
        if machine.spec.rollbackWindow > .zero {
            let stage = machine.spec.stage(machine.spec.watchStage)
            steps.append(step("watch", machine.spec.watchStage, stage, machine, now: now))
        }
        return steps
    }

    private static func name(of stage: RolloutStage) -> String {
        stage.percent == 0 ? "shadow" : "\(stage.percent)%"
    }

    private static func step(
        _ name: String,
        _ index: Int,
        _ stage: RolloutStage,
        _ machine: RolloutStateMachine,
        now: Timestamp
    ) -> RolloutSteps.Step {
        let requests = machine.evidence.step(index).candidate.requests
        let seen = requests > 0 ? "\(NumberText.count(requests)) requests" : ""
        switch machine.state {
        case .idle: return .init(name, .ahead, detail: ahead(stage))
        case .promoted: return .init(name, .done, detail: seen)
        case .promoting:
            return stage.isWatch ? .init(name, .ahead, detail: ahead(stage)) : .init(name, .done, detail: seen)
        case .rolledBack, .aborted:
            let reached = max(0, machine.evidence.steps.count - 1)
            return .init(name, index < reached ? .done : (index == reached ? .failed : .ahead), detail: seen)
        default:
            guard let present = machine.step, index >= present else { return .init(name, .done, detail: seen) }
            guard index == present else { return .init(name, .ahead, detail: ahead(stage)) }
            let time = TimeText.took(max(.zero, now - machine.stepStartedAt))
            if stage.isWatch { return .init(name, .now, detail: "\(time) of \(TimeText.took(stage.bake))") }
            guard stage.minimumSamples > 0 else { return .init(name, .now, detail: time) }
            return .init(name, .now, detail: "\(time) · \(requests) of \(stage.minimumSamples) requests")
        }
    }

    private static func ahead(_ stage: RolloutStage) -> String {
        if stage.isWatch { return "checks go on for \(TimeText.took(stage.bake))" }
        var parts: [String] = []
        if stage.minimumSamples > 0 { parts.append("\(stage.minimumSamples) requests") }
        if stage.bake > .zero { parts.append(TimeText.took(stage.bake)) }
        if stage.needsConfirmation { parts.append("confirmation") }
        return parts.joined(separator: ", ")
    }

    static func check(_ result: CheckResult) -> RolloutView.Check {
        let tone: Tone
        switch result.outcome {
        case .pass: tone = .good
        case .fail: tone = .bad
        case .undecided: tone = .idle
        }
        return .init(
            name: sentence(result.check),
            tone: tone,
            verdict: result.outcome.rawValue,
            detail: result.detail,
            figures: figures(result.figures),
            towards: towards(result.figures)
        )
    }

    private static func figures(_ figures: CheckResult.Figures) -> [(label: String, value: String)] {
        var found: [(label: String, value: String)] = []
        if let value = figures.estimate, value.isFinite { found.append(("candidate", NumberText.value(value))) }
        if let value = figures.reference, value.isFinite { found.append(("stable", NumberText.value(value))) }
        if let value = figures.threshold, value.isFinite { found.append(("tolerated", NumberText.value(value))) }
        if let logE = figures.logE, !logE.isNaN {
            let value = NumberText.value(exp(min(logE, 690)))
            let limit = figures.alpha.map { " of \(NumberText.value((1 / $0).rounded()))" } ?? ""
            found.append(("e-value", value + limit))
        }
        if let samples = figures.samples {
            let wanted = figures.wanted.map { " of \(NumberText.count($0))" } ?? ""
            found.append(("samples", NumberText.count(samples) + wanted))
        }
        return found
    }

    /// The share of the way from no evidence to a verdict, in logarithms; nil for checks that are no test.
    private static func towards(_ figures: CheckResult.Figures) -> Double? {
        guard let logE = figures.logE, let alpha = figures.alpha, alpha > 0, alpha < 1, !logE.isNaN else { return nil }
        return min(1, max(0, logE / log(1 / alpha)))
    }

    private static func arms(_ machine: RolloutStateMachine, _ candidate: Int) -> [RolloutView.Arm] {
        func sum(_ name: String, _ arm: (StepEvidence) -> ArmEvidence) -> RolloutView.Arm {
            var total = RolloutView.Arm(name: name, requests: 0, errors: 0, labelled: 0, correct: 0)
            for step in machine.evidence.steps {
                let evidence = arm(step)
                total.requests += evidence.requests
                total.errors += evidence.errors
                total.labelled += evidence.labelled
                total.correct += evidence.correct
            }
            return total
        }
        return [
            sum("version \(candidate), candidate") { $0.candidate },
            sum("version \(machine.stable), champion") { $0.stable },
        ]
    }

    /// What a person can ask for now.
    static func actions(_ status: DeploymentStatus) -> [ActionButton] {
        let name = status.spec.name
        func button(
            _ title: String,
            _ command: RolloutCommand,
            _ style: ActionButton.Style = .plain,
            ask question: String? = nil
        ) -> ActionButton {
            let path = ConsolePath.of("deployments", name, command.rawValue)
            return ActionButton(title, path: path, style: style, question: question)
        }
        guard let machine = status.rollout?.machine, let candidate = machine.candidate, machine.step != nil else {
            return returning(status).map { [button($0.title, .rollback, .danger, ask: $0.question)] } ?? []
        }
        let back = "Return all traffic of \(name) to version \(machine.stable) and reject version \(candidate)?"
        if machine.state.isWatching {
            let keep = "End the watch and keep version \(candidate) for good?"
            return [
                button("Keep version \(candidate)", .promote, ask: keep),
                button("Roll back", .rollback, .danger, ask: back),
            ]
        }
        var buttons: [ActionButton] = []
        switch machine.state {
        case .awaitingConfirmation:
            buttons.append(button("Confirm", .confirm, .primary, ask: "Let version \(candidate) of \(name) climb on?"))
            buttons.append(button("Pause", .pause))
        case .inconclusive:
            buttons.append(button("Confirm", .confirm, ask: "Let version \(candidate) climb without a verdict?"))
            buttons.append(button("Resume", .resume))
        case .paused: buttons.append(button("Resume", .resume))
        default: buttons.append(button("Pause", .pause))
        }
        let promote = "Give version \(candidate) all traffic of \(name) now, without waiting for evidence?"
        let isPrimary = machine.state != .awaitingConfirmation(step: machine.step ?? 0)
        buttons.append(button("Promote", .promote, isPrimary ? .primary : .plain, ask: promote))
        buttons.append(button("Roll back", .rollback, .danger, ask: back))
        let end = "End this rollout? Version \(machine.stable) serves, and version \(candidate) is rejected."
        buttons.append(button("Abort", .abort, .danger, ask: end))
        return buttons
    }

    private static func returning(_ status: DeploymentStatus) -> (title: String, question: String)? {
        guard let previous = status.versions.first(where: { $0.role == "previous" })?.version,
            let stable = status.stable
        else { return nil }
        return ("Roll back to version \(previous)", "Serve version \(previous) again and reject version \(stable)?")
    }
}
