import ArgumentParser
import Core
import Server

/// Workspaces, as the server lists and shows them.
struct WorkspacePages {
    let session: Session

    static func path(_ name: String) -> String {
        "/api/martlet/v1/workspaces/\(ServerClient.segment(name))"
    }

    /// Writes a workspace.
    func write(_ workspace: JSONValue) {
        guard !session.wroteJSON(workspace) else { return }
        var facts = Facts()
        facts.add("name", workspace["name"]?.stringValue)
        facts.add("description", workspace["description"]?.stringValue.flatMap { $0.isEmpty ? nil : $0 })
        facts.add("created", workspace["created_at"].map { Words.time($0) })
        let quota = workspace["quota"]
        facts.add("storage", Self.bytes(quota?["storage_bytes"]))
        facts.add("requests", quota?["requests_per_second"].map { "\(Words.text($0)) a second" })
        facts.add("tasks", quota?["concurrent_tasks"].map { "\(Words.text($0)) at once" })
        facts.add("model memory", Self.bytes(quota?["model_memory_bytes"]))
        facts.write(to: session.terminal)
    }

    /// An amount of bytes in words.
    static func bytes(_ value: JSONValue?) -> String? {
        guard let count = value?.integerValue else { return nil }
        let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"]
        var (amount, unit) = (Double(count), 0)
        while amount >= 1024, unit < units.count - 1 {
            amount /= 1024
            unit += 1
        }
        return "\(Words.number((amount * 10).rounded() / 10)) \(units[unit])"
    }
}

/// What a workspace may use, on the command line.
struct QuotaOptions: ParsableArguments {
    @Option(name: .long, help: "Most bytes of artifacts, such as 100GiB, or none.")
    var storage: String?
    @Option(name: .long, help: "Most requests a second, or none.")
    var requests: String?
    @Option(name: .long, help: "Most pipeline tasks at the same time, or none.")
    var tasks: String?
    @Option(name: .customLong("model-memory"), help: "Most memory for its loaded models, such as 4GiB, or none.")
    var modelMemory: String?

    /// The quota after the flags: what they do not name stays as it was; nil when they name nothing.
    ///
    /// - Throws: `invalidArgument` for what is no amount.
    func changed(_ before: JSONValue?) throws(MartletError) -> JSONValue? {
        var quota = before?.objectValue ?? [:]
        let flags: [(flag: String, key: String, text: String?)] = [
            ("storage", "storage_bytes", storage), ("requests", "requests_per_second", requests),
            ("tasks", "concurrent_tasks", tasks), ("model-memory", "model_memory_bytes", modelMemory),
        ]
        guard flags.contains(where: { $0.text != nil }) else { return nil }
        for (flag, key, text) in flags {
            guard let text else { continue }
            if text == "none" {
                // A bare nil would be JSON's null.
                quota[key] = JSONValue?.none
            } else {
                quota[key] = try Self.amount(flag, text)
            }
        }
        return .object(quota)
    }

    private static func amount(_ flag: String, _ text: String) throws(MartletError) -> JSONValue {
        switch flag {
        case "requests": if let rate = Double(text), rate.isFinite { return .number(rate) }
        case "tasks": if let count = Int64(text) { return .integer(count) }
        default: if let bytes = ByteCount.parse(text) { return .int(bytes) }
        }
        throw MartletError(.invalidArgument, "--\(flag) '\(text)' is no amount; write it like 100, 10GiB or none.")
    }
}
