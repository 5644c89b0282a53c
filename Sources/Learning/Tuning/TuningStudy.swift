import Core
import Sampling
import Studies
import Tracking

/// The study of a tuning task, and the run beneath which its trials are recorded.
struct TuningStudy: Sendable {
    let store: StudyStore
    let logger: RunLogger
    let options: TuningOptions
    /// Who works on its trials: this task of this pipeline run, over all its attempts.
    let worker: String

    /// What was found or made.
    struct Opened: Sendable {
        var study: StudyRecord
        let experimentID: String
        let runID: String
        /// Whether an attempt before was killed in the middle.
        let isTakenUp: Bool
    }

    /// The description of the study.
    func spec(_ version: String) -> StudySpec {
        StudySpec(
            space: options.space,
            directions: options.objectives.map { TaskMetrics.isMaximized($0) ? .maximize : .minimize },
            objectives: options.objectives,
            sampler: options.sampler,
            pruner: options.pruner,
            experiment: options.training.experiment,
            summary: "\(options.training.spec.trainer.rawValue) on \(options.training.dataset), content \(version)"
        )
    }

    /// Takes up the study that an attempt before left open, or begins one.
    ///
    /// - Parameters:
    ///   - base: what the study is called when it is the task's own.
    ///   - task: what the run is called.
    ///   - version: which content of the dataset is learned from; other content is another study.
    /// - Returns: the study, its run, and whether they are taken up.
    /// - Throws: `alreadyExists` when the named study searches for something else.
    func open(base: String, task: String, version: String) async throws -> Opened {
        let spec = spec(version)
        let experimentID = try await logger.experimentID(options.training.experiment)
        if let name = options.study {
            let (study, _) = try await store.create(name, spec, owner: worker, recordedElsewhere: true, reuses: true)
            return try await joined(study, experimentID, task)
        }
        for number in 1...StudiesLimits.studies {
            let name = number == 1 ? base : "\(base)-\(number)"
            do {
                let (study, _) = try await store.create(name, spec, owner: worker, recordedElsewhere: true)
                return try await joined(study, experimentID, task)
            } catch let error as MartletError where error.code == .alreadyExists {
                let known = try await store.study(name)
                // What ended, well or badly, is not begun again; what was killed in the middle is.
                guard known.spec == spec, try await isOpen(known.runID) else { continue }
                return try await joined(known, experimentID, task)
            }
        }
        throw MartletError(.resourceExhausted, "There are too many studies called '\(base)'.")
    }

    private func isOpen(_ runID: String?) async throws -> Bool {
        guard let runID else { return true }
        do {
            return try await logger.tracking.run(runID).info.status == .running
        } catch let error as MartletError where error.code == .notFound {
            return false
        }
    }

    private func joined(_ study: StudyRecord, _ experimentID: String, _ task: String) async throws -> Opened {
        if let runID = study.runID, study.owner == worker, try await isOpen(runID) {
            return Opened(study: study, experimentID: experimentID, runID: runID, isTakenUp: true)
        }
        let runID = try await logger.start(
            experimentID: experimentID,
            name: task,
            tags: [Tag(key: "martlet.study", value: study.name)]
        )
        try await store.attach(study, run: runID, replaces: true)
        return Opened(study: study, experimentID: experimentID, runID: runID, isTakenUp: false)
    }

    /// The trials that an attempt before had under way, which nobody else works on.
    func left(_ name: String) async throws -> [TrialRecord] {
        try await store.trials(name, state: .running, limit: LearningLimits.trials).0.filter { $0.worker == worker }
    }

    /// Puts the best trials of another study in line.
    ///
    /// - Throws: `notFound`; parameters that this study does not have are left out.
    func warm(_ study: StudyRecord, from other: String, count: Int) async throws {
        let (_, history) = try await store.history(other)
        for number in history.ranking.prefix(count) {
            let values = history.space.json(of: history.trials[number].values)
            let known = values.pairs.filter { name, value in
                options.space.index(of: name).map {
                    options.space.parameters[$0].distribution.value(of: value) != nil
                } ?? false
            }
            _ = try await store.enqueue(
                study.name,
                params: JSONObject(known.map { ($0.key, $0.value) }),
                attributes: ["from": .string("\(other)/\(number)")],
                key: "warm:\(other)/\(number)"
            )
        }
    }
}
