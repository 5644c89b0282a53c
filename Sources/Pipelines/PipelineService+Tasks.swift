import Core
package import HTTPSupport

/// Questions about the tasks of runs, which may be many.
extension PipelineService {
    /// A run without its tasks.
    ///
    /// - Throws: `notFound`.
    package func head(_ id: String) async throws -> PipelineRun {
        try await store.head(id)
    }

    /// The latest attempts of a run's tasks, in the order of the file, each task's runs behind it.
    ///
    /// - Throws: `notFound` for the run, `invalidArgument` for a page token that this did not give.
    package func tasks(
        run id: String,
        state: TaskState? = nil,
        limit: Int = HTTPLimits.defaultPageSize,
        pageToken: String? = nil
    ) async throws -> Page<TaskRun> {
        try await store.tasks(run: id, state: state, limit: limit, token: pageToken)
    }

    /// Every attempt of one task, the first first.
    ///
    /// - Throws: `notFound` for the run or the task.
    package func attempts(run id: String, task: String) async throws -> [TaskRun] {
        try await store.attempts(run: id, task: task)
    }

    /// How many tasks of a run are in each state.
    ///
    /// - Throws: `unavailable` when the database cannot be read.
    package func counts(run id: String) async throws -> [(TaskState, Int)] {
        try await store.counts(run: id)
    }
}
