package import Core
import Pipelines

/// What `martlet worker` is told beside the settings that it shares with the server.
package struct WorkerOptions: Sendable {
    /// The queues that it serves.
    package var queues: [String]
    /// Its name; nil for the host's.
    package var name: String?
    /// Attempts that it runs at the same time.
    package var slots: Int
    /// Where the files of pipelines lie here; nil for the same path as on the server.
    package var pipelines: String?
    /// `MLFLOW_TRACKING_URI` of its tasks; nil for what the server says.
    package var trackingURI: String?
    /// The workspace whose tasks it runs; nil for the first.
    package var workspace: String?
    /// How long attempts may go on after the worker was asked to stop.
    package var drain: Duration

    /// Options.
    ///
    /// - Parameters:
    ///   - queues: which queues it serves.
    ///   - name: its name; nil for the host's.
    ///   - slots: attempts at the same time; nil for the usual number.
    ///   - pipelines: where the files of pipelines lie here.
    ///   - trackingURI: where its tasks find the tracking server.
    ///   - workspace: whose tasks it runs.
    ///   - drain: how long attempts may go on; nil for the usual time.
    /// - Throws: `invalidArgument` naming the option.
    package init(
        queues: [String],
        name: String? = nil,
        slots: Int? = nil,
        pipelines: String? = nil,
        trackingURI: String? = nil,
        workspace: String? = nil,
        drain: Duration? = nil
    ) throws(MartletError) {
        guard !queues.isEmpty else {
            throw MartletError(.invalidArgument, "Name the queue that the worker serves with --queue.")
        }
        for text in queues + [name].compactMap({ $0 }) {
            guard (1...PipelinesLimits.queueBytes).contains(text.utf8.count),
                text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
            else {
                throw MartletError(
                    .invalidArgument,
                    "A queue or worker has 1 to \(PipelinesLimits.queueBytes) letters and digits, not '\(text)'."
                )
            }
        }
        let slots = slots ?? PipelinesLimits.workerSlots
        guard (1...PipelinesLimits.mostWorkerSlots).contains(slots) else {
            throw MartletError(
                .invalidArgument,
                "--slots must be 1 to \(PipelinesLimits.mostWorkerSlots), not \(slots)."
            )
        }
        self.queues = queues
        self.name = name
        self.slots = slots
        self.pipelines = pipelines
        self.trackingURI = trackingURI
        self.workspace = workspace
        self.drain = drain ?? PipelinesLimits.workerDrain
    }
}
