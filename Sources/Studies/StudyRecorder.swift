package import Core
package import Logging
import Sampling

/// Where a study's trials are recorded as runs; the server joins it to tracking.
package struct StudyRuns: Sendable {
    /// The run of a study, created when there is none yet.
    package let study: @Sendable (StudyRecord) async throws -> String
    /// Brings the run of a trial up to date, creating it when there is none yet, and says which it is.
    ///
    /// Called again after a crash, it finds the run that it made before.
    package let trial: @Sendable (_ study: StudyRecord, _ parent: String, _ trial: TrialRecord) async throws -> String

    /// Makes it of two functions.
    package init(
        study: @escaping @Sendable (StudyRecord) async throws -> String,
        trial: @escaping @Sendable (StudyRecord, String, TrialRecord) async throws -> String
    ) {
        self.study = study
        self.trial = trial
    }
}

/// Follows what workers do: records trials as runs, and ends those whose worker has gone.
///
/// It works off a mark that is written with every change, so nothing is forgotten over a restart.
package struct StudyRecorder: Sendable {
    private let store: StudyStore
    private let runs: StudyRuns
    private let clock: Clock
    private let logger: Logger

    /// Makes a recorder.
    package init(store: StudyStore, runs: StudyRuns, clock: Clock, logger: Logger) {
        self.store = store
        self.runs = runs
        self.clock = clock
        self.logger = logger
    }

    /// Works until the task is cancelled.
    package func run() async throws {
        var round = 0
        while !Task.isCancelled {
            do {
                if round.isMultiple(of: StudiesLimits.sweepSeconds) { try await store.sweep() }
                while try await recordOnce() == StudiesLimits.recorded {}
            } catch {
                logger.warning("Trials were not recorded; this is tried again.", metadata: ["error": "\(error)"])
            }
            round += 1
            do { try await clock.sleep(for: .seconds(1)) } catch { return }
        }
    }

    /// Brings the runs of some trials up to date.
    ///
    /// - Returns: how many trials were recorded.
    /// - Throws: what the store throws; a run that cannot be written is left for the next time.
    @discardableResult
    package func recordOnce() async throws -> Int {
        let due = try await store.unrecorded(limit: StudiesLimits.recorded)
        var count = 0
        for (study, trial) in due {
            do {
                let parent: String
                if let known = try await store.study(study.name).runID {
                    parent = known
                } else {
                    parent = try await runs.study(study)
                    try await store.attach(study, run: parent)
                }
                let run = try await runs.trial(study, parent, trial)
                try await store.recorded(study, trial, run: run)
                count += 1
            } catch let error as MartletError where Self.isLasting(error) {
                // Such as an experiment that was deleted: others must not wait for it.
                logger.warning(
                    "A trial cannot be recorded as a run.",
                    metadata: ["study": "\(study.name)", "trial": "\(trial.trial.number)", "error": "\(error)"]
                )
                try await store.recorded(study, trial, run: nil)
                count += 1
            } catch {
                logger.warning(
                    "A trial was not recorded as a run; this is tried again.",
                    metadata: ["study": "\(study.name)", "trial": "\(trial.trial.number)", "error": "\(error)"]
                )
            }
        }
        return count
    }

    private static func isLasting(_ error: MartletError) -> Bool {
        [.invalidArgument, .notFound, .failedPrecondition, .payloadTooLarge].contains(error.code)
    }
}
