package import Core
import Logging
import Metrics
import OpenTelemetryProto
import SwiftProtobuf
import Synchronization

/// Sends spans to an OTLP receiver over HTTP, in batches and off the request path.
///
/// The queue is bounded: what does not fit, and what the receiver does not take after some attempts, is dropped and
/// counted in `martlet_spans_dropped_total`.
package final class SpanExporter: SpanSink {
    /// What is sent to the receiver.
    package struct Message: Sendable {
        /// The receiver's address.
        package let url: String
        /// The type of the body.
        package let contentType = "application/x-protobuf"
        /// An `ExportTraceServiceRequest`.
        package let body: [UInt8]
    }

    /// Sends a message and gives the status of the answer.
    package typealias Sender = @Sendable (Message) async throws -> Int

    private let endpoint: String
    private let deliver: Sender
    private let clock: Clock
    private let capacity: Int
    private let waiting = Mutex<[Span]>([])
    private let dropped = Counter(label: "martlet_spans_dropped_total")
    private let sent = Counter(label: "martlet_spans_sent_total")
    private let logger = Logger(label: "martlet.spans")
    private let arrivals: AsyncStream<Void>
    private let signal: AsyncStream<Void>.Continuation

    /// An exporter to the receiver at a base address such as `http://127.0.0.1:4318`.
    package init(
        endpoint: String,
        clock: Clock,
        capacity: Int = SpanLimits.queueSpans,
        deliver: @escaping Sender
    ) {
        self.deliver = deliver
        let base = endpoint.hasSuffix("/") ? String(endpoint.dropLast()) : endpoint
        self.endpoint = base.hasSuffix("/v1/traces") ? base : base + "/v1/traces"
        self.clock = clock
        self.capacity = capacity
        (arrivals, signal) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    package func record(_ spans: [Span]) {
        let fits = waiting.withLock { waiting -> Bool in
            guard waiting.count + spans.count <= capacity else { return false }
            waiting.append(contentsOf: spans)
            return true
        }
        if fits { signal.yield() } else { dropped.increment(by: spans.count) }
    }

    /// Spans that wait to be sent.
    package var waitingCount: Int { waiting.withLock { $0.count } }

    /// Sends until the task is cancelled, then what is left.
    package func run() async {
        for await _ in arrivals {
            // Gathering makes one request of many spans; cancellation only ends it early.
            try? await clock.sleep(for: SpanLimits.gather)
            await flush()
            if Task.isCancelled { break }
        }
        await flush()
    }

    /// Sends everything that waits now.
    package func flush() async {
        while true {
            let batch = waiting.withLock { waiting in
                let batch = Array(waiting.prefix(SpanLimits.batchSpans))
                waiting.removeFirst(batch.count)
                return batch
            }
            guard !batch.isEmpty else { return }
            await send(batch)
        }
    }

    private func send(_ batch: [Span]) async {
        var failure = ""
        for attempt in 1...SpanLimits.attempts {
            do {
                try await post(batch)
                sent.increment(by: batch.count)
                return
            } catch {
                failure = "\(error)"
                guard attempt < SpanLimits.attempts, !Task.isCancelled else { break }
                try? await clock.sleep(for: SpanLimits.gather * attempt)
            }
        }
        dropped.increment(by: batch.count)
        logger.warning(
            "Spans could not be sent and are dropped.",
            metadata: ["spans": "\(batch.count)", "error": "\(failure)"]
        )
    }

    private func post(_ batch: [Span]) async throws {
        let body: [UInt8] = try SpanMessage.export(batch).serializedBytes()
        let status = try await deliver(Message(url: endpoint, body: body))
        guard (200..<300).contains(status) else {
            throw MartletError(.unavailable, "The OTLP receiver answered \(status).")
        }
    }
}
