package import Core

extension EvidenceSnapshot {
    /// The evidence as stored and shown; nothing is lost.
    package var json: JSONValue {
        [
            "steps": .array(steps.map { ["stable": $0.stable.json, "candidate": $0.candidate.json] }),
            "pairs": [
                "both": .int(pairs.both), "stable_only": .int(pairs.stableOnly),
                "candidate_only": .int(pairs.candidateOnly), "neither": .int(pairs.neither),
            ],
            "disagreement": ["count": .int(disagreement.count), "rows": .int(disagreement.total)],
            "latency_threshold_known": .bool(latencyThresholdKnown),
            "candidate_drift": candidateDrift.map(JSONValue.bool) ?? .null,
        ]
    }

    /// Reads what `json` wrote.
    package init(json: JSONValue) throws(MartletError) {
        let fields = try JSONFields(json, path: "evidence")
        self.init()
        for step in try fields.array("steps") {
            let arms = try JSONFields(step, path: "evidence.steps")
            var evidence = StepEvidence()
            evidence.stable = try ArmEvidence(arms.fields("stable"))
            evidence.candidate = try ArmEvidence(arms.fields("candidate"))
            steps.append(evidence)
        }
        let pair = try fields.fields("pairs")
        pairs.both = try pair.count("both")
        pairs.stableOnly = try pair.count("stable_only")
        pairs.candidateOnly = try pair.count("candidate_only")
        pairs.neither = try pair.count("neither")
        let differing = try fields.fields("disagreement")
        disagreement = Proportion(try differing.count("count"), of: try differing.count("rows"))
        latencyThresholdKnown = try fields.optionalBool("latency_threshold_known") ?? false
        candidateDrift = try fields.optionalBool("candidate_drift")
    }
}

extension ArmEvidence {
    package var json: JSONValue {
        [
            "requests": .int(requests), "errors": .int(errors), "timed": .int(timed), "slow": .int(slow),
            "labelled": .int(labelled), "correct": .int(correct),
        ]
    }

    init(_ fields: JSONFields) throws(MartletError) {
        self.init()
        requests = try fields.count("requests")
        errors = try fields.count("errors")
        timed = try fields.count("timed")
        slow = try fields.count("slow")
        labelled = try fields.count("labelled")
        correct = try fields.count("correct")
    }
}

extension JSONFields {
    /// A whole number that is not negative.
    fileprivate func count(_ key: String) throws(MartletError) -> Int {
        Int(try int(key, in: 0...Int64(Int32.max) * 1_000_000))
    }
}
