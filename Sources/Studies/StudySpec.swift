package import Sampling

/// What a study searches for, and how.
package struct StudySpec: Sendable, Equatable {
    /// What is done about workers that go away.
    package struct Heartbeat: Sendable, Equatable {
        /// How long a running trial may be silent, in milliseconds.
        package var timeout: Int64
        /// How often a trial is put in line again after its worker went away.
        package var retries: Int

        /// Makes a rule.
        package init(timeout: Int64, retries: Int) {
            self.timeout = timeout
            self.retries = retries
        }
    }

    /// The parameters.
    package var space: SearchSpace
    /// What is better, by objective.
    package var directions: [Direction]
    /// The objectives' names, one for each direction.
    package var objectives: [String]
    /// Who proposes.
    package var sampler: SamplerSpec
    /// Who ends trials early.
    package var pruner: PrunerSpec
    /// How many trials the study is to have, failed ones aside; nil for no end.
    package var trials: Int?
    /// What is done about workers that go away; nil leaves their trials running.
    package var heartbeat: Heartbeat?
    /// The experiment in which every trial is recorded as a run; nil records none.
    package var experiment: String?
    /// A sentence for people.
    package var summary: String

    /// Makes a study's description.
    package init(
        space: SearchSpace,
        directions: [Direction] = [.minimize],
        objectives: [String]? = nil,
        sampler: SamplerSpec? = nil,
        pruner: PrunerSpec = .none,
        trials: Int? = nil,
        heartbeat: Heartbeat? = nil,
        experiment: String? = nil,
        summary: String = ""
    ) {
        self.space = space
        self.directions = directions
        self.objectives = objectives ?? Self.names(directions.count)
        self.sampler = sampler ?? .standard(objectives: directions.count)
        self.pruner = pruner
        self.trials = trials
        self.heartbeat = heartbeat
        self.experiment = experiment
        self.summary = summary
    }

    static func names(_ count: Int) -> [String] {
        count == 1 ? ["value"] : (0..<count).map { "value_\($0)" }
    }
}
