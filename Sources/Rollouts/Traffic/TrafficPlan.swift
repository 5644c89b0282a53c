import Foundation

/// Which side of a rollout answers a request.
package enum TrafficArm: String, Sendable, Equatable {
    /// The version that is trusted.
    case stable
    /// The version on trial.
    case candidate
}

/// Where one request goes, and why.
package struct TrafficChoice: Sendable, Equatable {
    /// Why.
    package enum Reason: String, Sendable, Equatable {
        /// By the hash, to a side of the rollout or to the stable version: the only kind that is evidence.
        case split
        /// By the hash, to another version that has a share of its own.
        case share
        /// By a header.
        case route
    }

    /// The version that answers.
    package var version: Int
    /// The side of the rollout; nil for a version that is neither.
    package var arm: TrafficArm?
    /// Why; a routed request chose itself and so is no evidence.
    package var reason: Reason

    /// Makes a choice.
    package init(version: Int, arm: TrafficArm?, reason: Reason) {
        self.version = version
        self.arm = arm
        self.reason = reason
    }
}

/// What one version gets of the traffic.
package struct VersionShare: Sendable, Equatable {
    /// The version.
    package var version: Int
    /// Its share in percent.
    package var percent: Double

    /// Makes a share.
    package init(version: Int, percent: Double) {
        self.version = version
        self.percent = percent
    }
}

/// How a deployment's requests are split between its versions: one immutable value, replaced as a whole.
package struct TrafficPlan: Sendable, Equatable {
    /// The trusted version; while a promoted version is watched the one before it.
    package var stable: Int
    /// The version on trial, if there is one; also while it is watched after its promotion.
    package var candidate: Int?
    /// The candidate's share of the stable version's traffic in percent, 0…100.
    package var candidatePercent: Int
    /// Share of the requests of either side that the other side scores too, off the request path, in percent.
    package var shadowPercent: Int
    /// The stage of the rollout this plan belongs to; 0 outside a rollout.
    package var step: Int
    /// Shares of other versions, routes and shadows, which hold beside a rollout.
    package var base: TrafficBase

    /// Makes a plan; the shares are held within 0…100 and are 0 without a candidate.
    package init(
        stable: Int,
        candidate: Int? = nil,
        candidatePercent: Int = 0,
        shadowPercent: Int = 0,
        step: Int = 0,
        base: TrafficBase = TrafficBase()
    ) {
        self.stable = stable
        self.candidate = candidate
        self.candidatePercent = candidate == nil ? 0 : min(max(candidatePercent, 0), 100)
        self.shadowPercent = candidate == nil ? 0 : min(max(shadowPercent, 0), 100)
        self.step = step
        self.base = base
    }

    /// The same plan over another base.
    package func over(_ base: TrafficBase) -> TrafficPlan {
        var plan = self
        plan.base = base
        return plan
    }

    /// The side of the rollout for a request, from the hash of its key.
    ///
    /// Deterministic, and monotonic in the share: a request that reaches the candidate at 10 % does so at 50 %.
    package func arm(forHash hash: UInt64) -> TrafficArm {
        guard candidate != nil, candidatePercent > 0 else { return .stable }
        return Self.percentile(hash) < UInt64(candidatePercent) ? .candidate : .stable
    }

    /// Where a request goes.
    ///
    /// Routes come first. Then the shares of `base`, by weighted rendezvous hashing (Thaler and Ravishankar 1998;
    /// Schindelhauer and Schomaker 2005): raising one version's share takes requests to it and moves none between the
    /// others. What falls to the stable version is split with the candidate by `arm(forHash:)`, from bits of the hash
    /// that the shares do not use.
    ///
    /// - Parameters:
    ///   - hash: `hash(_:)` of the value of the sticky key.
    ///   - header: The value of a header given in lower case; nil without it.
    /// - Returns: the version, its side, and the reason.
    package func choose(hash: UInt64, header: (String) -> String?) -> TrafficChoice {
        for route in base.routes where route.takes(header(route.header)) {
            return TrafficChoice(version: route.version, arm: side(of: route.version), reason: .route)
        }
        if let version = share(forHash: hash), version != stable {
            return TrafficChoice(version: version, arm: side(of: version), reason: .share)
        }
        guard let candidate, arm(forHash: hash) == .candidate else {
            return TrafficChoice(version: stable, arm: .stable, reason: .split)
        }
        return TrafficChoice(version: candidate, arm: .candidate, reason: .split)
    }

    /// Versions of `base.shadows` that also score a request.
    package func shadows(forHash hash: UInt64) -> [Int] {
        base.shadows.filter { share in
            share.percent > 0
                && Self.percentile(Self.mix(hash, UInt64(truncatingIfNeeded: share.target) &* 2 &+ 1))
                    < UInt64(min(share.percent, 100))
        }.map(\.target)
    }

    /// Whether the other side of the rollout scores a request too.
    package func isShadowed(hash: UInt64) -> Bool {
        guard candidate != nil, shadowPercent > 0 else { return false }
        return shadowPercent >= 100 || Self.percentile(Self.mix(hash, 0x5bd1_e995)) < UInt64(shadowPercent)
    }

    /// The percentage of all hashed traffic that each version gets, in order of appearance; they sum to 100.
    package var shares: [VersionShare] {
        var shares: [VersionShare] = []
        func add(_ version: Int, _ percent: Double) {
            guard percent > 0 else { return }
            if let place = shares.firstIndex(where: { $0.version == version }) {
                shares[place].percent += percent
            } else {
                shares.append(VersionShare(version: version, percent: percent))
            }
        }
        for arm in base.arms.isEmpty ? [TrafficShare(stable, 100)] : base.arms {
            guard arm.target == stable, let candidate else {
                add(arm.target, Double(arm.percent))
                continue
            }
            add(stable, Double(arm.percent * (100 - candidatePercent)) / 100)
            add(candidate, Double(arm.percent * candidatePercent) / 100)
        }
        return shares
    }

    private func side(of version: Int) -> TrafficArm? {
        version == stable ? .stable : (version == candidate ? .candidate : nil)
    }

    private func share(forHash hash: UInt64) -> Int? {
        guard base.arms.count > 1 else { return base.arms.first?.target }
        var best: (version: Int, score: Double)?
        for arm in base.arms where arm.percent > 0 {
            let bits = Self.mix(hash, UInt64(truncatingIfNeeded: arm.target) &* 2)
            let uniform = (Double(bits >> 11) + 0.5) * 0x1p-53
            let score = -log(uniform) / Double(arm.percent)
            if best.map({ score < $0.score }) ?? true { best = (arm.target, score) }
        }
        return best?.version
    }

    /// 0…99, from the upper bits.
    private static func percentile(_ hash: UInt64) -> UInt64 { hash.multipliedFullWidth(by: 100).high }

    /// Hash of a key such as a request id, equal on every machine and run: FNV-1a with a finishing mix.
    package static func hash(_ key: some Sequence<UInt8>) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in key {
            hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3
        }
        return finish(hash)
    }

    /// An independent hash for another use of the same key.
    private static func mix(_ hash: UInt64, _ salt: UInt64) -> UInt64 {
        finish(hash ^ finish(salt &+ 0x9e37_79b9_7f4a_7c15))
    }

    private static func finish(_ value: UInt64) -> UInt64 {
        var hash = value
        hash = (hash ^ (hash >> 30)) &* 0xbf58_476d_1ce4_e5b9
        hash = (hash ^ (hash >> 27)) &* 0x94d0_49bb_1331_11eb
        return hash ^ (hash >> 31)
    }
}
