import CHost

/// Keeps this process's memory, environment and descriptors from other processes of its user.
package enum ProcessShield {
    /// Closes them for the rest of the process's life, where the kernel can; says whether it could.
    ///
    /// It writes no core dumps from then on, and only the superuser can debug it.
    @discardableResult
    package static func raise() -> Bool {
        martlet_shield_process() == 0
    }
}
