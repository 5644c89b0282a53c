package import Core
import Logging

/// Makes backups for those who ask over HTTP: one at a time, beside everything else.
package actor BackupService {
    /// What somebody wants.
    package struct Wish: Sendable, Equatable {
        /// A name below the server's backup directory, or `s3://bucket/prefix`.
        package let destination: String
        /// Whether the keys go along.
        package let withKeys: Bool

        /// A wish.
        package init(destination: String, withKeys: Bool) {
            self.destination = destination
            self.withKeys = withKeys
        }
    }

    /// One backup, under way or over.
    struct Job: Sendable {
        enum State: Sendable {
            case running(BackupProgress?)
            case succeeded(JSONValue)
            case failed(MartletError)
        }

        let id: String
        let wish: Wish
        let startedAt: Timestamp
        var endedAt: Timestamp?
        var state: State
    }

    /// Makes a backup.
    package typealias Maker =
        @Sendable (_ wish: Wish, _ onProgress: @escaping @Sendable (BackupProgress) -> Void) async throws ->
        BackupOutcome

    private let make: Maker
    private let clock: Clock
    private var jobs: [Job] = []
    private let wishes: AsyncStream<(String, Wish)>
    private let wish: AsyncStream<(String, Wish)>.Continuation
    private let steps: AsyncStream<(String, BackupProgress)>
    private let step: AsyncStream<(String, BackupProgress)>.Continuation

    /// A service that makes backups by `make`.
    package init(clock: Clock, make: @escaping Maker) {
        self.make = make
        self.clock = clock
        (wishes, wish) = AsyncStream.makeStream(of: (String, Wish).self, bufferingPolicy: .bufferingNewest(1))
        (steps, step) = AsyncStream.makeStream(
            of: (String, BackupProgress).self,
            bufferingPolicy: .bufferingNewest(1)
        )
    }

    /// Makes the backups that are asked for until it is cancelled.
    package func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask {
                for await (id, progress) in self.steps { await self.note(id, progress) }
            }
            for await (id, wish) in wishes {
                let step = step
                do {
                    let outcome = try await make(wish) { step.yield((id, $0)) }
                    end(id, .succeeded(outcome.json))
                } catch {
                    end(id, .failed(MartletError.wrapping(error)))
                }
            }
            group.cancelAll()
        }
    }

    /// Asks for a backup.
    ///
    /// - Returns: the job.
    /// - Throws: `failedPrecondition` while another one is under way.
    func start(_ wanted: Wish) throws(MartletError) -> Job {
        guard !jobs.contains(where: { $0.endedAt == nil }) else {
            throw MartletError(.failedPrecondition, "A backup is under way; try again when it has ended.")
        }
        let job = Job(id: Identifier.random(), wish: wanted, startedAt: clock.now, state: .running(nil))
        jobs.append(job)
        if jobs.count > BackupsLimits.rememberedJobs { jobs.removeFirst() }
        wish.yield((job.id, wanted))
        return job
    }

    /// The jobs, the newest first.
    func all() -> [Job] {
        jobs.reversed()
    }

    /// A job.
    func job(_ id: String) throws(MartletError) -> Job {
        guard let job = jobs.first(where: { $0.id == id }) else {
            throw MartletError(.notFound, "There is no backup '\(id.prefix(80))' under way or just over.")
        }
        return job
    }

    private func note(_ id: String, _ progress: BackupProgress) {
        guard let position = jobs.firstIndex(where: { $0.id == id }), jobs[position].endedAt == nil else { return }
        jobs[position].state = .running(progress)
    }

    private func end(_ id: String, _ state: Job.State) {
        guard let position = jobs.firstIndex(where: { $0.id == id }) else { return }
        jobs[position].state = state
        jobs[position].endedAt = clock.now
    }
}

extension BackupService.Job {
    var json: JSONValue {
        var object: JSONObject = [
            "id": .string(id), "destination": .string(wish.destination), "with_keys": .bool(wish.withKeys),
            "started_at": .integer(startedAt.milliseconds), "ended_at": .optional(endedAt?.milliseconds),
        ]
        switch state {
        case .running(let progress):
            object["state"] = "running"
            object["stage"] = .optional(progress?.stage)
            object["files"] = .optional(progress?.files)
        case .succeeded(let outcome):
            object["state"] = "succeeded"
            object["backup"] = outcome
        case .failed(let error):
            object["state"] = "failed"
            object["error"] = ["code": .string(error.code.rawValue), "message": .string(error.message)]
        }
        return .object(object)
    }
}
