import Access
import Core
import Serving

/// Keeps the houses as the accounts' database says: opens new workspaces, closes deleted ones, hands out quotas.
struct Steward: Sendable {
    let estate: Estate
    let directory: IdentityDirectory
    let settings: ServerSettings
    let clock: Clock

    /// Looks each second until it is cancelled.
    func run() async {
        while !Task.isCancelled {
            look()
            do { try await clock.sleep(for: .seconds(ServerLimits.stewardSeconds)) } catch { return }
        }
    }

    private func look() {
        let workspaces = directory.workspaces
        for (name, workspace) in workspaces {
            guard let open = estate.open(name) else {
                estate.ask(for: name)
                continue
            }
            let budget = Self.budget(workspace.quota.modelMemoryBytes, settings.inference.modelMemory)
            if open.house.pool.budget != budget { open.house.pool.budget = budget }
        }
        for (name, _) in estate.all where workspaces[name] == nil { estate.close(name) }
    }

    /// The smaller of the workspace's quota and what the server has.
    static func budget(_ quota: Int64?, _ server: Int?) -> Int? {
        guard let quota else { return server }
        let bytes = Int(clamping: quota)
        return server.map { Swift.min($0, bytes) } ?? bytes
    }
}
