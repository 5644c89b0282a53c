package import Core

/// One entry of an `order_by`, such as `metrics.loss DESC`.
package struct SearchOrder: Sendable, Equatable {
    /// What is sorted by.
    package let field: SearchField
    /// Whether small values come first.
    package let isAscending: Bool

    /// Makes an entry.
    package init(field: SearchField, isAscending: Bool) {
        self.field = field
        self.isAscending = isAscending
    }

    /// Parses entries such as `start_time DESC`; ascending if nothing is said.
    ///
    /// - Throws: `invalidArgument` that shows the entry that is wrong or named twice.
    package static func parse(_ entries: [String]) throws(MartletError) -> [SearchOrder] {
        guard entries.count <= SearchLimits.orderEntries else {
            throw MartletError(.invalidArgument, "'order_by' has more than \(SearchLimits.orderEntries) entries.")
        }
        var orders: [SearchOrder] = []
        for entry in entries {
            let order = try parse(entry)
            guard !orders.contains(where: { $0.field == order.field }) else {
                throw MartletError(.invalidArgument, "'order_by' contains duplicate fields: '\(entry)'.")
            }
            orders.append(order)
        }
        return orders
    }

    private static func parse(_ entry: String) throws(MartletError) -> SearchOrder {
        var scanner = try SearchScanner(entry, what: .order)
        let field: SearchField
        switch try scanner.next() {
        case .field(let name, _): field = name
        case .text(let key): field = SearchField(entity: nil, key: key)
        default: throw scanner.invalid("a field such as start_time or metrics.loss is expected.")
        }
        var isAscending = true
        if let token = try scanner.next() {
            guard case .field(let word, isQuoted: false) = token, word.entity == nil else {
                throw scanner.invalid("only ASC or DESC may follow the field.")
            }
            guard ["ASC", "DESC"].contains(word.key.uppercased()) else {
                throw MartletError(
                    .invalidArgument,
                    "Invalid ordering key in order_by clause '\(entry.prefix(100))'. Only ASC or DESC may follow the field."
                )
            }
            isAscending = word.key.uppercased() == "ASC"
        }
        guard try scanner.next() == nil else { throw scanner.invalid("nothing may follow ASC or DESC.") }
        return SearchOrder(field: field, isAscending: isAscending)
    }
}
