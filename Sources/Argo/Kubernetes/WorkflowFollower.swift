import Core
import NIOHTTP1
import Pipelines

/// Follows one workflow: what its status says is reported, each change once.
actor WorkflowFollower {
    private let client: KubernetesClient
    private let run: ClusterRun
    private let name: String
    private let names: ArgoNames
    private let report: @Sendable (TaskReport) async throws -> Void
    /// What was reported of each task, so that nothing is said twice.
    private var reported: [String: TaskState] = [:]
    private var isTerminated = false

    init(
        client: KubernetesClient,
        run: ClusterRun,
        name: String,
        names: ArgoNames,
        report: @escaping @Sendable (TaskReport) async throws -> Void
    ) {
        self.client = client
        self.run = run
        self.name = name
        self.names = names
        self.report = report
        reported = run.known.filter { $0.value.isFinal }
    }

    private var workflows: String {
        "/apis/argoproj.io/v1alpha1/namespaces/\(client.access.namespace)/workflows"
    }

    // MARK: - Starting

    /// Creates the objects, or finds them: a workflow of this name can only be this run's.
    func submit(_ objects: [JSONValue]) async throws {
        if run.known.values.contains(where: { $0 != .pending }) {
            // It was started before. If it is gone now, starting it again would do everything twice.
            _ = try await find()
            return
        }
        for object in objects {
            let isWorkflow = object["kind"] == "Workflow"
            let path = isWorkflow ? workflows : "/api/v1/namespaces/\(client.access.namespace)/configmaps"
            do {
                _ = try await client.object(.POST, path, body: object)
            } catch let failure as KubernetesFailure where failure.status == 409 {
                guard isWorkflow else { continue }
                let found = try await find()
                guard found["metadata"]?["labels"]?["martlet.dev/run"]?.stringValue == run.id else {
                    throw MartletError(
                        .failedPrecondition,
                        "There is a workflow '\(name)' in the cluster that is not this run's; delete it."
                    )
                }
            }
        }
    }

    private func find() async throws -> JSONValue {
        do {
            return try await client.object(.GET, "\(workflows)/\(name)")
        } catch let failure as KubernetesFailure where failure.status == 404 {
            throw Self.gone(name)
        }
    }

    private static func gone(_ name: String) -> MartletError {
        MartletError(
            .failedPrecondition,
            "The workflow '\(name)' was deleted in the cluster before it ended; start the pipeline again."
        )
    }

    /// Asks Argo to end the workflow; `follow` sees it end.
    func terminate() async throws {
        _ = try await client.object(
            .PATCH,
            "\(workflows)/\(name)",
            body: ["spec": ["shutdown": "Terminate"]],
            contentType: "application/merge-patch+json"
        )
        isTerminated = true
    }

    // MARK: - Following

    /// Reports until the workflow has ended: looks at it, then watches it from there, and looks again whenever the watch
    /// ends, breaks off, or does not know its place any more.
    func follow() async throws {
        var failures = 0
        while true {
            let status = try status(of: try await find())
            try await tell(status)
            if status.isFinal { return try await finish(status) }
            do {
                if let last = try await watch(from: status.version) { return try await finish(last) }
                failures = 0
            } catch let failure as KubernetesFailure where failure.isPassing || failure.status == 410 {
                failures += 1
                guard failures < ArgoLimits.failures else { throw failure }
                if failure.status != 410 { try await client.pause(failures, failure) }
            }
        }
    }

    private func status(of object: JSONValue) throws(MartletError) -> WorkflowStatus {
        try WorkflowStatus(object, names: names, spec: run.spec)
    }

    /// Watches from a version on.
    ///
    /// - Returns: the final status; nil when the watch ended before.
    private func watch(from version: String) async throws -> WorkflowStatus? {
        let query =
            "watch=true&fieldSelector=metadata.name%3D\(name)&resourceVersion=\(version)"
            + "&timeoutSeconds=\(ArgoLimits.watchSeconds)&allowWatchBookmarks=true"
        var last: WorkflowStatus?
        try await client.watch("\(workflows)?\(query)") { event in
            let object = event["object"] ?? .null
            switch event["type"]?.stringValue {
            case "ADDED", "MODIFIED":
                let status = try self.status(of: object)
                try await self.tell(status)
                guard status.isFinal else { return false }
                last = status
                return true
            case "DELETED": throw Self.gone(self.name)
            case "ERROR":
                throw KubernetesFailure(
                    status: object["code"]?.integerValue.map { Int($0) } ?? 500,
                    message: object["message"]?.stringValue ?? "the watch failed"
                )
            default: return false
            }
        }
        return last
    }

    /// Says what changed since the last look; the log of a task comes with its end.
    private func tell(_ status: WorkflowStatus) async throws {
        var pods: [String: String]?
        for node in status.nodes where reported[node.task]?.isFinal != true && reported[node.task] != node.state {
            var lines: [String] = []
            if node.state.isFinal, !node.pods.isEmpty {
                let known: [String: String]
                if let pods { known = pods } else { known = try await self.pods() }
                pods = known
                lines = try await log(node, known)
            }
            let isCancelled = isTerminated && node.state == .failed
            try await report(
                TaskReport(
                    task: node.task,
                    state: isCancelled ? .cancelled : node.state,
                    message: node.message,
                    outputs: node.outputs,
                    lines: lines,
                    fraction: node.state.isFinal ? 1 : 0
                )
            )
            reported[node.task] = node.state
        }
    }

    /// The end: a failure that no task has is the run's.
    private func finish(_ status: WorkflowStatus) async throws {
        guard status.phase != "Succeeded", !isTerminated, !reported.values.contains(.failed) else { return }
        throw MartletError(.failedPrecondition, "The workflow failed: \(status.message ?? "Argo does not say why").")
    }

    // MARK: - Logs

    /// The pods of the workflow by the nodes that they belong to.
    private func pods() async throws -> [String: String] {
        let selector = "workflows.argoproj.io%2Fworkflow%3D\(name)"
        let list = try await client.object(
            .GET,
            "/api/v1/namespaces/\(client.access.namespace)/pods?labelSelector=\(selector)"
        )
        var pods: [String: String] = [:]
        for pod in list["items"]?.arrayValue ?? [] {
            let metadata = pod["metadata"]
            guard let node = metadata?["annotations"]?["workflows.argoproj.io/node-id"]?.stringValue,
                let name = metadata?["name"]?.stringValue, name.utf8.allSatisfy(Self.isName)
            else { continue }
            pods[node] = name
        }
        return pods
    }

    private static func isName(_ byte: UInt8) -> Bool {
        (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || byte == UInt8(ascii: "-")
            || byte == UInt8(ascii: ".")
    }

    private func log(_ node: WorkflowStatus.Node, _ pods: [String: String]) async throws -> [String] {
        var lines: [String] = []
        for id in node.pods {
            guard let pod = pods[id] else {
                lines.append("The pod of this task is gone, and its log with it.")
                continue
            }
            do {
                let text = try await client.text(
                    "/api/v1/namespaces/\(client.access.namespace)/pods/\(pod)/log?container=main"
                        + "&limitBytes=\(ArgoLimits.logBytes)",
                    limit: ArgoLimits.logBytes
                )
                lines += text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
                if lines.last?.isEmpty == true { lines.removeLast() }
            } catch let failure as KubernetesFailure where failure.status == 404 || failure.status == 400 {
                lines.append("The log of the pod '\(pod)' is not there: \(failure.message)")
            }
        }
        return Array(lines.prefix(ArgoLimits.logLines))
    }
}
