import Core
import Crypto
import Egress

/// The rows of an API, page by page, one group and day after the other.
struct HTTPBlocks: BlockSource {
    private let http: HTTPSource
    private let source: DatasetSource
    private let declared: [String]
    private let sources: DatasetSources
    private let days: [Int64?]
    private let groups: [String?]
    private let clock: Clock
    private var state = HTTPPosition()
    private var seenPages: [String] = []
    private var seenPlaces: [String] = []
    private var secrets: [String: String]?

    init(
        _ http: HTTPSource,
        source: DatasetSource,
        declared: [String],
        sources: DatasetSources,
        clock: Clock
    ) {
        self.http = http
        self.source = source
        self.declared = declared
        self.sources = sources
        self.clock = clock
        days = http.dates.map { $0.days(now: clock.now) } ?? [nil]
        groups = http.groups?.values ?? [nil]
    }

    var fraction: Double {
        let slices = days.count * groups.count
        return slices > 0 ? min(1, Double(state.slicesDone) / Double(slices)) : 1
    }

    var digest: SourceDigest {
        SourceDigest(name: http.name, sha256: state.chain, bytes: state.bytes)
    }

    func close() async {}

    mutating func resume(at position: SourcePosition, rows: Int64) async throws -> Bool {
        guard let document = position.state, let stored = HTTPPosition(document) else { return false }
        // What is read as a whole is read anew; days that were not there yet are behind what was read.
        guard !stored.isDone || http.dates != nil else { return false }
        state = stored
        if state.isDone, place != nil { state.isDone = false }
        seenPages = [state.lastPage].filter { !$0.isEmpty }
        return true
    }

    mutating func next(limit: Int) async throws -> SourceBlock {
        var gathered = RowGatherer(columns: declared)
        do {
            while gathered.rows.count < limit, gathered.bytes < DatasetsLimits.blockBytes {
                try Task.checkCancellation()
                guard let place else {
                    state.isDone = true
                    break
                }
                try await page(place.day, place.group, &gathered)
            }
        } catch  where !gathered.rows.isEmpty {
            return block(gathered, isLast: false, failure: error)
        }
        return block(gathered, isLast: state.isDone || place == nil, failure: nil)
    }

    private mutating func block(_ rows: RowGatherer, isLast: Bool, failure: (any Error)?)
        -> SourceBlock
    {
        if isLast { state.isDone = true }
        let position = SourcePosition(offset: state.pages, digest: state.chain, state: state.json)
        return SourceBlock(rows: rows, position: position, isLast: isLast, failure: failure)
    }

    /// The day and group that are being read; nil when all were.
    private var place: (day: Int64?, group: String?)? {
        let slice = Int(clamping: state.slicesDone)
        guard slice < days.count * groups.count else { return nil }
        return (days[slice / groups.count], groups[slice % groups.count])
    }

    private mutating func page(_ day: Int64?, _ group: String?, _ gathered: inout RowGatherer)
        async throws
    {
        guard state.pagesOfSlice < http.maxPages else {
            throw MartletError(
                .resourceExhausted,
                "'\(http.name)' has not ended after \(http.maxPages) pages\(Self.words(day, group)); correct its paging or raise 'max_pages'."
            )
        }
        let reply = try await HTTPPageRequest(http: http, sources: sources, clock: clock)
            .send(try await request(day, group))
        let page = try HTTPPage(reply, http: http, format: source.format, declared: declared)
        state.pages += 1
        state.pagesOfSlice += 1
        state.bytes += Int64(reply.body.count)
        if page.count > 0, seenPages.contains(page.digest) {
            state.repeats += 1
            guard state.repeats < 2 else {
                throw MartletError(
                    .failedPrecondition,
                    "'\(http.name)' answers with the same rows again and again\(Self.words(day, group)); is the page's parameter right?"
                )
            }
        } else {
            state.repeats = 0
            state.chain = SHA256.hash(data: Array("\(state.chain)\(page.digest)".utf8)).hexadecimal
            try page.add(to: &gathered)
        }
        state.lastPage = page.digest
        seenPages.append(page.digest)
        if seenPages.count > DatasetsLimits.rememberedPages { seenPages.removeFirst() }
        try advance(page, reply)
    }

    /// Goes to the next page, or to the next group and day.
    private mutating func advance(_ page: HTTPPage, _ reply: DatasetSources.Reply)
        throws(MartletError)
    {
        switch http.paging {
        case .none: endSlice()
        case .number(_, let start, let size):
            let isShort = size.map { Int64(page.count) < $0.rows } ?? false
            if page.count == 0 || isShort {
                endSlice()
            } else {
                state.number = (state.number ?? start) + 1
            }
        case .offset(_, let size):
            if Int64(page.count) < size.rows {
                endSlice()
            } else {
                state.number = (state.number ?? 0) + Int64(page.count)
            }
        case .cursor(_, let pointer): try follow(Self.text(pointer.value(in: page.document)), "cursor")
        case .next(let pointer):
            try follow(Self.text(pointer.value(in: page.document)), "next page's address")
        case .link: try follow(LinkHeader.next(in: reply.headers), "next page's address")
        }
    }

    private mutating func follow(_ next: String?, _ what: String) throws(MartletError) {
        guard let next, !next.isEmpty else { return endSlice() }
        guard next.utf8.count <= EgressLimits.urlCharacters else {
            throw MartletError(
                .invalidArgument,
                "'\(http.name)' answers with a \(what) that is too long."
            )
        }
        guard next != state.next, !seenPlaces.contains(next) else {
            throw MartletError(
                .failedPrecondition,
                "'\(http.name)' answers with a \(what) that was used before: its pages go in a circle."
            )
        }
        state.next = next
        seenPlaces.append(next)
        if seenPlaces.count > DatasetsLimits.rememberedPages { seenPlaces.removeFirst() }
    }

    private mutating func endSlice() {
        state.slicesDone += 1
        (state.number, state.next, state.pagesOfSlice, state.repeats, state.lastPage) = (
            nil, nil, 0, 0, ""
        )
        (seenPages, seenPlaces) = ([], [])
    }

    private mutating func request(_ day: Int64?, _ group: String?) async throws -> EgressRequest {
        if secrets == nil {
            secrets = try await sources.secrets(of: (http.headers + http.query).map(\.value))
        }
        let values = secrets ?? [:]
        var address = http.url
        if let day { address = address.replacing("{date}", with: HTTPSourceDates.text(day)) }
        if let group { address = address.replacing("{group}", with: QueryText.escaped(group)) }
        var parameters = http.query.map { ($0.name, $0.value.filled(values)) }
        if let name = http.dates?.parameter, let day {
            parameters.append((name, HTTPSourceDates.text(day)))
        }
        if let name = http.groups?.parameter, let group { parameters.append((name, group)) }
        parameters += pageParameters
        let what = "The data source"
        var url = try EgressURL.parse(QueryText.adding(parameters, to: address), what: what)
        if let next = state.next, http.paging.followsAddresses {
            url = try Self.next(next, from: url, name: http.name)
        }
        var request = EgressRequest(what, url: url)
        request.headers = http.headers.map { ($0.name, $0.value.filled(values)) }
        if !request.headers.contains(where: { $0.name.lowercased() == "accept" }) {
            let type = source.format == .csv ? "text/csv" : "application/json"
            request.headers.append(("Accept", type))
        }
        request.keepsConnection = true
        request.redirects = .withinOrigin
        request.timeLimit = http.timeout
        request.answerLimit = DatasetsLimits.pageBytes
        return request
    }

    private var pageParameters: [(String, String)] {
        switch http.paging {
        case .number(let parameter, let start, let size):
            [(parameter, "\(state.number ?? start)")] + Self.size(size)
        case .offset(let parameter, let size): [(parameter, "\(state.number ?? 0)")] + Self.size(size)
        case .cursor(let parameter, _): state.next.map { [(parameter, $0)] } ?? []
        case .none, .next, .link: []
        }
    }

    private static func size(_ size: HTTPSource.Size?) -> [(String, String)] {
        guard let size, let parameter = size.parameter else { return [] }
        return [(parameter, "\(size.rows)")]
    }

    /// The next page's address, which must be on the same server.
    private static func next(_ text: String, from url: EgressURL, name: String) throws(MartletError)
        -> EgressURL
    {
        let isAbsolute = text.hasPrefix("http://") || text.hasPrefix("https://")
        let folder = url.path.prefix { $0 != "?" }.lastIndex(of: "/").map { url.path[...$0] } ?? "/"
        let whole =
            isAbsolute
            ? text
            : text.hasPrefix("/")
                ? url.origin + text
                : text.hasPrefix("?")
                    ? url.origin + url.path.prefix { $0 != "?" } + text : url.origin + folder + text
        let next = try EgressURL.parse(whole, what: "The next page's address")
        guard next.origin == url.origin else {
            throw MartletError(
                .permissionDenied,
                "'\(name)' leads to another server (\(next.origin.prefix(200))) for its next page, which is not followed."
            )
        }
        return next
    }

    private static func text(_ value: JSONValue?) -> String? {
        switch value {
        case .string(let text)?: text
        case .integer(let number)?: String(number)
        case .number(let number)?: "\(number)"
        default: nil
        }
    }

    private static func words(_ day: Int64?, _ group: String?) -> String {
        let parts = [group.map { "group '\($0.prefix(80))'" }, day.map { HTTPSourceDates.text($0) }]
            .compactMap(\.self)
        return parts.isEmpty ? "" : " (\(parts.joined(separator: ", ")))"
    }
}

extension HTTPSource.Paging {
    /// Whether the answer names the next page's whole address.
    var followsAddresses: Bool {
        switch self {
        case .next, .link: true
        case .none, .number, .offset, .cursor: false
        }
    }
}

extension DatasetSources {
    /// The secrets that texts name.
    func secrets(of texts: [SecretText]) async throws -> [String: String] {
        let names = Set(texts.flatMap(\.names)).sorted()
        return names.isEmpty ? [:] : try await secrets(names)
    }
}
