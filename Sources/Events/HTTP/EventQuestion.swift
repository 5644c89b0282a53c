import Core
import HTTPSupport
import HTTPTypes
import Hummingbird

/// What a request wants of the stream, and in which form.
struct EventQuestion {
    /// The forms of an answer.
    enum Form {
        case page
        case cloudPage
        case stream
        case cloudStream
    }

    let form: Form
    let filter: EventFilter
    let after: Int64?
    let limit: Int
    /// Whether the newest are wanted first.
    let isNewestFirst: Bool
    /// With the newest first, the place before which they are wanted.
    let before: Int64?

    /// Reads the query, `Accept` and `Last-Event-ID`.
    ///
    /// - Throws: `invalidArgument` naming what cannot be read.
    init(_ request: Request) throws(MartletError) {
        let accepted = Self.accepted(request)
        let isCloud = Self.wantsCloudEvents(request)
        if accepted.contains("text/event-stream") {
            form = isCloud ? .cloudStream : .stream
        } else {
            form = isCloud ? .cloudPage : .page
        }
        filter = try EventFilter(types: request.query("types"), subject: request.query("subject"))
        // A browser resumes with the address it began with, so what it has seen counts more.
        if let seen = HTTPField.Name("Last-Event-ID").flatMap({ request.headers[$0] }), !seen.isEmpty {
            after = try Self.place(seen, "Last-Event-ID")
        } else {
            after = try request.query("after").map { text throws(MartletError) in try Self.place(text, "after") }
        }
        limit = try request.queryInt("limit", in: 1...EventsLimits.pageSize, default: EventsLimits.defaultPageSize)
        let order = request.query("order") ?? "oldest"
        guard ["oldest", "newest"].contains(order) else {
            throw MartletError(
                .invalidArgument,
                "'order' must be 'oldest' or 'newest', but is '\(order.prefix(80))'."
            )
        }
        isNewestFirst = order == "newest"
        before = try request.query("before").map { text throws(MartletError) in try Self.place(text, "before") }
        if let name = request.query("form"), name != "cloudevents", name != "martlet" {
            throw MartletError(
                .invalidArgument,
                "'form' must be 'martlet' or 'cloudevents', but is '\(name.prefix(80))'."
            )
        }
    }

    /// Whether the caller asks for CloudEvents, by `form` or by `Accept`.
    static func wantsCloudEvents(_ request: Request) -> Bool {
        request.query("form") == "cloudevents"
            || !accepted(request).isDisjoint(with: [CloudEvent.mediaType, CloudEvent.batchMediaType])
    }

    private static func accepted(_ request: Request) -> Set<String> {
        let ranges = (request.headers[.accept] ?? "").split(separator: ",")
        return Set(ranges.map { $0.prefix { $0 != ";" }.filter { $0 != " " }.lowercased() })
    }

    private static func place(_ text: String, _ field: String) throws(MartletError) -> Int64 {
        guard let place = Int64(text), place >= 0 else {
            throw MartletError(
                .invalidArgument,
                "'\(field)' must be the place of an event, a whole number from 0, but is '\(text.prefix(80))'."
            )
        }
        return place
    }
}
