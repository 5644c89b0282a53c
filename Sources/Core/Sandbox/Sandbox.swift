/// What a process gives up before it becomes its program.
///
/// Every process that Martlet starts has a session and group of its own, an environment and descriptors that are given to
/// it one by one, no core dumps, and no way to gain privileges; this says what else. `SandboxPolicy` makes the ones of tasks
/// and workers from the settings and from what this machine can do.
package struct Sandbox: Sendable, Equatable {
    /// What it may use.
    package var limits = ResourceLimits()
    /// Which files it may reach; nil for all that its user may.
    package var files: FileAccess?
    /// The user it becomes; nil to stay the server's.
    package var user: SandboxUser?
    /// Whether it is given a network without a way out; takes the privilege to make one.
    package var hasOwnNetwork = false
    /// Whether calls that reach into other processes or the system are refused.
    package var refusesCalls = false
    /// Whether it can make no sockets.
    package var refusesSockets = false
    /// Whether a superuser's privileges over the system are given up.
    package var dropsCapabilities = false
    /// Whether it ends with the thread that started it.
    package var endsWithParent = false
    /// The control group that it joins.
    package var controlGroup: ControlGroup?

    /// Nothing beyond what every process gives up.
    package init() {}
}

/// A user of the system that a process becomes.
package struct SandboxUser: Sendable, Equatable {
    /// The name, as the setting has it.
    package let name: String
    /// The number.
    package let id: UInt32
    /// The number of its group.
    package let group: UInt32

    /// A user.
    package init(name: String, id: UInt32, group: UInt32) {
        self.name = name
        self.id = id
        self.group = group
    }
}
