package import Core

extension SamplerSpec {
    /// Reads a sampler: `{"type": "tpe", "seed": 1, …}`; the names of options are Optuna's.
    ///
    /// - Throws: `invalidArgument` naming the field.
    package init(_ fields: JSONFields) throws(MartletError) {
        let type = try fields.string("type")
        guard let kind = Kind(rawValue: type) else {
            throw fields.invalid("type", "must be \(Kind.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        self.init(kind, seed: UInt64(try fields.optionalInt("seed", in: 0 ... .max) ?? 0))
        switch kind {
        case .random, .sobol, .halton: try fields.rejectUnknown(["type", "seed"])
        case .grid:
            try fields.rejectUnknown(["type", "seed", "points"])
            gridPoints = Int(try fields.optionalInt("points", in: 1...1000) ?? 5)
        case .tpe: try readTPE(fields)
        case .cmaes:
            try fields.rejectUnknown(["type", "seed", "popsize", "sigma0", "restarts", "n_startup_trials"])
            cmaes.population = try Self.count(fields, "popsize", from: 2, to: Int64(SamplingLimits.population))
            cmaes.startupTrials = try Self.count(fields, "n_startup_trials") ?? cmaes.startupTrials
            if let sigma = try fields.optionalDouble("sigma0") {
                guard sigma > 0, sigma <= 1 else { throw fields.invalid("sigma0", "must lie above 0 and up to 1") }
                cmaes.deviation = sigma
            }
            cmaes.restarts = try fields.optionalBool("restarts") ?? false
        case .nsga2:
            try fields.rejectUnknown([
                "type", "seed", "population_size", "crossover_prob", "swapping_prob", "mutation_prob",
            ])
            let most = Int64(SamplingLimits.population)
            nsga2.population = try Self.count(fields, "population_size", from: 2, to: most) ?? nsga2.population
            nsga2.crossover = try Self.share(fields, "crossover_prob") ?? nsga2.crossover
            nsga2.swapping = try Self.share(fields, "swapping_prob") ?? nsga2.swapping
            nsga2.mutation = try Self.share(fields, "mutation_prob")
        }
    }

    private mutating func readTPE(_ fields: JSONFields) throws(MartletError) {
        try fields.rejectUnknown([
            "type", "seed", "n_startup_trials", "n_ei_candidates", "multivariate", "group", "constant_liar",
        ])
        let most = Int64(SamplingLimits.candidates)
        tpe.startupTrials = try Self.count(fields, "n_startup_trials") ?? tpe.startupTrials
        tpe.candidates = try Self.count(fields, "n_ei_candidates", from: 1, to: most) ?? tpe.candidates
        tpe.isMultivariate = try fields.optionalBool("multivariate")
        tpe.isGrouped = try fields.optionalBool("group") ?? false
        tpe.countsRunning = try fields.optionalBool("constant_liar") ?? true
        if tpe.isGrouped, tpe.isMultivariate == false {
            throw fields.invalid("group", "needs 'multivariate'")
        }
    }

    private static func count(
        _ fields: JSONFields,
        _ key: String,
        from least: Int64 = 0,
        to most: Int64 = 1_000_000
    ) throws(MartletError) -> Int? {
        try fields.optionalInt(key, in: least...most).map(Int.init)
    }

    private static func share(_ fields: JSONFields, _ key: String) throws(MartletError) -> Double? {
        guard let value = try fields.optionalDouble(key) else { return nil }
        guard (0...1).contains(value) else { throw fields.invalid(key, "must lie between 0 and 1") }
        return value
    }

    /// The sampler as `init(_:)` reads it.
    package var json: JSONObject {
        var fields: JSONObject = ["type": .string(kind.rawValue), "seed": .int(seed & UInt64(Int64.max))]
        switch kind {
        case .random, .sobol, .halton: break
        case .grid: fields["points"] = .int(gridPoints)
        case .tpe:
            fields["n_startup_trials"] = .int(tpe.startupTrials)
            fields["n_ei_candidates"] = .int(tpe.candidates)
            if let together = tpe.isMultivariate { fields["multivariate"] = .bool(together) }
            if tpe.isGrouped { fields["group"] = true }
            if !tpe.countsRunning { fields["constant_liar"] = false }
        case .cmaes:
            if let population = cmaes.population { fields["popsize"] = .int(population) }
            if let deviation = cmaes.deviation { fields["sigma0"] = .number(deviation) }
            fields["n_startup_trials"] = .int(cmaes.startupTrials)
            if cmaes.restarts { fields["restarts"] = true }
        case .nsga2:
            fields["population_size"] = .int(nsga2.population)
            fields["crossover_prob"] = .number(nsga2.crossover)
            fields["swapping_prob"] = .number(nsga2.swapping)
            if let mutation = nsga2.mutation { fields["mutation_prob"] = .number(mutation) }
        }
        return fields
    }
}
