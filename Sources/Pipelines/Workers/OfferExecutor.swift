package import Core
import Dispatch

/// Has an attempt run by a worker: offers it, follows it, and takes over how it ended.
///
/// A server that stops leaves the attempt to its worker; the next one finds the offer again and goes on waiting. A worker
/// that falls silent has lost the attempt.
package struct OfferExecutor: StepExecutor {
    private let offers: OfferStore
    private let queue: String
    private let trackingURI: @Sendable () -> String?
    private let poll: Duration
    private let lease: Duration

    /// An executor for one queue.
    ///
    /// - Parameters:
    ///   - offers: where offers are.
    ///   - queue: whose workers may take them.
    ///   - poll: how often the offer is looked at.
    ///   - lease: how long a worker may be silent.
    ///   - trackingURI: where processes of tasks find the tracking server.
    package init(
        offers: OfferStore,
        queue: String,
        poll: Duration = PipelinesLimits.offerPoll,
        lease: Duration = PipelinesLimits.workerLease,
        trackingURI: @escaping @Sendable () -> String? = { nil }
    ) {
        self.offers = offers
        self.queue = queue
        self.poll = poll
        self.lease = lease
        self.trackingURI = trackingURI
    }

    package var stagesArtifacts: Bool { true }

    package func execute(
        _ job: StepJob,
        log: @escaping @Sendable (String, LogLine.Stream) -> Void,
        progress: @escaping @Sendable (Double, String) -> Void
    ) async throws -> JSONObject {
        let key = Offer.Key(run: job.runID, task: job.task, attempt: job.attempt)
        if try await offers.offer(key, OfferedJob(job, trackingURI: trackingURI()), queue: queue) {
            log("Offered to the workers of the queue '\(queue)'.", .martlet)
        }
        var silence = Silence()
        var isStopping = false
        while true {
            if Task.isCancelled, !isStopping {
                guard job.stop.isRaised else { throw CancellationError() }
                try await offers.stop(key)
                isStopping = true
            }
            if let outcome = try await look(key, job, &silence) {
                switch outcome {
                case .succeeded(let outputs): return outputs
                case .failed(let code, let message): throw MartletError(code, message)
                }
            }
            await Self.pause(poll)
        }
    }

    /// How the attempt ended; nil while it has not.
    private func look(_ key: Offer.Key, _ job: StepJob, _ silence: inout Silence) async throws -> Offer.Outcome? {
        let found: Offer?
        do {
            found = try await offers.offer(key)
        } catch {
            guard error.code == .unavailable else { throw error }
            // The database comes back, and the worker's claim is still in it.
            silence = Silence()
            return nil
        }
        guard let offer = found else { throw AttemptLost("The offer of the task is gone; the task is tried again.") }
        switch offer.state {
        case .offered: return nil
        case .withdrawn: return .failed(.cancelled, "The task was stopped before a worker took it.")
        case .lost: throw Self.loss(of: offer)
        case .done:
            if let usage = offer.usage { job.meter.note(usage) }
            job.basket.add(try (offer.artifacts.arrayValue ?? []).map { try ArtifactRecord($0) })
            return offer.outcome ?? .failed(.internal, "The worker recorded no outcome.")
        case .claimed:
            guard silence.lasted(since: offer) > lease, try await offers.lose(offer) else { return nil }
            throw Self.loss(of: offer)
        }
    }

    private static func loss(of offer: Offer) -> AttemptLost {
        AttemptLost("The worker '\(offer.worker ?? "")' was not heard of any more; the task is tried again.")
    }

    /// How long a worker has been silent, by this host's clock: that of the worker may go wrong.
    private struct Silence {
        private var heard: (fence: Int64, beat: Int64)?
        private var since = Clock.monotonicNanoseconds

        mutating func lasted(since offer: Offer) -> Duration {
            let now = Clock.monotonicNanoseconds
            if let heard, heard == (offer.fence, offer.heartbeat) { return .nanoseconds(Int64(clamping: now &- since)) }
            heard = (offer.fence, offer.heartbeat)
            since = now
            return .zero
        }
    }

    /// Waits, also in a task that was cancelled: the worker is still to say that it has stopped.
    private static func pause(_ duration: Duration) async {
        let nanoseconds = Int(duration / .nanoseconds(1))
        await withCheckedContinuation { continuation in
            DispatchQueue.global().asyncAfter(deadline: .now() + .nanoseconds(nanoseconds)) { continuation.resume() }
        }
    }
}
