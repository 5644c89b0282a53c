/// Whom a share of the traffic, a route or a shadow goes to.
package enum TrafficTarget: Sendable, Equatable {
    /// The version that an alias of the model names, written `"@champion"`.
    case alias(String)
    /// One version, written as its number.
    case version(Int)
    /// The version that the deployment trusts.
    case stable
    /// The version on trial, while there is one.
    case candidate
}

/// Sends requests that carry a header to one target, before any share is looked at.
package struct TrafficRoute: Sendable, Equatable {
    /// What the header's value must be.
    package enum Match: Sendable, Equatable {
        /// Exactly this text.
        case equals(String)
        /// Text that begins so.
        case prefix(String)
        /// Any value.
        case present
    }

    /// The header's name in lower case.
    package var header: String
    /// What its value must be.
    package var match: Match
    /// Where such requests go.
    package var target: TrafficTarget

    /// Makes a route.
    package init(header: String, match: Match, target: TrafficTarget) {
        self.header = header
        self.match = match
        self.target = target
    }
}

/// What of a request is hashed to choose its arm: requests that share it stay together.
package enum StickyKey: Sendable, Equatable {
    /// Each request for itself.
    case requestID
    /// The value of a header, such as a user's id; a request without it is taken by its id.
    case header(String)
    /// The value of an input column; a request without it is taken by its id.
    case input(String)
}

/// One share of the traffic.
package struct TrafficShare<Target: Sendable & Equatable>: Sendable, Equatable {
    /// Who gets it.
    package var target: Target
    /// How much, in percent.
    package var percent: Int

    /// Makes a share.
    package init(_ target: Target, _ percent: Int) {
        self.target = target
        self.percent = percent
    }
}

/// The `traffic` object of a deployment: in force without a rollout, and beside one.
///
/// A rollout divides what goes to `stable`; shares of other versions, routes and shadows stay as they are.
package struct TrafficSpec: Sendable, Equatable {
    /// Shares that sum to 100; empty for 100 % of the deployment's own version.
    package var weights: [TrafficShare<TrafficTarget>]
    /// Routes by header; the first that matches wins.
    package var routes: [TrafficRoute]
    /// What is hashed.
    package var sticky: StickyKey
    /// Versions that also score a share of the requests, off the request path; their answers go to the ledger only.
    package var shadows: [TrafficShare<TrafficTarget>]

    /// Makes a specification; `init(fields:)` validates what users write.
    package init(
        weights: [TrafficShare<TrafficTarget>] = [],
        routes: [TrafficRoute] = [],
        sticky: StickyKey = .requestID,
        shadows: [TrafficShare<TrafficTarget>] = []
    ) {
        self.weights = weights
        self.routes = routes
        self.sticky = sticky
        self.shadows = shadows
    }

    /// Every alias that the specification names, each once.
    package var aliases: [String] {
        targets.reduce(into: []) { names, target in
            if case .alias(let name) = target, !names.contains(name) { names.append(name) }
        }
    }

    /// Every version that the specification names by number, each once.
    package var versions: [Int] {
        targets.reduce(into: []) { numbers, target in
            if case .version(let number) = target, !numbers.contains(number) { numbers.append(number) }
        }
    }

    private var targets: [TrafficTarget] {
        weights.map(\.target) + routes.map(\.target) + shadows.map(\.target)
    }
}
