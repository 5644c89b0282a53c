/// What lets a command call the server back while it runs.
package struct TaskPass: Sendable {
    /// Variables of the command's environment; their values are hidden in its log like secrets.
    package let environment: [String: String]
    /// Called when the attempt has ended, however it ended.
    package let withdraw: @Sendable () -> Void

    /// A pass that holds until `withdraw`.
    package init(environment: [String: String], withdraw: @escaping @Sendable () -> Void) {
        self.environment = environment
        self.withdraw = withdraw
    }
}
