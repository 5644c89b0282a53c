package import Core

/// Which version of which model a deployment serves: the one that an alias names, or one for good.
package struct ModelReference: Sendable, Hashable {
    /// How the version is found.
    package enum Selector: Sendable, Hashable {
        /// The version that this alias names, whatever that is.
        case alias(String)
        /// This version.
        case version(Int)
    }

    /// The registered model.
    package let model: String
    /// How the version is found.
    package let selector: Selector

    /// The alias that a deployment follows when it does not say.
    package static let standardAlias = "production"

    /// Makes a reference.
    package init(model: String, selector: Selector) {
        self.model = model
        self.selector = selector
    }

    /// Reads `model`, `alias` and `version` of an entry: a plain name with one of the two, or a URI such as
    /// `models:/cancer@production` or `models:/cancer/3` alone.
    ///
    /// - Throws: `invalidArgument` naming the field.
    package init(fields: JSONFields) throws(MartletError) {
        let text = try fields.string("model")
        let alias = try fields.optionalString("alias")
        let version = try fields.optionalInt("version", in: 1...Int64(Int32.max)).map { Int($0) }
        guard alias == nil || version == nil else {
            throw fields.invalid(
                "version",
                "cannot stand beside 'alias'; a deployment follows an alias or has a version"
            )
        }
        if alias?.isEmpty == true { throw fields.invalid("alias", "must not be empty") }
        guard text.contains(":/") || text.contains("/") || text.contains("@") else {
            guard !text.isEmpty else { throw fields.invalid("model", "must not be empty") }
            let selector: Selector = version.map { .version($0) } ?? .alias(alias ?? Self.standardAlias)
            self.init(model: text, selector: selector)
            return
        }
        guard let reference = Self(uri: text) else {
            throw fields.invalid(
                "model",
                "must be a registered model's name, models:/<name>@<alias> or models:/<name>/<version>, but is "
                    + "'\(text.prefix(100))'"
            )
        }
        guard alias == nil, version == nil else {
            throw fields.invalid(
                "model",
                "names the version already; leave '\(alias == nil ? "version" : "alias")' out"
            )
        }
        self = reference
    }

    /// Reads a URI of MLflow's form; nil for any other text.
    package init?(uri: String) {
        let start = "models:/"
        guard uri.hasPrefix(start) else { return nil }
        let rest = uri.dropFirst(start.count)
        if let at = rest.lastIndex(of: "@") {
            let (model, alias) = (rest[..<at], rest[rest.index(after: at)...])
            guard Self.isName(model), Self.isName(alias) else { return nil }
            self.init(model: String(model), selector: .alias(String(alias)))
        } else if let slash = rest.lastIndex(of: "/") {
            let (model, last) = (rest[..<slash], rest[rest.index(after: slash)...])
            guard Self.isName(model) else { return nil }
            if last == "latest" {
                self.init(model: String(model), selector: .alias("latest"))
            } else if let version = Int32(last), version > 0, last.utf8.allSatisfy({ $0 &- 0x30 < 10 }) {
                self.init(model: String(model), selector: .version(Int(version)))
            } else {
                return nil
            }
        } else {
            return nil
        }
    }

    private static func isName(_ text: Substring) -> Bool {
        !text.isEmpty && !text.contains("/") && !text.contains("@")
    }

    /// The reference as MLflow writes it.
    package var uri: String {
        switch selector {
        case .alias("latest"): "models:/\(model)/latest"
        case .alias(let alias): "models:/\(model)@\(alias)"
        case .version(let version): "models:/\(model)/\(version)"
        }
    }

    /// The alias that is followed; nil for a version.
    package var alias: String? {
        if case .alias(let alias) = selector { return alias }
        return nil
    }

    /// The version that is pinned; nil for an alias.
    package var version: Int? {
        if case .version(let version) = selector { return version }
        return nil
    }
}
