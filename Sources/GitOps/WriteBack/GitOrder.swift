package import Core

/// What is to be written back, and why.
package struct GitOrder: Sendable, Equatable {
    /// A figure of the message.
    package struct Metric: Sendable, Equatable {
        /// Its name.
        package let name: String
        /// The candidate's.
        package let value: Double
        /// The champion's; nil when it is not known.
        package let champion: Double?

        /// A figure.
        package init(name: String, value: Double, champion: Double? = nil) {
            self.name = name
            self.value = value
            self.champion = champion
        }
    }

    /// Names the order, so that the same key leads to the same commit: a loop's id.
    package let key: String
    /// The model.
    package let model: String
    /// The alias.
    package let alias: String
    /// The version that serves now.
    package let version: Int
    /// The version before; nil when there was none.
    package var champion: Int?
    /// The deployment; nil when there is none.
    package var deployment: String?
    /// How it came out, such as `promoted`.
    package var outcome = "promoted"
    /// The figures.
    package var metrics: [Metric] = []

    /// An order.
    ///
    /// - Parameters:
    ///   - key: names it: 1 to 64 letters, digits and hyphens.
    ///   - model: the model.
    ///   - alias: the alias.
    ///   - version: the version that serves now.
    /// - Throws: `invalidArgument` for another key.
    package init(key: String, model: String, alias: String, version: Int) throws(MartletError) {
        let isPlain = key.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
        guard (1...64).contains(key.count), isPlain else {
            throw MartletError(.invalidArgument, "The key of a write-back has 1 to 64 letters, digits and hyphens.")
        }
        self.key = key
        self.model = model
        self.alias = alias
        self.version = version
    }
}

/// Where an order is written down.
package struct GitResult: Sendable, Equatable {
    /// The commit that says it; the branch's own when the value was there already.
    package let commit: String
    /// The branch.
    package let branch: String
    /// Whether this call made the commit.
    package let isNew: Bool
    /// Whether a commit of this order is there at all: no when the file said so before.
    package let isChanged: Bool
    /// Whether it is in the repository, and not only in Martlet's own copy.
    package let isPushed: Bool

    /// A result.
    package init(commit: String, branch: String, isNew: Bool, isChanged: Bool, isPushed: Bool) {
        self.commit = commit
        self.branch = branch
        self.isNew = isNew
        self.isChanged = isChanged
        self.isPushed = isPushed
    }
}
