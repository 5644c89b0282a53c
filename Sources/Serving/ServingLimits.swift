/// The named maxima of serving.
package enum ServingLimits {
    /// Largest inference request body, in bytes.
    package static let requestBytes = 16 * 1024 * 1024
    /// Most rows in one inference request.
    package static let rowsPerRequest = 100_000
    /// Most numbers in one inference request.
    package static let valuesPerRequest = 4_000_000
    /// Outputs that one request of Open Inference V2 may ask for.
    package static let outputsPerRequest = 64
    /// Most rows of a tree model that one request may have explained.
    package static let explainedRows = 1000
    /// Most rows that one request may have explained by sampling.
    package static let sampledRows = 16
    /// Most rows of the training sample that stand for "feature unknown" when explanations are sampled.
    package static let backgroundRows = 50
    /// Most deployments that the API's description has schemas for; `?deployment=` shows any other.
    package static let describedModels = 32
    /// Most values of a tensor in an example of the API's description.
    package static let exampleValues = 256
    /// Longest time that a client may give for an answer, in seconds.
    package static let requestTimeoutSeconds: Double = 86_400
    /// Longest request id that a client may choose, in bytes of visible ASCII.
    package static let requestIDBytes = 128
    /// Rows predicted on the caller's thread by a runtime that does not block; larger requests move off it.
    package static let inlineRows = 256
    /// Most prediction rows waiting to be written to the ledger; further ones are dropped and counted.
    package static let ledgerQueueRows = 65_536
    /// Most numbers, of inputs and outputs, that wait to be written to the ledger.
    package static let ledgerQueueValues = 16 * 1024 * 1024
    /// Most numbers of one row that the ledger keeps of a model of tensors; longer rows are kept without.
    package static let ledgerValuesPerRow = 4096
    /// Numbers of an answer that is a list which the ledger shows.
    package static let ledgerShownNumbers = 16
    /// Most prediction rows written in one transaction.
    package static let ledgerBatchRows = 8192
    /// How long the ledger gathers predictions before it writes them.
    package static let ledgerGather: Duration = .milliseconds(100)
    /// Pause before a failed ledger write is tried again.
    package static let ledgerRetryPause: Duration = .seconds(1)
    /// How often old rows are removed.
    package static let ledgerPruneInterval: Duration = .seconds(60)
    /// Largest body of a request that is an order of a few words, such as `pardon`, in bytes.
    package static let commandBytes = 1024 * 1024
    /// Predictions on one page of a listing.
    package static let predictionsPerPage = 1000
    /// Events on one page of a deployment.
    package static let eventsPerPage = 200
    /// Most deployments on one server.
    package static let deployments = 5000
    /// Longest deployment name, in bytes.
    package static let nameBytes = 63
    /// How often aliases are read when nobody nudges.
    package static let aliasPoll: Duration = .seconds(1)
    /// How often a rollout in progress looks at its evidence.
    package static let rolloutTick: Duration = .milliseconds(250)
    /// How often the evidence of a rollout in progress is stored when nothing else is.
    package static let evidenceSave: Duration = .seconds(2)
    /// Pause before a first version that failed to load is tried again.
    package static let loadRetryPause: Duration = .seconds(30)
    /// Seconds of traffic history kept per version for the console.
    package static let historySeconds = 300
    /// Most monitors that a deployment may name.
    package static let monitorsPerDeployment = 32
    /// Most copies of a model that a deployment may ask for.
    package static let maximumReplicas = 64
    /// After how long without a call the models of a deployment with a minimum of 0 copies leave memory.
    package static let standardIdleTime: Duration = .seconds(300)
    /// How long the version before stays in memory at least, whatever the rollback window.
    package static let previousStays: Duration = .seconds(600)
    /// Largest description of one deployment that a request may hold, in bytes.
    package static let deploymentBytes = 256 * 1024
}
