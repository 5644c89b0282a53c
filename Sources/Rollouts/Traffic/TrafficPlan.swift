/// Which of two versions answers a request.
package enum TrafficArm: String, Sendable, Equatable {
    /// The version that is trusted.
    case stable
    /// The version on trial.
    case candidate
}

/// How a deployment's requests are split between its versions: one immutable value, replaced as a whole.
package struct TrafficPlan: Sendable, Equatable {
    /// The trusted version.
    package var stable: Int
    /// The version on trial, if there is one.
    package var candidate: Int?
    /// The candidate's share of the traffic in percent, 0…100.
    package var candidatePercent: Int
    /// The rollout step this plan belongs to; 0 outside a rollout.
    package var step: Int

    /// Makes a plan; the share is held within 0…100 and is 0 without a candidate.
    package init(stable: Int, candidate: Int? = nil, candidatePercent: Int = 0, step: Int = 0) {
        self.stable = stable
        self.candidate = candidate
        self.candidatePercent = candidate == nil ? 0 : min(max(candidatePercent, 0), 100)
        self.step = step
    }

    /// The arm for a request, from the hash of its id.
    ///
    /// Deterministic, and monotonic in the share: a request that reaches the candidate at 10 % does so at 50 %.
    package func arm(forHash hash: UInt64) -> TrafficArm {
        guard candidate != nil, candidatePercent > 0 else { return .stable }
        let (bucket, _) = hash.multipliedFullWidth(by: 100)
        return bucket < UInt64(candidatePercent) ? .candidate : .stable
    }

    /// Hash of a request id, equal on every machine and run: FNV-1a with a finishing mix.
    package static func hash(_ requestID: some Sequence<UInt8>) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in requestID {
            hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3
        }
        hash = (hash ^ (hash >> 30)) &* 0xbf58_476d_1ce4_e5b9
        hash = (hash ^ (hash >> 27)) &* 0x94d0_49bb_1331_11eb
        return hash ^ (hash >> 31)
    }
}
