import Access
import Core
import HTTPSupport

/// The forms about workspaces.
extension AccessPageRoutes {
    func registerWorkspaces(_ forms: AccessForms, _ routes: RouteTable) {
        let administration = access.administration
        workspace("/access/workspaces", forms, routes) { sent, name in
            let description = sent.fields["description"] ?? ""
            _ = try await administration.createWorkspace(name, description: description, by: sent.caller)
        }
        workspace("/access/workspaces/quota", forms, routes) { sent, name in
            let quota = WorkspaceQuota(
                storageBytes: try Self.mebibytes(sent.fields, "storage", "Artifacts"),
                requestsPerSecond: try Self.number(sent.fields, "requests", "Requests/s"),
                concurrentTasks: try Self.whole(sent.fields, "tasks", "Tasks at once"),
                modelMemoryBytes: try Self.mebibytes(sent.fields, "memory", "Models in memory")
            )
            _ = try await administration.updateWorkspace(name, WorkspaceChange(quota: quota), by: sent.caller)
        }
        workspace("/access/workspaces/delete", forms, routes) { sent, name in
            try await administration.deleteWorkspace(name, by: sent.caller)
        }
    }

    private func workspace(
        _ path: String,
        _ forms: AccessForms,
        _ routes: RouteTable,
        _ act: @escaping @Sendable (AccessForms.Sent, String) async throws -> Void
    ) {
        forms.on(
            path,
            permission: .server,
            in: routes,
            page: { loader, _, notices in try await loader.workspaces(notices) }
        ) { sent in
            try await act(sent, try sent.fields.required("name", called: "Name"))
            return .go("/access/workspaces")
        }
    }

    private static func number(_ fields: FormFields, _ name: String, _ label: String) throws(MartletError) -> Double? {
        guard let text = fields[name] else { return nil }
        guard let value = Double(text.filter { !$0.isWhitespace }), value.isFinite, value >= 0 else {
            throw MartletError(.invalidArgument, "\(label) must be a number of 0 or more, or empty for no limit.")
        }
        return value
    }

    private static func whole(_ fields: FormFields, _ name: String, _ label: String) throws(MartletError) -> Int64? {
        guard let value = try number(fields, name, label) else { return nil }
        guard let whole = Int64(exactly: value) else {
            throw MartletError(.invalidArgument, "\(label) must be a whole number.")
        }
        return whole
    }

    private static func mebibytes(_ fields: FormFields, _ name: String, _ label: String) throws(MartletError) -> Int64?
    {
        guard let value = try number(fields, name, label) else { return nil }
        guard let bytes = Int64(exactly: (value * 1_048_576).rounded()) else {
            throw MartletError(.invalidArgument, "\(label) is too large.")
        }
        return bytes
    }
}
