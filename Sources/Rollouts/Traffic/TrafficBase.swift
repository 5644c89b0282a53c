package import Core

/// A `TrafficSpec` whose aliases and names are versions: what holds beside a rollout.
package struct TrafficBase: Sendable, Equatable {
    /// A route with its version.
    package struct Route: Sendable, Equatable {
        /// The header's name in lower case.
        package var header: String
        /// What its value must be.
        package var match: TrafficRoute.Match
        /// Where such requests go.
        package var version: Int

        /// Makes a route.
        package init(header: String, match: TrafficRoute.Match, version: Int) {
            self.header = header
            self.match = match
            self.version = version
        }

        /// Whether a header's value sends a request here; nil is a request without the header.
        package func takes(_ value: String?) -> Bool {
            guard let value else { return false }
            return switch match {
            case .equals(let text): value == text
            case .prefix(let text): value.hasPrefix(text)
            case .present: true
            }
        }
    }

    /// Shares by version; empty when the stable version has everything.
    package var arms: [TrafficShare<Int>]
    /// Routes by header; the first that matches wins.
    package var routes: [Route]
    /// What is hashed.
    package var sticky: StickyKey
    /// Versions that also score a share of the requests.
    package var shadows: [TrafficShare<Int>]

    /// Makes a base; the standard one gives everything to the stable version.
    package init(
        arms: [TrafficShare<Int>] = [],
        routes: [Route] = [],
        sticky: StickyKey = .requestID,
        shadows: [TrafficShare<Int>] = []
    ) {
        self.arms = arms
        self.routes = routes
        self.sticky = sticky
        self.shadows = shadows
    }

    /// Every version that it names, each once.
    package var versions: [Int] {
        (arms.filter { $0.percent > 0 }.map(\.target) + routes.map(\.version)
            + shadows.filter { $0.percent > 0 }.map(\.target))
            .reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }
}

extension TrafficSpec {
    /// Names the version of each target.
    ///
    /// A route or shadow to `candidate` is left out while there is none. Shares of one version are joined.
    ///
    /// - Parameters:
    ///   - stable: The trusted version.
    ///   - candidate: The version on trial, if there is one.
    ///   - alias: The version of an alias; nil when there is no such alias.
    /// - Returns: the base of a traffic plan.
    /// - Throws: `notFound` for an unknown alias.
    package func resolved(
        stable: Int,
        candidate: Int?,
        alias: (String) -> Int?
    ) throws(MartletError) -> TrafficBase {
        func version(_ target: TrafficTarget) throws(MartletError) -> Int? {
            switch target {
            case .stable: return stable
            case .candidate: return candidate
            case .version(let number): return number
            case .alias(let name):
                guard let number = alias(name) else {
                    throw MartletError(.notFound, "The alias '\(name)' named by 'traffic' does not exist.")
                }
                return number
            }
        }
        func join(_ shares: [TrafficShare<TrafficTarget>]) throws(MartletError) -> [TrafficShare<Int>] {
            var joined: [TrafficShare<Int>] = []
            for share in shares {
                guard let number = try version(share.target) else { continue }
                if let place = joined.firstIndex(where: { $0.target == number }) {
                    joined[place].percent = min(100, joined[place].percent + share.percent)
                } else {
                    joined.append(TrafficShare(number, share.percent))
                }
            }
            return joined
        }
        var base = TrafficBase(arms: try join(weights), sticky: sticky, shadows: try join(shadows))
        for route in routes {
            guard let number = try version(route.target) else { continue }
            base.routes.append(TrafficBase.Route(header: route.header, match: route.match, version: number))
        }
        return base
    }
}
