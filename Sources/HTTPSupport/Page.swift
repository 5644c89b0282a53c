package import Core
package import Hummingbird

/// One page of results and the token of the next.
package struct Page<Element: Sendable>: Sendable {
    /// The elements.
    package let items: [Element]
    /// The token that asks for the next page; nil on the last.
    package let nextPageToken: String?

    /// Makes a page.
    package init(items: [Element], nextPageToken: String?) {
        self.items = items
        self.nextPageToken = nextPageToken
    }

    /// `{"items":[…],"next_page_token":…}`.
    package func json(_ element: (Element) -> JSONValue) -> JSONValue {
        var object: JSONObject = ["items": .array(items.map(element))]
        if let nextPageToken { object["next_page_token"] = .string(nextPageToken) }
        return .object(object)
    }
}

extension Request {
    /// The text of a query parameter.
    package func query(_ name: String) -> String? {
        uri.queryParameters[name[...]].map(String.init)
    }

    /// The whole number of a query parameter in `range`, or `fallback` when absent.
    ///
    /// - Throws: `invalidArgument` naming the parameter.
    package func queryInt(_ name: String, in range: ClosedRange<Int>, default fallback: Int) throws(MartletError) -> Int
    {
        guard let text = query(name) else { return fallback }
        guard let value = Int(text), range.contains(value) else {
            throw MartletError(
                .invalidArgument,
                "'\(name)' must be a whole number between \(range.lowerBound) and \(range.upperBound), but is '\(text)'."
            )
        }
        return value
    }
}
