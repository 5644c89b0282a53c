package import Core

/// How the console declares deployments: by the same rules as `martlet apply` and the API.
package struct ConsoleDeclarations: Sendable {
    /// What applying a declaration does.
    package struct Change: Sendable {
        /// Whether the deployment is new.
        package var isNew: Bool
        /// What differs: where, how it is, how it will be; values as JSON.
        package var fields: [(path: String, before: String?, after: String?)]
        /// What follows, such as a rollout that starts.
        package var notes: [String]

        /// Describes a change.
        package init(
            isNew: Bool,
            fields: [(path: String, before: String?, after: String?)],
            notes: [String] = []
        ) {
            self.isNew = isNew
            self.fields = fields
            self.notes = notes
        }
    }

    /// Reads one entry of `deployments:` that was written as YAML or JSON.
    let read: @Sendable (_ text: String) async throws -> JSONValue
    /// Says what applying an entry does.
    let compare: @Sendable (_ name: String, _ entry: JSONValue) async throws -> Change
    /// Declares a deployment.
    let apply: @Sendable (_ name: String, _ entry: JSONValue) async throws -> Void

    /// Takes the operations.
    ///
    /// - Parameters:
    ///   - read: reads one entry that was written as YAML or JSON.
    ///   - compare: says what applying an entry does.
    ///   - apply: declares a deployment.
    package init(
        read: @escaping @Sendable (_ text: String) async throws -> JSONValue,
        compare: @escaping @Sendable (_ name: String, _ entry: JSONValue) async throws -> Change,
        apply: @escaping @Sendable (_ name: String, _ entry: JSONValue) async throws -> Void
    ) {
        self.read = read
        self.compare = compare
        self.apply = apply
    }
}
