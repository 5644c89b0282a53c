import Core
import Crypto
import Foundation
import HTTPSupport
import Synchronization

/// Passes of running tasks: each lets one task log to its own workspace, and ends with it.
///
/// They are kept in memory only. A task that outlives its server is run again by the next one, with a new pass.
package final class TaskPasses: Sendable {
    private struct Pass {
        let task: String
        let workspace: String
    }

    /// What the secrets begin with.
    static let prefix = "mltask_"
    /// What a task may do: everything that a training script does with the tracking server and the registry.
    private static let permissions = PermissionSet([.open, .account, .read, .predict, .write])

    private let passes = Mutex<[Data: Pass]>([:])

    /// No passes.
    package init() {}

    /// Makes a pass; nil when there are too many already.
    ///
    /// - Parameters:
    ///   - task: what to call the task in logs and audit records.
    ///   - workspace: the only workspace that the pass opens.
    /// - Returns: the secret.
    package func issue(to task: String, workspace: String) -> String? {
        let secret = Self.prefix + TokenSecret.make().dropFirst(TokenSecret.prefix.count)
        let hash = Self.hash(secret)
        let isKept = passes.withLock { passes in
            guard passes.count < AccessLimits.taskPasses else { return false }
            passes[hash] = Pass(task: task, workspace: workspace)
            return true
        }
        return isKept ? secret : nil
    }

    /// Ends a pass.
    package func withdraw(_ secret: String) {
        passes.withLock { _ = $0.removeValue(forKey: Self.hash(secret)) }
    }

    /// Who shows a secret; nil when it is no pass or has ended.
    func principal(_ secret: String) -> Principal? {
        passes.withLock { $0[Self.hash(secret)] }.map { pass in
            Principal(
                name: "task:\(pass.task)",
                kind: .serviceAccount,
                workspace: pass.workspace,
                permissions: Self.permissions
            )
        }
    }

    private static func hash(_ secret: String) -> Data {
        Data(SHA256.hash(data: Data(secret.utf8)))
    }
}
