/// The named maxima of pipelines.
package enum PipelinesLimits {
    /// Most pipelines in one manifest.
    package static let pipelines = 256
    /// Most tasks of a pipeline.
    package static let tasks = 10_000
    /// Most `needs` in a pipeline, all tasks together.
    package static let edges = 100_000
    /// Longest name of a pipeline, task or parameter, in bytes.
    package static let nameBytes = 64
    /// Most parameters of a pipeline.
    package static let parameters = 100
    /// Largest parameter value, as JSON, in bytes.
    package static let parameterBytes = 64 * 1024
    /// Most values that a parameter may be chosen from.
    package static let choices = 256
    /// Most values of one fan-out, and most tasks that the fan-outs of a run add.
    package static let fanOut = 10_000
    /// Most values of a fan-out that does not say.
    package static let defaultFanOut = 1000
    /// Most axes of a matrix.
    package static let axes = 8
    /// Most tasks of one run at the same time that a pipeline may ask for.
    package static let mostParallelTasks = 256
    /// Most runs at the same time that a pipeline may ask for.
    package static let concurrentRuns = 1000
    /// Most places of a pool.
    package static let poolSlots = 10_000
    /// The range of priorities of runs and tasks.
    package static let priorities: ClosedRange<Int64> = -1000...1000
    /// Longest condition, in bytes.
    package static let conditionBytes = 4096
    /// Deepest brackets of a condition.
    package static let conditionDepth = 32
    /// Most input artifacts, and most output artifacts, of a task.
    package static let artifacts = 64
    /// Most names in an author's path.
    package static let pathDepth = 16
    /// Most files of one artifact that is a directory.
    package static let artifactFiles = 10_000
    /// Most files that a task's cache names.
    package static let cacheFiles = 100
    /// Most bytes of a task's code that are read for its hash.
    package static let codeBytes = 64 * 1024 * 1024
    /// Longest name of an image, in bytes.
    package static let imageBytes = 512
    /// Most pipeline files that a manifest includes.
    package static let includes = 64
    /// Most retries of a task.
    package static let retries: Int64 = 20
    /// Pause before the first retry when the task does not say; it doubles with each.
    package static let defaultBackoff = Duration.seconds(1)
    /// Longest pause before a retry.
    package static let longestBackoff = Duration.seconds(3600)
    /// How long a task may run when it does not say.
    package static let defaultTimeout = Duration.seconds(86_400)
    /// Longest time that a task may ask for.
    package static let longestTimeout = Duration.seconds(30 * 86_400)
    /// Most words of a command.
    package static let commandWords = 1000
    /// Longest script, in bytes.
    package static let scriptBytes = 256 * 1024
    /// Shortest value of a task's pass that is hidden in its log, in bytes: the name of a workspace is no secret.
    package static let leastPassBytes = 20
    /// Most secrets of a task.
    package static let secrets = 32
    /// Least memory that a task can be limited to, in bytes: a shell needs some, too.
    package static let leastMemory = 16 * 1024 * 1024
    /// Most processors that a task can ask for.
    package static let mostProcessors = 1024.0
    /// Most environment variables of a task.
    package static let environment = 100
    /// Attempts that ended with their server, not by their own fault, and do not count as a retry.
    package static let freeLosses = 1
    /// Tasks of one run that run at the same time.
    package static let parallelTasks = 4
    /// Runs under way at the same time in one server.
    package static let activeRuns = 8
    /// Runs that wait; one more is refused.
    package static let queuedRuns = 1000
    /// How often a server says that its runs are alive.
    package static let heartbeat = Duration.seconds(5)
    /// How long after the last heartbeat another server takes a run over.
    package static let lease = Duration.seconds(20)
    /// How long a command may take to end after SIGTERM, before SIGKILL.
    package static let terminationGrace = Duration.seconds(5)
    /// Most lines kept of one attempt's output.
    package static let logLines = 10_000
    /// Most bytes kept of one attempt's output.
    package static let logBytes = 1024 * 1024
    /// Longest line kept whole, in bytes.
    package static let logLineBytes = 8 * 1024
    /// How often lines and progress are written while a task runs.
    package static let logFlush = Duration.milliseconds(250)
    /// Most lines in one page of a log.
    package static let logPage = 2000
    /// Most tasks that come with a run; the others are asked for page by page.
    package static let tasksOfRun = 1000
    /// Largest outputs of a task, as JSON, in bytes.
    package static let outputBytes = 64 * 1024
    /// Longest error message kept, in bytes.
    package static let errorBytes = 4 * 1024
    /// Longest idempotency key, in bytes.
    package static let keyBytes = 256
    /// Finished runs whose task directories are kept.
    package static let keptDirectories = 50
}
