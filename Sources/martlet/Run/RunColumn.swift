import Core

/// One column of a table of runs.
enum RunColumn {
    case name, status, started, took, experiment, user
    case metric(String)
    case param(String)
    case tag(String)

    /// Reads columns separated by commas.
    ///
    /// - Throws: `invalidArgument` naming the one that is none.
    static func parse(_ text: String) throws(MartletError) -> [RunColumn] {
        var columns: [RunColumn] = []
        for part in text.split(separator: ",") {
            let word = part.trimmed
            if let key = word.key(after: "metrics.") {
                columns.append(.metric(key))
            } else if let key = word.key(after: "params.") {
                columns.append(.param(key))
            } else if let key = word.key(after: "tags.") {
                columns.append(.tag(key))
            } else {
                columns.append(try named(word))
            }
        }
        guard !columns.isEmpty else { throw MartletError(.invalidArgument, "--columns names nothing.") }
        return columns
    }

    private static func named(_ word: String) throws(MartletError) -> RunColumn {
        switch word {
        case "name": .name
        case "status": .status
        case "started": .started
        case "took": .took
        case "experiment": .experiment
        case "user": .user
        default:
            throw MartletError(
                .invalidArgument,
                "--columns has '\(word)'; choose from name, status, started, took, experiment, user, metrics.KEY, "
                    + "params.KEY and tags.KEY."
            )
        }
    }

    /// The heading.
    var column: TextTable.Column {
        switch self {
        case .name: .init(title: "NAME")
        case .status: .init(title: "STATUS", colour: Words.colour)
        case .started: .init(title: "STARTED")
        case .took: .init(title: "TOOK", alignment: .right)
        case .experiment: .init(title: "EXPERIMENT")
        case .user: .init(title: "USER")
        case .metric(let key): .init(title: DisplayText.safe(key), alignment: .right)
        case .param(let key), .tag(let key): .init(title: DisplayText.safe(key))
        }
    }

    /// What stands in it for a run.
    func text(_ run: JSONValue, now: Timestamp) -> String {
        let info = run["info"]
        switch self {
        case .name: return Words.text(info?["run_name"])
        case .status: return Words.text(info?["status"])
        case .started: return Words.time(Words.integer(info?["start_time"]).map(JSONValue.integer))
        case .took:
            let start = Words.integer(info?["start_time"]).map(JSONValue.integer)
            let end = Words.integer(info?["end_time"]).map(JSONValue.integer)
            return Words.span(start, end, now: now)
        case .experiment: return Words.text(info?["experiment_id"])
        case .user: return Words.text(info?["user_id"])
        case .metric(let key): return RunData(run).metrics[key].map(Words.number) ?? "–"
        case .param(let key): return RunData(run).params[key] ?? "–"
        case .tag(let key): return RunData(run).tags[key] ?? "–"
        }
    }
}

extension Substring {
    fileprivate var trimmed: String {
        String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}

extension String {
    fileprivate func key(after prefix: String) -> String? {
        hasPrefix(prefix) && count > prefix.count ? String(dropFirst(prefix.count)) : nil
    }
}
