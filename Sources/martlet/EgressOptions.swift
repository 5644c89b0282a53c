import ArgumentParser
import Server

/// Where requests of the server may go.
struct EgressOptions: ParsableArguments {
    @Option(
        name: .customLong("egress-scheme"),
        help: "A scheme of requests to other servers; repeat for more. (default: https)"
    )
    var schemes: [String] = []

    @Option(
        name: .customLong("egress-allow-host"),
        help: "A host that may be asked, such as api.example.com or *.example.com; repeat. (default: every public host)"
    )
    var hosts: [String] = []

    @Option(
        name: .customLong("egress-allow-private"),
        help: "A private range that may be asked, such as 10.0.0.0/8, or 'all'; repeat. (default: none)"
    )
    var ranges: [String] = []

    /// As settings.
    var flags: EgressSettings.Flags {
        var flags = EgressSettings.Flags()
        flags.schemes = schemes
        flags.hosts = hosts
        flags.ranges = ranges
        return flags
    }
}
