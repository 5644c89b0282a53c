import Observability
import Serving

/// The metrics of models: Martlet's own names, and on request those of other servers.
struct ServingMetrics: Sendable {
    /// The models of a workspace.
    struct Source: Sendable {
        /// The workspace; nil for the default one, whose figures carry no such label.
        let workspace: String?
        let table: DeploymentTable
        let pool: ModelPool
    }

    /// The workspaces that are open.
    let sources: @Sendable () -> [Source]
    let compatible: Set<InferenceSettings.CompatibleMetrics>

    private typealias Sample = ObservedFamily.Sample

    /// Every family, read now.
    func families() -> [ObservedFamily] {
        let sources = sources()
        let figures = sources.flatMap { ServingFigures.all($0.table) }
        var families = own(figures) + memory(sources)
        if compatible.contains(.triton) { families += triton(figures) }
        if compatible.contains(.kserve) { families += kserve(figures) }
        if compatible.contains(.mlserver) { families += mlserver(figures) }
        return families
    }

    private func labels(_ one: ServingFigures) -> [(String, String)] {
        [("deployment", one.deployment), ("version", one.version)]
    }

    private func own(_ figures: [ServingFigures]) -> [ObservedFamily] {
        [
            .gauge(
                "martlet_model_queue_depth",
                help: "Calls that wait for a model.",
                figures.map { Sample(Double($0.waiting), labels: labels($0)) }
            ),
            .gauge(
                "martlet_model_in_flight",
                help: "Calls that a model works on.",
                figures.map { Sample(Double($0.running), labels: labels($0)) }
            ),
            .gauge(
                "martlet_model_resident_bytes",
                help: "Bytes that a model takes; 0 when it is not in memory.",
                figures.map { Sample(Double($0.bytes), labels: labels($0)) }
            ),
            .counter(
                "martlet_model_refusals",
                help: "Requests that were turned away before a model ran them, by reason.",
                figures.flatMap { one in
                    one.counters.refusals.sorted { $0.key.rawValue < $1.key.rawValue }.map { reason, count in
                        Sample(Double(count), labels: labels(one) + [("reason", reason.rawValue)])
                    }
                }
            ),
            .histogram(
                "martlet_model_queue_seconds",
                help: "How long answered requests waited for a model.",
                figures.map { seconds($0.counters.waits, labels($0)) }
            ),
            .histogram(
                "martlet_model_compute_seconds",
                help: "How long a model worked for answered requests.",
                figures.map { seconds($0.counters.computes, labels($0)) }
            ),
            .histogram(
                "martlet_model_batch_rows",
                help: "Rows that a model worked on at once.",
                figures.map { one in
                    let rows = one.counters.batchRows
                    return ObservedFamily.Distribution(
                        labels: labels(one),
                        buckets: rows.cumulative(from: 0, through: 17).map { (Double($0.bound), $0.count) },
                        sum: Double(rows.sum),
                        count: rows.total
                    )
                }
            ),
        ]
    }

    /// From 1 µs to 69 s, each bound twice the one before.
    private func seconds(_ counts: PowerCounts, _ labels: [(String, String)]) -> ObservedFamily.Distribution {
        ObservedFamily.Distribution(
            labels: labels,
            buckets: counts.cumulative(from: 10, through: 36).map { (Double($0.bound) * 1e-9, $0.count) },
            sum: Double(counts.sum) * 1e-9,
            count: counts.total
        )
    }

    private func memory(_ sources: [Source]) -> [ObservedFamily] {
        let all = sources.map { source in
            (labels: source.workspace.map { [("workspace", $0)] } ?? [], figures: source.pool.figures)
        }
        func samples(_ value: (ModelPool.Figures) -> Int?) -> [Sample] {
            all.compactMap { one in value(one.figures).map { Sample(Double($0), labels: one.labels) } }
        }
        return [
            .gauge("martlet_models_resident", help: "Models in memory.", samples { $0.models }),
            .gauge("martlet_model_memory_bytes", help: "Bytes that models take.", samples { $0.bytes }),
            .counter("martlet_model_loads", help: "Loads of models.", samples { $0.loads }),
            .counter(
                "martlet_model_evictions",
                help: "Models that left memory for room or because nobody asked.",
                samples { $0.evictions }
            ),
            .gauge("martlet_model_memory_limit_bytes", help: "Bytes that models may take.", samples { $0.budget }),
        ]
    }

    private func triton(_ figures: [ServingFigures]) -> [ObservedFamily] {
        func labels(_ one: ServingFigures) -> [(String, String)] {
            [("model", one.deployment), ("version", one.version)]
        }
        func counter(_ name: String, _ help: String, _ value: (InferenceCounters) -> UInt64) -> ObservedFamily {
            .counter(exactly: name, help: help, figures.map { Sample(Double(value($0.counters)), labels: labels($0)) })
        }
        return [
            counter("nv_inference_request_success", "Answered requests.") { $0.success.count },
            .counter(
                exactly: "nv_inference_request_failure",
                help: "Requests that were not answered, by reason.",
                figures.flatMap { one in
                    InferenceCounters.Failure.allCases.map { reason in
                        Sample(
                            Double(one.counters.failures[reason] ?? 0),
                            labels: labels(one) + [("reason", reason.rawValue)]
                        )
                    }
                }
            ),
            counter("nv_inference_count", "Predicted rows.") { $0.inferences },
            counter("nv_inference_exec_count", "Calls of the model.") { $0.executions },
            .gauge(
                "nv_inference_pending_request_count",
                help: "Requests that wait for the model.",
                figures.map { Sample(Double($0.waiting), labels: labels($0)) }
            ),
            counter("nv_inference_request_duration_us", "Time of answered requests.") { $0.success.nanoseconds / 1000 },
            counter("nv_inference_queue_duration_us", "Time in the queue.") { $0.queue.nanoseconds / 1000 },
            counter("nv_inference_compute_input_duration_us", "Time before the model.") {
                $0.computeInput.nanoseconds / 1000
            },
            counter("nv_inference_compute_infer_duration_us", "Time in the model.") {
                $0.computeInfer.nanoseconds / 1000
            },
            counter("nv_inference_compute_output_duration_us", "Time after the model.") {
                $0.computeOutput.nanoseconds / 1000
            },
        ]
    }

    /// `request_predict_seconds` is always there.
    private func kserve(_ figures: [ServingFigures]) -> [ObservedFamily] {
        func family(_ name: String, _ help: String, _ counts: KeyPath<InferenceCounters, PowerCounts>) -> ObservedFamily
        {
            // A deployment's versions share its name.
            var parts: [String: PowerCounts] = [:]
            for one in figures { parts[one.deployment, default: PowerCounts()].add(one.counters[keyPath: counts]) }
            let named = parts.sorted { $0.key < $1.key }
            return .histogram(name, help: help, named.map { seconds($0.value, [("model_name", $0.key)]) })
        }
        return [
            family("request_preprocess_seconds", "Time before the model.", \.inputs),
            family("request_postprocess_seconds", "Time after the model.", \.outputs),
        ]
    }

    private func mlserver(_ figures: [ServingFigures]) -> [ObservedFamily] {
        func labels(_ one: ServingFigures) -> [(String, String)] {
            [("model", one.deployment), ("version", one.version)]
        }
        return [
            .counter(
                "model_infer_request_success",
                help: "Answered requests.",
                figures.map { Sample(Double($0.counters.success.count), labels: labels($0)) }
            ),
            .counter(
                "model_infer_request_failure",
                help: "Requests that were not answered.",
                figures.map { Sample(Double($0.counters.failure.count), labels: labels($0)) }
            ),
            .summary(
                "model_infer_request_duration",
                help: "Time of answered requests in seconds.",
                figures.map { one in
                    ObservedFamily.Distribution(
                        labels: labels(one),
                        sum: Double(one.counters.success.nanoseconds) * 1e-9,
                        count: one.counters.success.count
                    )
                }
            ),
        ]
    }
}
