import Core

/// How far an API was read; kept with the rows.
struct HTTPPosition: Sendable, Equatable {
    /// Groups and days that were read to their end.
    var slicesDone: Int64 = 0
    /// The page's number or the rows left out; nil at the beginning of a group and day.
    var number: Int64?
    /// The cursor, or the next page's address.
    var next: String?
    /// Pages of this group and day so far.
    var pagesOfSlice: Int64 = 0
    /// Pages so far.
    var pages: Int64 = 0
    /// Bytes so far.
    var bytes: Int64 = 0
    /// How many pages in a row were known already.
    var repeats: Int64 = 0
    /// The digest of the last page.
    var lastPage = ""
    /// The digest over all pages.
    var chain = ""
    /// Whether everything there was has been read.
    var isDone = false

    init() {}

    init?(_ json: JSONValue) {
        guard let slices = json["slices_done"]?.integerValue, let pages = json["pages"]?.integerValue
        else { return nil }
        slicesDone = max(0, slices)
        self.pages = pages
        number = json["number"]?.integerValue
        next = json["next"]?.stringValue
        pagesOfSlice = json["pages_of_slice"]?.integerValue ?? 0
        bytes = json["bytes"]?.integerValue ?? 0
        repeats = json["repeats"]?.integerValue ?? 0
        lastPage = json["last_page"]?.stringValue ?? ""
        chain = json["chain"]?.stringValue ?? ""
        isDone = json["done"]?.boolValue ?? false
    }

    var json: JSONValue {
        [
            "slices_done": .integer(slicesDone), "number": .optional(number), "next": .optional(next),
            "pages_of_slice": .integer(pagesOfSlice), "pages": .integer(pages), "bytes": .integer(bytes),
            "repeats": .integer(repeats), "last_page": .string(lastPage), "chain": .string(chain),
            "done": .bool(isDone),
        ]
    }
}
