/// The named maxima and paces of the demo.
enum DemoLimits {
    /// Requests sent per second.
    static let requestsPerSecond = 100
    /// Most requests under way; further ones are left out and counted.
    static let requestsUnderWay = 64
    /// Labels arrive after this many milliseconds at the earliest.
    static let labelDelayMinimum = 400
    /// Labels arrive after this many milliseconds at the latest.
    static let labelDelayMaximum = 1500
    /// Longest wait for one step of the storyline.
    static let stepTimeout: Duration = .seconds(120)
    /// How often the state of the server is read.
    static let pollInterval: Duration = .milliseconds(250)
    /// Quiet traffic before the instruments are recalibrated.
    static let quietTime: Duration = .seconds(8)
}
