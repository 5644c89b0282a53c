package import Core

/// One loop as it is stored: what opened it and how far it came.
package struct LoopRecord: Sendable, Equatable {
    /// The loop's id, 32 hexadecimal digits.
    package let id: String
    /// The trigger as it was when the loop opened; a later `apply` does not change a loop on its way.
    package let trigger: TriggerSpec
    /// Why the loop was opened.
    package let signal: LoopSignal
    /// When the loop was opened.
    package let openedAt: Timestamp
    /// How far it came.
    package var progress: LoopProgress
    /// Counts the stored changes, so that two writers cannot overwrite each other.
    package var revision: Int64

    /// The state machine that continues this loop.
    package var machine: LoopStateMachine {
        LoopStateMachine(
            id: id,
            trainingTimeout: trigger.timeout,
            approval: trigger.approval,
            writesBack: trigger.gitops != nil,
            progress: progress
        )
    }

    /// The first line of the timeline: why the loop was opened.
    package var openingEntry: LoopStateMachine.Entry {
        LoopStateMachine.Entry(state: .signalled, message: signal.message, evidence: signal.evidence)
    }

    /// Time from the signal to the outcome, or to `now` while the loop is open.
    package func duration(now: Timestamp) -> Duration {
        max(.zero, (progress.finishedAt ?? now) - openedAt)
    }
}

/// One line of a loop's timeline; lines are only ever added.
package struct LoopEvent: Sendable, Equatable {
    /// Position in the timeline, from 1.
    package let sequence: Int64
    /// When it happened.
    package let at: Timestamp
    /// The state after it.
    package let state: LoopState
    /// One sentence for people.
    package let message: String
    /// The figures behind the sentence.
    package let evidence: JSONObject
    /// Names of things elsewhere: `pipeline_run`, `version`.
    package let links: JSONObject
}

/// One stretch of a loop's way in a single state, for timelines that show durations.
package struct LoopPhase: Sendable, Equatable {
    /// The state.
    package let state: LoopState
    /// When the loop came into it.
    package let startedAt: Timestamp
    /// When it left; `nil` while it is still there, and for outcomes.
    package let endedAt: Timestamp?

    /// How long the stretch lasted, up to `now` while it is open; an outcome lasts no time.
    package func duration(now: Timestamp) -> Duration {
        state.isFinal ? .zero : max(.zero, (endedAt ?? now) - startedAt)
    }
}

/// A loop with its timeline, for the console and `martlet loop show`.
package struct LoopDetail: Sendable, Equatable {
    /// The loop.
    package let loop: LoopRecord
    /// Its timeline, oldest first.
    package let events: [LoopEvent]

    /// The stretches between changes of state, oldest first.
    package var phases: [LoopPhase] {
        var starts: [(state: LoopState, at: Timestamp)] = []
        for event in events where starts.last?.state != event.state {
            starts.append((event.state, event.at))
        }
        return starts.enumerated().map { position, start in
            let next = position + 1
            return LoopPhase(
                state: start.state,
                startedAt: start.at,
                endedAt: next < starts.count ? starts[next].at : nil
            )
        }
    }
}
