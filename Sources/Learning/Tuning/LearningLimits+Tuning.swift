extension LearningLimits {
    /// Trials that one tuning task makes at once.
    package static let tuningJobs = 16
    /// Trials of another study that a search begins with.
    package static let warmTrials = 10
}
