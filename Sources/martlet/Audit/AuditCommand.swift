import ArgumentParser

/// `martlet audit …`.
struct AuditCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Who changed what: list, export and verify the audit log.",
        subcommands: [AuditList.self, AuditVerify.self, AuditExport.self]
    )
}

/// Which log is meant.
struct AuditLogOption: ParsableArguments {
    @Flag(name: .customLong("accounts"), help: "The log of accounts, tokens and workspaces instead of the workspace's.")
    var accounts = false

    /// The path of the log in the API.
    var path: String { accounts ? "/api/martlet/v1/audit/server" : "/api/martlet/v1/audit" }
}
