import Core
import Storage

/// A token of a search for logged models: it says which part of another search does not match, as MLflow's does.
struct LoggedModelPageToken {
    private let experiments: String
    private let filter: String
    private let order: String

    init(experiments: [String], filter: String?, order: [LoggedModelOrder]) {
        self.experiments = KeysetPage.fingerprint(of: experiments)
        self.filter = KeysetPage.fingerprint(of: [filter ?? ""])
        self.order = KeysetPage.fingerprint(of: order.map { "\($0)" })
    }

    /// The token that clients get for a page's own token.
    func encode(_ page: String) -> String {
        PageToken.encode([
            "experiments": .string(experiments), "filter": .string(filter), "order": .string(order),
            "page": .string(page),
        ])
    }

    /// The page's own token.
    ///
    /// - Throws: `invalidArgument` for a token that nobody made, or that names what differs.
    func decode(_ token: String) throws(MartletError) -> String {
        let content = try PageToken.decode(token)
        let parts = [
            ("experiments", experiments, "Experiment IDs in the page token do not match the requested ones."),
            ("filter", filter, "Filter string in the page token does not match the requested one."),
            ("order", order, "Order by in the page token does not match the requested one."),
        ]
        for (name, own, text) in parts where content[name]?.stringValue != own {
            throw MartletError(.invalidArgument, text)
        }
        guard let page = content["page"]?.stringValue else {
            throw MartletError(.invalidArgument, "Invalid page token: ask for the first page again.")
        }
        return page
    }
}
