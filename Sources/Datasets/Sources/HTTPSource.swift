package import Core
import Egress

/// An API that answers in pages, as declared under `source.http`.
package struct HTTPSource: Sendable, Equatable {
    /// How one page leads to the next.
    package enum Paging: Sendable, Equatable {
        /// There is one page.
        case none
        /// Pages have numbers, sent as a parameter; with a size, a page with fewer rows is the last.
        case number(parameter: String, start: Int64, size: Size?)
        /// Rows are counted: the parameter says how many to leave out.
        case offset(parameter: String, size: Size)
        /// The answer has a text that asks for the next page, sent as a parameter.
        case cursor(parameter: String, pointer: JSONPointer)
        /// The answer has the next page's address.
        case next(pointer: JSONPointer)
        /// The header `Link` has the next page's address (RFC 8288).
        case link
    }

    /// How many rows a page has, and the parameter that asks for so many.
    package struct Size: Sendable, Equatable {
        /// The query's parameter; nil when the API has a size of its own.
        package let parameter: String?
        /// Rows of a page.
        package let rows: Int64
    }

    /// Values of which each is asked for by itself.
    package struct Groups: Sendable, Equatable {
        /// The query's parameter; nil when the address has `{group}`.
        package let parameter: String?
        /// The values in order.
        package let values: [String]
    }

    /// The address before parameters are added; may have `{group}` and `{date}` in its path.
    package let url: String
    /// Parameters of every request; values may have `${secrets.NAME}`.
    package let query: [HTTPSourceField]
    /// Headers of every request; values may have `${secrets.NAME}`.
    package let headers: [HTTPSourceField]
    /// Where the rows are in the answer.
    package let rows: JSONPointer
    /// How pages follow each other.
    package let paging: Paging
    /// Groups that are asked for one by one.
    package let groups: Groups?
    /// Days that are asked for one by one.
    package let dates: HTTPSourceDates?
    /// How often a request is tried again.
    package let retries: Int
    /// How long one request may take.
    package let timeout: Duration
    /// Most pages of one group and date.
    package let maxPages: Int64

    /// The address without its query, for messages.
    package var name: String { String(url.prefix { $0 != "?" }) }

    /// Reads `http: {url, query, headers, rows, page | cursor | next, groups, dates, retries, timeout, max_pages}`.
    ///
    /// - Throws: `invalidArgument` naming the field.
    package static func parse(_ fields: JSONFields) throws(MartletError) -> HTTPSource {
        try fields.rejectUnknown([
            "url", "query", "headers", "rows", "page", "offset", "cursor", "next", "groups", "dates",
            "retries",
            "timeout", "max_pages",
        ])
        let groups = try fields.optionalFields("groups").map { section throws(MartletError) in
            try Self.groups(section)
        }
        let dates = try fields.optionalFields("dates").map { section throws(MartletError) in
            try HTTPSourceDates.parse(section)
        }
        let url = try fields.string("url")
        try checkPlaces(url, fields, groups, dates)
        let timeout = try fields.optionalDuration("timeout") ?? .seconds(DatasetsLimits.requestSeconds)
        guard timeout > .zero, timeout <= .seconds(DatasetsLimits.requestSeconds * 10) else {
            throw fields.invalid("timeout", "must be at most \(DatasetsLimits.requestSeconds * 10)s")
        }
        let retries = try fields.optionalInt("retries", in: 0...Int64(DatasetsLimits.retries))
        let pages = try fields.optionalInt("max_pages", in: 1...DatasetsLimits.pages)
        return HTTPSource(
            url: url,
            query: try HTTPSourceField.parse(fields, "query"),
            headers: try HTTPSourceField.parse(fields, "headers", isHeader: true),
            rows: try JSONPointer(try fields.optionalString("rows") ?? "", path: fields.path(of: "rows")),
            paging: try paging(fields),
            groups: groups,
            dates: dates,
            retries: Int(retries ?? 5),
            timeout: timeout,
            maxPages: pages ?? DatasetsLimits.pages
        )
    }

    private static func checkPlaces(
        _ url: String,
        _ fields: JSONFields,
        _ groups: Groups?,
        _ dates: HTTPSourceDates?
    ) throws(MartletError) {
        let sample = url.replacing("{group}", with: "g").replacing("{date}", with: "2026-01-01")
        _ = try EgressURL.parse(sample, what: "'\(fields.path(of: "url"))'")
        let asked = [
            ("{group}", groups != nil, groups?.parameter), ("{date}", dates != nil, dates?.parameter),
        ]
        for (mark, isGiven, parameter) in asked {
            if url.contains(mark) != (isGiven && parameter == nil) {
                throw fields.invalid(
                    "url",
                    "must have \(mark) exactly when there are such values without a 'parameter' of the query"
                )
            }
        }
        let path = url.prefix { $0 != "?" }
        guard !path.split(separator: "/").prefix(2).joined().contains("{"),
            !url.dropFirst(path.count).contains("{")
        else {
            throw fields.invalid("url", "may have {group} and {date} in its path only")
        }
    }

    private static func paging(_ fields: JSONFields) throws(MartletError) -> Paging {
        let given = ["page", "offset", "cursor", "next"].filter { fields.value($0) != nil }
        guard given.count <= 1 else {
            throw MartletError(
                .invalidArgument,
                "'\(fields.path)' has \(given.joined(separator: " and ")); pages follow each other in one way."
            )
        }
        switch given.first {
        case "page":
            let page = try fields.fields("page")
            try page.rejectUnknown(["parameter", "start", "size", "size_parameter"])
            return .number(
                parameter: try page.optionalString("parameter") ?? "page",
                start: try page.optionalInt("start", in: 0...1_000_000) ?? 1,
                size: try size(page)
            )
        case "offset":
            let page = try fields.fields("offset")
            try page.rejectUnknown(["parameter", "size", "size_parameter"])
            guard let size = try size(page) else {
                throw page.invalid("size", "must say how many rows a page has")
            }
            return .offset(parameter: try page.optionalString("parameter") ?? "offset", size: size)
        case "cursor":
            let cursor = try fields.fields("cursor")
            try cursor.rejectUnknown(["parameter", "pointer"])
            return .cursor(
                parameter: try cursor.optionalString("parameter") ?? "cursor",
                pointer: try JSONPointer(try cursor.string("pointer"), path: cursor.path(of: "pointer"))
            )
        case "next":
            if fields.value("next")?.stringValue == "link" { return .link }
            let pointer = try fields.string("next")
            return .next(pointer: try JSONPointer(pointer, path: fields.path(of: "next")))
        default: return .none
        }
    }

    private static func size(_ fields: JSONFields) throws(MartletError) -> Size? {
        guard let rows = try fields.optionalInt("size", in: 1...DatasetsLimits.blockRows) else {
            guard fields.value("size_parameter") == nil else {
                throw fields.invalid("size", "must go with 'size_parameter'")
            }
            return nil
        }
        return Size(parameter: try fields.optionalString("size_parameter"), rows: rows)
    }

    private static func groups(_ fields: JSONFields) throws(MartletError) -> Groups {
        try fields.rejectUnknown(["parameter", "values"])
        var values: [String] = []
        for value in try fields.array("values") {
            switch value {
            case .string(let text): values.append(text)
            case .integer(let number): values.append("\(number)")
            default: throw fields.invalid("values", "must be texts or whole numbers")
            }
        }
        guard (1...DatasetsLimits.groups).contains(values.count), Set(values).count == values.count
        else {
            throw fields.invalid("values", "must be 1 to \(DatasetsLimits.groups) values, none twice")
        }
        return Groups(parameter: try fields.optionalString("parameter"), values: values)
    }

    /// Whether both ask for the same rows; the last date, headers and patience do not matter.
    func readsLike(_ other: HTTPSource) -> Bool {
        url == other.url && query == other.query && rows == other.rows && paging == other.paging
            && groups == other.groups && dates?.parameter == other.dates?.parameter
            && dates?.from == other.dates?.from
            && dates?.step == other.dates?.step
    }
}
