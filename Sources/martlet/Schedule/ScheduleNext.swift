import ArgumentParser
import Core
import Schedules

/// `martlet schedule next PIPELINE TRIGGER`, or `--cron` for a line that is not declared yet.
struct ScheduleNext: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "next",
        abstract: "Print the times at which a schedule fires next.",
        discussion: """
            With --cron no server is asked:
              martlet schedule next --cron '30 2 * * *' --timezone Europe/Berlin --after 2026-03-28
            """
    )

    @OptionGroup var options: GlobalOptions
    @Option(name: .long, help: "How many, 1 to \(CommandLimits.maximumRows).")
    var count = 5
    @Option(name: .long, help: "Only after this date or time; now unless given.")
    var after: String?
    @Option(name: .long, help: "A cron line instead of a trigger.")
    var cron: String?
    @Option(name: .long, help: "Whose clocks --cron is read by; UTC unless given.")
    var timezone: String?
    @Argument(help: "The pipeline's name.")
    var pipeline: String?
    @Argument(help: "The trigger's name.")
    var trigger: String?

    func validate() throws {
        guard (1...CommandLimits.maximumRows).contains(count) else {
            throw ValidationError("'--count' must be between 1 and \(CommandLimits.maximumRows), but is \(count).")
        }
        guard (cron != nil) != (trigger != nil) else {
            throw ValidationError("Name a pipeline and its trigger, or give '--cron'.")
        }
        if timezone != nil, cron == nil { throw ValidationError("'--timezone' goes with '--cron'.") }
    }

    func run(_ session: Session) async throws {
        let answer: JSONValue
        if let cron {
            answer = try times(of: cron, now: session.clock.now)
        } else {
            answer = try await session.server.get(
                ScheduleCommand.path(pipeline ?? "", trigger ?? "", "/next"),
                query: [("count", String(count)), ("after", after)]
            )
        }
        guard !session.wroteJSON(answer) else { return }
        let items = answer["items"]?.arrayValue ?? []
        for item in items { session.terminal.line(Words.text(item["local"])) }
        if items.isEmpty { session.terminal.line("It does not fire any more.") }
    }

    private func times(of cron: String, now: Timestamp) throws(MartletError) -> JSONValue {
        let schedule = try CronSchedule(cron, zone: timezone ?? "UTC")
        var moment = now
        if let after {
            guard let given = MomentText.parse(after, in: schedule.zone) else {
                throw MartletError(
                    .invalidArgument,
                    "'--after' must be a date such as 2026-05-01 or a time such as 2026-05-01T03:00:00Z."
                )
            }
            moment = given
        }
        var items: [JSONValue] = []
        while items.count < count, let next = schedule.next(after: moment) {
            items.append(["at": .integer(next.milliseconds), "local": .string(schedule.zone.text(of: next))])
            moment = next
        }
        return ["timezone": .string(schedule.zone.name), "items": .array(items)]
    }
}
