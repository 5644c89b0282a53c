/// The named maxima and paces of the demo.
package enum DemoLimits {
    /// Requests sent per second.
    package static let requestsPerSecond = 100
    /// Most requests under way; further ones are left out and counted.
    package static let requestsUnderWay = 64
    /// Labels arrive after this many milliseconds at the earliest.
    package static let labelDelayMinimum = 400
    /// Labels arrive after this many milliseconds at the latest.
    package static let labelDelayMaximum = 1500
    /// Longest wait for one step of the storyline.
    package static let stepTimeout: Duration = .seconds(120)
    /// How often the state of the server is read.
    package static let pollInterval: Duration = .milliseconds(250)
    /// Quiet traffic before the instruments are recalibrated.
    package static let quietTime: Duration = .seconds(8)
}
