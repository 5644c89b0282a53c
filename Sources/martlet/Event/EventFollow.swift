import ArgumentParser
import Core

/// `martlet event follow`.
struct EventFollow: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "follow",
        abstract: "Print events as they happen, until interrupted.",
        discussion:
            "When the server stops or is gone, the stream is taken up again where it was. With --json each event is "
            + "one line."
    )

    @OptionGroup var options: GlobalOptions
    @OptionGroup var selection: EventSelection
    @Option(help: "Begin after this place, 0 for the oldest event; by default with what happens from now on.")
    var after: Int64?
    @Option(help: "Stop after so many events.")
    var limit: Int?

    func validate() throws {
        if let limit, limit < 1 { throw ValidationError("'--limit' must be 1 or more, but is \(limit).") }
    }

    func run(_ session: Session) async throws {
        let client = try EventStreamClient(address: options.address, access: try options.access())
        var follower = EventFollower(place: after, limit: limit)
        do {
            try await client.follow(selection.query, &follower, clock: session.clock) { shown in
                switch shown {
                case .event(let event): session.terminal.line(options.json ? event.description : EventLine.text(event))
                case .note(let text): session.terminal.note(text)
                }
            }
        } catch {
            await client.close()
            throw error
        }
        await client.close()
    }
}
