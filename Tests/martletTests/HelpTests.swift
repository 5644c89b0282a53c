import Testing
import martlet

/// What `--help` says, for every command.
struct HelpTests {
    static let commands: [[String]] = [
        [], ["apply"], ["diff"], ["experiment"], ["experiment", "list"], ["experiment", "show"],
        ["experiment", "create"], ["experiment", "rename"], ["experiment", "delete"], ["experiment", "restore"],
        ["experiment", "export"], ["run"], ["run", "list"], ["run", "show"], ["run", "compare"], ["run", "plot"],
        ["run", "export"], ["run", "delete"], ["run", "restore"], ["model"], ["model", "list"], ["model", "show"],
        ["model", "register"], ["model", "diff"], ["model", "env"], ["model", "promote"], ["model", "keygen"],
        ["model", "trust"], ["model", "sign"], ["model", "verify"], ["model", "policy"], ["audit"], ["audit", "list"],
        ["audit", "verify"], ["audit", "export"], ["gc"], ["webhook"],
        ["webhook", "list"], ["webhook", "create"], ["webhook", "delete"], ["secret"], ["secret", "set"],
        ["secret", "list"], ["secret", "delete"],
        ["secret", "rotate"],
        ["webhook", "show"], ["webhook", "test"], ["webhook", "deliveries"], ["trace"], ["trace", "list"],
        ["trace", "show"],
        ["model", "alias"], ["model", "alias", "set"], ["model", "alias", "delete"], ["deployment"],
        ["deployment", "list"], ["deployment", "show"], ["deployment", "rollback"], ["deployment", "promote"],
        ["deployment", "pause"], ["deployment", "resume"], ["deployment", "abort"], ["deployment", "pardon"],
        ["deployment", "apply"], ["deployment", "set"], ["deployment", "confirm"], ["deployment", "delete"],
        ["pipeline"], ["pipeline", "list"], ["pipeline", "show"], ["pipeline", "run"], ["pipeline", "runs"],
        ["pipeline", "logs"], ["pipeline", "cancel"], ["data"], ["data", "list"], ["data", "show"], ["data", "test"],
        ["monitor"],
        ["monitor", "list"], ["monitor", "show"], ["monitor", "report"], ["monitor", "evaluate"],
        ["monitor", "compare"], ["loop"], ["loop", "list"], ["loop", "show"],
        ["loop", "triggers"], ["loop", "fire"], ["loop", "approve"], ["loop", "reject"], ["loop", "cancel"],
        ["event"], ["event", "list"], ["event", "follow"], ["replay"], ["replay", "start"], ["replay", "list"],
        ["replay", "show"], ["replay", "cancel"], ["ledger"], ["ledger", "query"], ["ledger", "hours"],
        ["ledger", "export"], ["ledger", "show"], ["ledger", "label"],
        ["whoami"], ["user"], ["user", "list"], ["user", "show"], ["user", "create"], ["user", "password"],
        ["user", "enable"], ["user", "disable"], ["user", "logout"], ["user", "delete"], ["service-account"],
        ["service-account", "list"], ["service-account", "show"], ["service-account", "create"],
        ["service-account", "enable"], ["service-account", "disable"], ["service-account", "delete"], ["token"],
        ["token", "list"], ["token", "create"], ["token", "revoke"], ["workspace"], ["workspace", "list"],
        ["workspace", "show"], ["workspace", "create"], ["workspace", "set"], ["workspace", "delete"],
        ["workspace", "restore"], ["workspace", "role"], ["workspace", "role", "list"],
        ["workspace", "role", "set"], ["workspace", "role", "remove"], ["grant"], ["grant", "list"],
        ["schedule"], ["study"], ["lineage"], ["model", "explain"], ["model", "card"], ["pipeline", "resume"],
        ["pipeline", "rerun"], ["pipeline", "validate"], ["pipeline", "compile"], ["schedule", "list"],
        ["schedule", "next"], ["schedule", "firings"], ["schedule", "pause"], ["schedule", "resume"],
        ["schedule", "fire"], ["schedule", "backfill"], ["schedule", "backfills"], ["schedule", "cancel"],
        ["data", "ingest"], ["data", "transform"], ["study", "list"], ["study", "show"], ["study", "create"],
        ["study", "ask"], ["study", "tell"], ["study", "best"], ["study", "importance"], ["study", "plot"],
        ["study", "delete"], ["study", "export"],
        ["grant", "give"], ["grant", "revoke"],
    ]

    @Test func everyCommand() throws {
        let texts = Self.commands.map { command in
            "$ martlet \((command + ["--help"]).joined(separator: " "))\n\(InProcess.help(command))"
        }
        try expectGolden(texts.joined(separator: "\n\n") + "\n", "help.txt")
    }

    @Test func everyCommandIsInTheGoldenFile() {
        // Sub-commands are listed by their parents' help, two spaces in.
        let listed = Self.commands.flatMap { parent -> [[String]] in
            let lines = InProcess.help(parent).split(separator: "\n").map(String.init)
            guard let start = lines.firstIndex(of: "SUBCOMMANDS:") else { return [] }
            return lines[(start + 1)...].prefix { $0.hasPrefix("  ") || $0.isEmpty }.compactMap { line in
                guard line.hasPrefix("  "), !line.hasPrefix("   "), !line.hasPrefix("  See ") else { return nil }
                return line.split(separator: " ").first.map { parent + [String($0)] }
            }
        }
        #expect(Set(listed + [[]]) == Set(Self.commands))
    }
}
