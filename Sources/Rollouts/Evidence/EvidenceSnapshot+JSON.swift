package import Core

extension EvidenceSnapshot {
    /// The evidence as stored and shown; nothing that counts later is lost.
    package var json: JSONValue {
        var object: JSONObject = [
            "steps": .array(steps.map { ["stable": $0.stable.json, "candidate": $0.candidate.json] }),
            "pairs": [
                "both": .int(pairs.both), "stable_only": .int(pairs.stableOnly),
                "candidate_only": .int(pairs.candidateOnly), "neither": .int(pairs.neither),
            ],
            "disagreement": disagreement.json,
            "latency_threshold_known": .bool(latencyThresholdKnown),
            "candidate_drift": candidateDrift.map(JSONValue.bool) ?? .null,
        ]
        if let latencyThreshold { object["latency_threshold_ns"] = .integer(Int64(clamping: latencyThreshold)) }
        if errorsBefore.total > 0 { object["errors_before"] = errorsBefore.json }
        if slowBefore.total > 0 { object["slow_before"] = slowBefore.json }
        if absoluteErrors != PairedMoments() { object["absolute_errors"] = absoluteErrors.json }
        if squaredErrors != PairedMoments() { object["squared_errors"] = squaredErrors.json }
        if answers.aspects > 0 { object["answers"] = answers.json }
        if !tallies.isEmpty {
            object["tallies"] = .object(
                JSONObject(tallies.sorted { $0.key < $1.key }.map { ($0.key, $0.value.json) })
            )
        }
        return .object(object)
    }

    /// Reads what `json` wrote, also by earlier versions of the server.
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
        disagreement = try Proportion(fields.fields("disagreement"))
        latencyThresholdKnown = try fields.optionalBool("latency_threshold_known") ?? false
        latencyThreshold = try fields.optionalInt("latency_threshold_ns", in: 0...Int64.max).map { UInt64($0) }
        candidateDrift = try fields.optionalBool("candidate_drift")
        errorsBefore = try fields.optionalFields("errors_before").map(Proportion.init) ?? errorsBefore
        slowBefore = try fields.optionalFields("slow_before").map(Proportion.init) ?? slowBefore
        absoluteErrors = try fields.optionalFields("absolute_errors").map(PairedMoments.init) ?? absoluteErrors
        squaredErrors = try fields.optionalFields("squared_errors").map(PairedMoments.init) ?? squaredErrors
        answers = try fields.optionalFields("answers").map(AnswerEvidence.init) ?? answers
        if let stored = try fields.optionalFields("tallies") {
            for name in stored.object.keys { tallies[name] = try MeasurementTally(stored.fields(name)) }
        }
    }
}

extension ArmEvidence {
    /// The evidence as stored and shown.
    package var json: JSONValue {
        var object: JSONObject = [
            "requests": .int(requests), "errors": .int(errors), "timed": .int(timed), "slow": .int(slow),
            "labelled": .int(labelled), "correct": .int(correct),
        ]
        for (name, count) in [
            ("shadowed", shadowed), ("shadow_errors", shadowErrors), ("answers", answers), ("missing", missing),
        ] where count > 0 { object[name] = .int(count) }
        if !bins.isEmpty { object["bins"] = .array(bins.map { .int($0) }) }
        for (name, moments) in [
            ("latency", latency), ("score", score), ("label", label), ("absolute_error", absoluteError),
            ("squared_error", squaredError),
        ] where moments != Moments() { object[name] = moments.json }
        return .object(object)
    }

    init(_ fields: JSONFields) throws(MartletError) {
        self.init()
        requests = try fields.count("requests")
        errors = try fields.count("errors")
        timed = try fields.count("timed")
        slow = try fields.count("slow")
        labelled = try fields.count("labelled")
        correct = try fields.count("correct")
        shadowed = try fields.optionalCount("shadowed")
        shadowErrors = try fields.optionalCount("shadow_errors")
        answers = try fields.optionalCount("answers")
        missing = try fields.optionalCount("missing")
        bins = try fields.counts("bins")
        latency = try fields.moments("latency")
        score = try fields.moments("score")
        label = try fields.moments("label")
        absoluteError = try fields.moments("absolute_error")
        squaredError = try fields.moments("squared_error")
    }
}

extension Proportion {
    fileprivate var json: JSONValue { ["count": .int(count), "rows": .int(total)] }

    fileprivate init(_ fields: JSONFields) throws(MartletError) {
        self.init(try fields.count("count"), of: try fields.count("rows"))
    }
}

extension Moments {
    fileprivate var json: JSONValue {
        ["count": .int(count), "mean": .number(mean), "squares": .number(squares), "unusable": .int(unusable)]
    }

    fileprivate init(_ fields: JSONFields) throws(MartletError) {
        self.init()
        count = try fields.count("count")
        mean = try fields.optionalDouble("mean") ?? .nan
        squares = try fields.optionalDouble("squares") ?? .nan
        unusable = try fields.count("unusable")
    }
}

extension PairedMoments {
    fileprivate var json: JSONValue {
        ["stable": stable.json, "candidate": candidate.json, "products": .number(products)]
    }

    fileprivate init(_ fields: JSONFields) throws(MartletError) {
        self.init()
        stable = try Moments(fields.fields("stable"))
        candidate = try Moments(fields.fields("candidate"))
        products = try fields.optionalDouble("products") ?? .nan
    }
}

extension AnswerEvidence {
    fileprivate var json: JSONValue {
        [
            "bounds": .array(bounds.map { .number($0) }), "aspects": .int(aspects), "rows": .int(pairs),
            "candidate_only": .array(candidateOnly.map { .int($0) }),
            "stable_only": .array(stableOnly.map { .int($0) }),
        ]
    }

    fileprivate init(_ fields: JSONFields) throws(MartletError) {
        self.init()
        bounds = try fields.array("bounds").compactMap(\.doubleValue)
        aspects = try fields.count("aspects")
        pairs = try fields.count("rows")
        candidateOnly = try fields.counts("candidate_only")
        stableOnly = try fields.counts("stable_only")
        let isSound =
            aspects <= RolloutsLimits.answerBins && candidateOnly.count == aspects && stableOnly.count == aspects
            && (bounds.isEmpty || bounds.count == aspects)
        guard isSound else {
            throw MartletError(.dataLoss, "'\(fields.path)' of a stored rollout does not fit together.")
        }
    }
}

extension MeasurementTally {
    fileprivate var json: JSONValue {
        [
            "passed": .int(passed), "failed": .int(failed), "inconclusive": .int(inconclusive),
            "errors_in_a_row": .int(errorsInARow), "last_at": .optional(lastAt?.milliseconds),
            "last_value": .optional(lastValue), "last_message": .string(lastMessage),
        ]
    }

    fileprivate init(_ fields: JSONFields) throws(MartletError) {
        self.init()
        passed = try fields.count("passed")
        failed = try fields.count("failed")
        inconclusive = try fields.count("inconclusive")
        errorsInARow = try fields.count("errors_in_a_row")
        lastAt = try fields.optionalInt("last_at").map(Timestamp.init(milliseconds:))
        lastValue = try fields.optionalDouble("last_value")
        lastMessage = try fields.optionalString("last_message") ?? ""
    }
}

extension JSONFields {
    /// What can have been counted; sums of such numbers do not overflow.
    private static let counted = 0...Int64(Int32.max) * 1_000_000

    /// A whole number that is not negative.
    fileprivate func count(_ key: String) throws(MartletError) -> Int {
        Int(try int(key, in: Self.counted))
    }

    fileprivate func optionalCount(_ key: String) throws(MartletError) -> Int {
        value(key) == nil ? 0 : try count(key)
    }

    fileprivate func counts(_ key: String) throws(MartletError) -> [Int] {
        var counts: [Int] = []
        for element in try optionalArray(key) ?? [] {
            guard let number = element.integerValue, Self.counted.contains(number) else {
                throw invalid(key, "must be counts")
            }
            counts.append(Int(number))
        }
        return counts
    }

    fileprivate func moments(_ key: String) throws(MartletError) -> Moments {
        try optionalFields(key).map(Moments.init) ?? Moments()
    }
}
