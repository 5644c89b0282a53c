package import Core
import Schedules

/// The past of a schedule made up for, piece by piece.
package struct Backfill: Sendable, Equatable {
    /// How it stands.
    package enum State: String, Sendable, Equatable, CaseIterable {
        /// Runs are started, or under way.
        case running
        /// Every run succeeded.
        case succeeded
        /// Every run has ended, and some did not succeed, or could not be started.
        case failed
        /// Somebody stopped it.
        case cancelled
    }

    /// Which times are made up for.
    package enum Selection: String, Sendable, Equatable, CaseIterable {
        /// Those without a run.
        case missing
        /// Those without a run that succeeded or is under way.
        case failed
        /// All.
        case all
    }

    /// The id.
    package let id: String
    /// The pipeline.
    package let pipeline: String
    /// The trigger as it was when the backfill was asked for.
    package let trigger: PipelineTrigger
    /// The first moment that is meant.
    package let from: Timestamp
    /// The last moment that is meant.
    package let through: Timestamp
    /// Times to a run.
    package let chunk: Int
    /// How many times there are.
    package let times: Int
    /// How many runs they are.
    package let runs: Int
    /// How many runs may be under way.
    package let active: Int
    /// Which times are made up for.
    package let selection: Selection
    /// Values that go over those of the trigger.
    package let parameters: JSONObject
    /// The priority of the runs.
    package let priority: Int
    /// The last time that is dealt with; nil before the first.
    package let position: Timestamp?
    /// Runs that were started.
    package let started: Int
    /// Pieces that needed no run.
    package let skipped: Int
    /// Pieces for which no run could be started.
    package let refused: Int
    /// How it stands.
    package let state: State
    /// When it was asked for.
    package let createdAt: Timestamp
    /// Who asked for it.
    package let createdBy: String?
    /// When it ended.
    package let finishedAt: Timestamp?
    /// What went wrong last.
    package let error: String?

    /// The pieces.
    func plan() throws(MartletError) -> BackfillPlan {
        guard case .schedule(let times) = trigger.kind else {
            throw MartletError(.failedPrecondition, "Only schedules have a past to make up for.")
        }
        return try BackfillPlan(timetable: times.timetable, from: from, through: through, chunk: chunk)
    }

    /// Whether every piece is dealt with.
    var isExhausted: Bool { started + skipped + refused >= runs }
}
