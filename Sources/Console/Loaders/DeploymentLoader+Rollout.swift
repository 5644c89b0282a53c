import Core
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
            title: "Version \(candidate) replaces version \(machine.stable)",
            tone: tone,
            state: state,
            began: TimeText(machine.startedAt, now: now),
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
        case .awaitingConfirmation: (.warn, "waits for a person at \(percent)%")
        case .paused: (.warn, "paused at \(percent)%")
        case .inconclusive: (.warn, "inconclusive at \(percent)%")
        case .promoting: (.live, "promoting")
        case .watching(_, nil): (.live, "promoted, watched")
        case .watching: (.warn, "promoted, watched on")
        case .rolledBack: (.bad, "rolled back")
        case .promoted: (.good, "promoted")
        case .aborted: (.warn, "ended by hand")
        }
    }

    /// A reason's code as the beginning of a sentence.
    private static func sentence(_ code: String) -> String {
        let words = code.replacing("_", with: " ")
        return words.prefix(1).uppercased() + words.dropFirst()
    }

    private static func steps(_ machine: RolloutStateMachine, now: Timestamp) -> [RolloutSteps.Step] {
        let reached = max(0, machine.evidence.steps.count - 1)
        return machine.spec.steps.enumerated().map { index, percent in
            let evidence = machine.evidence.step(index)
            let requests = evidence.candidate.requests
            let seen = requests > 0 ? "\(NumberText.count(requests)) requests" : ""
            let name = "\(percent)%"
            switch machine.state {
            case .promoted, .promoting: return .init(name, .done, detail: seen)
            case .rolledBack, .aborted:
                return .init(name, index < reached ? .done : (index == reached ? .failed : .ahead), detail: seen)
            default:
                guard let step = machine.step else { return .init(name, .ahead) }
                if index < step { return .init(name, .done, detail: seen) }
                guard index == step else { return .init(name, .ahead, detail: ahead(machine.spec)) }
                let time = TimeText.took(max(.zero, now - machine.stepStartedAt))
                return .init(name, .now, detail: "\(time) · \(requests) of \(machine.spec.minimumSamples) requests")
            }
        }
    }

    private static func ahead(_ spec: RolloutSpec) -> String {
        "\(spec.minimumSamples) requests, \(TimeText.took(spec.bake))"
    }

    private static func check(_ result: CheckResult) -> RolloutView.Check {
        let tone: Tone
        switch result.outcome {
        case .pass: tone = .good
        case .fail: tone = .bad
        case .undecided: tone = .idle
        }
        return .init(name: sentence(result.check), tone: tone, verdict: result.outcome.rawValue, detail: result.detail)
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
        func path(_ command: RolloutCommand) -> String { ConsolePath.of("deployments", name, command.rawValue) }
        if let machine = status.rollout?.machine, let candidate = machine.candidate, machine.step != nil {
            var buttons: [ActionButton] = []
            switch machine.state {
            case .paused, .inconclusive: buttons.append(ActionButton("Resume", path: path(.resume)))
            default: buttons.append(ActionButton("Pause", path: path(.pause)))
            }
            let promote = "Give version \(candidate) all traffic of \(name) now, without waiting for evidence?"
            buttons.append(ActionButton("Promote", path: path(.promote), style: .primary, question: promote))
            let back = "Return all traffic of \(name) to version \(machine.stable) and reject version \(candidate)?"
            buttons.append(ActionButton("Roll back", path: path(.rollback), style: .danger, question: back))
            return buttons
        }
        guard let previous = status.versions.first(where: { $0.role == "previous" })?.version,
            let stable = status.plan?.stable
        else { return [] }
        let question = "Serve version \(previous) again and reject version \(stable)?"
        let title = "Roll back to version \(previous)"
        return [ActionButton(title, path: path(.rollback), style: .danger, question: question)]
    }

    /// A line of a deployment's history as feeds show it.
    static func entry(_ event: DeploymentEvent, deployment: String, named: Bool, now: Timestamp) -> Feed.Entry {
        let note = event.note
        let tone = tone(of: note)
        let text = Markup.text(named ? note : note.prefix(1).uppercased() + note.dropFirst())
        let what: Markup = named ? .joined([.link(deployment, ConsolePath.of("deployments", deployment)), text]) : text
        return Feed.Entry(tone, what, time: TimeText(event.at, now: now))
    }

    private static func tone(of note: String) -> Tone {
        func says(_ words: String...) -> Bool { words.contains { note.contains($0) } }
        if says("rolled back", "cannot be loaded", "returned from") { return .bad }
        if says("held at", "paused", "aborted", "superseded", "moved back") { return .warn }
        return says("is the stable version", "serves all traffic", "promoted") ? .good : .info
    }

    /// A line of the ledger.
    static func prediction(_ record: LedgerRecord, now: Timestamp) -> PredictionRow {
        PredictionRow(
            id: record.id,
            time: TimeText(record.createdAt, now: now),
            version: String(record.version) + (record.arm == .candidate ? " candidate" : ""),
            output: record.prediction,
            score: record.score.isFinite ? record.score : nil,
            label: record.label ?? "",
            correct: record.label.map { $0 == record.prediction },
            latency: Double(record.microseconds) / 1e6,
            drifted: record.drift
        )
    }
}
